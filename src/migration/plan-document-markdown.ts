import type { Because } from "../firmware/because.ts";
import { type Remedy, seen } from "../firmware/remedy.ts";
import type { MigrationPlan, Planned, Stage } from "./migration.ts";
import { full, lasting, type PlanSetting, stageRemedies, warningsOf, wayOf } from "./plan-document.ts";

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
      ]
        .join("\n")
        .concat("\n");
  }
}

function headLines(plan: MigrationPlan, setting: PlanSetting): string[] {
  const total = plan.stages.reduce((sum, stage) => sum + stage.typicalSeconds, 0);
  return [
    `# ${plain(setting.model)}: ${plan.from === undefined ? "unknown" : plain(full(plan.from))} to ${plain(full(plan.to))}`,
    "",
    `${plain(wayOf(plan))}`,
    "",
    `${plan.stages.length} stage${plan.stages.length === 1 ? "" : "s"}, ${lasting(total)}, policy ${plan.policy}.`,
    ...warningsOf(plan, setting).flatMap((warning) => ["", `> **${plain(warning)}**`]),
  ];
}

function stageLines(stage: Stage, plan: MigrationPlan, setting: PlanSetting): string[] {
  const files = stage.requires.map((name) => `\`${name}\`${setting.missing.includes(name) ? " (missing)" : ""}`);
  const remedies = stageRemedies(stage, setting);
  return [
    "",
    `## Stage ${stage.number} of ${plan.stages.length}: ${plain(full(stage.release))}${stage.oneWay ? " (one-way)" : ""}`,
    "",
    `Lever \`${stage.lever}\`, ${lasting(stage.typicalSeconds)}.`,
    "",
    `Publishes: ${stage.publishes.map((name) => `\`${name}\``).join(", ")}`,
    "",
    `Needs: ${files.join(", ")}`,
    "",
    ...stage.operator.map((line) => `- [ ] ${plain(line)}`),
    "",
    "What is seen when it goes well:",
    "",
    ...stage.expects.map((line) => `- [ ] ${plain(line)}`),
    "",
    "Why:",
    "",
    ...stage.because.map(reasonLine),
    ...(remedies.length === 0 ? [] : ["", "| If it shows | do |", "|---|---|", ...remedies.map(remedyRow)]),
  ];
}

function reasonLine(why: Because): string {
  return `- ${plain(why.reason)} (${why.grade}: ${plain(why.source)})`;
}

function remedyRow(remedy: Remedy): string {
  return `| ${plain(seen(remedy))} | ${plain(remedy.next)} |`;
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
