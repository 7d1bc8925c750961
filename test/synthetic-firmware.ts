import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { ZipFile } from "yazl";
import type { Release } from "../src/firmware/release.ts";

/** The header of every signed file that was ever measured has this length (cisco.md §4.3). */
export const HEADER_LENGTH = 404;

/** The same octets for the same name and size; they pack badly, as firmware does. */
export function octetsOf(name: string, size: number): Uint8Array {
  const octets = new Uint8Array(size);
  let state = 2166136261;
  for (const character of name) state = Math.imul(state ^ character.charCodeAt(0), 16777619) >>> 0;
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    octets[at] = state >>> 24;
  }
  return octets;
}

/** A file behind a signed header of {@link HEADER_LENGTH} octets that names `name`, laid out as in cisco.md §4.4. */
export function signedFile(name: string, body: Uint8Array, headerLength = HEADER_LENGTH): Uint8Array {
  const fields = [
    tlv(0x01, [1, 1]),
    tlv(0x02, [headerLength >> 8, headerLength & 255]),
    tlv(0x03, [
      ...tlv(0x04, ascii("CN=Synthetic;OU=Test;O=Nobody\0")),
      ...tlv(0x05, ascii("1")),
      ...tlv(0x06, ascii("CN=None\0")),
    ]),
    tlv(0x07, [...tlv(0x08, [1]), ...tlv(0x09, [...tlv(0x0a, [0]), ...tlv(0x0b, [2])])]),
    tlv(0x0c, [...octetsOf(`signature of ${name}`, 256)]),
    tlv(0x0e, ascii(`${name}\0`)),
  ].flat();
  const padding = Array.from({ length: headerLength - fields.length }, () => 0x0d);
  return Uint8Array.from([...fields, ...padding, ...body]);
}

/** An unsigned 7940/7960 image: ARM vectors, its own name at octet 0x20, then noise. */
export function binImage(name: string, size: number): Uint8Array {
  const octets = octetsOf(name, size);
  for (let at = 0; at < 0x20; at += 4) octets.set([0xea, 0, 0, at], at);
  octets.set(ascii(`${name.replace(/\.bin$/, "")}\0`), 0x20);
  return octets;
}

/** A signed `.loads` that lists `members`. */
export function loadsFile(name: string, members: readonly string[], more = "LA_VERSION=PAS30830\n"): Uint8Array {
  return signedFile(name, Uint8Array.from(ascii(`${members.join("\n")}\n${more}`)));
}

/** Every file of a release under its true name, with its true size where one is known. */
export function packageOf(release: Release): Map<string, Uint8Array> {
  const members = release.files.filter((f) => f.signed && f.role !== "manifest").map((f) => f.name);
  return new Map(
    release.files.map((file) => {
      if (file.role === "manifest") return [file.name, loadsFile(file.name, members)];
      if (!file.signed) return [file.name, binImage(file.name, file.size ?? 131_500)];
      return [file.name, signedFile(file.name, octetsOf(file.name, (file.size ?? 131_904) - HEADER_LENGTH))];
    }),
  );
}

/** Writes a zip with these files, folders in their names. */
export async function writeZip(path: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const zip = new ZipFile();
  for (const [name, octets] of files) zip.addBuffer(Buffer.from(octets), name);
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(path));
}

/** One entry of a zip that no honest tool would write. */
export interface RawEntry {
  readonly name: string | Uint8Array;
  readonly body: Uint8Array;
  /** Overrides of what the central directory says. */
  readonly mode?: number;
  readonly size?: number;
  readonly packedSize?: number;
  readonly crc?: number;
  readonly method?: number;
  readonly flags?: number;
  readonly at?: number;
}

/** A zip whose every field may lie (APPNOTE.TXT 4.3). Bodies are written as they are. */
export function rawZip(entries: readonly RawEntry[], crcOf: (octets: Uint8Array) => number): Uint8Array {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = typeof entry.name === "string" ? Buffer.from(entry.name) : Buffer.from(entry.name);
    const crc = entry.crc ?? crcOf(entry.body);
    const size = entry.size ?? entry.body.length;
    const packed = entry.packedSize ?? entry.body.length;
    const middle = Buffer.alloc(26);
    middle.writeUInt16LE(20, 0);
    middle.writeUInt16LE(entry.flags ?? 0x800, 2);
    middle.writeUInt16LE(entry.method ?? 0, 4);
    middle.writeUInt32LE(crc >>> 0, 10);
    middle.writeUInt32LE(packed >>> 0, 14);
    middle.writeUInt32LE(size >>> 0, 18);
    middle.writeUInt16LE(name.length, 22);
    const start = entry.at ?? offset;
    if (entry.at === undefined) {
      parts.push(Buffer.from("PK\u0003\u0004", "latin1"), middle, name, Buffer.from(entry.body));
      offset += 30 + name.length + entry.body.length;
    }
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 6);
    tail.writeUInt32LE(start, 10);
    const madeBy = Buffer.from([20, 3]);
    central.push(Buffer.from("PK\u0001\u0002", "latin1"), madeBy, middle, tail, name);
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Math.min(entries.length, 0xffff), 4);
  end.writeUInt16LE(Math.min(entries.length, 0xffff), 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...parts, directory, Buffer.from("PK\u0005\u0006", "latin1"), end]);
}

function tlv(tag: number, value: readonly number[]): number[] {
  return [tag, value.length >> 8, value.length & 255, ...value];
}

function ascii(text: string): number[] {
  return [...text].map((character) => character.charCodeAt(0));
}
