import { type Ipv4, ipv4FromOctets } from "../../wire/address.ts";
import { number16, textOf } from "../octets.ts";

/** The parameter that makes a 7902, 7905, 7912 or ATA change its firmware (cisco.md §6.1). */
export interface UpgradeCode {
  readonly policy: number;
  readonly hardware: number;
  /** Zero: the server that the profile came from. */
  readonly server: Ipv4 | undefined;
  readonly port: number;
  /** The build date, written in hexadecimal: yymmdd and a letter. */
  readonly imageId: number;
  readonly file: string;
}

/**
 * Reads a compiled profile as a phone does: `#ata`, a checksum and a length, then tag, length, value (cisco.md §6.2).
 * Tags and lengths from 128 on take two octets. Undefined when it is no such file, or its sum is wrong.
 */
export function readProfile(octets: Uint8Array): { readonly upgrade: UpgradeCode | undefined } | undefined {
  if (textOf(octets, 0, 4) !== "#ata" || number16(octets, 4) !== 0xfffe || octets[6] !== 4) return undefined;
  const payload = octets.subarray(11);
  if (payload.length !== number16(octets, 9)) return undefined;
  if (payload.reduce((sum, octet) => (sum + octet) & 0xffff, 0) !== number16(octets, 7)) return undefined;
  let upgrade: UpgradeCode | undefined;
  for (let at = 0; at < payload.length; ) {
    const tag = varint(payload, at);
    const length = varint(payload, tag.end);
    const value = payload.subarray(length.end, length.end + length.value);
    if (value.length < length.value) return undefined;
    if (tag.value === 0x1100) upgrade = readUpgradeCode(value);
    at = length.end + length.value;
  }
  return { upgrade };
}

/**
 * ```
 *  policy 1 | hardware 4 | type 2 | version 2 | server 4 | port 2 | image id 4 | name, NUL
 * ```
 */
function readUpgradeCode(value: Uint8Array): UpgradeCode | undefined {
  const server = ipv4FromOctets(value, 9);
  if (value.length < 20 || server === undefined) return undefined;
  return {
    policy: value[0] ?? 0,
    hardware: number32(value, 1),
    server: server === "0.0.0.0" ? undefined : server,
    port: number16(value, 13),
    imageId: number32(value, 15),
    file: textOf(value, 19).replace(/\0.*$/s, ""),
  };
}

function varint(octets: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  const first = octets[at] ?? 0;
  if (first < 0x80) return { value: first, end: at + 1 };
  return { value: ((first & 0x7f) << 8) | (octets[at + 1] ?? 0), end: at + 2 };
}

function number32(octets: Uint8Array, at: number): number {
  return (number16(octets, at) * 65_536 + number16(octets, at + 2)) >>> 0;
}
