import type { Because } from "../firmware/because.ts";
import type { Release } from "../firmware/release.ts";
import { type Remedy, type RemedyTable, remediesOf, seen } from "../firmware/remedy.ts";
import type { MigrationPlan, Planned, Stage } from "./migration.ts";

/** What a plan's reader is told besides the plan itself. */
export interface PlanSetting {
  /** A model id, e.g. `7960`. */
  readonly model: string;
  readonly family: string;
  /** Files the plan needs that the vault does not hold, by exact name. */
  readonly missing: readonly string[];
  readonly remedies?: RemedyTable;
  /** The one phone that the plan is printed for, and the page that shows where it stands. */
  readonly phone?: { readonly mac: string; readonly page: string };
}

interface JsonRelease {
  readonly protocol: string;
  readonly version: string;
  readonly load: string;
}

/** `plan --format json`, as contract.md §4 promises it. Every field is plain data. */
export type PlanJson =
  | { readonly model: string; readonly family: string; readonly alreadyThere: true; readonly release: JsonRelease }
  | {
      readonly model: string;
      readonly family: string;
      readonly noPath: { readonly stoppedAt: JsonRelease | null; readonly because: readonly Because[] };
    }
  | {
      readonly model: string;
      readonly family: string;
      readonly policy: string;
      readonly from: JsonRelease | null;
      readonly to: JsonRelease;
      readonly oneWay: boolean;
      readonly missing: readonly string[];
      readonly stages: readonly JsonStage[];
    };

interface JsonStage {
  readonly number: number;
  readonly from: JsonRelease | null;
  readonly to: JsonRelease;
  readonly lever: string;
  readonly publishes: readonly string[];
  readonly requires: readonly string[];
  readonly oneWay: boolean;
  readonly operator: readonly string[];
  readonly expects: readonly string[];
  readonly typicalSeconds: number;
  readonly because: readonly Because[];
  readonly remedies: readonly { readonly sees: string; readonly do: string }[];
}

/** The plan, or why there is none, as scripts read it. An unknown start is `null`. */
export function planJson(planned: Planned, setting: PlanSetting): PlanJson {
  const { model, family } = setting;
  switch (planned.kind) {
    case "already-there":
      return { model, family, alreadyThere: true, release: short(planned.release) };
    case "no-path":
      return {
        model,
        family,
        noPath: { stoppedAt: planned.stoppedAt ? short(planned.stoppedAt) : null, because: planned.because },
      };
    case "plan": {
      const { plan } = planned;
      return {
        model,
        family,
        policy: plan.policy,
        from: plan.from ? short(plan.from) : null,
        to: short(plan.to),
        oneWay: plan.oneWay,
        missing: setting.missing,
        stages: plan.stages.map((stage) => ({
          number: stage.number,
          from: stage.from ? short(stage.from) : null,
          to: short(stage.release),
          lever: stage.lever,
          publishes: stage.publishes,
          requires: stage.requires,
          oneWay: stage.oneWay,
          operator: stage.operator,
          expects: stage.expects,
          typicalSeconds: stage.typicalSeconds,
          because: stage.because,
          remedies: stageRemedies(stage, setting).map((remedy) => ({ sees: seen(remedy), do: remedy.next })),
        })),
      };
    }
  }
}

/** The plan as a terminal shows it; lines of at most about 100 characters, ending in a newline. */
export function planText(planned: Planned, setting: PlanSetting): string {
  switch (planned.kind) {
    case "already-there":
      return `The ${setting.model} already runs ${full(planned.release)}. Nothing to do.\n`;
    case "no-path":
      return noPathText(planned.stoppedAt, planned.because, setting);
    case "plan":
      return [
        ...headText(planned.plan, setting),
        ...planned.plan.stages.flatMap((stage) => stageText(stage, planned.plan, setting)),
        ...remedyText(planned.plan.stages.flatMap((stage) => stageRemedies(stage, setting))),
      ]
        .join("\n")
        .concat("\n");
  }
}

/** What may be seen during a stage, and what to do then. */
export function stageRemedies(stage: Stage, setting: PlanSetting): readonly Remedy[] {
  const protocols = [stage.release.protocol, ...(stage.from === undefined ? [] : [stage.from.protocol])];
  return remediesOf(setting.remedies, stage.lever, protocols);
}

/** What is said before the first stage: the way in a line, what cannot be undone, what is missing. */
export function warningsOf(plan: MigrationPlan, setting: PlanSetting): readonly string[] {
  const oneWays = plan.stages.filter((stage) => stage.oneWay);
  const warnings: string[] = [];
  if (oneWays.length > 0) {
    const numbers = oneWays.map((stage) => stage.number).join(", ");
    const plural = oneWays.length === 1 ? `Stage ${numbers} is` : `Stages ${numbers} are`;
    warnings.push(`ONE-WAY: ${plural} final. No step, however long the way, leads back behind it.`);
  }
  if (plan.from === undefined) {
    warnings.push(
      "What the phone runs is not known. Let it boot once before the first stage: if it shows a newer load, make the plan anew from there.",
    );
  }
  if (plan.policy === "documented") {
    warnings.push("The policy `documented` allows shortcuts that a stricter source contradicts.");
  }
  if (setting.missing.length > 0) {
    warnings.push(`MISSING in the firmware vault: ${setting.missing.join(", ")}. No stage starts without them.`);
  }
  return warnings;
}

/** The whole way in one line. */
export function wayOf(plan: MigrationPlan): string {
  const stops = plan.stages.map((stage) => `${stage.oneWay ? "=>" : "->"} ${briefly(stage.release)}`);
  return [plan.from === undefined ? "unknown" : briefly(plan.from), ...stops].join(" ");
}

function short({ protocol, version, load }: Release): JsonRelease {
  return { protocol, version, load };
}

/** Protocol, version and load. */
export function full(release: Release): string {
  return `${briefly(release)} (${release.load})`;
}

/** Protocol and version; a release without a protocol is a boot ROM. */
export function briefly(release: Release): string {
  return `${release.protocol === "none" ? "BootROM" : release.protocol} ${release.version}`;
}

/** Minutes as a person says them; under two minutes in seconds. */
export function lasting(seconds: number): string {
  return seconds < 120 ? `about ${seconds} s` : `about ${Math.round(seconds / 60)} min`;
}

function headText(plan: MigrationPlan, setting: PlanSetting): string[] {
  const total = plan.stages.reduce((sum, stage) => sum + stage.typicalSeconds, 0);
  const count = plan.stages.length === 1 ? "1 stage" : `${plan.stages.length} stages`;
  return [
    `${setting.model}: ${plan.from === undefined ? "unknown" : full(plan.from)} to ${full(plan.to)}`,
    `${count}, ${lasting(total)}, policy ${plan.policy}`,
    wayOf(plan),
    ...warningsOf(plan, setting).flatMap((warning) => ["", ...wrapped("! ", warning)]),
  ];
}

function stageText(stage: Stage, plan: MigrationPlan, setting: PlanSetting): string[] {
  const missing = stage.requires.filter((name) => setting.missing.includes(name));
  return [
    "",
    `Stage ${stage.number} of ${plan.stages.length}: ${full(stage.release)}${stage.oneWay ? "  [ONE-WAY]" : ""}`,
    `  Lever: ${stage.lever}, ${lasting(stage.typicalSeconds)}`,
    ...wrapped("  Publishes: ", stage.publishes.join(", ")),
    ...wrapped(
      "  Needs: ",
      stage.requires.map((name) => (missing.includes(name) ? `${name} (missing)` : name)).join(", "),
    ),
    "  Do:",
    ...stage.operator.flatMap((line, at) => wrapped(`    ${at + 1}. `, line)),
    "  Expect:",
    ...stage.expects.flatMap((line) => wrapped("    - ", line)),
    "  Because:",
    ...stage.because.flatMap((why) => wrapped("    - ", `${why.reason} [${why.grade}] ${why.source}`)),
  ];
}

function remedyText(remedies: readonly Remedy[]): string[] {
  if (remedies.length === 0) return [];
  return [
    "",
    "If something goes wrong:",
    ...[...new Set(remedies)].flatMap((remedy) => wrapped("  - ", `"${seen(remedy)}": ${remedy.next}`)),
  ];
}

function noPathText(stoppedAt: Release | undefined, because: readonly Because[], setting: PlanSetting): string {
  const where = stoppedAt === undefined ? "" : ` beyond ${full(stoppedAt)}`;
  return [
    `There is no way for the ${setting.model}${where}.`,
    ...because.flatMap((why) => wrapped("  - ", `${why.reason} [${why.grade}] ${why.source}`)),
  ]
    .join("\n")
    .concat("\n");
}

/** Breaks a sentence into lines of at most 100 characters, the later ones indented under the first word. */
function wrapped(label: string, text: string): string[] {
  const lines: string[] = [];
  let line = label;
  for (const word of text.split(" ")) {
    if (line.length + word.length + 1 > 100 && line.trim() !== "" && line !== label) {
      lines.push(line);
      line = " ".repeat(label.length);
    }
    line += line.endsWith(" ") ? word : ` ${word}`;
  }
  return [...lines, line];
}
