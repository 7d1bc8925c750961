import { renderSVG } from "uqr";
import type { Because } from "../firmware/because.ts";
import { everyRemedy, type Remedy, seen } from "../firmware/remedy.ts";
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
  likeliest,
  missingIn,
  observingOf,
  type PlanSetting,
  restartOf,
  warningsOf,
  wayOf,
} from "./plan-document.ts";

/**
 * The plan on paper: one HTML document without script, font or picture from elsewhere, for A4. A first page that says
 * what cannot be undone and what to look at beforehand, one page per stage with boxes to tick, and at the end everything
 * that the phone may show. Every text of it is escaped.
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

/** Widths in millimetres of an A4 sheet; what is longer than a sheet goes on to the next, never into another page. */
const style = `
@page { size: A4; margin: 10mm 14mm; }
* { box-sizing: border-box; }
body { font: 9.3pt/1.3 "Liberation Sans", Arial, sans-serif; color: #000; margin: 0 auto; max-width: 181mm; }
.page { break-after: page; }
.page:last-child { break-after: auto; }
h1 { font-size: 15pt; line-height: 1.2; margin: 0 0 2mm; } h2 { font-size: 10.5pt; margin: 2.5mm 0 0.8mm; break-after: avoid; }
p, ul, ol { margin: 0 0 1.5mm; } ol, ul { padding-left: 4.5mm; } li { margin-bottom: 0.5mm; break-inside: avoid; }
.warning { border: 0.6mm solid #000; padding: 1.5mm 2.5mm; font-weight: bold; margin: 0 0 2mm; }
.way { font-size: 11pt; }
.tick { list-style: none; padding: 0; } .tick li { padding-left: 7mm; position: relative; margin-bottom: 1mm; }
.tick li::before { content: ""; position: absolute; left: 0; top: 0.2mm; width: 3.8mm; height: 3.8mm; border: 0.3mm solid #000; }
.do li { font-size: 10.5pt; } .do code { white-space: nowrap; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; margin: 0 0 2mm; } tr { break-inside: avoid; } thead { display: table-header-group; }
th, td { border: 0.2mm solid #777; padding: 0.6mm 1.5mm; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
.stages td:first-child { width: 45%; }
.remedies { font-size: 8pt; line-height: 1.2; } .remedies col.sees { width: 20%; } .remedies col.means { width: 43%; }
.remedies ol { margin: 0; padding-left: 4mm; } .remedies li { margin: 0; }
.switches { font-size: 8.5pt; } .switches col.kind { width: 17%; }
code { font-family: "Liberation Mono", monospace; font-size: 92%; overflow-wrap: anywhere; }
.live { display: flex; gap: 5mm; align-items: center; margin: 3mm 0; break-inside: avoid; } .live svg { width: 32mm; height: 32mm; flex: none; }
.top { display: flex; gap: 5mm; justify-content: space-between; align-items: flex-start; } .top svg { width: 20mm; height: 20mm; flex: none; }
.small { font-size: 8pt; line-height: 1.2; } .why { font-size: 8.7pt; line-height: 1.25; } .signed { margin-top: 3mm; }
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
        ...messages(setting),
      ];
  }
}

function firstPage(plan: MigrationPlan, setting: PlanSetting): string {
  const total = plan.stages.reduce((sum, stage) => sum + stage.typicalSeconds, 0);
  const rows = plan.stages.map(
    (stage) =>
      `<tr><td>${stage.number}. ${text(full(stage.release))}</td><td>${isFinal(stage) ? "<b>one-way</b>, " : ""}${text(lasting(stage.typicalSeconds))}: ${text(LEVERS[stage.lever])}</td></tr>`,
  );
  const observing = observingOf(plan);
  return [
    `<h1>${text(title({ kind: "plan", plan }, setting))}</h1>`,
    ...warningsOf(plan, setting).map((warning) => `<p class="warning">${text(warning)}</p>`),
    `<p class="way">${text(wayOf(plan))}</p>`,
    `<p>${plan.stages.length} stage${plan.stages.length === 1 ? "" : "s"}, ${text(lasting(total))}, policy ${plan.policy}. One page for each stage follows, then what the phone may show.</p>`,
    `<table class="stages"><thead><tr><th>Stage</th><th>How long, and what makes the phone go</th></tr></thead><tbody>${rows.join("")}</tbody></table>`,
    `<h2>Before you begin</h2>${ticks(beforeOf(plan, setting))}`,
    ...(observing.length === 0
      ? []
      : [
          `<h2>What its first boot shows of what it runs (<code>provision phones show</code>)</h2>${reasons(observing)}`,
        ]),
    ...(setting.phone === undefined ? [] : [liveStatus(setting.phone)]),
    `<h2>The way back</h2><ul>${backOf(plan, setting)
      .map((line) => `<li>${text(line)}</li>`)
      .join("")}</ul>`,
    `<p class="small">The letters behind a reason say how sure it is. ${GRADES.map(([grade, words]) => `<b>${grade}</b> ${text(words)}`).join("; ")}.</p>`,
    `<p class="signed">Phone (MAC): ${setting.phone === undefined ? "________________________" : text(setting.phone.mac)} &nbsp; Place: ________________________</p>`,
  ].join("\n");
}

/** The code leads to the phone's page; the address stands beside it for whoever cannot scan. */
function liveStatus({ page }: NonNullable<PlanSetting["phone"]>): string {
  const code = codeFor(page);
  return `<div class="live">${code}<p>Where the phone stands, live, and what to do next:<br><code>${text(page)}</code></p></div>`;
}

function codeFor(page: string): string {
  return renderSVG(page, { ecc: "M", border: 2 }).replace("<svg ", '<svg role="img" aria-label="Live status" ');
}

function switches(): string {
  const rows = poeSwitches.map(
    ({ kind, off, on, because }) =>
      `<tr><td>${text(kind)} (${because.grade})</td><td><code>${text(off)}</code></td><td><code>${text(on)}</code></td></tr>`,
  );
  const sources = [...new Set(poeSwitches.map(({ because }) => `${because.grade}: ${because.source}`))];
  return [
    "<h2>Power off and on at a PoE switch</h2><p>Ten seconds between the two; 12 stands for the phone's port.</p>",
    `<table class="switches"><colgroup><col class="kind"/><col/><col/></colgroup><thead><tr><th>Switch</th><th>Off</th><th>On</th></tr></thead><tbody>${rows.join("")}</tbody></table>`,
    `<p class="small">${text(sources.join("; "))}.</p>`,
  ].join("\n");
}

function stagePage(stage: Stage, plan: MigrationPlan, setting: PlanSetting): string {
  const remedies = likeliest(stage, setting);
  const sources = [...new Set([...stage.looks, ...stage.because].map(({ source }) => source))];
  const heading = `<h1>Stage ${stage.number} of ${plan.stages.length}: ${text(full(stage.release))}</h1>
<p>It takes ${text(lasting(stage.typicalSeconds))}. What makes the phone go: ${text(LEVERS[stage.lever])} (<code>${stage.lever}</code>).</p>`;
  return [
    setting.phone === undefined
      ? heading
      : `<div class="top"><div>${heading}</div>${codeFor(setting.phone.page)}</div>`,
    ...(isFinal(stage) ? ['<p class="warning">ONE-WAY: there is no way back behind this stage.</p>'] : []),
    `<h2>Do</h2>${ticks(stage.operator, "do")}<p>${text(restartOf(stage, plan, setting))}</p>`,
    `<h2>What you see, in this order</h2>${reasons(stage.looks, sources)}`,
    `<h2>What the server sees when it goes well</h2>${ticks(stage.expects)}<p>Done at: ______________ &nbsp; by: ________________________</p>`,
    ...(remedies.length === 0
      ? []
      : [`<h2>If it shows (likeliest first; all others at the end)</h2>${table(remedies)}`]),
    `<h2>Why this stage</h2>${reasons(stage.because, sources)}`,
    `<p class="small">Who says so: ${sources.map((source, at) => `${at + 1} ${text(source)}`).join("; ")}.</p>`,
    `<p class="small">Published: ${names(stage.publishes, [])}. Needed: ${needed(stage, setting)}.</p>`,
  ].join("\n");
}

/** Everything that a phone of this model is known to show: whoever stands before it has nothing else to look it up in. */
function messages(setting: PlanSetting): string[] {
  const all = everyRemedy(setting.remedies, setting.model);
  const places: readonly (readonly [Remedy["where"], string])[] = [
    ["screen", "On its screen"],
    ["lights", "By its lights, or by nothing"],
    ["status-log", "In its status messages or its log"],
    ["server", "At the server"],
    ["alarm", "In the alarm that it sends to its call server"],
  ];
  const parts = places.flatMap(([where, heading]) => {
    const here = all.filter((remedy) => remedy.where === where);
    return here.length === 0 ? [] : [`<h2>${heading}</h2>${table(here)}`];
  });
  const shown =
    parts.length === 0
      ? ""
      : `<h1>Everything a ${text(setting.model)} may show, and what to do</h1>\n${parts.join("\n")}\n`;
  return [`${shown}${switches()}`];
}

function table(remedies: readonly Remedy[]): string {
  return `<table class="remedies"><colgroup><col class="sees"/><col class="means"/><col/></colgroup><thead><tr><th>It shows</th><th>It means; likeliest cause first</th><th>Do</th></tr></thead><tbody>${remedies.map(remedyRow).join("")}</tbody></table>`;
}

function remedyRow(remedy: Remedy): string {
  const causes = remedy.causes.map(({ words }) => text(words));
  const [only = ""] = causes;
  const listed = causes.length > 1 ? `<ol>${causes.map((cause) => `<li>${cause}</li>`).join("")}</ol>` : ` ${only}`;
  return `<tr><td>${text(seen(remedy))}</td><td>${text(remedy.meaning)}${listed}</td><td>${text(remedy.next)}</td></tr>`;
}

/** A package that is missing as a whole is named once. */
function needed(stage: Stage, setting: PlanSetting): string {
  const missing = missingIn(stage, setting);
  if (missing.length < stage.requires.length || missing.length < 3) return names(stage.requires, missing);
  return `the whole package of <code>${text(stage.release.load)}</code> <b>(missing)</b>: ${names(stage.requires, [])}`;
}

function names(files: readonly string[], missing: readonly string[]): string {
  return files
    .map((name) => `<code>${text(name)}</code>${missing.includes(name) ? " <b>(missing)</b>" : ""}`)
    .join(", ");
}

function ticks(lines: readonly string[], more = ""): string {
  return `<ul class="${`tick ${more}`.trim()}">${lines.map((line) => `<li>${text(line)}</li>`).join("")}</ul>`;
}

/** Reasons with grade and source; with a list of sources by their number in it. */
function reasons(because: readonly Because[], sources?: readonly string[]): string {
  const cited = ({ grade, source }: Because) =>
    sources === undefined ? `${grade}: ${text(source)}` : `${grade}, ${sources.indexOf(source) + 1}`;
  return `<ul class="why">${because.map((why) => `<li>${text(why.reason)} (${cited(why)})</li>`).join("")}</ul>`;
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
