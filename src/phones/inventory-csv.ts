import { CsvError, type InfoRecord, parse } from "csv-parse/sync";
import { isStation, macWithColons, parseMac } from "../wire/address.ts";
import { stranger } from "./characters.ts";
import { CNF_KEYS } from "./cnf-keys.ts";
import type { Line, Phone } from "./phone.ts";
import { isSecretName } from "./secret-name.ts";
import { checkSettings } from "./settings.ts";

/** A row that cannot be imported. Passwords are never repeated. */
export interface InventoryProblem {
  /** Line of the file, the header being line 1. */
  readonly line: number;
  readonly message: string;
  readonly remedy: string;
}

/** All the phones of a file, or everything that is wrong with it: nothing is half imported. */
export type Inventory =
  | { readonly is: "read"; readonly phones: readonly Phone[] }
  | { readonly is: "refused"; readonly problems: readonly InventoryProblem[] };

/** The model id for what a person wrote, e.g. `7960` for `CP-7960G`; undefined when no family knows it. */
export type ModelOf = (text: string) => string | undefined;

/** What one request to the server takes (http/control-requests.ts); a file beyond either is not an inventory. */
const MAX_PHONES = 100_000;
const MAX_CHARACTERS = 128 * 1024 * 1024;
/** Of one row: a quotation mark that is never closed must not swallow the file. */
const MAX_ROW = 1_048_576;
const MAX_COLUMNS = 500;
/** As many as an expansion module adds to the largest phone. */
const LINES = 48;
/** Characters of a cell: longer than any phone shows, and of a template setting. */
const MAX_OWN = 256;
const MAX_SETTING = 4096;

/**
 * Reads a CSV inventory (contract.md §5; RFC 4180): header row, columns `mac,model,group,label,running,
 * line1,line1_name,line1_auth,line1_password,line1_label` to `line48_…` in any order and letter case; all other columns
 * become settings. `running` is the load as a person writes it, e.g. "SCCP 3.1".
 * With or without a byte order mark; commas, or semicolons or tabs where the header has no comma, as some spreadsheets
 * write. An empty cell means "not given"; blanks around a cell count where it is quoted. A leading apostrophe that guards a formula (see {@link writeInventory}) is
 * taken off.
 */
export function readInventory(text: string, modelOf: ModelOf): Inventory {
  if (text.length > MAX_CHARACTERS) return refused([fault(1, "the file is too large", "Split it.")]);
  const rows = rowsOf(text.startsWith("\ufeff") ? text.slice(1) : text);
  if ("problem" in rows) return refused([rows.problem]);
  const [header, ...body] = rows.rows;
  const columns = columnsOf(header);
  if ("problems" in columns) return refused(columns.problems);
  return phonesOf(body, columns.names, modelOf);
}

/** Columns are in lower case; keys of SIPDefault.cnf as the phone writes them. */
function spelled(name: string): string {
  const lower = name.toLowerCase();
  return MIXED_CASE.get(lower) ?? lower;
}

const MIXED_CASE: ReadonlyMap<string, string> = new Map(
  CNF_KEYS.map(({ key }) => key)
    .filter((key) => /[A-MO-Z]/.test(key))
    .map((key) => [key.toLowerCase(), key]),
);

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

function rowsOf(text: string): { readonly rows: readonly Row[] } | { readonly problem: InventoryProblem } {
  const replaced = text.indexOf("\ufffd");
  if (replaced >= 0) {
    const line = text.slice(0, replaced).split("\n").length;
    return { problem: fault(line, "the file is not UTF-8", "Save it as “CSV UTF-8”.") };
  }
  try {
    let next = 1;
    const rows: Row[] = [];
    parse(text, {
      delimiter: delimiterOf(text),
      relax_column_count: true,
      relax_quotes: false,
      // Whoever quotes a cell means its blanks.
      cast: (cell: string, { quoting }: { quoting: boolean }) => (quoting ? cell : cell.trim()),
      max_record_size: MAX_ROW,
      // A header, and one row more than there may be, which says that there are more.
      to: MAX_PHONES + 2,
      on_record: (cells: string[], { lines }: InfoRecord) => {
        rows.push({ line: Math.max(next, lines - lineEndsIn(cells)), cells });
        next = lines + 1;
        return null;
      },
    });
    return rows.length > MAX_PHONES + 1
      ? { problem: fault(MAX_PHONES + 2, `there are more than ${MAX_PHONES} rows`, "Split the file.") }
      : { rows };
  } catch (error) {
    const line = error instanceof CsvError && typeof error.lines === "number" ? error.lines : 1;
    return {
      problem: fault(line, "the quotation marks do not fit (RFC 4180)", 'Double a quotation mark inside a cell: "".'),
    };
  }
}

function lineEndsIn(cells: readonly string[]): number {
  return cells.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g) ?? []).length, 0);
}

function delimiterOf(text: string): string {
  const [header = ""] = text.split(/[\r\n]/, 1);
  if (header.includes(",")) return ",";
  return header.includes(";") ? ";" : header.includes("\t") ? "\t" : ",";
}

function columnsOf(
  header: Row | undefined,
): { readonly names: readonly string[] } | { readonly problems: readonly InventoryProblem[] } {
  const hint = "Begin the file with a line like: mac,model,label,line1,line1_password";
  if (header === undefined) return { problems: [fault(1, "the file is empty", hint)] };
  const names = header.cells.map((cell) => spelled(cell.trim().replace(/[\s-]+/g, "_")));
  const problems: InventoryProblem[] = [];
  if (names.length > MAX_COLUMNS)
    return { problems: [fault(1, `there are ${names.length} columns`, `Keep ${MAX_COLUMNS} at most.`)] };
  if (!names.includes("mac")) problems.push(fault(1, 'there is no column "mac"', hint));
  for (const [index, name] of names.entries()) {
    if (name === "") problems.push(fault(1, `column ${index + 1} has no name`, "Name it or remove it."));
    else if (!/^[a-z][A-Za-z0-9_.]{0,63}$/.test(name)) {
      problems.push(fault(1, `the name of column ${index + 1} is none`, "Use letters, digits and underscores."));
    } else if (names.indexOf(name) !== index) {
      problems.push(fault(1, `column "${name}" stands twice`, "Remove one."));
    }
  }
  return problems.length > 0 ? { problems } : { names };
}

function phonesOf(body: readonly Row[], names: readonly string[], modelOf: ModelOf): Inventory {
  const phones: Phone[] = [];
  const problems: InventoryProblem[] = [];
  const lineOfMac = new Map<string, number>();
  for (const row of body) {
    if (row.cells.every((cell) => cell.trim() === "")) continue;
    const read = phoneOf(row, names, modelOf);
    problems.push(...read.problems);
    if (read.phone === undefined) continue;
    const first = lineOfMac.get(read.phone.mac);
    if (first !== undefined) {
      problems.push(fault(row.line, `the MAC stands in line ${first} already`, "Remove one of the two lines."));
    }
    lineOfMac.set(read.phone.mac, row.line);
    phones.push(read.phone);
  }
  if (problems.length > 0) return refused(problems);
  return phones.length === 0
    ? refused([fault(2, "there is no phone in the file", "Add one line per phone.")])
    : { is: "read", phones };
}

function phoneOf(row: Row, names: readonly string[], modelOf: ModelOf) {
  const problems: InventoryProblem[] = [];
  const complain = (message: string, remedy: string) => void problems.push(fault(row.line, message, remedy));
  if (row.cells.length !== names.length) {
    complain(`the line has ${row.cells.length} cells, the header ${names.length}`, "Quote a cell that holds a comma.");
    return { phone: undefined, problems };
  }
  const cells = new Map<string, string>();
  for (const [index, name] of names.entries()) {
    const cell = unguarded(row.cells[index] ?? "");
    if (cell.trim() === "") continue;
    const odd = stranger(cell, "plane0");
    const most = OWN_COLUMNS.has(name) || isLineColumn(name) ? MAX_OWN : MAX_SETTING;
    if (cell.length > most) complain(`${name} has ${cell.length} characters`, `Shorten it: ${most} at most.`);
    else if (odd === undefined) cells.set(name, cell);
    else complain(`${name} holds ${odd}, which no phone's file can carry`, "Remove that character.");
  }
  const mac = parseMac((cells.get("mac") ?? "").trim());
  if (mac === undefined) complain("the MAC is none", "Write it like 00:0e:84:c0:60:a6 or 000E84C060A6.");
  else if (!isStation(mac))
    complain(`${macWithColons(mac)} belongs to no single phone`, "Copy it from the phone's label.");
  const written = cells.get("model")?.trim();
  const model = written === undefined ? undefined : modelOf(written);
  if (written !== undefined && model === undefined) {
    complain(
      `no family has a model "${written.slice(0, 40)}"`,
      "Write it like 7960 or CP-7960G, or leave the cell empty.",
    );
  }
  const lines = linesOf(cells, complain);
  const settings = settingsIn(cells);
  for (const problem of checkSettings(settings)) complain(`${problem.setting}: ${problem.message}`, problem.remedy);
  if (problems.length > 0 || mac === undefined) return { phone: undefined, problems };
  const group = cells.get("group");
  const label = cells.get("label");
  const running = cells.get("running")?.trim();
  const phone: Phone = {
    mac,
    lines,
    settings,
    ...(model === undefined ? {} : { model }),
    ...(group === undefined ? {} : { group }),
    ...(label === undefined ? {} : { label }),
    ...(running === undefined ? {} : { running }),
  };
  return { phone, problems };
}

/** Column suffix of a line, and the field it fills. */
const LINE_COLUMNS = {
  "": "name",
  _name: "displayName",
  _auth: "authName",
  _password: "password",
  _label: "label",
} as const;

function linesOf(
  cells: ReadonlyMap<string, string>,
  complain: (message: string, remedy: string) => void,
): readonly Line[] {
  const lines: Line[] = [];
  for (let number = 1; number <= LINES; number++) {
    const fields: Record<string, string> = {};
    for (const [suffix, field] of Object.entries(LINE_COLUMNS)) {
      const cell = cells.get(`line${number}${suffix}`);
      if (cell !== undefined) fields[field] = cell;
    }
    if (Object.keys(fields).length === 0) continue;
    const { name, ...others } = fields;
    if (name === undefined)
      complain(`line${number} is empty, other columns of that line are not`, `Fill line${number}.`);
    else if (lines.length !== number - 1)
      complain(`line${number} is given, line${lines.length + 1} is not`, "Number lines from 1.");
    else lines.push({ name, ...others });
  }
  return lines;
}

const OWN_COLUMNS = new Set(["mac", "model", "group", "label", "running"]);

function isLineColumn(name: string): boolean {
  const [, number = "0"] = /^line([1-9]\d?)(?:_name|_auth|_password|_label)?$/.exec(name) ?? [];
  return Number(number) >= 1 && Number(number) <= LINES;
}

function settingsIn(cells: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...cells].filter(([name]) => !OWN_COLUMNS.has(name) && !isLineColumn(name)));
}

function refused(problems: readonly InventoryProblem[]): Inventory {
  return { is: "refused", problems };
}

function fault(line: number, message: string, remedy: string): InventoryProblem {
  return { line, message, remedy };
}

/** What a spreadsheet takes for a formula when a cell begins with it (security.md S34). */
const FORMULA = /^'*[=+\-@\t\r]/;

function guarded(cell: string): string {
  return FORMULA.test(cell) ? `'${cell}` : cell;
}

function unguarded(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell;
}

/**
 * Writes phones as CSV that {@link readInventory} reads back equal: UTF-8 without byte order mark, CRLF (RFC 4180).
 * Passwords are left out unless `passwords` asks for them. A cell that a spreadsheet would run as a formula is guarded by
 * an apostrophe. What the server observed (`running`, `ip`) is left out: read back later, it would be older than what is known.
 */
export function writeInventory(phones: readonly Phone[], options: { passwords?: boolean } = {}): string {
  const { columnsOf, header, line } = inventoryWriter(options);
  for (const phone of phones) columnsOf(phone);
  return [header(), ...phones.map(line)].join("");
}

/** {@link writeInventory} for an inventory too long to be written in one go. */
export interface InventoryWriter {
  /** Takes in which columns the phone needs; asked of every phone before any is written. */
  columnsOf(phone: Phone): void;
  header(): string;
  line(phone: Phone): string;
}

export function inventoryWriter({ passwords = false }: { passwords?: boolean }): InventoryWriter {
  const present = new Set(["mac"]);
  let columns: readonly string[] = [];
  const written = (cells: readonly string[]) => `${cells.map(quoted).join(",")}\r\n`;
  return {
    columnsOf(phone) {
      for (const name of cellsOf(phone, passwords).keys()) present.add(name);
    },
    header() {
      const settings = [...present].filter((name) => !FIXED.includes(name)).sort();
      columns = [...FIXED.filter((name) => present.has(name)), ...settings];
      return written(columns);
    },
    line(phone) {
      const cells = cellsOf(phone, passwords);
      return written(columns.map((name) => guarded(cells.get(name) ?? "")));
    },
  };
}

/** The columns that are not settings, in the order in which they are written. */
const FIXED: readonly string[] = [
  "mac",
  "model",
  "group",
  "label",
  ...Array.from({ length: LINES }, (_, i) => Object.keys(LINE_COLUMNS).map((suffix) => `line${i + 1}${suffix}`)).flat(),
];

function cellsOf(phone: Phone, passwords: boolean): ReadonlyMap<string, string> {
  const cells = new Map<string, string>([["mac", phone.mac]]);
  const put = (name: string, value: string | undefined) => {
    if (value !== undefined) cells.set(name, value);
  };
  put("model", phone.model);
  put("group", phone.group);
  put("label", phone.label);
  for (const [index, line] of phone.lines.entries()) {
    for (const [suffix, field] of Object.entries(LINE_COLUMNS)) {
      if (field !== "password" || passwords) put(`line${index + 1}${suffix}`, line[field]);
    }
  }
  for (const [name, value] of Object.entries(phone.settings)) {
    if (passwords || !isSecretName(name)) put(name, value);
  }
  return cells;
}

function quoted(cell: string): string {
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
