import { ipv4FromOctets, ipv4ToOctets, parseIpv4 } from "../wire/address.ts";
import { type AtaRecord, decodeAtaProfile, encodeAtaProfile, isAtaProfile, rc4 } from "../wire/ata-profile.ts";
import { ATA_TAGS, type AtaTag } from "./ata-tags.ts";
import { stranger } from "./characters.ts";

/** A line of a text profile that cannot be compiled. Secrets are never repeated. */
export interface AtaProblem {
  readonly line: number;
  readonly message: string;
  readonly remedy: string;
}

/** A compiled profile, or everything that is wrong with its text. */
export type AtaCompiled =
  | {
      readonly is: "compiled";
      readonly octets: Uint8Array;
      /** The second file of a profile that one file cannot hold; the phone asks for it by this name. */
      readonly extended?: { readonly name: string; readonly octets: Uint8Array };
    }
  | { readonly is: "refused"; readonly problems: readonly AtaProblem[] };

/** How a profile is compiled. */
export interface AtaOptions {
  /** Encrypts each file with RC4: 1 to 256 octets. */
  readonly key?: Uint8Array;
  /** The name that the phone asks for, e.g. `gk000e84c060a6`: what may be split in two has `.ex` behind it. */
  readonly name?: string;
}

/** What a phone reads of one file; from the next octet on cfgfmt splits (public re-implementation; grade B). */
const MAX_OCTETS = 2000;
/** Names the second file, at the end of the first: its name and a NUL. */
const EXTENDED_FILE = 0x4000;
const MAX_LINE = 1023;

const BY_NAME = new Map(ATA_TAGS.flatMap((row) => row.names.map((name) => [name.toLowerCase(), row] as const)));
const BY_TAG = new Map(ATA_TAGS.map((row) => [row.tag, row]));

/**
 * Compiles a text profile (`#txt`, then `name:value` lines) as cfgfmt does: upgrade tags first in the file's order, then
 * the others by number (cisco.md §6.2). A profile of more than 2000 octets is split, where it has a name: parameters that
 * came with release 3.0 (DialPlanEx, DisplayName0, DisplayName1) go into the second file, all others stay.
 */
export function compileAtaProfile(text: string, { key, name }: AtaOptions = {}): AtaCompiled {
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  const problems: AtaProblem[] = [];
  if (!/^#\s?txt\s*$/.test(lines[0] ?? "")) {
    problems.push({
      line: 1,
      message: "the first line is not #txt",
      remedy: "Put #txt in a line of its own before the others.",
    });
  }
  const upgrades: AtaRecord[] = [];
  const ordinary = new Map<number, AtaRecord>();
  for (const [index, content] of lines.entries()) {
    const read = index === 0 ? undefined : recordOf(content);
    if (read === undefined) continue;
    if (typeof read === "string") problems.push({ line: index + 1, message: read, remedy: "Correct the line." });
    else if (ordinary.has(read.tag))
      problems.push({ line: index + 1, message: "the parameter stands twice", remedy: "Remove one." });
    else if (read.tag >= FIRST_UPGRADE && read.tag <= LAST_UPGRADE) upgrades.push(read);
    else ordinary.set(read.tag, read);
  }
  if (problems.length > 0) return { is: "refused", problems };
  const records = [...upgrades, ...[...ordinary.values()].sort((a, b) => a.tag - b.tag)];
  const sealed = (some: readonly AtaRecord[]) => {
    const octets = encodeAtaProfile(some);
    return key === undefined ? octets : rc4(key, octets);
  };
  const whole = sealed(records);
  if (whole.length <= MAX_OCTETS) return { is: "compiled", octets: whole };
  const late = records.filter(({ tag }) => BY_TAG.get(tag)?.extended === true);
  if (name === undefined || late.length === 0) return tooLong(whole.length, late.length > 0);
  const extended = `${name}.ex`;
  const pointer = { tag: EXTENDED_FILE, value: Uint8Array.from([...ascii(extended), 0]) };
  const octets = sealed([...records.filter((record) => !late.includes(record)), pointer]);
  if (octets.length > MAX_OCTETS) return tooLong(octets.length, false);
  return { is: "compiled", octets, extended: { name: extended, octets: sealed(late) } };
}

function tooLong(octets: number, splits: boolean): AtaCompiled {
  const message = `the profile has ${octets} octets, a phone reads ${MAX_OCTETS} of one file`;
  const remedy = splits
    ? "Name the file as the phone asks for it (-o gk000e84c060a6): then the profile is split in two."
    : "Shorten the dial plan or remove parameters.";
  return { is: "refused", problems: [{ line: 1, message, remedy }] };
}

/**
 * The text of a compiled profile, that {@link compileAtaProfile} compiles to the same octets where every tag is known;
 * tags that are not become comments. Throws {@link MalformedPacket}. `key` opens an encrypted profile.
 */
export function decompileAtaProfile(octets: Uint8Array, key?: Uint8Array): string {
  const plain = key === undefined || isAtaProfile(octets) ? octets : rc4(key, octets);
  const lines = decodeAtaProfile(plain).map((record) => {
    const line = lineOf(record);
    return line ?? `# tag ${record.tag} (not known): ${hex(record.value)}`;
  });
  return `#txt\n${lines.map((line) => `${line}\n`).join("")}`;
}

const FIRST_UPGRADE = 0x1100;
const LAST_UPGRADE = 0x1105;
const UPGRADE_CODES: ReadonlyMap<string, number> = new Map([
  ["upgradecode", 0x1100],
  ["upgradelang", 0x1101],
]);
const TFTP_URL_2 = 0x1102;

/** A record, what is wrong with the line, or undefined for a comment. */
function recordOf(content: string): AtaRecord | string | undefined {
  if (content.trim() === "" || content.startsWith("#")) return undefined;
  if (content.length > MAX_LINE) return `the line is longer than ${MAX_LINE} characters`;
  const odd = stranger(content.replace(/\t/g, " "), "ascii");
  if (odd !== undefined) return `the line holds ${odd}`;
  const [, name = "", value = ""] = /^\s*([A-Za-z][A-Za-z0-9]*)[: \t]\s*(.*?)\s*$/.exec(content) ?? [];
  if (name === "") return "the line is not name:value";
  const lower = name.toLowerCase();
  if (lower === "include") return "include is not supported: no profile reaches for other files here";
  const upgrade = UPGRADE_CODES.get(lower);
  if (upgrade !== undefined) {
    const coded = upgradeCode(value);
    return typeof coded === "string" ? coded : { tag: upgrade, value: coded };
  }
  if (lower === "tftpurl2") return { tag: TFTP_URL_2, value: Uint8Array.from([...ascii(value), 0]) };
  const row = BY_NAME.get(lower);
  if (row === undefined) return `there is no parameter "${name.slice(0, 40)}"`;
  const octets = octetsOf(row, value);
  return octets === undefined ? `${row.names[0]} ${expectation(row)}` : { tag: row.tag, value: octets };
}

/** `policy,hardware,type,version,server,port,image id,file` (cisco.md §6.1). */
function upgradeCode(value: string): Uint8Array | string {
  const parts = value.split(",").map((part) => part.trim());
  const [policy = "", hardware = "", type = "", version = "", server = "", port = "", id = "", file = ""] = parts;
  if (parts.length !== 8)
    return "an upgrade code has eight fields: policy,hardware,type,version,server,port,image id,file";
  const address = parseIpv4(server === "0" ? "0.0.0.0" : server);
  const numbers = [uint(policy, 1), uint(hardware, 4), uint(type, 2), uint(version, 2), uint(port, 2), uint(id, 4)];
  if (address === undefined) return "the fifth field of an upgrade code is an address, or 0 for the same server";
  if (numbers.includes(undefined)) return "a number of the upgrade code is none or too large";
  if (!/^[A-Za-z0-9._-]{1,31}$/.test(file)) return "the file of an upgrade code has 1 to 31 letters, digits and . _ -";
  const [p, h, t, v, q, i] = numbers as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  return Uint8Array.from([...p, ...h, ...t, ...v, ...ipv4ToOctets(address), ...q, ...i, ...ascii(file), 0]);
}

function octetsOf(row: AtaTag, value: string): Uint8Array | undefined {
  switch (row.type) {
    case "ip": {
      const address = parseIpv4(value === "0" ? "0.0.0.0" : value);
      return address === undefined ? undefined : ipv4ToOctets(address);
    }
    case "number":
    case "bitmap":
      return uint(value, 4);
    case "flag":
      return value === "0" || value === "1" ? Uint8Array.of(Number(value)) : undefined;
    case "digits":
      return /^[0-9.]*$/.test(value) && value.length < row.size ? ascii(value) : undefined;
    case "text":
      return value.length < row.size ? ascii(value) : undefined;
    case "shorts": {
      const parts = value.split(",").map((part) => uint(part.trim(), 2));
      if (parts.length * 2 > row.size || parts.includes(undefined)) return undefined;
      return Uint8Array.from((parts as Uint8Array[]).flatMap((part) => [...part]));
    }
    case "ip-port": {
      const [, server = "", port = ""] =
        /^(\d+\.\d+\.\d+\.\d+)\.(\d+)$/.exec(value === "0" ? "0.0.0.0.0" : value) ?? [];
      const address = parseIpv4(server);
      const number = uint(port, 2);
      return address === undefined || number === undefined
        ? undefined
        : Uint8Array.from([...ipv4ToOctets(address), ...number]);
    }
  }
}

function expectation({ type, size }: AtaTag): string {
  switch (type) {
    case "ip":
      return "is not an address";
    case "number":
    case "bitmap":
      return "is not a number, plain or as 0x…";
    case "flag":
      return "is neither 0 nor 1";
    case "digits":
      return `is not at most ${size - 1} digits`;
    case "text":
      return `is longer than ${size - 1} characters`;
    case "shorts":
      return `is not at most ${size / 2} numbers below 65536, separated by commas`;
    case "ip-port":
      return "is not an address and a port, like 192.0.2.1.9001";
  }
}

/** `text` as an unsigned number of `size` octets; undefined when it is none or does not fit. */
function uint(text: string, size: 1 | 2 | 4): Uint8Array | undefined {
  if (!/^(?:0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text)) return undefined;
  const value = Number(text);
  if (value >= 2 ** (8 * size)) return undefined;
  return Uint8Array.from({ length: size }, (_, index) => Math.floor(value / 2 ** (8 * (size - 1 - index))) & 0xff);
}

function lineOf({ tag, value }: AtaRecord): string | undefined {
  for (const [name, code] of UPGRADE_CODES) if (tag === code) return withName(name, upgradeText(value));
  if (tag === TFTP_URL_2 && value.at(-1) === 0) return withName("tftpurl2", asciiText(value.subarray(0, -1)));
  if (tag === EXTENDED_FILE && value.at(-1) === 0)
    return `# goes on in ${asciiText(value.subarray(0, -1)) ?? "a file"}`;
  const row = BY_TAG.get(tag);
  if (row === undefined) return undefined;
  return withName(row.names[0] as string, valueText(row, value));
}

function withName(name: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : `${name}:${value}`;
}

function upgradeText(value: Uint8Array): string | undefined {
  if (value.length < 21 || value.at(-1) !== 0) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const file = asciiText(value.subarray(19, -1));
  if (file === undefined || !/^[A-Za-z0-9._-]{1,31}$/.test(file)) return undefined;
  const wide = (n: number) => `0x${n.toString(16).padStart(4, "0")}`;
  const numbers = [
    view.getUint8(0),
    `0x${view.getUint32(1).toString(16)}`,
    wide(view.getUint16(5)),
    wide(view.getUint16(7)),
  ];
  return [
    ...numbers,
    ipv4FromOctets(value, 9),
    view.getUint16(13),
    `0x${view.getUint32(15).toString(16).padStart(7, "0")}`,
    file,
  ].join(",");
}

function valueText(row: AtaTag, value: Uint8Array): string | undefined {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  switch (row.type) {
    case "ip":
      return value.length === 4 ? ipv4FromOctets(value) : undefined;
    case "number":
      return value.length === 4 ? String(view.getUint32(0)) : undefined;
    case "bitmap":
      return value.length === 4 ? `0x${view.getUint32(0).toString(16).padStart(8, "0")}` : undefined;
    case "flag":
      return value.length === 1 && (value[0] as number) <= 1 ? String(value[0]) : undefined;
    case "digits":
    case "text": {
      const text = asciiText(value);
      return text === undefined || text.length >= row.size || text.trim() !== text ? undefined : text;
    }
    case "shorts":
      if (value.length === 0 || value.length % 2 !== 0 || value.length > row.size) return undefined;
      return Array.from({ length: value.length / 2 }, (_, i) => view.getUint16(2 * i)).join(",");
    case "ip-port":
      return value.length === 6 ? `${ipv4FromOctets(value)}.${view.getUint16(4)}` : undefined;
  }
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function asciiText(octets: Uint8Array): string | undefined {
  return octets.every((octet) => octet >= 0x20 && octet < 0x7f) ? String.fromCharCode(...octets) : undefined;
}

function hex(octets: Uint8Array): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
}

/** The key of an encrypted profile: 1 to 32 hex digits' worth of octets, as `EncryptKey` is written; undefined for other text. */
export function ataKey(text: string): Uint8Array | undefined {
  if (!/^(?:[0-9a-f]{2}){1,32}$/i.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}
