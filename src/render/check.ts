import { XMLValidator } from "fast-xml-parser";
import type { AtaCompiled } from "../phones/ata-profile.ts";
import type { RenderedFile } from "../phones/boot-files.ts";
import { stranger } from "../phones/characters.ts";
import { cnfFault, cnfKey } from "../phones/cnf-keys.ts";
import { isLoadName } from "../phones/value-range.ts";

/** What a phone would trip over in a rendered file. */
export interface FormatFault {
  readonly line?: number;
  readonly message: string;
}

/**
 * Reads a rendered file of `octets` octets as its format asks and says what is wrong with it; nothing is, when the list is
 * empty. `profile` is what a profile's text was compiled to. Messages never repeat a secret.
 */
export function checkFormat(
  file: RenderedFile,
  text: string,
  octets: number,
  load: string,
  profile: AtaCompiled | undefined,
): readonly FormatFault[] {
  if (octets === 0) return [{ message: "the file is empty; a phone can loop on an empty file" }];
  if (octets > file.maxOctets) return [{ message: `the file has ${octets} octets, the phone reads ${file.maxOctets}` }];
  switch (file.format) {
    case "load-name":
      return checkLoadName(text, load);
    case "cnf":
      return checkCnf(text);
    case "xml":
      return checkXml(text);
    case "ata":
    case "ata-extended":
    case "ata-text":
      return profile?.is === "refused" ? profile.problems : [];
    case "ringlist":
      return checkRingList(text);
  }
}

/** Exactly the load: no extension, no blank, no line end (rule N3, bug CSCdv19260). */
function checkLoadName(text: string, load: string): readonly FormatFault[] {
  if (text === load && isLoadName(text)) return [];
  return [{ line: 1, message: "the file must hold exactly the load's name: no extension, no blank, no line end" }];
}

/** `key: value` or `key: "value"`, `#` comments, one key per line, each key once (cisco.md §7.3). */
function checkCnf(text: string): readonly FormatFault[] {
  const faults: FormatFault[] = [];
  const seen = new Set<string>();
  if (!text.endsWith("\n")) faults.push({ message: "the last line has no line end" });
  for (const [index, content] of text.split("\n").entries()) {
    const fault = cnfLineFault(content, seen);
    if (fault !== undefined) faults.push({ line: index + 1, message: fault });
  }
  return faults;
}

/**
 * Lines of whole sites, found good before: 10,000 phones share nearly all of them. Lines of single phones, and with them
 * every secret, are not kept.
 */
const good = new Map<string, string>();
const MOST_GOOD = 5000;

function cnfLineFault(content: string, seen: Set<string>): string | undefined {
  const known = good.get(content);
  if (known !== undefined && !seen.has(known)) {
    seen.add(known);
    return undefined;
  }
  const odd = stranger(content, "latin");
  if (odd !== undefined) return `the line holds ${odd}`;
  if (content.trim() === "" || content.startsWith("#")) return undefined;
  const [, key, quoted, bare] = /^([A-Za-z][A-Za-z0-9_]*)\s*:\s*(?:"([^"]*)"|([^\s";#]+))\s*$/.exec(content) ?? [];
  if (key === undefined) return "the line is not key: value";
  const row = cnfKey(key);
  if (row === undefined) return `"${key}" is no key that the phone knows`;
  if (seen.has(key)) return `"${key}" stands twice in the file`;
  seen.add(key);
  const value = quoted ?? bare ?? "";
  if (value === "" && row.range.is === "text") return undefined;
  const fault = cnfFault(row, value);
  if (fault !== undefined) return `${key}: ${fault}`;
  if (row.own !== true && row.secret !== true && good.size < MOST_GOOD) good.set(content, key);
  return undefined;
}

/**
 * Well-formed, in UTF-8, with no document type, entity declaration or processing instruction, and with no entity beyond
 * the five of XML 1.0 (security.md S32, S33).
 */
function checkXml(text: string): readonly FormatFault[] {
  const body = text.startsWith(XML_DECLARATION) ? text.slice(XML_DECLARATION.length) : text;
  if (stranger(body.replace(/[\t\n]/g, " "), "plane0") !== undefined || NOT_FOR_PHONES.test(body))
    return xmlLineFaults(body);
  const verdict = XMLValidator.validate(text);
  return verdict === true
    ? []
    : [{ line: verdict.err.line, message: `not well-formed XML: ${shapeOf(verdict.err.code)}` }];
}

const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';
const DECLARATION = "<!(?!--)";
const INSTRUCTION = "<\\?";
const ENTITY = "&(?!(?:amp|lt|gt|quot|apos|#\\d{1,7}|#x[0-9A-Fa-f]{1,6});)";
const NOT_FOR_PHONES = new RegExp(`${DECLARATION}|${INSTRUCTION}|${ENTITY}`);

/** The first line that holds what {@link NOT_FOR_PHONES} or the repertoire refuses. */
function xmlLineFaults(body: string): readonly FormatFault[] {
  for (const [index, content] of body.split("\n").entries()) {
    const odd = stranger(content.replace(/\t/g, " "), "plane0");
    const line = index + 1;
    if (odd !== undefined) return [{ line, message: `the line holds ${odd}` }];
    if (new RegExp(DECLARATION).test(content)) return [{ line, message: "declarations are not for phones" }];
    if (new RegExp(ENTITY).test(content)) return [{ line, message: "a bare & or an entity that XML does not know" }];
    if (new RegExp(INSTRUCTION).test(content))
      return [{ line, message: `only ${XML_DECLARATION} may stand between <? and ?>` }];
  }
  return [];
}

/** The validator's own message can quote an attribute's value. */
function shapeOf(code: string): string {
  return code.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
}

/** `Name<TAB>file` on each line (cisco.md §7.3, grade C). */
function checkRingList(text: string): readonly FormatFault[] {
  const faults: FormatFault[] = [];
  for (const [index, content] of text.replace(/\n$/, "").split("\n").entries()) {
    if (!/^[^\t]{1,25}\t[A-Za-z0-9._-]+$/.test(content))
      faults.push({ line: index + 1, message: "the line is not Name<TAB>file" });
  }
  return faults;
}
