import { z } from "zod";
import type { Because } from "./because.ts";
import { becauseSchema, type DataFinding, findingsOf, sourcesSchema, unknownSources } from "./manifest.ts";
import type { Lever, Protocol } from "./release.ts";

/** One thing a phone says, shows or does when a stage goes wrong, and what to do about it. */
export interface Remedy {
  /** Its exact words, or in plain words what is seen. */
  readonly sees: string;
  readonly where: "screen" | "status-log" | "alarm" | "server" | "lights";
  /** The vendor's own number, e.g. `W210`, `31`. */
  readonly code?: string;
  readonly meaning: string;
  /** Likeliest first. */
  readonly causes: readonly string[];
  readonly next: string;
  /** It says nothing about the migration: shown so that nobody acts on it. */
  readonly harmless?: true;
  /** The stages it is printed with, by lever; absent: it is looked up when it is seen. */
  readonly levers?: readonly Lever[];
  /** Only an application of this protocol says it. */
  readonly protocol?: Protocol;
  readonly because: readonly Because[];
}

export interface RemedyTable {
  readonly family: string;
  readonly remedies: readonly Remedy[];
}

export type ParsedRemedies =
  | { readonly kind: "remedies"; readonly table: RemedyTable }
  | { readonly kind: "findings"; readonly findings: readonly DataFinding[] };

const sentence = z.string().min(8).max(600);

/** The shape of a remedies file; the editors' JSON schema is made from it. Unknown keys are errors. */
export const remediesSchema = z.strictObject({
  schema: z.literal(1),
  family: z.string().regex(/^[a-z0-9-]{2,40}$/),
  sources: sourcesSchema,
  remedies: z
    .array(
      z.strictObject({
        sees: z.string().min(2).max(160),
        where: z.enum(["screen", "status-log", "alarm", "server", "lights"]),
        code: z.string().min(1).max(8).optional(),
        meaning: sentence,
        causes: z.array(sentence).min(1).describe("Likeliest first"),
        next: sentence,
        harmless: z.literal(true).optional(),
        levers: z
          .array(
            z.enum([
              "os79xx",
              "image_version",
              "load_information",
              "term_default",
              "upgradecode",
              "master_config",
              "bootrom",
            ]),
          )
          .min(1)
          .optional()
          .describe("The stages it is printed with"),
        protocol: z.enum(["SCCP", "SIP", "MGCP"]).optional().describe("Only an application of this protocol says it"),
        because: z.array(becauseSchema).min(1),
      }),
    )
    .min(1),
});

/** Reads a remedies file out of plain data, such as a YAML file holds. Every mistake is named. */
export function parseRemedies(data: unknown): ParsedRemedies {
  const shaped = remediesSchema.safeParse(data);
  if (!shaped.success)
    return { kind: "findings", findings: shaped.error.issues.flatMap((issue) => findingsOf(issue, data)) };
  const { family, sources, remedies } = shaped.data;
  const findings = [
    ...unknownSources(
      sources,
      remedies.flatMap((remedy, at) =>
        remedy.because.map((why, i) => ({ path: ["remedies", at, "because", i, "source"], source: why.source })),
      ),
    ),
    ...twice(remedies.map((remedy) => `${remedy.where} ${remedy.code ?? ""} ${remedy.sees}`)),
  ];
  if (findings.length > 0) return { kind: "findings", findings };
  return {
    kind: "remedies",
    table: {
      family,
      remedies: remedies.map(({ code, harmless, levers, protocol, because, ...rest }) => ({
        ...rest,
        because: because.map((why) => ({ ...why, source: sources[why.source] ?? why.source })),
        ...(code === undefined ? {} : { code }),
        ...(harmless === undefined ? {} : { harmless }),
        ...(levers === undefined ? {} : { levers }),
        ...(protocol === undefined ? {} : { protocol }),
      })),
    },
  };
}

/** The remedies printed with a stage, in the order of the file: by its lever, and by the protocols at its ends. */
export function remediesOf(
  table: RemedyTable | undefined,
  lever: Lever,
  protocols: readonly Protocol[],
): readonly Remedy[] {
  return (table?.remedies ?? []).filter(
    (remedy) =>
      remedy.levers?.includes(lever) === true && (remedy.protocol === undefined || protocols.includes(remedy.protocol)),
  );
}

/** What is seen, with the vendor's number before it where it has one. */
export function seen(remedy: Remedy): string {
  return remedy.code === undefined ? remedy.sees : `${remedy.code} ${remedy.sees}`;
}

function twice(names: readonly string[]): DataFinding[] {
  return names.flatMap((name, at) =>
    names.indexOf(name) === at
      ? []
      : [{ path: ["remedies", at, "sees"], reason: `\`${name}\` stands here twice.`, remedy: "Keep one of them." }],
  );
}
