import type { Because } from "../firmware/because.ts";
import { type Remedy, seen } from "../firmware/remedy.ts";
import { poeSwitches } from "../phones/restart.ts";
import type { MigrationPlan, Planned, Stage } from "./migration.ts";
import {
  backOf,
  beforeOf,
  full,
  GRADES,
  isFinal,
  LEVERS,
  lasting,
  missingIn,
  observingOf,
  type PlanSetting,
  restartOf,
  stageRemedies,
  warningsOf,
  wayOf,
} from "./plan-document.ts";

/** The plan for a wiki or a ticket: GitHub's Markdown, with task lists to tick. Ends in a newline. */
export function planMarkdown(planned: Planned, setting: PlanSetting): string {
  switch (planned.kind) {
    case "already-there":
      return `# ${plain(setting.model)}: nothing to do\n\nIt already runs ${plain(full(planned.release))}.\n`;
    case "no-path": {
      const where = planned.stoppedAt === undefined ? "" : ` beyond ${plain(full(planned.stoppedAt))}`;
      return [`# ${plain(setting.model)}: no way${where}`, "", ...planned.because.map(reasonLine), ""].join("\n");
    }
    case "plan":
      return [
        ...headLines(planned.plan, setting),
        ...planned.plan.stages.flatMap((stage) => stageLines(stage, planned.plan, setting)),
        ...tailLines(planned.plan, setting),
      ]
        .join("\n")
        .concat("\n");
  }
}

function headLines(plan: MigrationPlan, setting: PlanSetting): string[] {
  const total = plan.stages.reduce((sum, stage) => sum + stage.typicalSeconds, 0);
  const observing = observingOf(plan);
  return [
    `# ${plain(setting.model)}: ${plan.from === undefined ? "unknown" : plain(full(plan.from))} to ${plain(full(plan.to))}`,
    "",
    `${plain(wayOf(plan))}`,
    "",
    `${plan.stages.length} stage${plan.stages.length === 1 ? "" : "s"}, ${lasting(total)}, policy ${plan.policy}.`,
    ...warningsOf(plan, setting).flatMap((warning) => ["", `> **${plain(warning)}**`]),
    "",
    "## Before you begin",
    "",
    ...beforeOf(plan, setting).map((line) => `- [ ] ${plain(line)}`),
    ...(observing.length === 0 ? [] : ["", "What its first boot shows:", "", ...observing.map(reasonLine)]),
  ];
}

function stageLines(stage: Stage, plan: MigrationPlan, setting: PlanSetting): string[] {
  const missing = missingIn(stage, setting);
  const files = stage.requires.map((name) => `\`${name}\`${missing.includes(name) ? " (missing)" : ""}`);
  const remedies = stageRemedies(stage, setting);
  return [
    "",
    `## Stage ${stage.number} of ${plan.stages.length}: ${plain(full(stage.release))}${isFinal(stage) ? " (one-way)" : ""}`,
    "",
    `Lever \`${stage.lever}\`, ${lasting(stage.typicalSeconds)}: ${plain(LEVERS[stage.lever])}.`,
    "",
    `Publishes: ${stage.publishes.map((name) => `\`${name}\``).join(", ")}`,
    "",
    `Needs: ${files.join(", ")}`,
    "",
    "Do:",
    "",
    ...stage.operator.map((line) => `- [ ] ${plain(line)}`),
    "",
    plain(restartOf(stage, plan, setting)),
    "",
    "You see:",
    "",
    ...stage.looks.map(reasonLine),
    "",
    "The server sees, when it goes well:",
    "",
    ...stage.expects.map((line) => `- [ ] ${plain(line)}`),
    "",
    "Why:",
    "",
    ...stage.because.map(reasonLine),
    ...(remedies.length === 0
      ? []
      : [
          "",
          "| If it shows | it means | likeliest cause first | do |",
          "|---|---|---|---|",
          ...remedies.map(remedyRow),
        ]),
  ];
}

function tailLines(plan: MigrationPlan, setting: PlanSetting): string[] {
  return [
    "",
    "## The way back",
    "",
    ...backOf(plan, setting).map((line) => `- ${plain(line)}`),
    "",
    "## Power off and on at a PoE switch",
    "",
    "Ten seconds between the two; `12` stands for the phone's port.",
    "",
    "| switch | off | on | who says so |",
    "|---|---|---|---|",
    ...poeSwitches.map(
      ({ kind, off, on, because }) => `| ${kind} | \`${off}\` | \`${on}\` | ${because.grade}: ${because.source} |`,
    ),
    "",
    "## The letters",
    "",
    ...GRADES.map(([grade, words]) => `- ${grade}: ${words}`),
  ];
}

function reasonLine(why: Because): string {
  return `- ${plain(why.reason)} (${why.grade}: ${plain(why.source)})`;
}

function remedyRow(remedy: Remedy): string {
  const causes = remedy.causes.map(({ words }) => plain(words)).join("<br>");
  return `| ${plain(seen(remedy))} | ${plain(remedy.meaning)} | ${causes} | ${plain(remedy.next)} |`;
}

/** Text that Markdown shows as it stands, also inside a table. Code spans stay code spans. */
function plain(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, at) => (at % 2 === 1 ? part.replace(/\|/g, "\\|") : markless(part)))
    .join("")
    .replace(/\s*\n\s*/g, " ");
}

function markless(text: string): string {
  return text.replace(/[\\*_[\]|#]/g, "\\$&").replace(/</g, "&lt;");
}
