import { stranger } from "../phones/characters.ts";
import { CNF_KEYS, type CnfKey, cnfFault, cnfKey, namesOf } from "../phones/cnf-keys.ts";
import { isGuessed, isVendorPassword } from "../phones/known-passwords.ts";
import { correctCnf } from "./corrections.ts";
import { type Findings, type LintFile, quoted } from "./finding.ts";
import { checkLoadName, type NamedLoad } from "./loads.ts";

const MAX_OCTETS = 8192;
const LOWER = new Map(CNF_KEYS.flatMap((row) => namesOf(row).map((name) => [name.toLowerCase(), name] as const)));

/** One `key: value` line. */
interface CnfEntry {
  readonly line: number;
  readonly key: string;
  readonly value: string;
}

/**
 * Checks SIPDefault.cnf or SIP<MAC>.cnf as an admin may have written it: quotes optional, `;` begins a comment outside of
 * quotes, `#` in the first column (cisco.md §7.3). Returns the load it names.
 */
export function lintCnf(findings: Findings, file: LintFile, text: string, own: boolean): NamedLoad | undefined {
  if (file.size > MAX_OCTETS) {
    findings.add(
      file.path,
      "too-large",
      `the file has ${file.size} octets, the phone reads ${MAX_OCTETS}`,
      "Remove comments.",
    );
  }
  const entries = readEntries(findings, file.path, text);
  const seen = new Map<string, number>();
  let load: NamedLoad | undefined;
  for (const entry of entries) {
    checkEntry(findings, file.path, entry);
    const first = seen.get(entry.key);
    if (first !== undefined) {
      findings.add(
        file.path,
        "cnf-duplicate",
        `${entry.key} stands in line ${first} already`,
        "Remove one of them.",
        entry.line,
      );
    } else seen.set(entry.key, entry.line);
    if (entry.key === "image_version" && entry.value !== "") {
      const named = { file: file.path, line: entry.line, load: entry.value, by: "image_version" };
      load = { ...named, load: checkLoadName(findings, named) };
    }
  }
  const named = entries.some(
    ({ key, value }) => /^line\d_name$/.test(key) && value !== "" && value !== "UNPROVISIONED",
  );
  if (own && entries.length > 0 && !named) {
    findings.add(file.path, "no-line", "no line has a name: the phone shows Unprovisioned", "Set line1_name.");
  }
  checkPasswords(findings, file.path, entries);
  correctCnf(findings, file, text);
  return load;
}

function readEntries(findings: Findings, path: string, text: string): readonly CnfEntry[] {
  const entries: CnfEntry[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const content = raw.replace(/\r$/, "");
    const line = index + 1;
    if (/^\s*(?:[#;].*)?$/.test(content)) continue;
    const [, key = "", rest = ""] = /^\s*([^:\s]{1,100})\s*:(.*)$/.exec(content) ?? [];
    const value = valueOfRest(rest);
    if (key === "" || value === undefined) {
      const message = key === "" ? "the line has no key and colon" : "a quotation mark is not closed";
      findings.add(path, "cnf-syntax", message, 'Write key: "value".', line);
    } else entries.push({ line, key, value });
  }
  return entries;
}

function valueOfRest(rest: string): string | undefined {
  const text = rest.trim();
  if (!text.startsWith('"')) return (text.split(/[;#]/, 1)[0] ?? "").trim();
  const end = text.indexOf('"', 1);
  return end < 0 ? undefined : text.slice(1, end);
}

function checkEntry(findings: Findings, path: string, { line, key, value }: CnfEntry): void {
  const row = cnfKey(key);
  if (row === undefined) {
    unknownKey(findings, path, line, key);
    return;
  }
  if (key === "image_version" || value === "") return;
  const fault = stranger(value, "latin") === undefined ? cnfFault(row, value) : cnfFault(row, "\0");
  if (fault !== undefined) findings.add(path, "cnf-range", `${key}: ${fault}`, fixFor(row), line);
  if (row.key === "lineN_password" && value.length > 12 && fault === undefined) return;
  if (key === "phone_password" && isVendorPassword(value)) {
    findings.add(path, "default-password", "phone_password is the vendor's default", "Choose another.", line);
  }
  if (key === "dial_template" && /\.xml$/i.test(value)) {
    const message = `dial_template is ${quoted(value)}: the phone adds .xml itself`;
    findings.add(path, "dial-template", message, `Write ${value.replace(/\.xml$/i, "").slice(0, 40)}.`, line);
  }
  if (key === "proxy_register" && value === "0") {
    findings.add(path, "not-registering", "proxy_register is 0", "Write 1.", line);
  }
}

function checkPasswords(findings: Findings, path: string, entries: readonly CnfEntry[]): void {
  const values = new Map(entries.map(({ key, value }) => [key, value]));
  for (const { key, value, line } of entries) {
    const number = /^line(\d)_password$/.exec(key)?.[1];
    if (number === undefined) continue;
    const names = [values.get(`line${number}_name`), values.get(`line${number}_authname`)];
    if (value === "UNPROVISIONED" || !isGuessed(value, names)) continue;
    findings.add(path, "weak-password", `${key} is the line's own name or a known default`, "Choose another.", line);
  }
}

function unknownKey(findings: Findings, path: string, line: number, key: string): void {
  const spelling = LOWER.get(key.toLowerCase());
  if (key.includes(".") && /^[a-z]/i.test(key)) {
    findings.add(
      path,
      "polycom-key",
      `${quoted(key)} is a parameter of Polycom phones`,
      "Remove it from this file.",
      line,
    );
  } else if (spelling !== undefined) {
    findings.add(path, "cnf-unknown-key", `${quoted(key)} is known in another letter case`, `Write ${spelling}.`, line);
  } else
    findings.add(
      path,
      "cnf-unknown-key",
      `the phone knows no key ${quoted(key)}`,
      "Remove it or correct its spelling.",
      line,
    );
}

function fixFor({ range, because }: CnfKey): string {
  const source = `(${because.source})`;
  if (range.is === "number") return `Write a number from ${range.least} to ${range.most} ${source}.`;
  if (range.is === "words") return `Write one of ${range.words.slice(0, 12).join(", ")} ${source}.`;
  return `Correct the value ${source}.`;
}
