import { compileAtaProfile } from "../phones/ata-profile.ts";
import { families } from "../phones/families.ts";
import type { NamedFile } from "../phones/family.ts";
import { decodeAtaProfile } from "../wire/ata-profile.ts";
import { MalformedPacket } from "../wire/malformed.ts";
import { lintRings } from "./cisco-values.ts";
import { type CiscoSays, lintDefault, lintDialPlan, lintSep } from "./cisco-xml.ts";
import { lintCnf } from "./cnf.ts";
import { correctDialPlan, correctXml } from "./corrections.ts";
import { baseName, type Findings, type LintFile, quoted } from "./finding.ts";
import { checkLoadName, type NamedLoad } from "./loads.ts";
import { isPolycom, lintPolycom, type WantedFile } from "./polycom.ts";
import { readXml } from "./xml.ts";

/** What one file says that others must agree with. */
export interface FileSays extends CiscoSays {
  /** The families whose phones ask for this name, and what for. */
  readonly named: readonly { readonly family: string; readonly file: NamedFile }[];
  /** What a Polycom master file sends its phones to. */
  readonly wants?: readonly WantedFile[];
}

/** Configurations are text below this size; anything larger is an image or not a phone's. */
const LARGEST_TEXT = 1_048_576;
const UPGRADE_HARDWARE: Readonly<Record<string, RegExp>> = {
  "0x301": /^ata/i,
  "0x401": /^(?:CP7902|ff)/i,
  "0x501": /^(?:CP7905|ld)/i,
  "0x601": /^(?:CP7912|gk)/i,
};

/** Checks one file by itself. */
export function lintFile(findings: Findings, file: LintFile): FileSays {
  const name = baseName(file.path);
  const named = families.flatMap((family) => {
    const known = family.named(name);
    return known === undefined ? [] : [{ family: family.id, file: known }];
  });
  lintName(
    findings,
    file,
    name,
    named.map(({ file: known }) => known),
  );
  const kind = named[0]?.file.kind;
  const isImage = /\.(?:bin|sbn|sb2|loads|sgn|zup|sbin|ld|jar|tlv|pcm|raw|wav|png|jpg|bmp)$/i.test(name);
  if (file.size === 0) {
    const message = "the file is empty: phones loop on it, or keep what they had";
    if (named.length > 0 || isImage)
      findings.add(file.path, "empty-file", message, "Fill it or remove it: “not found” is a good answer.");
    return { named, loads: [] };
  }
  if (isImage) return { named, loads: [] };
  if (file.size > LARGEST_TEXT) {
    if (named.length > 0 && /\.(?:xml|cnf|cfg|txt)$/i.test(name)) {
      const message = `it has ${file.size} octets: no phone reads a configuration of that size`;
      findings.add(file.path, "too-large", message, "Write it anew; what is in it is not what its name says.");
    }
    return { named, loads: [] };
  }
  if (isCompiled(name)) {
    lintCompiled(findings, file);
    return { named, loads: [] };
  }
  const text = textOf(findings, file);
  return { named, ...lintText(findings, file, text, kind, name) };
}

function lintName(findings: Findings, file: LintFile, name: string, known: readonly NamedFile[]): void {
  if (/^PO[0SM]3/i.test(name)) {
    findings.add(
      file.path,
      "letter-o",
      "the name begins with a letter O",
      `Rename it to P0${name.slice(2)}, with a digit zero.`,
    );
    return;
  }
  const first = known[0];
  if (first !== undefined && !known.some(({ canonical }) => canonical === name)) {
    findings.add(file.path, "name-case", `phones ask for ${first.canonical}`, `Rename it to ${first.canonical}.`);
    if (known.every(({ canonical }) => canonical === first.canonical)) {
      findings.edits.push({ file: file.path, do: "rename", to: first.canonical });
    }
  }
  if (first !== undefined) return;
  const zeros = /^(0+)\.cfg$/.exec(name)?.[1];
  if (zeros !== undefined && zeros.length >= 8) {
    findings.add(file.path, "twelve-zeros", `the name has ${zeros.length} zeros`, "Rename it to 000000000000.cfg.");
    findings.edits.push({ file: file.path, do: "rename", to: "000000000000.cfg" });
  }
  const shorter = name.replace(/\.(?:txt|bak|xml|cnf|orig)$/i, "");
  if (
    shorter !== name &&
    /\.(?:cnf|cnf\.xml|txt)$/i.test(shorter) &&
    families.some((family) => family.named(shorter) !== undefined)
  ) {
    findings.add(
      file.path,
      "name-extension",
      `${quoted(shorter)} with another extension behind it`,
      `Rename it to ${shorter}, or remove it.`,
    );
  } else if (
    /^(?:SIP|SEP|MGC|CTLSEP)(?=.{4,20}\.(?:cnf|tlv))[0-9A-Z:.-]+\.(?:cnf(?:\.xml)?|tlv)$/i.test(name) &&
    !/^SIPDefault/i.test(name)
  ) {
    findings.add(
      file.path,
      "name-mac",
      "the MAC in the name is not twelve hex digits",
      "Write it like SIP000E84C060A6.cnf.",
    );
  }
}

function isCompiled(name: string): boolean {
  return /^(?:gk|ld|ff|ata)(?:[0-9a-f]{12}|default\.cfg)$/i.test(name);
}

function lintCompiled(findings: Findings, file: LintFile): void {
  if (new TextDecoder().decode(file.octets.subarray(0, 5)).startsWith("#")) {
    try {
      decodeAtaProfile(file.octets);
    } catch (error) {
      if (!(error instanceof MalformedPacket)) throw error;
      const fix = "Compile it with `provision ata compile`.";
      findings.add(file.path, "ata-profile", `the phone cannot read it: ${error.message}`, fix);
    }
  }
}

function textOf(findings: Findings, file: LintFile): string {
  const octets =
    file.octets[0] === 0xef && file.octets[1] === 0xbb && file.octets[2] === 0xbf
      ? file.octets.subarray(3)
      : file.octets;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch {
    const line = new TextDecoder().decode(octets).split("\ufffd", 1)[0]?.split("\n").length;
    findings.add(file.path, "encoding", "the file is not UTF-8", "Save it as UTF-8.", line);
    return new TextDecoder("latin1").decode(octets);
  }
}

function lintText(
  findings: Findings,
  file: LintFile,
  text: string,
  kind: string | undefined,
  name: string,
): Omit<FileSays, "named"> {
  lintVlan(findings, file, text);
  if (kind === "os79xx") return { loads: lintOs79xx(findings, file, text) };
  if (kind === "sip-default" || kind === "sip-config") {
    const load = lintCnf(findings, file, text, kind === "sip-config");
    return { loads: load === undefined ? [] : [load] };
  }
  if (kind === "ringlist" && /\.dat$/i.test(name)) lintRingList(findings, file, text);
  else if (/^#\s?txt\b/.test(text)) lintAtaText(findings, file, text);
  else if (/^\s*</.test(text) && /\.(?:xml|cfg)$/i.test(name)) return lintXmlText(findings, file, text, kind);
  return { loads: [] };
}

function lintXmlText(
  findings: Findings,
  file: LintFile,
  text: string,
  kind: string | undefined,
): Omit<FileSays, "named"> {
  correctXml(findings, file, text);
  const root = readXml(findings, file, text);
  if (root === undefined) return { loads: [] };
  if (kind === "sep-config") return lintSep(findings, file, text, root);
  if (kind === "xml-default") return lintDefault(findings, file, text, root);
  if (kind === "dialplan" || /^DIALTEMPLATE$/i.test(root.name)) {
    lintDialPlan(findings, file, text, root);
    correctDialPlan(findings, file, text);
  }
  if (root.name === "CiscoIPPhoneRingList") lintRings(findings, file, text, root);
  const master = kind === "master" || kind === "master-default";
  if (master || (/\.cfg$/i.test(file.path) && isPolycom(root)))
    return { loads: [], wants: lintPolycom(findings, file, text, root, master) };
  return { loads: [] };
}

function lintOs79xx(findings: Findings, file: LintFile, text: string): readonly NamedLoad[] {
  const [first = ""] = text.split(/[\r\n]/, 1);
  const named = { file: file.path, line: 1, load: first.trim(), by: "OS79XX.TXT" };
  const extension = /\.(?:bin|sbn|sb2|loads|txt)$/i;
  if (extension.test(named.load)) {
    findings.add(
      file.path,
      "os79xx-extension",
      `the load ${quoted(named.load)} has an extension`,
      "Write the name alone.",
      1,
    );
  }
  if (text !== first || first !== named.load) {
    const message = "something stands behind the load: a blank, a line end or a second line";
    findings.add(file.path, "os79xx-line", message, "Write the load and nothing else.", 1);
  }
  const load = checkLoadName(findings, { ...named, load: named.load.replace(extension, "") });
  if (/^P0S3-0?[78]-/.test(load)) {
    const message = `${load} belongs to a package with a loader`;
    findings.add(file.path, "os79xx-application", message, `Write ${load.replace("P0S3", "P003")}.`, 1);
  }
  if (text !== load && /^[A-Za-z0-9-]{8,20}$/.test(load)) {
    findings.edits.push({ file: file.path, do: "write", octets: new TextEncoder().encode(load) });
  }
  return load === "" ? [] : [{ ...named, load }];
}

function lintRingList(findings: Findings, file: LintFile, text: string): void {
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    if (content === "" || /^[^\t]{1,25}\t+[A-Za-z0-9._-]+\s*$/.test(content)) continue;
    findings.add(
      file.path,
      "ringlist",
      "the line is not Name<TAB>file",
      "Write the name, one tab, and the file.",
      index + 1,
    );
  }
}

function lintAtaText(findings: Findings, file: LintFile, text: string): void {
  const compiled = compileAtaProfile(text);
  if (compiled.is === "refused") {
    for (const { line, message, remedy } of compiled.problems)
      findings.add(file.path, "ata-line", message, remedy, line);
  }
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    const fields = /^upgradecode\s*[: \t]\s*(.*)$/i
      .exec(content)?.[1]
      ?.split(",")
      .map((field) => field.trim());
    if (fields === undefined) continue;
    const [, hardware = "", , , , , , image = ""] = fields;
    const line = index + 1;
    if (/^CP79[46]0/i.test(image)) {
      const message = "no 7940 or 7960 reads an upgradecode; the text comes from an error in Cisco's document 5455";
      findings.add(
        file.path,
        "upgradecode-model",
        message,
        "Use OS79XX.TXT or image_version (`provision plan --model 7960`).",
        line,
      );
    } else if (UPGRADE_HARDWARE[hardware.toLowerCase()]?.test(image) === false) {
      findings.add(
        file.path,
        "upgradecode-model",
        `hardware ${quoted(hardware)} is not that of ${quoted(image)}`,
        "Correct one of them.",
        line,
      );
    }
  }
}

/** `VLAN-A=<id>[+<id>…];` with ids from 0 to 4095, decimal, hex or octal, and the semicolon (polycom.md §5.2). */
function lintVlan(findings: Findings, file: LintFile, text: string): void {
  if (!/VLAN-A/i.test(text)) return;
  for (const [index, content] of text.split("\n").entries()) {
    for (const [found] of content.matchAll(/VLAN-A\s*=?[^"'\s]*[^"'\n]{0,10}/gi)) {
      const [, ids = ""] =
        /^VLAN-A=((?:0x[0-9a-f]{1,3}|\d{1,5})(?:\+(?:0x[0-9a-f]{1,3}|\d{1,5}))*);/i.exec(found) ?? [];
      const good =
        ids !== "" &&
        found.startsWith("VLAN-A") &&
        ids.split("+").every((id) => Number(/^0\d/.test(id) ? `0o${id.slice(1)}` : id) <= 4095);
      if (!good)
        findings.add(
          file.path,
          "vlan-a",
          `${quoted(found)} is outside the grammar`,
          "Write VLAN-A=10; with the semicolon.",
          index + 1,
        );
    }
  }
}
