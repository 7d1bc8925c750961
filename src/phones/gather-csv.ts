import { parse } from "csv-parse/sync";
import { parseMac } from "../wire/address.ts";
import { modelOf } from "./families.ts";
import type { Accounts } from "./gather-asterisk.ts";
import type { Sketch } from "./gather-sketch.ts";
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
  ["mac", /^(?:mac(?:[ _]address)?|device[ _]mac[ _]address|mac address\/device name|device[ _]name)$/],
  ["model", /^(?:model|device[ _](?:type|model))$/],
  ["label", /^(?:device[ _](?:label|description)|description|label)$/],
  ["number", /^line[ _]number$/],
  ["name", /^(?:directory number(?: (?<n>\d+))?|user[ _]id|extension)$/],
  ["displayName", /^(?:display(?: (?<n>\d+))?|display[ _]name|name)$/],
  ["lineLabel", /^(?:line text label(?: (?<n>\d+))?|line[ _]label)$/],
  ["authName", /^(?:auth[ _]id|auth[ _]user)$/],
  ["password", /^(?:password|secret|devinfo_secret)$/],
];

/** Whether a CSV is another system's: it has columns of theirs, and not the inventory's own `mac` and `line1`. */
export function isForeignCsv(name: string, text: string): boolean {
  const [header = ""] = text.split(/\r?\n/, 1);
  return (
    /\.csv$/i.test(name) &&
    /directory number|device[ _]mac[ _]address|device[ _]name|(?:^|,)"?extension"?(?:,|$)/i.test(header)
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
      settings: {},
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

const FIELDS: Readonly<Record<string, keyof Line>> = {
  name: "name",
  displayName: "displayName",
  lineLabel: "label",
  authName: "authName",
  password: "password",
};

function linesIn(
  cells: readonly (Column & { readonly cell: string })[],
  number: number,
): ReadonlyMap<number, Partial<Line>> {
  const lines = new Map<number, Partial<Line>>();
  if (!Number.isInteger(number) || number < 1) return lines;
  for (const { meaning, line = number, cell } of cells) {
    const field = FIELDS[meaning];
    if (field === undefined || lines.get(line)?.[field] !== undefined) continue;
    lines.set(line, { ...lines.get(line), [field]: cell });
  }
  return lines;
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
