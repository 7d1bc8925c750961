import { XMLParser, XMLValidator } from "fast-xml-parser";
import type { Mac } from "../wire/address.ts";
import { stranger } from "./characters.ts";
import { families } from "./families.ts";
import { type Accounts, isAsterisk, readAccounts } from "./gather-asterisk.ts";
import { isForeignCsv, readForeignCsv } from "./gather-csv.ts";
import type { Sketch } from "./gather-sketch.ts";
import type { Line, Phone } from "./phone.ts";
import { xmlExcess } from "./xml-excess.ts";

/** A file of another system. */
export interface GatherFile {
  /** With `/` between folders. */
  readonly path: string;
  readonly octets: Uint8Array;
}

/** What could not be taken over, and why. Passwords are never repeated. */
export interface GatherNote {
  readonly file: string;
  readonly message: string;
}

/** Phones as other systems' files describe them, for an inventory that the admin then reads over. */
export interface Gathered {
  /** In the order of the MACs. */
  readonly phones: readonly Phone[];
  readonly notes: readonly GatherNote[];
}

const LARGEST = 16 * 1_048_576;

/**
 * Collects phones from existing files: SIP<MAC>.cnf, SEP<MAC>.cnf.xml, Polycom's <mac>*.cfg, CSV exports of CUCM (BAT),
 * FreePBX and FusionPBX, and accounts from Asterisk's pjsip.conf and sip.conf, which give passwords and names to lines
 * that have none. Several files may describe one phone; the first that names a thing is believed. Files that hold no
 * phone are passed over.
 */
export function gatherPhones(files: readonly GatherFile[]): Gathered {
  const notes: GatherNote[] = [];
  const sketches = new Map<Mac, Sketch>();
  const accounts: Accounts = new Map();
  for (const file of files) {
    if (file.octets.length === 0 || file.octets.length > LARGEST) continue;
    for (const sketch of sketchesIn(file, accounts, notes)) {
      sketches.set(sketch.mac, merged(sketches.get(sketch.mac), sketch));
    }
  }
  const phones = [...sketches.values()].map((sketch) => phoneOf(sketch, accounts, notes));
  return { phones: phones.sort((a, b) => (a.mac < b.mac ? -1 : 1)), notes };
}

function sketchesIn(file: GatherFile, accounts: Accounts, notes: GatherNote[]): readonly Sketch[] {
  const name = file.path.slice(file.path.lastIndexOf("/") + 1);
  const text = new TextDecoder().decode(file.octets).replace(/^\ufeff/, "");
  if (isAsterisk(name)) {
    for (const [user, account] of readAccounts(text)) if (!accounts.has(user)) accounts.set(user, account);
    return [];
  }
  if (isForeignCsv(name, text)) {
    const read = readForeignCsv(text);
    for (const message of read.faults) notes.push({ file: file.path, message });
    for (const [user, account] of read.accounts) if (!accounts.has(user)) accounts.set(user, account);
    return read.sketches;
  }
  for (const family of families) {
    const named = family.named(name);
    if (named?.mac === undefined) continue;
    if (named.kind === "sip-config") return [cnfSketch(named.mac, text)];
    if (named.kind === "sep-config") return xmlSketch(file, text, notes, (root) => sepSketch(named.mac as Mac, root));
    if (/^(?:master|phone-config|overrides)$/.test(named.kind)) {
      return xmlSketch(file, text, notes, (root) => polycomSketch(named.mac as Mac, root));
    }
  }
  return [];
}

function merged(first: Sketch | undefined, second: Sketch): Sketch {
  if (first === undefined) return second;
  const lines = new Map(second.lines);
  for (const [number, line] of first.lines) lines.set(number, { ...lines.get(number), ...line });
  return { ...second, ...first, lines, settings: { ...second.settings, ...first.settings } };
}

function phoneOf({ mac, model, label, lines, settings }: Sketch, accounts: Accounts, notes: GatherNote[]): Phone {
  const kept: Line[] = [];
  const numbers = [...lines.keys()].sort((a, b) => a - b);
  for (const number of numbers) {
    const { name, ...line } = lines.get(number) ?? {};
    if (name === undefined || name === "" || name === "UNPROVISIONED") continue;
    if (number !== kept.length + 1)
      notes.push({ file: mac, message: `line ${number} becomes line ${kept.length + 1}` });
    const account = accounts.get(name) ?? accounts.get(line.authName ?? "");
    kept.push({ name, ...account, ...line });
  }
  return {
    mac,
    lines: kept,
    settings,
    ...(model === undefined ? {} : { model }),
    ...(label === undefined || label === "" ? {} : { label }),
  };
}

const CNF_FIELDS: Readonly<Record<string, keyof Line>> = {
  name: "name",
  shortname: "label",
  displayname: "displayName",
  authname: "authName",
  password: "password",
};

/** SIP<MAC>.cnf: `lineN_…`, `phone_label`; anything but a 7960 has no third line (cisco.md §7.3). */
function cnfSketch(mac: Mac, text: string): Sketch {
  const lines = new Map<number, Partial<Line>>();
  const settings: Record<string, string> = {};
  for (const content of text.split(/\r?\n/)) {
    const [, key = "", rest = ""] = /^\s*([a-z]\w*)\s*:\s*(.*)$/i.exec(content) ?? [];
    const value = /^"([^"]*)"/.exec(rest)?.[1] ?? (rest.split(/[;#]/, 1)[0] ?? "").trim();
    const [, number = "", field = ""] = /^line(\d)_(\w+)$/i.exec(key) ?? [];
    const name = CNF_FIELDS[field.toLowerCase()];
    if (value === "" || value === "UNPROVISIONED") continue;
    if (name !== undefined) lines.set(Number(number), { ...lines.get(Number(number)), [name]: value });
    else if (/^(?:phone_label|proxy1_address|speed_line\d|speed_label\d)$/i.test(key))
      settings[key.toLowerCase()] = value;
  }
  return { mac, lines, settings, ...([...lines.keys()].some((number) => number > 2) ? { model: "7960" } : {}) };
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: true,
  htmlEntities: false,
});

type Node = Readonly<Record<string, unknown>>;

/** Document types are refused before anything is parsed (security.md S33). */
function xmlSketch(
  file: GatherFile,
  text: string,
  notes: GatherNote[],
  sketch: (root: Node) => Sketch,
): readonly Sketch[] {
  const refuse = (message: string) => {
    notes.push({ file: file.path, message });
    return [];
  };
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) return refuse("it declares a document type: passed over");
  const excess = xmlExcess(text);
  if (excess !== undefined) return refuse(`${excess}: passed over`);
  try {
    if (XMLValidator.validate(text) !== true) return refuse("it is not well-formed XML: passed over");
    const root: unknown = parser.parse(text);
    return typeof root === "object" && root !== null ? [sketch(root as Node)] : [];
  } catch {
    return refuse("it cannot be read: passed over");
  }
}

/** SEP<MAC>.cnf.xml under SIP: the lines with featureID 9 (cisco.md §7.2). */
function sepSketch(mac: Mac, root: Node): Sketch {
  const lines = new Map<number, Partial<Line>>();
  const device = childOf(root, "device");
  const profile = childOf(device, "sipProfile");
  for (const [index, line] of childrenOf(childOf(profile, "sipLines"), "line").entries()) {
    if (textOf(line, "featureID") !== "9") continue;
    const number = Number(textOf(line, "@lineIndex") ?? textOf(line, "@button") ?? index + 1);
    if (!Number.isInteger(number) || number < 1 || number > 34) continue;
    lines.set(number, {
      ...field("name", textOf(line, "name")),
      ...field("label", textOf(line, "featureLabel")),
      ...field("displayName", textOf(line, "displayName")),
      ...field("authName", textOf(line, "authName")),
      ...field("password", textOf(line, "authPassword")),
    });
  }
  const label = textOf(profile, "phoneLabel");
  const model = modelIn(textOf(childOf(device, "loadInformation"), "@model"));
  return {
    mac,
    lines,
    settings: {},
    ...(label === undefined ? {} : { label }),
    ...(model === undefined ? {} : { model }),
  };
}

/** `IP Phone 7960`, `Cisco 7961` → the model's id. */
function modelIn(text: string | undefined): string | undefined {
  const number = /\b(\d{4})/.exec(text ?? "")?.[1];
  return families.flatMap(({ models }) => models).find(({ id }) => id === number)?.id;
}

const POLYCOM_FIELDS: Readonly<Record<string, keyof Line>> = {
  address: "name",
  label: "label",
  displayName: "displayName",
  "auth.userId": "authName",
  "auth.password": "password",
};

/** Polycom: `reg.N.…` wherever they stand; only attribute names count (polycom.md §6). */
function polycomSketch(mac: Mac, root: Node): Sketch {
  const lines = new Map<number, Partial<Line>>();
  for (const [name, value] of attributesBelow(root, 0)) {
    const [, number = "", rest = ""] = /^@reg\.(\d{1,2})\.(.+)$/.exec(name) ?? [];
    const key = POLYCOM_FIELDS[rest];
    if (key !== undefined && value !== "") lines.set(Number(number), { ...lines.get(Number(number)), [key]: value });
  }
  // An address may carry the domain; the number is what stands before it.
  for (const [number, line] of lines) {
    if (line.name !== undefined) lines.set(number, { ...line, name: line.name.split("@", 1)[0] ?? line.name });
  }
  return { mac, lines, settings: {} };
}

function attributesBelow(node: unknown, depth: number): readonly (readonly [name: string, value: string])[] {
  if (typeof node !== "object" || node === null || depth > 40) return [];
  return Object.entries(node).flatMap(([name, value]): readonly (readonly [string, string])[] =>
    name.startsWith("@") ? [[name, String(value)]] : attributesBelow(value, depth + 1),
  );
}

function childOf(node: Node | undefined, name: string): Node | undefined {
  const child: unknown = node?.[name];
  const first: unknown = Array.isArray(child) ? child[0] : child;
  return typeof first === "object" && first !== null ? (first as Node) : undefined;
}

function childrenOf(node: Node | undefined, name: string): readonly Node[] {
  const child: unknown = node?.[name];
  const list: readonly unknown[] = Array.isArray(child) ? child : [child];
  return list.filter((one): one is Node => typeof one === "object" && one !== null);
}

function textOf(node: Node | undefined, name: string): string | undefined {
  const value: unknown = node?.[name];
  if (typeof value === "object" && value !== null) return textOf(value as Node, "#text");
  return value === undefined || value === "" ? undefined : String(value).trim();
}

function field(name: keyof Line, value: string | undefined): Partial<Line> {
  return value === undefined || value === "" || stranger(value, "plane0") !== undefined ? {} : { [name]: value };
}
