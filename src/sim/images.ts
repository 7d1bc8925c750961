import { join, latin1, number16, octets16, textOf } from "./octets.ts";

/**
 * Synthetic firmware: true names, headers and sizes, and octets of no vendor. The 256 octets where a vendor's RSA
 * signature stands repeat a digest of the body, so that a simulated phone can tell a damaged file as a real one would.
 *
 * ```
 *  01 0002 0101             header version            cisco.md §4.4
 *  02 0002 0194             header length, 404
 *  03 .... { 04 signer, 05 serial, 06 issuer }
 *  07 000f { 08 0001 01, 09 0008 { 0a 0001 00, 0b 0001 02 } }
 *  0c 0100 256 octets       signature
 *  0e .... name NUL         must be the requested name
 *  0d 0d 0d …               padding, one octet each
 *  body
 * ```
 */
const HEADER_LENGTH = 404;
const NAME_AT = 0x20;

/** One file of a synthetic release, with the name a phone asks for. */
export interface PackageFile {
  readonly name: string;
  readonly octets: Uint8Array;
}

/** What is known of an image from its octets. */
export type Image =
  | { readonly is: "signed"; readonly name: string; readonly body: Uint8Array; readonly sound: boolean }
  | { readonly is: "unsigned"; readonly name: string; readonly sound: boolean }
  | { readonly is: "unreadable" };

/**
 * An unsigned `.bin` of `size` octets (at least 64): a vector table, the name of the load at 0x20, a filling that
 * depends on name and size, and a digest in the last four octets.
 */
export function unsignedImage(load: string, size: number): Uint8Array {
  const octets = filling(load, size);
  // ARM exception vectors: eight times `ldr pc, [pc, #0x18]`.
  for (let at = 0; at < NAME_AT; at += 4) octets.set([0x18, 0xf0, 0x9f, 0xe5], at);
  octets.set(latin1(`${load}\0`), NAME_AT);
  octets.set(octets32(digest(octets, 0, size - 4)), size - 4);
  return octets;
}

/** `body` behind a signed header that carries `name` (cisco.md §4.4). `name` has at most 60 characters. */
export function signedImage(name: string, body: Uint8Array): Uint8Array {
  const signer = container(
    3,
    tag(4, latin1("CN=sim;OU=sim;O=sim\0")),
    tag(5, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)),
    tag(6, latin1("CN=simCA;O=sim\0")),
  );
  const algorithm = container(
    7,
    tag(8, Uint8Array.of(1)),
    container(9, tag(0x0a, Uint8Array.of(0)), tag(0x0b, Uint8Array.of(2))),
  );
  const header = join(
    tag(1, Uint8Array.of(1, 1)),
    tag(2, octets16(HEADER_LENGTH)),
    signer,
    algorithm,
    tag(0x0c, signatureOf(body, name)),
    tag(0x0e, latin1(`${name}\0`)),
  );
  return join(header, new Uint8Array(HEADER_LENGTH - header.length).fill(0x0d), body);
}

/** A signed `.loads` file that lists `members` (7940/60 form: LF, `LA_VERSION` last). */
export function loadsFile(load: string, members: readonly string[]): Uint8Array {
  return signedImage(`${load}.loads`, latin1(`${members.join("\n")}\nLA_VERSION=PAS30830\n`));
}

/** A signed application or component image of `size` octets in all, header included. */
export function signedFilling(name: string, size: number): Uint8Array {
  return signedImage(name, filling(name, Math.max(64, size - HEADER_LENGTH)));
}

/** Reads an image as a phone would. `sound` is false for a file that was cut short or changed. */
export function readImage(octets: Uint8Array): Image {
  if (octets[0] === 1 && number16(octets, 1) === 2) return readSigned(octets);
  if (octets.length < 64) return { is: "unreadable" };
  const name = textOf(octets, NAME_AT, NAME_AT + 32).replace(/\0.*$/s, "");
  if (!/^[\w.-]+$/.test(name)) return { is: "unreadable" };
  const end = octets.length - 4;
  return { is: "unsigned", name, sound: digest(octets, 0, end) === number32(octets, end) };
}

/** The lines of the body of a `.loads` file that name members, in order, blanks trimmed. */
export function membersOf(body: Uint8Array): readonly string[] {
  return textOf(body)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#") && !line.includes("="));
}

function readSigned(octets: Uint8Array): Image {
  const length = number16(octets, 8);
  let name: string | undefined;
  let signature: Uint8Array | undefined;
  for (let at = 0; at < length && at < octets.length && octets[at] !== 0x0d; ) {
    const end = at + 3 + number16(octets, at + 1);
    if (octets[at] === 0x0e) name = textOf(octets, at + 3, end).replace(/\0.*$/s, "");
    if (octets[at] === 0x0c) signature = octets.subarray(at + 3, end);
    at = end;
  }
  if (name === undefined || signature === undefined) return { is: "unreadable" };
  const body = octets.subarray(length);
  const right = signatureOf(body, name);
  return { is: "signed", name, body, sound: right.every((octet, i) => signature[i] === octet) };
}

function signatureOf(body: Uint8Array, name: string): Uint8Array {
  const one = octets32(digest(body, 0, body.length) ^ digest(latin1(name), 0, name.length));
  const signature = new Uint8Array(256);
  for (let i = 0; i < 256; i++) signature[i] = (one[i & 3] as number) ^ i;
  return signature;
}

function filling(seedText: string, size: number): Uint8Array {
  const octets = new Uint8Array(size);
  let state = digest(latin1(seedText), 0, seedText.length) | 1;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    octets[i] = state >>> 24;
  }
  return octets;
}

function digest(octets: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (octets[i] as number), 0x01000193);
  return hash >>> 0;
}

function tag(code: number, value: Uint8Array): Uint8Array {
  return join(Uint8Array.of(code), octets16(value.length), value);
}

function container(code: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return tag(code, join(...parts));
}

function octets32(value: number): Uint8Array {
  return join(octets16(value >>> 16), octets16(value));
}

function number32(octets: Uint8Array, offset: number): number {
  return (number16(octets, offset) * 65536 + number16(octets, offset + 2)) >>> 0;
}
