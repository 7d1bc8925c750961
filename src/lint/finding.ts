import { LINT_CODES, type LintCodeName, type Severity } from "./codes.ts";

/** One thing that a phone would trip over (contract.md §4). Passwords are never repeated. */
export interface LintFinding {
  readonly file: string;
  readonly line?: number;
  readonly severity: Severity;
  readonly code: LintCodeName;
  readonly message: string;
  readonly fix: string;
}

/** A correction that cannot be wrong: what `--fix` writes. */
export type LintEdit =
  | { readonly file: string; readonly do: "write"; readonly octets: Uint8Array }
  /** `to` is the name alone; the folder stays. */
  | { readonly file: string; readonly do: "rename"; readonly to: string };

/** A file to look at. */
export interface LintFile {
  /** As the admin gave it, with `/` between folders. */
  readonly path: string;
  /** Octets of the whole file. */
  readonly size: number;
  /** The whole file, or its first part where it is too large to be a configuration. */
  readonly octets: Uint8Array;
}

/** A line, or how to find it: lines are counted only for what is kept. */
export type Place = number | undefined | (() => number | undefined);

/** A file that is wrong from end to end is described well enough by this many findings. */
const MOST_PER_FILE = 100;

/** Collects what is found in one file, or across files. */
export class Findings {
  readonly list: LintFinding[] = [];
  readonly edits: LintEdit[] = [];
  readonly #counts = new Map<string, number>();

  add(file: string, code: LintCodeName, message: string, fix: string, place?: Place): void {
    const count = (this.#counts.get(file) ?? 0) + 1;
    this.#counts.set(file, count);
    if (count > MOST_PER_FILE) return;
    const line = typeof place === "function" ? place() : place;
    const finding = { severity: LINT_CODES[code].severity, code, message: printable(message), fix: printable(fix) };
    this.list.push(line === undefined ? { file, ...finding } : { file, line, ...finding });
  }
}

/** Text from a file, fit for a terminal and a page. */
export function printable(text: string): string {
  return text.replace(/[^\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd]/g, "\ufffd");
}

/** The name of a path without its folders. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A value for a message: short, printable, in quotation marks. */
export function quoted(value: string): string {
  return `"${printable(value.slice(0, 60))}"`;
}
