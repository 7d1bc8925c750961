/**
 * Reads a `.cnf` file as cisco.md §7.3 describes it, knowing nothing of the code under test: `name : value ; comment`,
 * quotes optional, `#` in the first column for a comment, one key per line.
 */
export function readCnf(octets: Uint8Array): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of new TextDecoder("utf-8", { fatal: true }).decode(octets).split(/\r?\n/)) {
    if (line === "" || line[0] === "#") continue;
    const colon = line.indexOf(":");
    if (colon < 0) throw new Error(`no colon in "${line}"`);
    const key = line.slice(0, colon).trim();
    if (values.has(key)) throw new Error(`${key} twice`);
    values.set(key, valueIn(line.slice(colon + 1).trim()));
  }
  return values;
}

function valueIn(text: string): string {
  if (text[0] !== '"') return (text.split(/[;#]/)[0] ?? "").trim();
  const end = text.indexOf('"', 1);
  const rest = text.slice(end + 1).trim();
  if (end < 0 || (rest !== "" && rest[0] !== ";")) throw new Error(`a quoted value does not end: ${text}`);
  return text.slice(1, end);
}
