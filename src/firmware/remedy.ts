import { z } from "zod";
import type { Because } from "./because.ts";
import { becauseSchema, type DataFinding, findingsOf, sourcesSchema, unknownSources } from "./manifest.ts";
import type { Lever, Protocol } from "./release.ts";

/**
 * What makes one cause likelier than another. Of a phone under way: `nothing-heard` since the stage began,
 * `configuration-read` and no image asked for, `image-unfinished` an image asked for again that never went out whole,
 * `image-refused` one asked for again that had, `image-whole` an image taken to its last octet, `loader-whole` a loader
 * taken so, `silent` for a minute or more, `stalled`. Of the stage, known
 * before it begins: `first-loader` brings the universal loader, `first-signed` leaves unsigned loads for signed ones,
 * `other-protocol` changes between SCCP and SIP, `unknown-start`.
 */
export const SIGNS = [
  "nothing-heard",
  "configuration-read",
  "image-unfinished",
  "image-refused",
  "image-whole",
  "loader-whole",
  "silent",
  "stalled",
  "first-loader",
  "first-signed",
  "other-protocol",
  "unknown-start",
] as const;

export type Sign = (typeof SIGNS)[number];

/** One cause of what is seen. */
export interface Cause {
  readonly words: string;
  /** Signs that make it likelier than the order of the table does. */
  readonly after?: readonly Sign[];
}

/** One thing a phone says, shows or does when a stage goes wrong, and what to do about it. */
export interface Remedy {
  /** Its exact words, or in plain words what is seen. */
  readonly sees: string;
  readonly where: "screen" | "status-log" | "alarm" | "server" | "lights";
  /** The vendor's own number, e.g. `W210`, `31`. */
  readonly code?: string;
  readonly meaning: string;
  /** Likeliest first where nothing is known of the phone. */
  readonly causes: readonly Cause[];
  readonly next: string;
  /** It says nothing about the migration: shown so that nobody acts on it. */
  readonly harmless?: true;
  /** The stages it is printed with, by lever; absent: it is looked up when it is seen. */
  readonly levers?: readonly Lever[];
  /** Only an application of this protocol says it. */
  readonly protocol?: Protocol;
  /** Only these models show it. */
  readonly models?: readonly string[];
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
        causes: z
          .array(z.union([sentence, z.strictObject({ cause: sentence, after: z.array(z.enum(SIGNS)).min(1) })]))
          .min(1)
          .describe("Likeliest first; `after` names signs that make one likelier"),
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
        models: z.array(z.string().min(1).max(20)).min(1).optional().describe("Only these models show it"),
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
      remedies: remedies.map(({ code, harmless, levers, protocol, models, because, causes, ...rest }) => ({
        ...rest,
        causes: causes.map((cause) =>
          typeof cause === "string" ? { words: cause } : { words: cause.cause, after: cause.after },
        ),
        because: because.map((why) => ({ ...why, source: sources[why.source] ?? why.source })),
        ...(code === undefined ? {} : { code }),
        ...(harmless === undefined ? {} : { harmless }),
        ...(levers === undefined ? {} : { levers }),
        ...(protocol === undefined ? {} : { protocol }),
        ...(models === undefined ? {} : { models }),
      })),
    },
  };
}

/** The remedies of a model that are printed with a stage, in the order of the file: by lever and protocols at its ends. */
export function remediesOf(
  table: RemedyTable | undefined,
  lever: Lever,
  protocols: readonly Protocol[],
  model: string,
): readonly Remedy[] {
  return everyRemedy(table, model).filter(
    ({ levers, protocol }) =>
      levers?.includes(lever) === true && (protocol === undefined || protocols.includes(protocol)),
  );
}

/** Everything that a model is known to show. */
export function everyRemedy(table: RemedyTable | undefined, model: string): readonly Remedy[] {
  return (table?.remedies ?? []).filter(({ models }) => models?.includes(model) ?? true);
}

/**
 * The rows that speak of `text`, as somebody reads it from a screen: its code, or words of what is seen, in any letter
 * case. Exact ones first.
 */
export function lookUp(remedies: readonly Remedy[], text: string): readonly Remedy[] {
  const wanted = plain(text);
  if (wanted === "") return [];
  const score = (remedy: Remedy): number => {
    const [words, code] = [plain(remedy.sees), plain(remedy.code ?? "")];
    if (code !== "" && (wanted === code || wanted.startsWith(`${code} `))) return 3;
    if (words === wanted) return 2;
    return words.includes(wanted) || wanted.includes(words) ? 1 : 0;
  };
  return remedies
    .map((remedy) => ({ remedy, score: score(remedy) }))
    .filter((one) => one.score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ remedy }) => remedy);
}

/**
 * Likeliest first by `signs`, remedies and the causes of each; of equals the order of the table. What is harmless comes
 * last.
 */
export function ranked(remedies: readonly Remedy[], signs: ReadonlySet<Sign>): readonly Remedy[] {
  const fits = ({ after = [] }: Cause): number => after.filter((sign) => signs.has(sign)).length;
  return remedies
    .map((remedy) => {
      const causes = byScore(remedy.causes, fits);
      return { remedy: { ...remedy, causes }, score: Math.max(...causes.map(fits)) - (remedy.harmless ? 100 : 0) };
    })
    .map((one, at) => ({ ...one, at }))
    .sort((a, b) => b.score - a.score || a.at - b.at)
    .map(({ remedy }) => remedy);
}

function byScore<T>(all: readonly T[], score: (one: T) => number): readonly T[] {
  return all
    .map((one, at) => ({ one, at }))
    .sort((a, b) => score(b.one) - score(a.one) || a.at - b.at)
    .map(({ one }) => one);
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, " ")
    .trim();
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
