import { MalformedPacket } from "./malformed.ts";

/**
 * The binary profile of the 7902/7905/7912 and ATA 186/188 (cisco.md §6.2; grade B):
 *
 *     "#ata"  varint(0x7FFE) varint(4)  checksum:u16 length:u16   records …
 *     record  varint(tag) varint(length) value
 *     varint  0xxxxxxx, or 1xxxxxxx xxxxxxxx for 0x80 to 0x7FFF
 *
 * The checksum is the sum of the records' octets modulo 65536; the length counts them. All numbers are big-endian.
 */
export interface AtaRecord {
  /** 1..0x7FFF, and never the header's 0x7FFE. */
  readonly tag: number;
  /** At most 0x7FFF octets. */
  readonly value: Uint8Array;
}

const MAGIC = [0x23, 0x61, 0x74, 0x61];
const HEADER = 0x7ffe;

/** The profile of records in the order given. Throws RangeError for a tag, value or profile too large for the format. */
export function encodeAtaProfile(records: readonly AtaRecord[]): Uint8Array {
  const payload = records.flatMap(({ tag, value }) => {
    if (tag === HEADER) throw new RangeError("tag 0x7FFE is the header's");
    return [...varint(tag), ...varint(value.length), ...value];
  });
  if (payload.length > 0xffff) throw new RangeError("an #ata profile holds at most 65535 octets of records");
  const sum = payload.reduce((total, octet) => (total + octet) & 0xffff, 0);
  return Uint8Array.from([...MAGIC, ...varint(HEADER), 4, ...u16(sum), ...u16(payload.length), ...payload]);
}

/** The records of a profile, in order. Throws {@link MalformedPacket} for anything that is not one whole profile. */
export function decodeAtaProfile(octets: Uint8Array): readonly AtaRecord[] {
  if (!isAtaProfile(octets))
    throw new MalformedPacket("not an #ata profile: it does not begin with #ata, or it is encrypted");
  const header = readVarint(octets, MAGIC.length);
  const size = readVarint(octets, header.next);
  if (header.value !== HEADER || size.value !== 4)
    throw new MalformedPacket("the header's tag is not 0x7FFE with four octets");
  const start = size.next + 4;
  if (octets.length < start) throw new MalformedPacket("the header is cut off");
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const payload = octets.subarray(start);
  if (payload.length !== view.getUint16(size.next + 2))
    throw new MalformedPacket("the length in the header does not fit");
  const sum = payload.reduce((total, octet) => (total + octet) & 0xffff, 0);
  if (sum !== view.getUint16(size.next)) throw new MalformedPacket("the checksum does not fit");
  return recordsIn(payload);
}

/** Whether octets begin like a profile that is not encrypted. */
export function isAtaProfile(octets: Uint8Array): boolean {
  return MAGIC.every((octet, index) => octets[index] === octet);
}

function recordsIn(payload: Uint8Array): readonly AtaRecord[] {
  const records: AtaRecord[] = [];
  for (let at = 0; at < payload.length; ) {
    const tag = readVarint(payload, at);
    const length = readVarint(payload, tag.next);
    at = length.next + length.value;
    if (at > payload.length) throw new MalformedPacket(`the value of tag ${tag.value} is cut off`);
    records.push({ tag: tag.value, value: payload.slice(length.next, at) });
  }
  return records;
}

function varint(value: number): readonly number[] {
  if (!Number.isInteger(value) || value < 0 || value > 0x7fff)
    throw new RangeError(`${value} does not fit in fifteen bits`);
  return value < 0x80 ? [value] : [0x80 | (value >> 8), value & 0xff];
}

function readVarint(octets: Uint8Array, at: number): { readonly value: number; readonly next: number } {
  const first = octets[at];
  if (first === undefined) throw new MalformedPacket("a number is cut off");
  if (first < 0x80) return { value: first, next: at + 1 };
  const second = octets[at + 1];
  if (second === undefined) throw new MalformedPacket("a number is cut off");
  return { value: ((first & 0x7f) << 8) | second, next: at + 2 };
}

function u16(value: number): readonly number[] {
  return [value >> 8, value & 0xff];
}

/**
 * RC4 of `octets` under `key` (1..256 octets), both ways. The weak encryption of a whole profile (cisco.md §6.2); it hides
 * a profile from a glance and from nobody else. Throws RangeError for a key of another length.
 */
export function rc4(key: Uint8Array, octets: Uint8Array): Uint8Array {
  if (key.length < 1 || key.length > 256) throw new RangeError("an RC4 key has 1 to 256 octets");
  const state = Uint8Array.from({ length: 256 }, (_, index) => index);
  const swap = (i: number, j: number) => {
    [state[i], state[j]] = [state[j] as number, state[i] as number];
  };
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + (state[i] as number) + (key[i % key.length] as number)) & 0xff;
    swap(i, j);
  }
  let i = 0;
  let j = 0;
  return octets.map((octet) => {
    i = (i + 1) & 0xff;
    j = (j + (state[i] as number)) & 0xff;
    swap(i, j);
    return octet ^ (state[((state[i] as number) + (state[j] as number)) & 0xff] as number);
  });
}
