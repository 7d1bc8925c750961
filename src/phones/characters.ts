/**
 * The characters that a place in a phone's file can hold.
 * - `token`: names that a phone compares octet by octet: letters, digits and `._-`.
 * - `ascii`: printable ASCII, U+0020 to U+007E.
 * - `latin`: `ascii` and U+00A0 to U+00FF, for what a screen shows.
 * - `plane0`: any printable character of the basic multilingual plane that XML 1.0 §2.2 admits.
 */
export type Repertoire = "token" | "ascii" | "latin" | "plane0";

const INSIDE: Readonly<Record<Repertoire, RegExp>> = {
  token: /^[A-Za-z0-9._-]*$/,
  ascii: /^[\u0020-\u007e]*$/,
  latin: /^[\u0020-\u007e\u00a0-\u00ff]*$/,
  plane0: /^[\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd]*$/,
};

/**
 * The first character of `text` outside `repertoire`, named for a message (`U+000A line feed`), or undefined when there
 * is none. The text itself is never repeated, since it may be a secret.
 */
export function stranger(text: string, repertoire: Repertoire): string | undefined {
  const inside = INSIDE[repertoire];
  if (inside.test(text)) return undefined;
  for (const character of text) if (!inside.test(character)) return nameOf(character);
  return undefined;
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ["\0", "NUL"],
  ["\t", "tab"],
  ["\n", "line feed"],
  ["\r", "carriage return"],
  [" ", "blank"],
  ['"', "quotation mark"],
]);

function nameOf(character: string): string {
  const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  const name = NAMES.get(character);
  if (name !== undefined) return `${code} ${name}`;
  return INSIDE.plane0.test(character) ? `${code} "${character}"` : code;
}
