import { renderSVG } from "uqr";
import type { Because } from "../firmware/because.ts";
import { type Remedy, seen } from "../firmware/remedy.ts";
import type { MigrationPlan, Planned, Stage } from "./migration.ts";
import { full, lasting, type PlanSetting, stageRemedies, warningsOf, wayOf } from "./plan-document.ts";

/**
 * The plan on paper: one HTML document without script, font or picture from elsewhere, for A4; a first page that says
 * what cannot be undone, then one page per stage with boxes to tick. Every text of it is escaped.
 */
export function planHtml(planned: Planned, setting: PlanSetting): string {
  return [
    "<!doctype html>",
    '<html lang="en">',
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${text(title(planned, setting))}</title><style>${style}</style></head>`,
    "<body>",
    ...pages(planned, setting).map((page) => `<section class="page">\n${page}\n</section>`),
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/** Widths in millimetres of an A4 sheet; a page that is longer than a sheet goes on to the next, never into another. */
const style = `
@page { size: A4; margin: 15mm; }
* { box-sizing: border-box; }
body { font: 10.5pt/1.4 "Liberation Sans", Arial, sans-serif; color: #000; margin: 0 auto; max-width: 180mm; }
.page { break-after: page; padding: 4mm 0; }
.page:last-child { break-after: auto; }
h1 { font-size: 17pt; margin: 0 0 3mm; } h2 { font-size: 11pt; margin: 5mm 0 1.5mm; }
p, ul, ol { margin: 0 0 2mm; } ol, ul { padding-left: 7mm; }
.warning { border: 0.6mm solid #000; padding: 2mm 3mm; font-weight: bold; margin: 0 0 3mm; }
.tick { list-style: none; padding: 0; } .tick li { padding-left: 8mm; position: relative; margin-bottom: 2mm; }
.tick li::before { content: ""; position: absolute; left: 0; top: 0.5mm; width: 4mm; height: 4mm; border: 0.3mm solid #000; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; } tr { break-inside: avoid; }
th, td { border: 0.2mm solid #777; padding: 1mm 2mm; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
td:first-child, th:first-child { width: 33%; }
code { font-family: "Liberation Mono", monospace; font-size: 9.5pt; overflow-wrap: anywhere; }
.live { display: flex; gap: 5mm; align-items: center; margin: 4mm 0; break-inside: avoid; } .live svg { width: 32mm; height: 32mm; flex: none; }
.why { font-size: 9pt; } .signed { margin-top: 6mm; }
`;

function title(planned: Planned, setting: PlanSetting): string {
  switch (planned.kind) {
    case "already-there":
      return `${setting.model}: nothing to do`;
    case "no-path":
      return `${setting.model}: no way`;
    case "plan":
      return `${setting.model}: ${planned.plan.from === undefined ? "unknown" : full(planned.plan.from)} to ${full(planned.plan.to)}`;
  }
}

function pages(planned: Planned, setting: PlanSetting): string[] {
  const heading = `<h1>${text(title(planned, setting))}</h1>`;
  switch (planned.kind) {
    case "already-there":
      return [`${heading}\n<p>It already runs ${text(full(planned.release))}.</p>`];
    case "no-path": {
      const where = planned.stoppedAt === undefined ? "" : ` beyond ${full(planned.stoppedAt)}`;
      return [`${heading}\n<p>No step leads${text(where)}.</p>\n${reasons(planned.because)}`];
    }
    case "plan":
      return [
        firstPage(planned.plan, setting),
        ...planned.plan.stages.map((stage) => stagePage(stage, planned.plan, setting)),
      ];
  }
}

function firstPage(plan: MigrationPlan, setting: PlanSetting): string {
  const total = plan.stages.reduce((sum, stage) => sum + stage.typicalSeconds, 0);
  const rows = plan.stages.map(
    (stage) =>
      `<tr><td>${stage.number}. ${text(full(stage.release))}</td><td>${stage.oneWay ? "<b>one-way</b>, " : ""}${text(lasting(stage.typicalSeconds))}, lever <code>${stage.lever}</code></td></tr>`,
  );
  return [
    `<h1>${text(title({ kind: "plan", plan }, setting))}</h1>`,
    ...warningsOf(plan, setting).map((warning) => `<p class="warning">${text(warning)}</p>`),
    `<p>${text(wayOf(plan))}</p>`,
    `<p>${plan.stages.length} stage${plan.stages.length === 1 ? "" : "s"}, ${text(lasting(total))}, policy ${plan.policy}.</p>`,
    `<table><tr><th>Stage</th><th></th></tr>${rows.join("")}</table>`,
    ...(setting.phone === undefined ? [] : [liveStatus(setting.phone)]),
    `<p class="signed">Phone (MAC): ${setting.phone === undefined ? "________________________" : text(setting.phone.mac)} &nbsp; Place: ________________________</p>`,
  ].join("\n");
}

/** The code leads to the phone's page; the address stands beside it for whoever cannot scan. */
function liveStatus({ page }: NonNullable<PlanSetting["phone"]>): string {
  const code = renderSVG(page, { ecc: "M", border: 2 }).replace("<svg ", '<svg role="img" aria-label="Live status" ');
  return `<div class="live">${code}<p>Where the phone stands, live, and what to do next:<br><code>${text(page)}</code></p></div>`;
}

function stagePage(stage: Stage, plan: MigrationPlan, setting: PlanSetting): string {
  const remedies = stageRemedies(stage, setting);
  return [
    `<h1>Stage ${stage.number} of ${plan.stages.length}: ${text(full(stage.release))}</h1>`,
    ...(stage.oneWay ? ['<p class="warning">ONE-WAY: there is no way back behind this stage.</p>'] : []),
    `<p>Lever <code>${stage.lever}</code>, ${text(lasting(stage.typicalSeconds))}. Published: ${names(stage.publishes, [])}. Needed: ${names(stage.requires, setting.missing)}.</p>`,
    `<h2>Do</h2>${ticks(stage.operator)}`,
    `<h2>Seen when it goes well</h2>${ticks(stage.expects)}`,
    ...(remedies.length === 0
      ? []
      : [`<h2>If it shows</h2><table><tr><th>Seen</th><th>Do</th></tr>${remedies.map(remedyRow).join("")}</table>`]),
    `<h2>Why</h2>${reasons(stage.because)}`,
    '<p class="signed">Done at: ______________ &nbsp; by: ________________________</p>',
  ].join("\n");
}

function names(files: readonly string[], missing: readonly string[]): string {
  return files
    .map((name) => `<code>${text(name)}</code>${missing.includes(name) ? " <b>(missing)</b>" : ""}`)
    .join(", ");
}

function ticks(lines: readonly string[]): string {
  return `<ul class="tick">${lines.map((line) => `<li>${text(line)}</li>`).join("")}</ul>`;
}

function remedyRow(remedy: Remedy): string {
  return `<tr><td>${text(seen(remedy))}</td><td>${text(remedy.next)}</td></tr>`;
}

function reasons(because: readonly Because[]): string {
  const lines = because.map((why) => `<li>${text(why.reason)} (${why.grade}: ${text(why.source)})</li>`);
  return `<ul class="why">${lines.join("")}</ul>`;
}

/** Text made safe for HTML; what stands between backquotes becomes code. */
function text(plain: string): string {
  return plain
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;")
    .replace(/`([^`]*)`/g, "<code>$1</code>");
}
