import { z } from "zod";
import type { Because } from "./because.ts";
import type { Lever, Policy, Protocol, Release } from "./release.ts";
import { parseRange, parseVersion, type VersionRange } from "./version.ts";

/** Which releases a rule speaks of. Everything given must hold; an empty selector fits every release. */
export interface Selector {
  readonly protocol?: Protocol;
  readonly version?: VersionRange;
  readonly signed?: boolean;
  /** `universal`: its package installs a loader that chooses between protocols; `none`: it does not. */
  readonly loader?: "universal" | "none";
  readonly loads?: readonly string[];
  readonly except?: readonly string[];
  /** Releases for this model alone, or for every model. */
  readonly model?: string;
}

/** Steps from every release that `from` fits to every release that `to` fits. */
export interface Rule {
  readonly id: string;
  readonly from: Selector | "unknown";
  readonly to: Selector;
  /** Keeps the pairs of one protocol whose version rises, or falls. */
  readonly direction?: "up" | "down";
  readonly lever: Lever;
  readonly policy: Policy;
  readonly onlyLast?: true;
  /** What the sources claim; the graph is checked against it. */
  readonly oneWay?: boolean;
  readonly typicalSeconds: number;
  readonly because: readonly Because[];
}

/** Pairs of releases that no step may join, and why. */
export interface BlockRule {
  readonly id: string;
  readonly from: Selector;
  readonly to: Selector;
  readonly direction?: "up" | "down";
  readonly because: Because;
}

/** One family's update knowledge as its file says it. */
export interface Manifest {
  readonly family: string;
  readonly title: string;
  readonly releases: readonly Release[];
  readonly rules: readonly Rule[];
  readonly blocked: readonly BlockRule[];
}

/** What is wrong with a data file. `path` leads to the place: keys and list positions from the root. */
export interface DataFinding {
  readonly path: readonly (string | number)[];
  readonly reason: string;
  readonly remedy: string;
}

export type ParsedManifest =
  | { readonly kind: "manifest"; readonly manifest: Manifest }
  | { readonly kind: "findings"; readonly findings: readonly DataFinding[] };

const protocol = z.enum(["SCCP", "SIP", "MGCP", "none"]).describe("`none`: a loader or boot ROM stage");
const loadName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "must be a load name as the phone is told it: letters, digits, . _ -")
  .regex(/^(?!PO[0SM]3)/i, "begins with the letter O: Cisco's names begin P0, with a digit zero (cisco.md N2)");
const version = z
  .string()
  .refine((text) => parseVersion(text) !== undefined, "must be a version as its vendor writes it, such as 5.0(5)");
const range = z
  .string()
  .refine((text) => parseRange(text) !== undefined, "must be a version range, such as `>=3.0 <5.0`, `<=4.x` or `7.x`")
  .describe("Version range: >=3.0 <5.0, <=4.x, 7.x, 5.0(5)");
const ruleId = z.string().regex(/^[A-Za-z][A-Za-z0-9.'-]{0,31}$/, "must be a short id such as R7 or R1-4.4");
const sentence = z.string().min(8, "must be a sentence that a technician can read").max(600);

/** One reason in a data file; `source` is a key of the file's `sources`. */
export const becauseSchema = z
  .strictObject({
    reason: sentence,
    source: z.string().min(1),
    grade: z.enum(["A", "B", "C", "D"]).describe("A vendor, bytes or log; B two sources; C one report; D deduction"),
  })
  .describe("Why, who says so, and how far to trust it");

/** Short keys to full citations, so that a rule names its source in a word. */
export const sourcesSchema = z.record(z.string(), z.string().min(8));

const file = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/, "must be a plain file name"),
  role: z.enum(["loader", "manifest", "application", "component"]),
  signed: z.boolean(),
  size: z.int().positive().max(0x7fffffff).optional().describe("Octets, where a source measured them"),
});

const release = z.strictObject({
  load: loadName,
  protocol,
  version,
  signed: z.boolean().describe("Whether a phone that runs it accepts signed files alone"),
  loader: loadName.optional().describe("The universal loader that its package installs"),
  models: z.array(z.string()).min(1).optional(),
  files: z.array(file),
  barrier: becauseSchema.optional(),
  deadEnd: becauseSchema.optional(),
  withdrawn: becauseSchema.optional(),
  because: z.array(becauseSchema).min(1),
});

const selector = z.strictObject({
  protocol: protocol.optional(),
  version: range.optional(),
  signed: z.boolean().optional(),
  loader: z.enum(["universal", "none"]).optional(),
  loads: z.array(loadName).min(1).optional(),
  except: z.array(loadName).min(1).optional(),
  model: z.string().optional(),
});

const rule = z.strictObject({
  id: ruleId,
  from: z.union([z.literal("unknown"), selector]),
  to: selector,
  direction: z.enum(["up", "down"]).optional(),
  lever: z.enum([
    "os79xx",
    "image_version",
    "load_information",
    "term_default",
    "upgradecode",
    "master_config",
    "bootrom",
  ]),
  policy: z.enum(["strict", "documented"]),
  onlyLast: z.literal(true).optional().describe("A way home and not a way through"),
  oneWay: z.boolean().optional().describe("What the sources claim; checked against the graph"),
  typicalSeconds: z.int().positive().max(7200),
  because: z.array(becauseSchema).min(1),
});

const blockRule = z.strictObject({
  id: ruleId,
  from: selector,
  to: selector,
  direction: z.enum(["up", "down"]).optional(),
  because: becauseSchema,
});

/** The shape of a manifest file; the editors' JSON schema is made from it. Unknown keys are errors. */
export const manifestSchema = z.strictObject({
  schema: z.literal(1),
  family: z.string().regex(/^[a-z0-9-]{2,40}$/, "must be a family id such as cisco-7940"),
  title: z.string().min(1),
  sources: sourcesSchema,
  releases: z.array(release).min(1),
  rules: z.array(rule),
  blocked: z.array(blockRule),
});

type Shape = z.infer<typeof manifestSchema>;

/** Reads a manifest out of plain data, such as a YAML file holds. Every mistake is named, not the first alone. */
export function parseManifest(data: unknown): ParsedManifest {
  const shaped = manifestSchema.safeParse(data);
  if (!shaped.success)
    return { kind: "findings", findings: shaped.error.issues.flatMap((issue) => findingsOf(issue, data)) };
  const findings = [...duplicates(shaped.data), ...danglingSources(shaped.data), ...danglingLoads(shaped.data)];
  return findings.length > 0 ? { kind: "findings", findings } : { kind: "manifest", manifest: meaning(shaped.data) };
}

/** Says what zod found in the product's own words: place, reason, remedy. */
export function findingsOf(issue: z.core.$ZodIssue, data: unknown): readonly DataFinding[] {
  const path = issue.path.filter((step): step is string | number => typeof step !== "symbol");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: [...path, key],
      reason: `\`${key}\` is not a key of this place.`,
      remedy: "Correct its spelling or remove it; docs/authoring-manifests.md lists every key.",
    }));
  }
  return [
    {
      path,
      reason: valueAt(data, path) === undefined ? "This key is missing." : `${issue.message}.`,
      remedy: "Correct the value; docs/authoring-manifests.md describes every key.",
    },
  ];
}

function valueAt(data: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (part, step) =>
      typeof part === "object" && part !== null ? (part as Record<string | number, unknown>)[step] : undefined,
    data,
  );
}

function duplicates(shape: Shape): DataFinding[] {
  const findings: DataFinding[] = [];
  const again = (names: readonly string[], path: (at: number) => (string | number)[], what: string): void => {
    for (const [at, name] of names.entries()) {
      if (names.indexOf(name) === at) continue;
      findings.push({ path: path(at), reason: `${what} \`${name}\` stands here twice.`, remedy: "Keep one of them." });
    }
  };
  again(
    shape.releases.map((r) => r.load),
    (at) => ["releases", at, "load"],
    "The load",
  );
  again(
    [...shape.rules, ...shape.blocked].map((r) => r.id),
    (at) => (at < shape.rules.length ? ["rules", at, "id"] : ["blocked", at - shape.rules.length, "id"]),
    "The rule",
  );
  for (const [index, entry] of shape.releases.entries()) {
    again(
      entry.files.map((f) => f.name),
      (at) => ["releases", index, "files", at, "name"],
      "The file",
    );
  }
  return findings;
}

function danglingSources(shape: Shape): DataFinding[] {
  const reasons: { path: (string | number)[]; source: string }[] = [];
  for (const [at, r] of shape.releases.entries()) {
    for (const [i, why] of r.because.entries()) {
      reasons.push({ path: ["releases", at, "because", i, "source"], source: why.source });
    }
    for (const key of ["barrier", "deadEnd", "withdrawn"] as const) {
      const why = r[key];
      if (why !== undefined) reasons.push({ path: ["releases", at, key, "source"], source: why.source });
    }
  }
  for (const [at, r] of shape.rules.entries()) {
    for (const [i, why] of r.because.entries()) {
      reasons.push({ path: ["rules", at, "because", i, "source"], source: why.source });
    }
  }
  for (const [at, r] of shape.blocked.entries()) {
    reasons.push({ path: ["blocked", at, "because", "source"], source: r.because.source });
  }
  return unknownSources(shape.sources, reasons);
}

/** Reasons whose source the file does not cite. */
export function unknownSources(
  sources: Readonly<Record<string, string>>,
  reasons: readonly { readonly path: readonly (string | number)[]; readonly source: string }[],
): DataFinding[] {
  return reasons
    .filter(({ source }) => !Object.hasOwn(sources, source))
    .map(({ path, source }) => ({
      path,
      reason: `\`${source}\` is not a key of \`sources\`.`,
      remedy: "Add the full citation under `sources`, or correct the key.",
    }));
}

function danglingLoads(shape: Shape): DataFinding[] {
  const known = new Set(shape.releases.map((r) => r.load));
  const findings: DataFinding[] = [];
  const look = (named: readonly string[] | undefined, path: (string | number)[]): void => {
    for (const [at, load] of (named ?? []).entries()) {
      if (known.has(load)) continue;
      findings.push({
        path: [...path, at],
        reason: `No release of this file has the load \`${load}\`.`,
        remedy: "Correct the name (letter case counts), or add the release with its source.",
      });
    }
  };
  for (const key of ["rules", "blocked"] as const) {
    for (const [at, r] of shape[key].entries()) {
      for (const side of ["from", "to"] as const) {
        const chosen = r[side];
        if (chosen === "unknown") continue;
        look(chosen.loads, [key, at, side, "loads"]);
        look(chosen.except, [key, at, side, "except"]);
      }
    }
  }
  return findings;
}

/** The validated file as values: ranges read, source keys replaced by what they cite. */
function meaning(shape: Shape): Manifest {
  const cite = (why: Because): Because => ({ ...why, source: shape.sources[why.source] ?? why.source });
  return {
    family: shape.family,
    title: shape.title,
    releases: shape.releases.map(({ barrier, deadEnd, withdrawn, loader, models, files, because, ...rest }) => ({
      ...rest,
      files: files.map(({ size, ...named }) => (size === undefined ? named : { ...named, size })),
      because: because.map(cite),
      ...(loader === undefined ? {} : { loader }),
      ...(models === undefined ? {} : { models }),
      ...(barrier === undefined ? {} : { barrier: cite(barrier) }),
      ...(deadEnd === undefined ? {} : { deadEnd: cite(deadEnd) }),
      ...(withdrawn === undefined ? {} : { withdrawn: cite(withdrawn) }),
    })),
    rules: shape.rules.map(({ from, to, direction, onlyLast, oneWay, because, ...rest }) => ({
      ...rest,
      from: from === "unknown" ? from : selected(from),
      to: selected(to),
      because: because.map(cite),
      ...(direction === undefined ? {} : { direction }),
      ...(onlyLast === undefined ? {} : { onlyLast }),
      ...(oneWay === undefined ? {} : { oneWay }),
    })),
    blocked: shape.blocked.map(({ from, to, direction, because, ...rest }) => ({
      ...rest,
      from: selected(from),
      to: selected(to),
      because: cite(because),
      ...(direction === undefined ? {} : { direction }),
    })),
  };
}

function selected(shape: z.infer<typeof selector>): Selector {
  const { protocol, version, signed, loader, loads, except, model } = shape;
  const bounds = version === undefined ? undefined : parseRange(version);
  return {
    ...(protocol === undefined ? {} : { protocol }),
    ...(bounds === undefined ? {} : { version: bounds }),
    ...(signed === undefined ? {} : { signed }),
    ...(loader === undefined ? {} : { loader }),
    ...(loads === undefined ? {} : { loads }),
    ...(except === undefined ? {} : { except }),
    ...(model === undefined ? {} : { model }),
  };
}
