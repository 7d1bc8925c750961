import { MalformedPacket } from "./malformed.ts";

/*
 * RFC 1350 §5, RFC 2347 §3 and §4. Numbers are big-endian; strings end in one zero octet.
 *
 *   2 octets   string     1   string  1   string  1   string  1
 *  +---------+---//----+---+---//--+---+---//--+---+---//--+---+
 *  | 1 | 2   | filename| 0 |  mode | 0 |  opt  | 0 | value | 0 |  RRQ | WRQ   (options repeat; 512 octets in all)
 *  +---------+---//----+---+---//--+---+---//--+---+---//--+---+
 *   2 octets   2 octets   n octets, n <= blksize
 *  +---------+----------+---//----+
 *  |    3    |  block   |  octets |                                 DATA         (shorter than blksize: the last)
 *  +---------+----------+---//----+
 *  |    4    |  block   |                                           ACK
 *  +---------+----------+---//----+---+
 *  |    5    |  code    | message | 0 |                             ERROR
 *  +---------+---//-+---+---//--+---+-+
 *  |    6    | opt  | 0 | value | 0 |                               OACK         (options repeat; 512 octets in all)
 *  +---------+---//-+---+---//--+---+
 */

/** A name and its value as they stand in the packet; names compare without regard to case (RFC 2347 §2). */
export interface TftpOption {
  readonly name: string;
  readonly value: string;
}

/** Strings hold one character U+0001..U+00FF per octet, so that no octet of a hostile name is lost or changed. */
export interface TftpRequest {
  readonly op: "RRQ" | "WRQ";
  readonly filename: string;
  readonly mode: string;
  /** In the order of the packet, repeats included. */
  readonly options: readonly TftpOption[];
}

/** `block` is the number on the wire, 0..65535. `code` is 0..65535, of which 0..8 have a meaning. */
export type TftpPacket =
  | TftpRequest
  | { readonly op: "DATA"; readonly block: number; readonly octets: Uint8Array }
  | { readonly op: "ACK"; readonly block: number }
  | { readonly op: "ERROR"; readonly code: number; readonly message: string }
  | { readonly op: "OACK"; readonly options: readonly TftpOption[] };

/** The opcodes, for those who look at the first two octets alone. */
export const TFTP_OPCODE = { RRQ: 1, WRQ: 2, DATA: 3, ACK: 4, ERROR: 5, OACK: 6 } as const;

/** Octets before the file's own in a DATA packet. */
export const DATA_HEADER = 4;

/** RFC 2347 §2: a request holds at most 512 octets; an OACK is held to the same. */
const LONGEST = 512;

/**
 * Reads one datagram. Lenient where old phones need it: what follows the mode or the last whole option and is no
 * option is ignored (a 7960 of 2000 sends one zero too many, cisco.md §8), as is what follows an ACK.
 * @throws MalformedPacket for everything that is not a TFTP packet, a request longer than 512 octets included.
 */
export function decodeTftp(octets: Uint8Array): TftpPacket {
  if (octets.length < 4) throw new MalformedPacket(`a TFTP packet has at least 4 octets, this one ${octets.length}`);
  const opcode = numberAt(octets, 0);
  switch (opcode) {
    case TFTP_OPCODE.RRQ:
      return decodeRequest("RRQ", octets);
    case TFTP_OPCODE.WRQ:
      return decodeRequest("WRQ", octets);
    case TFTP_OPCODE.DATA:
      return { op: "DATA", block: numberAt(octets, 2), octets: octets.subarray(DATA_HEADER) };
    case TFTP_OPCODE.ACK:
      return { op: "ACK", block: numberAt(octets, 2) };
    case TFTP_OPCODE.ERROR:
      return { op: "ERROR", code: numberAt(octets, 2), message: textUntil(octets, 4, zeroFrom(octets, 4)) };
    case TFTP_OPCODE.OACK: {
      const options = optionsFrom(octets, 2);
      if (options.length === 0) throw new MalformedPacket("an OACK names at least one option");
      return { op: "OACK", options };
    }
    default:
      throw new MalformedPacket(`opcode ${opcode} is none of TFTP's`);
  }
}

/**
 * Writes one datagram.
 * @throws MalformedPacket for a value that no packet can hold: a zero octet or a character above U+00FF in a string,
 * a number outside 0..65535, a request or OACK longer than 512 octets.
 */
export function encodeTftp(packet: TftpPacket): Uint8Array {
  switch (packet.op) {
    case "RRQ":
    case "WRQ":
      return withStrings(TFTP_OPCODE[packet.op], [packet.filename, packet.mode, ...flat(packet.options)]);
    case "OACK":
      if (packet.options.length === 0) throw new MalformedPacket("an OACK names at least one option");
      return withStrings(TFTP_OPCODE.OACK, flat(packet.options));
    case "DATA": {
      const out = new Uint8Array(DATA_HEADER + packet.octets.length);
      writeHeader(out, TFTP_OPCODE.DATA, packet.block);
      out.set(packet.octets, DATA_HEADER);
      return out;
    }
    case "ACK": {
      const out = new Uint8Array(4);
      writeHeader(out, TFTP_OPCODE.ACK, packet.block);
      return out;
    }
    case "ERROR": {
      const out = new Uint8Array(4 + packet.message.length + 1);
      writeHeader(out, TFTP_OPCODE.ERROR, packet.code);
      writeText(out, 4, packet.message);
      return out;
    }
  }
}

/**
 * The block that an ACK names, 0..65535, or -1 for every other datagram: what a server reads hundred thousand times a
 * second, without a value made for each.
 */
export function ackedBlock(octets: Uint8Array): number {
  if (octets.length < 4 || octets[0] !== 0 || octets[1] !== TFTP_OPCODE.ACK) return -1;
  return numberAt(octets, 2);
}

/** Writes the first four octets of a DATA packet into `into`; `block` is the number on the wire, 0..65535. */
export function writeDataHeader(into: Uint8Array, block: number): void {
  writeHeader(into, TFTP_OPCODE.DATA, block);
}

function decodeRequest(op: "RRQ" | "WRQ", octets: Uint8Array): TftpRequest {
  if (octets.length > LONGEST) {
    throw new MalformedPacket(`a request has at most ${LONGEST} octets (RFC 2347), this one ${octets.length}`);
  }
  const nameEnd = zeroFrom(octets, 2);
  if (nameEnd === octets.length) throw new MalformedPacket("the file name of a request has no end");
  const modeEnd = zeroFrom(octets, nameEnd + 1);
  if (modeEnd === octets.length) throw new MalformedPacket("the mode of a request has no end");
  return {
    op,
    filename: textUntil(octets, 2, nameEnd),
    mode: textUntil(octets, nameEnd + 1, modeEnd),
    options: optionsFrom(octets, modeEnd + 1),
  };
}

function optionsFrom(octets: Uint8Array, start: number): TftpOption[] {
  const options: TftpOption[] = [];
  let at = start;
  while (at < octets.length) {
    const nameEnd = zeroFrom(octets, at);
    const valueEnd = zeroFrom(octets, nameEnd + 1);
    if (nameEnd === at || valueEnd >= octets.length) break;
    options.push({ name: textUntil(octets, at, nameEnd), value: textUntil(octets, nameEnd + 1, valueEnd) });
    at = valueEnd + 1;
  }
  return options;
}

function flat(options: readonly TftpOption[]): string[] {
  return options.flatMap((option) => {
    if (option.name === "") throw new MalformedPacket("an option has a name");
    return [option.name, option.value];
  });
}

function withStrings(opcode: number, texts: readonly string[]): Uint8Array {
  const length = texts.reduce((sum, text) => sum + text.length + 1, 2);
  if (length > LONGEST) throw new MalformedPacket(`${length} octets are more than the ${LONGEST} of RFC 2347`);
  const out = new Uint8Array(length);
  out[1] = opcode;
  let at = 2;
  for (const text of texts) {
    writeText(out, at, text);
    at += text.length + 1;
  }
  return out;
}

function writeText(into: Uint8Array, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0 || code > 255) throw new MalformedPacket(`character ${code} has no place in a TFTP string`);
    into[at + i] = code;
  }
}

function writeHeader(into: Uint8Array, opcode: number, value: number): void {
  if (!(value >= 0 && value <= 0xffff)) throw new MalformedPacket(`${value} does not fit two octets`);
  into[0] = 0;
  into[1] = opcode;
  into[2] = value >>> 8;
  into[3] = value & 255;
}

function numberAt(octets: Uint8Array, at: number): number {
  return ((octets[at] as number) << 8) | (octets[at + 1] as number);
}

function zeroFrom(octets: Uint8Array, start: number): number {
  const at = octets.indexOf(0, start);
  return at === -1 || start > octets.length ? octets.length : at;
}

function textUntil(octets: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(octets[i] as number);
  return text;
}
