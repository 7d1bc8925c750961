import type { Readable, Writable } from "node:stream";

/** Where a command stands: everything it may know of the process around it. */
export interface Terminal {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Where answers to questions come from. */
  readonly in: Readable & { readonly isTTY?: boolean };
  readonly out: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly err: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** Calls `end` once when the process is asked to stop. */
  readonly onSignal: (end: (signal: string) => void) => void;
}

/** One line of the command's answer, on standard output. */
export function say(terminal: Terminal, text = ""): void {
  terminal.out.write(`${text}\n`);
}

/** One line beside the answer, on standard error: progress, warnings, what to do next. */
export function tell(terminal: Terminal, text = ""): void {
  terminal.err.write(`${text}\n`);
}

/** One JSON document and nothing else (contract: `--json`). */
export function sayJson(terminal: Terminal, value: unknown): void {
  for (const piece of jsonPieces(value)) terminal.out.write(piece);
  terminal.out.write("\n");
}

/** A plain value as `JSON.stringify` indents it; of ten thousand plans no one text could hold them all. */
function* jsonPieces(value: unknown, indent = "\n"): Generator<string> {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    for (const [i, one] of value.entries()) yield `${i === 0 ? "[" : ","}${inner}${indented(one, inner)}`;
    yield value.length === 0 ? "[]" : `${indent}]`;
  } else if (indent === "\n" && typeof value === "object" && value !== null) {
    let before = "{";
    for (const [name, one] of Object.entries(value)) {
      if (one === undefined) continue;
      yield `${before}${inner}${JSON.stringify(name)}: `;
      yield* jsonPieces(one, inner);
      before = ",";
    }
    yield before === "{" ? "{}" : `${indent}}`;
  } else yield indented(value, indent);
}

function indented(value: unknown, indent: string): string {
  return (JSON.stringify(value, null, 2) ?? "null").replaceAll("\n", indent);
}

/**
 * Makes text from outside fit for a terminal: control characters, which could move the cursor or forge lines, become
 * visible escapes.
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (c) => {
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** `1 phone`, `2 phones`. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

/** A MAC as people read it, whichever way it came. */
export function colons(mac: string): string {
  return mac.replace(/[:.-]/g, "").replace(/..(?=.)/g, "$&:");
}

/** Rows under a header, columns as wide as their widest cell. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows].map((row) => row.map(printable));
  const widths = header.map((_, column) => all.reduce((width, row) => Math.max(width, (row[column] ?? "").length), 0));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
