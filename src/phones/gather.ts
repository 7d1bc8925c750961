import { type Mac, parseMac } from "../wire/address.ts";
import { families } from "./families.ts";
import { type Account, isAsterisk, readAccounts } from "./gather-asterisk.ts";
import { cnfDefaults, cnfSketch } from "./gather-cnf.ts";
import { isForeignCsv, readForeignCsv } from "./gather-csv.ts";
import type { Sketch, Sketched } from "./gather-sketch.ts";
import { directorySketch, polycomSketch, sepSketch, xmlRoot } from "./gather-xml.ts";
import type { Line, Phone } from "./phone.ts";
import { checkSettings } from "./settings.ts";

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
 * Collects phones from existing files: SIP<MAC>.cnf, SEP<MAC>.cnf.xml, Polycom's <mac>*.cfg and directories, CSV exports of
 * CUCM (BAT), FreePBX and FusionPBX, and accounts from Asterisk's pjsip*.conf and sip*.conf, which give passwords and names
 * to lines that have none. Several files may describe one phone; the first that names a thing is believed. Files that hold
 * no phone are passed over; what SIPDefault.cnf says for every phone is told. Settings that this server would refuse are
 * left out and told.
 */
export function gatherPhones(files: readonly GatherFile[]): Gathered {
  const notes: GatherNote[] = [];
  const sketches = new Map<Mac, Sketch>();
  const asterisk: string[] = [];
  const accounts = new Map<string, Account>();
  for (const file of files) {
    if (file.octets.length === 0 || file.octets.length > LARGEST) continue;
    for (const sketch of sketchesIn(file, asterisk, accounts, notes)) {
      sketches.set(sketch.mac, merged(sketches.get(sketch.mac), sketch));
    }
  }
  // An endpoint may stand in another file than its password, as FreePBX splits them.
  for (const [user, account] of readAccounts(asterisk)) if (!accounts.has(user)) accounts.set(user, account);
  const phones = [...sketches.values()].map((sketch) => phoneOf(sketch, accounts, notes));
  return { phones: phones.sort((a, b) => (a.mac < b.mac ? -1 : 1)), notes };
}

function sketchesIn(
  file: GatherFile,
  asterisk: string[],
  accounts: Map<string, Account>,
  notes: GatherNote[],
): readonly Sketch[] {
  const name = file.path.slice(file.path.lastIndexOf("/") + 1);
  const text = new TextDecoder().decode(file.octets).replace(/^\ufeff/, "");
  const note = (message: string) => void notes.push({ file: file.path, message });
  if (isAsterisk(name)) {
    asterisk.push(text);
    return [];
  }
  if (isForeignCsv(name, text)) {
    const read = readForeignCsv(text);
    for (const message of read.faults) note(message);
    for (const [user, account] of read.accounts) if (!accounts.has(user)) accounts.set(user, account);
    return read.sketches;
  }
  if (name.toLowerCase() === "sipdefault.cnf") cnfDefaults(text).forEach(note);
  for (const family of families) {
    const named = family.named(name);
    if (named?.mac === undefined) continue;
    const read = readerOf(named.kind);
    if (read === undefined) continue;
    const found = read(named.mac, text);
    if (typeof found === "string") {
      note(found);
      return [];
    }
    found.remarks.forEach(note);
    return [found.sketch];
  }
  return polycomByAnyName(name, text);
}

/** CONFIG_FILES may give a phone's own file any name; one that carries a MAC and registrations is that phone's. */
function polycomByAnyName(name: string, text: string): readonly Sketch[] {
  const mac = parseMac(/(?:^|[^0-9a-f])([0-9a-f]{12})(?:[^0-9a-f]|$)/i.exec(name)?.[1] ?? "");
  if (mac === undefined || !/\.cfg$/i.test(name) || !/\breg\.\d+\./.test(text)) return [];
  const root = xmlRoot(text);
  return typeof root === "string" ? [] : [polycomSketch(mac, root).sketch];
}

type Reads = (mac: Mac, text: string) => Sketched | string;

/** What reads a file of that kind; undefined for one that describes no phone. */
function readerOf(kind: string): Reads | undefined {
  if (kind === "sip-config") return cnfSketch;
  const sketch =
    kind === "sep-config"
      ? sepSketch
      : kind === "directory"
        ? directorySketch
        : /^(?:master|phone-config|overrides|web-overrides)$/.test(kind)
          ? polycomSketch
          : undefined;
  if (sketch === undefined) return undefined;
  return (mac, text) => {
    const root = xmlRoot(text);
    return typeof root === "string" ? root : sketch(mac, root);
  };
}

function merged(first: Sketch | undefined, second: Sketch): Sketch {
  if (first === undefined) return second;
  const lines = new Map(second.lines);
  for (const [number, line] of first.lines) lines.set(number, { ...lines.get(number), ...line });
  const keys = new Map([...(second.keys ?? []), ...(first.keys ?? [])]);
  return { ...second, ...first, lines, keys, settings: { ...second.settings, ...first.settings } };
}

function phoneOf(sketch: Sketch, accounts: ReadonlyMap<string, Account>, notes: GatherNote[]): Phone {
  const { mac, model, label, lines } = sketch;
  const note = (message: string) => void notes.push({ file: mac, message });
  const kept: Line[] = [];
  for (const number of [...lines.keys()].sort((a, b) => a - b)) {
    const { name, ...line } = lines.get(number) ?? {};
    if (name === undefined || name === "" || name === "UNPROVISIONED") continue;
    if (number !== kept.length + 1) note(`line ${number} becomes line ${kept.length + 1}`);
    const account = accounts.get(name) ?? accounts.get(line.authName ?? "");
    kept.push({ name, ...account, ...line });
  }
  if (model === undefined) note("no file names its model: fill the column, or it gets no files");
  return {
    mac,
    lines: kept,
    settings: settingsOf(sketch, kept.length, note),
    ...(model === undefined ? {} : { model }),
    ...(label === undefined || label === "" ? {} : { label }),
  };
}

/** Settings as this server takes them: speed dials counted from the last line on, one voice mail and one proxy where all agree. */
function settingsOf(
  { settings, keys }: Sketch,
  lines: number,
  note: (message: string) => void,
): Readonly<Record<string, string>> {
  const all: Record<string, string> = { ...settings };
  for (const [place, { number, label, watches }] of keys ?? []) {
    const speed = place - Math.max(lines, 1);
    if (speed < 1 || number === "") continue;
    all[`speed${speed}`] ??= number;
    if (label !== undefined && label !== number) all[`speed${speed}_label`] ??= label;
    if (watches === true) all[`speed${speed}_blf`] ??= "on";
  }
  inCommon(all, lines, "proxy", "sip_proxy");
  inCommon(all, lines, "port", "sip_port");
  inCommon(all, lines, "voicemail", "voicemail");
  for (const { setting, message } of checkSettings(all)) {
    delete all[setting];
    note(`${setting}: ${message}: left out`);
  }
  return all;
}

/** What all lines say alike is the phone's. */
function inCommon(settings: Record<string, string>, lines: number, what: string, shared: string): void {
  const names = Object.keys(settings).filter((name) => new RegExp(`^line\\d+_${what}$`).test(name));
  const values = new Set(names.map((name) => settings[name]));
  const [value] = values;
  if (names.length !== lines || values.size !== 1 || value === undefined || (settings[shared] ?? value) !== value)
    return;
  settings[shared] = value;
  for (const name of names) delete settings[name];
}
