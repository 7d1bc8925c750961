import type { Findings, LintFile } from "./finding.ts";
import { rightLoadName } from "./loads.ts";

const DIAL_ATTRIBUTES = ["MATCH", "Timeout", "Line", "Rewrite", "Tone", "User", "Route"];

/** In SIPDefault.cnf and SIP<MAC>.cnf: loads and dial templates by their right names. */
export function correctCnf(findings: Findings, file: LintFile, text: string): void {
  const fixed = text
    .replace(
      /^(\s*image_version\s*:\s*"?)([^"\s;#]{1,60})/gim,
      (_, head: string, load: string) => `${head}${rightLoadName(load)}`,
    )
    .replace(/^(\s*dial_template\s*:\s*"?[\w.-]{1,60})\.xml(?=["\s;#]|$)/gim, "$1");
  write(findings, file, text, fixed);
}

/** In XML: typographic quotation marks around attributes, loads by their right names. */
export function correctXml(findings: Findings, file: LintFile, text: string): void {
  const fixed = text
    .replace(/=[ \t]?[\u201c\u201d\u201e]([^\u201c\u201d\u201e<>"&]{0,500})[\u201c\u201d\u201e]/g, '="$1"')
    .replace(
      /(<loadInformation\d{0,6}(?:\s[^<>]{0,200})?>)([^<>\s]{1,60})(?=<\/loadInformation)/g,
      (_, tag: string, load: string) => `${tag}${rightLoadName(load)}`,
    );
  write(findings, file, text, fixed);
}

/** In a dial plan: tags and attributes in the letter case that the phone reads. */
export function correctDialPlan(findings: Findings, file: LintFile, text: string): void {
  const fixed = text.replace(/<\/?(?:dialtemplate|template)\b[^<>]{0,2000}>/gi, (tag) =>
    tag
      .replace(/^(<\/?)(\w+)/, (_, open: string, name: string) => `${open}${name.toUpperCase()}`)
      .replace(/(\s)([A-Za-z]+)(?=\s*=\s*["'])/g, (all, blank: string, name: string) => {
        const right = DIAL_ATTRIBUTES.find((known) => known.toLowerCase() === name.toLowerCase());
        return right === undefined ? all : `${blank}${right}`;
      }),
  );
  write(findings, file, text, fixed);
}

/** Nothing but what was corrected may change: a file in another encoding than UTF-8 is left to its owner. */
function write(findings: Findings, file: LintFile, text: string, fixed: string): void {
  if (fixed === text) return;
  const mark = file.octets[0] === 0xef ? "\ufeff" : "";
  if (!sameOctets(new TextEncoder().encode(mark + text), file.octets)) return;
  findings.edits.push({ file: file.path, do: "write", octets: new TextEncoder().encode(mark + fixed) });
}

function sameOctets(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, index) => octet === other[index]);
}
