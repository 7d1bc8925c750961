import { parse } from "csv-parse/sync";
import { parseMac } from "../wire/address.ts";
import { modelOf } from "./families.ts";
import type { Accounts } from "./gather-asterisk.ts";
import type { Sketch, SketchKey } from "./gather-sketch.ts";
import type { Line } from "./phone.ts";

/** What a CSV export of another system holds. */
export interface ForeignCsv {
  readonly sketches: readonly Sketch[];
  /** Users without a phone: FreePBX's extensions. */
  readonly accounts: Accounts;
  readonly faults: readonly string[];
}

/** Columns of CUCM's BAT export, FreePBX's bulk handler and FusionPBX's device export, by what they mean. */
const COLUMNS: readonly (readonly [meaning: string, pattern: RegExp])[] = [
  ["mac", /^(?:mac(?:[ _]address)?|device[ _](?:mac[ _])?address|mac address\/device name|device[ _]name)$/],
  ["model", /^(?:model|device[ _](?:type|model))$/],
  ["label", /^(?:device[ _](?:label|description)|description|label)$/],
  ["number", /^line[ _]number$/],
  ["name", /^(?:directory number(?: (?<n>\d+))?|user[ _]id|extension)$/],
  ["displayName", /^(?:display(?: (?<n>\d+))?|display[ _]name|name)$/],
  ["lineLabel", /^(?:line text label(?: (?<n>\d+))?|line[ _]label)$/],
  ["authName", /^(?:auth[ _]id|auth[ _]user)$/],
  // FreePBX: `secret` is the phone's, `password` the user's own.
  ["secret", /^(?:secret|devinfo_secret)$/],
  ["password", /^password$/],
  ["proxy", /^server[ _]address$/],
  ["port", /^sip[ _]port$/],
  ["speed", /^speed dial number (?<n>\d+)$/],
  ["speedLabel", /^speed dial label (?<n>\d+)$/],
  ["blf", /^(?:busy lamp field|blf) (?:destination|directory number|number) (?<n>\d+)$/],
  ["blfLabel", /^(?:busy lamp field|blf) label (?<n>\d+)$/],
];

/** Whether a CSV is another system's: it has columns of theirs, and not the inventory's own `mac` and `line1`. */
export function isForeignCsv(name: string, text: string): boolean {
  const [header = ""] = text.split(/\r?\n/, 1);
  return (
    /\.csv$/i.test(name) &&
    /directory number|device[ _](?:mac[ _])?address|device[ _]name|(?:^|,)"?extension"?(?:,|$)/i.test(header)
  );
}

/** Reads a CSV export of CUCM (BAT), FreePBX or FusionPBX. Rows without a MAC become accounts. */
export function readForeignCsv(text: string): ForeignCsv {
  const faults: string[] = [];
  const sketches = new Map<string, Sketch>();
  const accounts: Accounts = new Map();
  const [header = [], ...rows] = recordsOf(text, faults);
  const columns = header.map((cell) => meaningOf(cell));
  for (const [index, row] of rows.entries()) {
    const cells = columns.flatMap((column, at) =>
      column === undefined || (row[at] ?? "").trim() === "" ? [] : [{ ...column, cell: (row[at] ?? "").trim() }],
    );
    const first = (meaning: string) => cells.find((one) => one.meaning === meaning)?.cell;
    const lines = linesIn(cells, Number(first("number") ?? 1));
    const name = first("mac");
    const mac = name === undefined ? undefined : parseMac(name.replace(/^SEP/i, ""));
    if (mac === undefined) {
      const line = lines.get(1);
      if (name !== undefined) faults.push(`row ${index + 2} has no MAC`);
      else if (line?.name !== undefined) accounts.set(line.name, accountOf(line));
      continue;
    }
    const before = sketches.get(mac);
    const model = modelOf((first("model") ?? "").replace(/^Cisco\s+/i, ""))?.id ?? before?.model;
    const label = first("label") ?? before?.label;
    sketches.set(mac, {
      mac,
      lines: new Map([...(before?.lines ?? []), ...lines]),
      keys: new Map([...(before?.keys ?? []), ...keysIn(cells, lines.size)]),
      settings: { ...before?.settings, ...serverIn(cells, Number(first("number") ?? 1)) },
      ...(model === undefined ? {} : { model }),
      ...(label === undefined ? {} : { label }),
    });
  }
  return { sketches: [...sketches.values()], accounts, faults };
}

function recordsOf(text: string, faults: string[]): readonly (readonly string[])[] {
  try {
    return parse(text, { relax_column_count: true, relax_quotes: true, skip_empty_lines: true }) as string[][];
  } catch {
    faults.push("it is no CSV");
    return [];
  }
}

interface Column {
  readonly meaning: string;
  /** The line that the column's name counts, e.g. 2 in `Directory Number 2`. */
  readonly line: number | undefined;
}

function meaningOf(header: string): Column | undefined {
  const name = header.trim().toLowerCase();
  for (const [meaning, pattern] of COLUMNS) {
    const match = pattern.exec(name);
    if (match !== null) return { meaning, line: match.groups?.n === undefined ? undefined : Number(match.groups.n) };
  }
  return undefined;
}

type Cell = Column & { readonly cell: string };

/** FusionPBX names the server beside each line. */
function serverIn(cells: readonly Cell[], line: number): Readonly<Record<string, string>> {
  const named = (meaning: string) => cells.find((one) => one.meaning === meaning)?.cell;
  const proxy = named("proxy");
  const port = named("port");
  return {
    ...(proxy === undefined ? {} : { [`line${line}_proxy`]: proxy }),
    ...(port === undefined || port === "5060" ? {} : { [`line${line}_port`]: port }),
  };
}

/** CUCM counts speed dials and busy lamps apart; on the phone they follow the lines, in this order. */
function keysIn(cells: readonly Cell[], lines: number): ReadonlyMap<number, SketchKey> {
  const at = (meaning: string) => cells.filter((one) => one.meaning === meaning);
  const labelOf = (meaning: string, number: number | undefined) =>
    at(meaning).find(({ line }) => line === number)?.cell;
  const dials = at("speed").map(({ cell, line }) => ({ number: cell, label: labelOf("speedLabel", line) }));
  const lamps = at("blf").map(({ cell, line }) => ({
    number: cell,
    label: labelOf("blfLabel", line),
    watches: true as const,
  }));
  const keys = [...dials, ...lamps].map(({ label, ...key }, index) => {
    const place = Math.max(lines, 1) + 1 + index;
    return [place, label === undefined ? key : { ...key, label }] as const;
  });
  return new Map(keys);
}

const FIELDS: Readonly<Record<string, keyof Line>> = {
  name: "name",
  displayName: "displayName",
  lineLabel: "label",
  authName: "authName",
  secret: "password",
  password: "password",
};

function linesIn(
  cells: readonly (Column & { readonly cell: string })[],
  number: number,
): ReadonlyMap<number, Partial<Line>> {
  const lines = new Map<number, Partial<Line>>();
  if (!Number.isInteger(number) || number < 1) return lines;
  const ordered = [...cells].sort((a, b) => rank(a.meaning) - rank(b.meaning));
  for (const { meaning, line = number, cell } of ordered) {
    const field = FIELDS[meaning];
    if (field === undefined || lines.get(line)?.[field] !== undefined) continue;
    lines.set(line, { ...lines.get(line), [field]: cell });
  }
  return lines;
}

/** A phone's secret goes before its user's password. */
function rank(meaning: string): number {
  return meaning === "password" ? 1 : 0;
}

function accountOf({ displayName, authName, password }: Partial<Line>): {
  displayName?: string;
  authName?: string;
  password?: string;
} {
  return {
    ...(displayName === undefined ? {} : { displayName }),
    ...(authName === undefined ? {} : { authName }),
    ...(password === undefined ? {} : { password }),
  };
}
