import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from "./address.ts";
import { OPTION, type Options } from "./dhcp-options.ts";
import { MalformedPacket } from "./malformed.ts";
import { createCutter } from "./octets.ts";

/**
 * A DHCP message (RFC 2131 §2).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+---------------+---------------+
 *     |     op        |    htype      |     hlen      |     hops      |    0
 *     +---------------+---------------+---------------+---------------+
 *     |                              xid                              |    4
 *     +-------------------------------+-------------------------------+
 *     |             secs              |B            flags             |    8
 *     +-------------------------------+-------------------------------+
 *     |                             ciaddr                            |   12
 *     |                             yiaddr                            |   16
 *     |                             siaddr                            |   20
 *     |                             giaddr                            |   24
 *     +---------------------------------------------------------------+
 *     |                        chaddr  (16 octets)                    |   28
 *     |                        sname   (64 octets)                    |   44
 *     |                        file   (128 octets)                    |  108
 *     +---------------------------------------------------------------+
 *     |                       63 82 53 63                             |  236
 *     +---------------------------------------------------------------+
 *     |                        options (variable)                     |  240
 *     +---------------------------------------------------------------+
 */
export interface DhcpPacket {
  /** 1 from a client, 2 from a server. */
  readonly op: number;
  readonly htype: number;
  /** 0..16. */
  readonly hlen: number;
  readonly hops: number;
  readonly xid: number;
  readonly secs: number;
  readonly flags: number;
  readonly ciaddr: Ipv4;
  readonly yiaddr: Ipv4;
  readonly siaddr: Ipv4;
  readonly giaddr: Ipv4;
  /** All 16 octets of the field. */
  readonly chaddr: Uint8Array;
  /** 0..64 octets, closing zeros left out; empty where the field carries options (option 52). */
  readonly sname: Uint8Array;
  /** 0..128 octets, closing zeros left out; empty where the field carries options (option 52). */
  readonly file: Uint8Array;
  readonly options: Options;
}

/** The broadcast bit of `flags` (RFC 2131 §2, figure 2). */
export const BROADCAST_FLAG = 0x8000;

/** The address that means "none" in the fixed fields. */
export const NO_ADDRESS = "0.0.0.0" as Ipv4;

/** The offset of the options field. */
export const OPTIONS_AT = 240;
const SNAME = { at: 44, length: 64 } as const;
const FILE = { at: 108, length: 128 } as const;
/** BOOTP's 300 octets, below which some relays and phones drop a message (RFC 951 §3, RFC 1542 §2.1). */
const MINIMUM = 300;
/** The largest UDP payload over IPv4. */
const LARGEST = 65_507;
const COOKIE = 0x63825363;

/**
 * Reads a message. Pieces of one option are joined (RFC 3396 §7); with option 52 the file field is read after the
 * options field and sname last (RFC 3396 §5), once each. A missing end option and anything behind it are accepted.
 * @throws MalformedPacket for fewer than 240 octets, a wrong magic cookie, hlen above 16, an option that runs past its
 * field and an option 52 that is not 1, 2 or 3.
 */
export function decodeDhcp(octets: Uint8Array): DhcpPacket {
  if (octets.length < OPTIONS_AT) throw new MalformedPacket(`${octets.length} octets, a DHCP message has at least 240`);
  if (numberAt(octets, 236) !== COOKIE) throw new MalformedPacket("the magic cookie is not 63 82 53 63");
  const hlen = octets[2] as number;
  if (hlen > 16) throw new MalformedPacket(`hlen is ${hlen}, the chaddr field has 16 octets`);
  const options = new Map<number, Uint8Array>();
  readOptions(octets, OPTIONS_AT, octets.length, "options", options);
  const overload = takeOverload(options);
  if (overload & 1) readOptions(octets, FILE.at, FILE.at + FILE.length, "file", options);
  if (overload & 2) readOptions(octets, SNAME.at, SNAME.at + SNAME.length, "sname", options);
  // Inside an overloaded field option 52 has no meaning: those fields are already being read.
  if (overload !== 0) options.delete(OPTION.overload);
  return {
    op: octets[0] as number,
    htype: octets[1] as number,
    hlen,
    hops: octets[3] as number,
    xid: numberAt(octets, 4),
    secs: numberAt(octets, 8) >>> 16,
    flags: numberAt(octets, 8) & 0xffff,
    ciaddr: addressAt(octets, 12),
    yiaddr: addressAt(octets, 16),
    siaddr: addressAt(octets, 20),
    giaddr: addressAt(octets, 24),
    chaddr: octets.subarray(28, 44),
    sname: overload & 2 ? NOTHING : withoutClosingZeros(octets, SNAME.at, SNAME.length),
    file: overload & 1 ? NOTHING : withoutClosingZeros(octets, FILE.at, FILE.length),
    options,
  };
}

/**
 * Writes a message of at most `limit` octets, padded to 300. Options keep their order, but 82 goes last (RFC 3046
 * §2.1); values above 255 octets are split into adjacent pieces (RFC 3396 §6). What the options field cannot hold goes
 * to the file and then the sname field when those are empty (option 52), each option whole, never 82. Undefined when it
 * does not fit even so. Field values are taken modulo their width; chaddr, sname and file are cut to theirs.
 */
export function encodeDhcp(packet: DhcpPacket, limit = LARGEST): Uint8Array | undefined {
  const places = layOut(packet, Math.min(limit, LARGEST));
  if (places === undefined) return undefined;
  const octets = cut(Math.max(MINIMUM, OPTIONS_AT + places.used + 1));
  writeFields(octets, packet);
  writeOptions(octets, OPTIONS_AT, places.options);
  if (places.file.length > 0) writeOptions(octets, FILE.at, places.file);
  if (places.sname.length > 0) writeOptions(octets, SNAME.at, places.sname);
  return octets;
}

/** Options as they stand in a message, in the order of the map and without the end option. */
export function encodeOptions(options: Options): Uint8Array {
  const all = [...options];
  const octets = new Uint8Array(all.reduce((sum, option) => sum + space(option), 0) + 1);
  writeOptions(octets, 0, all);
  return octets.subarray(0, octets.length - 1);
}

/**
 * As {@link encodeDhcp}, with `encoded` options first, then those of `packet`, whose values have 255 octets at most, and
 * without a use of the file and sname fields. Where these options start in the result is {@link OPTIONS_AT}.
 */
export function encodeBehind(encoded: Uint8Array, packet: DhcpPacket, limit: number): Uint8Array | undefined {
  let length = OPTIONS_AT + encoded.length + 1;
  for (const option of packet.options) {
    if (option[1].length > 255) return undefined;
    length += space(option);
  }
  if (length > limit) return undefined;
  const octets = cut(Math.max(MINIMUM, length));
  writeFields(octets, packet);
  octets.set(encoded, OPTIONS_AT);
  writeOptions(octets, OPTIONS_AT + encoded.length, packet.options);
  return octets;
}

function writeFields(octets: Uint8Array, packet: DhcpPacket): void {
  octets[0] = packet.op;
  octets[1] = packet.htype;
  octets[2] = packet.hlen;
  octets[3] = packet.hops;
  writeNumber(octets, 4, packet.xid);
  octets[8] = packet.secs >>> 8;
  octets[9] = packet.secs;
  octets[10] = packet.flags >>> 8;
  octets[11] = packet.flags;
  writeAddress(octets, 12, packet.ciaddr);
  writeAddress(octets, 16, packet.yiaddr);
  writeAddress(octets, 20, packet.siaddr);
  writeAddress(octets, 24, packet.giaddr);
  copy(packet.chaddr, octets, 28, 16);
  copy(packet.sname, octets, SNAME.at, SNAME.length);
  copy(packet.file, octets, FILE.at, FILE.length);
  writeNumber(octets, 236, COOKIE);
}

type Option = readonly [code: number, value: Uint8Array];

const NOTHING = new Uint8Array(0);

const cut = createCutter();

function numberAt(octets: Uint8Array, at: number): number {
  const [a, b, c, d] = [octets[at], octets[at + 1], octets[at + 2], octets[at + 3]] as [number, number, number, number];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

/** The address read last: of the messages of a relay each has the same one, and its text costs more than the number. */
let lastRead = { number: 0, address: NO_ADDRESS };

function addressAt(octets: Uint8Array, at: number): Ipv4 {
  const number = numberAt(octets, at);
  if (number === 0) return NO_ADDRESS;
  if (number !== lastRead.number) lastRead = { number, address: ipv4FromNumber(number) };
  return lastRead.address;
}

function withoutClosingZeros(octets: Uint8Array, at: number, length: number): Uint8Array {
  let end = at + length;
  while (end > at && octets[end - 1] === 0) end--;
  return end === at ? NOTHING : octets.subarray(at, end);
}

function readOptions(octets: Uint8Array, from: number, to: number, place: string, into: Map<number, Uint8Array>): void {
  for (let at = from; at < to; ) {
    const code = octets[at] as number;
    if (code === OPTION.end) return;
    if (code === OPTION.pad) {
      at++;
      continue;
    }
    const length = at + 1 < to ? (octets[at + 1] as number) : undefined;
    if (length === undefined || at + 2 + length > to)
      throw new MalformedPacket(`option ${code} in ${place} claims ${length ?? "no"} octets, ${to - at - 2} are left`);
    const piece = octets.subarray(at + 2, at + 2 + length);
    const before = into.get(code);
    into.set(code, before === undefined ? piece : joined(before, piece));
    at += 2 + length;
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function takeOverload(options: Map<number, Uint8Array>): number {
  const value = options.get(OPTION.overload);
  if (value === undefined) return 0;
  const fields = value[0];
  if (value.length !== 1 || fields === undefined || fields < 1 || fields > 3)
    throw new MalformedPacket("option 52 is not 1, 2 or 3");
  return fields;
}

interface Layout {
  readonly options: readonly Option[];
  /** Octets of the options field without its end option. */
  readonly used: number;
  readonly file: readonly Option[];
  readonly sname: readonly Option[];
}

function layOut(packet: DhcpPacket, limit: number): Layout | undefined {
  const room = limit - OPTIONS_AT - 1;
  const all: Option[] = [];
  let used = 0;
  for (const option of packet.options) {
    if (option[0] === OPTION.relayInformation || option[0] === OPTION.overload) continue;
    all.push(option);
    used += space(option);
  }
  const relay = packet.options.get(OPTION.relayInformation);
  const last: readonly Option[] = relay === undefined ? [] : [[OPTION.relayInformation, relay]];
  for (const option of last) used += space(option);
  if (used <= room) return { options: all.concat(last), used, file: [], sname: [] };
  return overload(packet, all, last, room);
}

function overload(
  packet: DhcpPacket,
  all: readonly Option[],
  last: readonly Option[],
  room: number,
): Layout | undefined {
  const options: Option[] = [];
  const file: Option[] = [];
  const sname: Option[] = [];
  // One octet of each overloaded field is its end option.
  let fileRoom = packet.file.length === 0 ? FILE.length - 1 : 0;
  let snameRoom = packet.sname.length === 0 ? SNAME.length - 1 : 0;
  const large = Math.max(fileRoom, snameRoom);
  // Three octets for option 52 itself; room is kept for what no other field can hold.
  let mainRoom = room - 3;
  for (const option of [...all, ...last]) if (space(option) > large || last.includes(option)) mainRoom -= space(option);
  if (mainRoom < 0) return undefined;
  for (const option of all) {
    const size = space(option);
    if (size > large) {
      options.push(option);
    } else if (size <= mainRoom) {
      options.push(option);
      mainRoom -= size;
    } else if (size <= fileRoom) {
      file.push(option);
      fileRoom -= size;
    } else if (size <= snameRoom) {
      sname.push(option);
      snameRoom -= size;
    } else return undefined;
  }
  const fields = (file.length > 0 ? 1 : 0) | (sname.length > 0 ? 2 : 0);
  // Behind the first option, which is 53 in every reply: some clients look for it there.
  options.splice(1, 0, [OPTION.overload, Uint8Array.of(fields)]);
  options.push(...last);
  return { options, used: room - mainRoom, file, sname };
}

/** Octets that an option takes with the headers of its pieces. */
function space([, value]: Option): number {
  return value.length + 2 * Math.max(1, Math.ceil(value.length / 255));
}

function writeOptions(octets: Uint8Array, start: number, options: Iterable<Option>): void {
  let at = start;
  for (const [code, value] of options) {
    let from = 0;
    do {
      const length = Math.min(255, value.length - from);
      octets[at] = code;
      octets[at + 1] = length;
      copy(value, octets, at + 2, length, from);
      at += 2 + length;
      from += 255;
    } while (from < value.length);
  }
  octets[at] = OPTION.end;
}

function writeAddress(octets: Uint8Array, at: number, address: Ipv4): void {
  if (address !== NO_ADDRESS) writeNumber(octets, at, ipv4ToNumber(address));
}

/** Writes a 32-bit number, most significant octet first; taken modulo 2³². */
export function writeNumber(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value >>> 24;
  octets[at + 1] = value >>> 16;
  octets[at + 2] = value >>> 8;
  octets[at + 3] = value;
}

/** Octet by octet: for the few octets of most fields that is far cheaper than making a view to hand to `set`. */
function copy(value: Uint8Array, octets: Uint8Array, at: number, most: number, from = 0): void {
  const length = Math.min(most, value.length - from);
  for (let i = 0; i < length; i++) octets[at + i] = value[from + i] as number;
}
