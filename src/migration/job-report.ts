import { type Mac, macWithColons } from "../wire/address.ts";
import { type HistoryEntry, type Migration, stageNumber } from "./migration.ts";

/** One phone of a job's report. Instants are ISO 8601. */
export interface JobRow {
  readonly mac: string;
  readonly label: string;
  readonly model: string;
  readonly wave: number;
  readonly from: string;
  readonly target: string;
  readonly state: "waiting" | "loading" | "restarting" | "done" | "cancelled";
  readonly stage: number;
  readonly stages: number;
  readonly enrolled: string;
  /** When it asked for its first image. */
  readonly began?: string;
  /** When it arrived, or was ended. */
  readonly ended?: string;
  /** From `began` to `ended`. */
  readonly seconds?: number;
  readonly problem?: { readonly code: string; readonly message: string; readonly remedy: string };
}

/** A wave's phones, counted. */
export interface WaveSum {
  readonly wave: number;
  readonly phones: number;
  readonly done: number;
  readonly underWay: number;
  readonly waiting: number;
  readonly cancelled: number;
  readonly problems: number;
}

export interface JobReport {
  readonly job: string;
  readonly waves: readonly WaveSum[];
  readonly phones: readonly JobRow[];
}

/** A phone of the job with its label and its history. */
export interface JobPhone {
  readonly migration: Migration;
  readonly label?: string;
  readonly history: readonly HistoryEntry[];
}

/** What became of a job, in the order of the waves. */
export function jobReport(job: string, phones: readonly JobRow[]): JobReport {
  const rows = [...phones].sort((a, b) => a.wave - b.wave || (a.mac < b.mac ? -1 : 1));
  return { job, waves: Array.from(groupedBy(rows, waveOf), ([wave, own]) => sumOf(wave, own)), phones: rows };
}

const waveOf = ({ wave }: JobRow): number => wave;

/** Those of each key, keys and those of one key in the order in which they came. */
export function groupedBy<Key, One>(many: Iterable<One>, keyOf: (one: One) => Key): ReadonlyMap<Key, readonly One[]> {
  const groups = new Map<Key, One[]>();
  for (const one of many) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return groups;
}

/** What became of one phone of a job. */
export function jobRow({ migration, label = "", history }: JobPhone): JobRow {
  const { progress, problem, stages, enrolledAt } = migration;
  // The history of a phone is longer than this job.
  const own = history.filter(({ at }) => at >= enrolledAt);
  const began = own.find(({ event }) => event === "stage.loading")?.at;
  const ended = own.findLast(({ event }) => event === "migration.done" || event === "migration.cancelled")?.at;
  return {
    mac: macWithColons(migration.mac as Mac),
    label,
    model: migration.model,
    wave: migration.wave,
    from: stages[0]?.from ?? "unknown",
    target: migration.target,
    state: progress.at,
    stage: stageNumber(migration),
    stages: stages.length,
    enrolled: iso(enrolledAt),
    ...(began === undefined ? {} : { began: iso(began) }),
    ...(ended === undefined ? {} : { ended: iso(ended) }),
    ...(began === undefined || ended === undefined ? {} : { seconds: Math.round((ended - began) / 1000) }),
    ...(problem === undefined ? {} : { problem }),
  };
}

function sumOf(wave: number, rows: readonly JobRow[]): WaveSum {
  const count = (fits: (row: JobRow) => boolean) => rows.filter(fits).length;
  return {
    wave,
    phones: rows.length,
    done: count(({ state }) => state === "done"),
    underWay: count(({ state }) => state === "loading" || state === "restarting"),
    waiting: count(({ state }) => state === "waiting"),
    cancelled: count(({ state }) => state === "cancelled"),
    problems: count(({ problem }) => problem !== undefined),
  };
}

const iso = (at: number): string => new Date(at).toISOString();

const columns = [
  "mac",
  "label",
  "model",
  "wave",
  "from",
  "target",
  "state",
  "stage",
  "stages",
  "enrolled",
  "began",
  "ended",
  "seconds",
] as const;

/** The report as CSV (RFC 4180, CRLF). A cell that a spreadsheet would run as a formula is guarded (security.md S34). */
export function jobCsv({ phones }: JobReport): string {
  const rows = phones.map((row) => [
    ...columns.map((name) => String(row[name] ?? "")),
    row.problem?.code ?? "",
    row.problem?.message ?? "",
  ]);
  return [[...columns, "problem", "message"], ...rows].map((cells) => `${cells.map(cell).join(",")}\r\n`).join("");
}

function cell(value: string): string {
  const guarded = /^'*[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]|^\s|\s$/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

/** The report for paper: one HTML document without script and without anything from elsewhere. Every text is escaped. */
export function jobHtml({ job, waves, phones }: JobReport): string {
  const head =
    "<tr><th>Wave</th><th>Phones</th><th>Arrived</th><th>Under way</th><th>Waiting</th><th>Ended</th><th>Problems</th></tr>";
  const sums = waves.map((sum) =>
    line([sum.wave, sum.phones, sum.done, sum.underWay, sum.waiting, sum.cancelled, sum.problems]),
  );
  return [
    "<!doctype html>",
    '<html lang="en">',
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Job ${escaped(job)}</title><style>${style}</style></head>`,
    "<body>",
    `<h1>Job ${escaped(job)}</h1>`,
    `<table><thead>${head}</thead><tbody>${sums.join("")}</tbody></table>`,
    ...Array.from(groupedBy(phones, waveOf), ([wave, own]) => waveTable(wave, own)),
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

const style = `
@page { size: A4 landscape; margin: 12mm; }
body { font: 9.5pt/1.35 "Liberation Sans", Arial, sans-serif; color: #000; }
h1 { font-size: 15pt; } h2 { font-size: 12pt; break-after: avoid; }
table { border-collapse: collapse; width: 100%; margin-bottom: 5mm; } tr { break-inside: avoid; }
th, td { border: 0.2mm solid #777; padding: 0.8mm 1.5mm; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
`;

function waveTable(wave: number, rows: readonly JobRow[]): string {
  const head =
    "<tr><th>MAC</th><th>Label</th><th>Model</th><th>From</th><th>To</th><th>State</th><th>Minutes</th><th>Problem and what to do</th></tr>";
  const body = rows.map((row) =>
    line([
      row.mac,
      row.label,
      row.model,
      row.from,
      row.target,
      `${row.state} (${row.stage}/${row.stages})`,
      row.seconds === undefined ? "" : (row.seconds / 60).toFixed(1),
      row.problem === undefined ? "" : `${row.problem.code}: ${row.problem.message} ${row.problem.remedy}`,
    ]),
  );
  return `<h2>Wave ${wave}</h2>\n<table><thead>${head}</thead><tbody>${body.join("\n")}</tbody></table>`;
}

function line(cells: readonly (string | number)[]): string {
  return `<tr>${cells.map((value) => `<td>${escaped(String(value))}</td>`).join("")}</tr>`;
}

function escaped(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;");
}
