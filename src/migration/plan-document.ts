import type { Because, Grade } from "../firmware/because.ts";
import type { Lever, Release } from "../firmware/release.ts";
import { type Remedy, type RemedyTable, ranked, remediesOf, seen } from "../firmware/remedy.ts";
import { familyOf, modelOf } from "../phones/families.ts";
import { restartWay } from "../phones/restart.ts";
import type { MigrationPlan, Planned, Stage } from "./migration.ts";
import { stageSigns } from "./signs.ts";

/** A file that a plan needs and the vault does not hold. */
export interface MissingFile {
  readonly load: string;
  readonly file: string;
}

/** What a plan's reader is told besides the plan itself. */
export interface PlanSetting {
  /** A model id, e.g. `7960`. */
  readonly model: string;
  readonly family: string;
  readonly missing: readonly MissingFile[];
  readonly remedies?: RemedyTable;
  /** The way from the target back to the start; absent where the start is not known. */
  readonly back?: Planned;
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
      readonly before: readonly string[];
      readonly stages: readonly JsonStage[];
      /** The loads of the way back, in order; what ends it where there is none; null where the start is not known. */
      readonly back: { readonly stages: readonly string[] } | { readonly because: readonly Because[] } | null;
    };

interface JsonStage {
  readonly number: number;
  readonly from: JsonRelease | null;
  readonly to: JsonRelease;
  readonly lever: string;
  readonly publishes: readonly string[];
  readonly requires: readonly string[];
  readonly missing: readonly string[];
  readonly oneWay: boolean;
  readonly operator: readonly string[];
  readonly restart: string;
  readonly looks: readonly Because[];
  readonly expects: readonly string[];
  readonly typicalSeconds: number;
  readonly because: readonly Because[];
  readonly remedies: readonly {
    readonly sees: string;
    readonly meaning: string;
    readonly causes: readonly string[];
    readonly do: string;
    readonly harmless: boolean;
  }[];
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
        missing: [...new Set(setting.missing.map(({ file }) => file))],
        before: beforeOf(plan, setting),
        stages: plan.stages.map((stage) => stageJson(stage, plan, setting)),
        back: backJson(setting.back),
      };
    }
  }
}

function stageJson(stage: Stage, plan: MigrationPlan, setting: PlanSetting): JsonStage {
  return {
    number: stage.number,
    from: stage.from ? short(stage.from) : null,
    to: short(stage.release),
    lever: stage.lever,
    publishes: stage.publishes,
    requires: stage.requires,
    missing: missingIn(stage, setting),
    oneWay: stage.oneWay,
    operator: stage.operator,
    restart: restartOf(stage, plan, setting),
    looks: stage.looks,
    expects: stage.expects,
    typicalSeconds: stage.typicalSeconds,
    because: stage.because,
    remedies: stageRemedies(stage, setting).map((remedy) => ({
      sees: seen(remedy),
      meaning: remedy.meaning,
      causes: remedy.causes.map(({ words }) => words),
      do: remedy.next,
      harmless: remedy.harmless === true,
    })),
  };
}

function backJson(back: Planned | undefined) {
  if (back === undefined) return null;
  if (back.kind === "plan") return { stages: back.plan.stages.map(({ release }) => release.load) };
  return back.kind === "no-path" ? { because: back.because } : { stages: [] };
}

/** How many messages stand on the page of a stage; all of them are in the table at the end. */
const LIKELIEST = 4;

/** The plan as a terminal shows it; lines of at most about 100 characters, ending in a newline. */
export function planText(planned: Planned, setting: PlanSetting): string {
  switch (planned.kind) {
    case "already-there":
      return `The ${setting.model} already runs ${full(planned.release)}. Nothing to do.\n`;
    case "no-path":
      return noPathText(planned.stoppedAt, planned.because, setting);
    case "plan": {
      const { plan } = planned;
      return [
        ...headText(plan, setting),
        ...plan.stages.flatMap((stage) => stageText(stage, plan, setting)),
        "",
        "The way back:",
        ...backOf(plan, setting).flatMap((line) => wrapped("  - ", line)),
        "",
        "Who says so:",
        ...GRADES.flatMap(([grade, words]) => wrapped("  - ", `${grade}: ${words}`)),
      ]
        .join("\n")
        .concat("\n");
    }
  }
}

/** What the letters behind a reason mean. */
export const GRADES: readonly (readonly [Grade, string])[] = [
  ["A", "a document of the vendor, octets of its firmware, or a log of real phones"],
  ["B", "two sources that do not know each other, or working software"],
  ["C", "one person's report"],
  ["D", "deduced; nobody is on record as having seen it"],
];

/** What may be seen during a stage, likeliest first by what the stage does, and what to do then. */
export function stageRemedies(stage: Stage, setting: PlanSetting): readonly Remedy[] {
  const protocols = [stage.release.protocol, ...(stage.from === undefined ? [] : [stage.from.protocol])];
  return ranked(remediesOf(setting.remedies, stage.lever, protocols, setting.model), stageSigns(stage));
}

/** Those of them that a page has room for. */
export function likeliest(stage: Stage, setting: PlanSetting): readonly Remedy[] {
  return stageRemedies(stage, setting).slice(0, LIKELIEST);
}

/** What is said before the first stage: what cannot be undone, what is missing. */
export function warningsOf(plan: MigrationPlan, setting: PlanSetting): readonly string[] {
  const oneWays = plan.stages.filter(isFinal);
  const warnings: string[] = [];
  if (oneWays.length > 0) {
    const numbers = oneWays.map((stage) => stage.number).join(", ");
    const plural = oneWays.length === 1 ? `Stage ${numbers} is` : `Stages ${numbers} are`;
    warnings.push(`ONE-WAY: ${plural} final. No step, however long the way, leads back behind it.`);
  }
  if (plan.from === undefined) {
    warnings.push(
      "What the phone runs is not known. Let it boot once before the first stage, as said below: if it shows a newer load, make the plan anew from there. A way back to what it runs now cannot be promised.",
    );
  }
  if (plan.policy === "documented") {
    warnings.push("The policy `documented` allows shortcuts that a stricter source contradicts.");
  }
  if (setting.missing.length > 0) {
    const loads = [...new Set(setting.missing.map(({ load }) => load))];
    const packages = loads.length === 1 ? `the package of ${loads[0]}` : `the packages of ${loads.join(", ")}`;
    warnings.push(
      `MISSING in the firmware vault: ${packages}. No stage starts without its files: \`provision firmware import PATH\`.`,
    );
  }
  return warnings;
}

/** Whether no way leads back behind a stage, of which the start is known. */
export function isFinal({ oneWay, from }: Stage): boolean {
  return oneWay && from !== undefined;
}

/** What is looked at before the first stage, in order. */
export function beforeOf(plan: MigrationPlan, setting: PlanSetting): readonly string[] {
  const minutes = Math.ceil(plan.stages.reduce((sum, stage) => sum + stage.typicalSeconds, 0) / 60);
  const { reading, ledBy } = familyOf(plan.family) ?? {};
  const where = reading === undefined ? "" : ` Where to read it: ${reading.reason}`;
  const mac = setting.phone?.mac ?? "MAC";
  const besides = plan.stages.filter(({ siteFiles }) => siteFiles.length > 0);
  return [
    `The label under it says ${onLabel(plan.model)}. Another model must not go this way.`,
    plan.from === undefined
      ? "Nobody has said what it runs: see below how its first boot shows it, before anything is published for it."
      : `The phone runs ${briefly(plan.from)}, load ${plan.from.load}. If it says something else, stop, and make the plan anew from that.${where}`,
    `Its power stays on for ${minutes} minutes and more: a socket that nobody switches off, or a switch port that you alone hold.`,
    ...besides.map(
      ({ release, siteFiles }) =>
        `The vendor's own ${siteFiles.join(" and ")}, of exactly ${briefly(release)} and renamed so, lie in the site's TFTP folder: they must be used together with it (administrator's guide 2.2).`,
    ),
    `The server is ready: \`provision check\` names no error, and DHCP leads here: ${ledBy ?? "the TFTP server is this one"}.`,
    `The phone is enrolled: \`provision migrate --mac ${mac} --to ${plan.to.load}${wordOf(plan)}\`. Phones that are not enrolled see no change.`,
    `Somebody watches: \`provision guide --mac ${mac} --watch\`${setting.phone === undefined ? "" : ", or the page behind the code"}.`,
  ];
}

/** As the vendor writes it for people, where our own word for the model is a short one. */
function onLabel(id: string): string {
  const [name] = modelOf(id)?.aliases ?? [];
  return name?.includes(" ") === true ? `${name} (${id} in this plan)` : id;
}

/** What has to be said to a command so that it plans by the same rules. */
function wordOf({ policy }: MigrationPlan): string {
  return policy === "strict" ? "" : ` --policy ${policy}`;
}

/** What the first boot of a phone of unknown start shows; empty where the start is known. */
export function observingOf(plan: MigrationPlan): readonly Because[] {
  return plan.from === undefined ? (familyOf(plan.family)?.observing ?? []) : [];
}

/** The lever in a person's words. */
export const LEVERS: Readonly<Record<Lever, string>> = {
  os79xx: "OS79XX.TXT names the new image",
  image_version: "image_version in the phone's .cnf files names the new load",
  load_information: "loadInformation in the phone's XML file names the new load",
  term_default: "the boot loader's own list, term<NN>.default.loads, names the new load",
  upgradecode: "upgradecode in the phone's compiled profile names the new image",
  master_config: "APP_FILE_PATH in the phone's master file names the new application",
  bootrom: "the new BootROM lies where the phone looks for it first",
};

/** How the phone is made to start without a hand at its plug, or that it is not. */
export function restartOf(stage: Stage, plan: MigrationPlan, setting: PlanSetting): string {
  const way = restartWay(plan.family, stage.from?.protocol);
  if (way.by === "power-cycle")
    return "From a desk: only by the power of its switch port; no restart over the network is known for what it runs now.";
  return `From a desk: \`provision restart --mac ${setting.phone?.mac ?? "MAC"}\` (SIP NOTIFY ${way.event}, ${way.because.grade}). ${way.caution} If it does not act on it: the power of its switch port.`;
}

/** The way home in words: the stages of it and how to print them, or the plain statement that there is none. */
export function backOf(plan: MigrationPlan, { back }: PlanSetting): readonly string[] {
  if (plan.from === undefined || back === undefined)
    return ["Whether a way leads back is not known, since nobody knows what the phone runs now."];
  if (back.kind === "plan")
    return [
      `There is one, of ${back.plan.stages.length === 1 ? "one stage" : `${back.plan.stages.length} stages`}: ${wayOf(back.plan)}. Print it before you begin: \`provision plan --model ${plan.model} --from ${plan.to.load} --to ${plan.from.load}${wordOf(plan)}\`.`,
    ];
  const because = back.kind === "no-path" ? back.because : [];
  return [
    `There is none: nothing leads from ${full(plan.to)} to ${full(plan.from)}.`,
    ...because.map(({ reason, grade, source }) => `${reason} [${grade}] ${source}`),
  ];
}

/** The whole way in one line. */
export function wayOf(plan: MigrationPlan): string {
  const stops = plan.stages.map((stage) => `${isFinal(stage) ? "=>" : "->"} ${briefly(stage.release)}`);
  return [plan.from === undefined ? "unknown" : briefly(plan.from), ...stops].join(" ");
}

/** The files of a stage that the vault lacks. */
export function missingIn(stage: Stage, setting: PlanSetting): readonly string[] {
  const lacks = setting.missing.filter(({ load }) => load === stage.release.load).map(({ file }) => file);
  return stage.requires.filter((name) => lacks.includes(name));
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
  const observing = observingOf(plan);
  return [
    `${setting.model}: ${plan.from === undefined ? "unknown" : full(plan.from)} to ${full(plan.to)}`,
    `${count}, ${lasting(total)}, policy ${plan.policy}`,
    wayOf(plan),
    ...warningsOf(plan, setting).flatMap((warning) => ["", ...wrapped("! ", warning)]),
    "",
    "Before you begin:",
    ...beforeOf(plan, setting).flatMap((line) => wrapped("  [ ] ", line)),
    ...(observing.length === 0
      ? []
      : ["", "What its first boot shows (`provision phones show MAC`, `provision dhcp listen`):"]),
    ...observing.flatMap((why) => wrapped("  - ", becauseText(why))),
  ];
}

function stageText(stage: Stage, plan: MigrationPlan, setting: PlanSetting): string[] {
  const missing = missingIn(stage, setting);
  const remedies = likeliest(stage, setting);
  const others = stageRemedies(stage, setting).length - remedies.length;
  return [
    "",
    `Stage ${stage.number} of ${plan.stages.length}: ${full(stage.release)}${isFinal(stage) ? "  [ONE-WAY]" : ""}`,
    ...wrapped("  Lever: ", `${stage.lever}, ${lasting(stage.typicalSeconds)}: ${LEVERS[stage.lever]}.`),
    ...wrapped("  Publishes: ", stage.publishes.join(", ")),
    ...wrapped("  Needs: ", stage.requires.join(", ")),
    ...(missing.length === 0
      ? []
      : wrapped(
          "  MISSING: ",
          missing.length === stage.requires.length ? `the whole package of ${stage.release.load}` : missing.join(", "),
        )),
    "  Do:",
    ...stage.operator.flatMap((line, at) => wrapped(`    ${at + 1}. `, line)),
    ...wrapped("    (", `${restartOf(stage, plan, setting)})`),
    "  You see:",
    ...stage.looks.flatMap((why) => wrapped("    - ", becauseText(why))),
    "  The server sees:",
    ...stage.expects.flatMap((line) => wrapped("    - ", line)),
    "  Because:",
    ...stage.because.flatMap((why) => wrapped("    - ", becauseText(why))),
    ...(remedies.length === 0 ? [] : ["  If it shows, likeliest first:"]),
    ...remedies.flatMap((remedy) => [
      ...wrapped("    - ", `"${seen(remedy)}": ${remedy.meaning}`),
      ...wrapped("        Likeliest: ", remedy.causes.map(({ words }) => words).join(" Or: ")),
      ...wrapped("        Do: ", remedy.next),
    ]),
    ...(setting.remedies === undefined
      ? []
      : wrapped(
          "    ",
          `Anything else${others > 0 ? ` (${others} more belong to this stage)` : ""}: \`provision guide --model ${plan.model} --shows "the words"\`.`,
        )),
  ];
}

function becauseText({ reason, grade, source }: Because): string {
  return `${reason} [${grade}] ${source}`;
}

function noPathText(stoppedAt: Release | undefined, because: readonly Because[], setting: PlanSetting): string {
  const where = stoppedAt === undefined ? "" : ` beyond ${full(stoppedAt)}`;
  return [
    `There is no way for the ${setting.model}${where}.`,
    ...because.flatMap((why) => wrapped("  - ", becauseText(why))),
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
    line += line === label || line.endsWith(" ") ? word : ` ${word}`;
  }
  return [...lines, line];
}
