import type { Ipv4 } from "./address.ts";

/** One NOTIFY outside any dialogue, as phones take it for a restart (RFC 3265 §3.2; unsolicited, as PBXs send it). */
export interface SipNotify {
  /** The phone's user part, e.g. its line's name; any text, written with escapes. */
  readonly user: string;
  readonly to: { readonly address: Ipv4; readonly port: number };
  /** Our own end, to which the phone answers. */
  readonly from: { readonly address: Ipv4; readonly port: number };
  readonly event: "check-sync" | "service-control";
  /** Lines of a text/plain body. */
  readonly body?: readonly string[];
  /** Hexadecimal, unique for this request: it tells its answer from any other. */
  readonly token: string;
}

/** `z9hG4bK` begins every branch of RFC 3261 (§8.1.1.7). */
const cookie = "z9hG4bK";

/**
 * Writes the request: ASCII, CRLF, Content-Length in octets. Nothing that is given can end a line or add a header.
 * Throws RangeError for a token that is not hexadecimal and a body line that is not printable ASCII.
 */
export function encodeSipNotify({ user, to, from, event, body = [], token }: SipNotify): Uint8Array {
  if (!/^[0-9a-f]{8,64}$/.test(token)) throw new RangeError("the token is not hexadecimal");
  if (!body.every((line) => /^[\x20-\x7e]{0,200}$/.test(line))) throw new RangeError("the body is not printable ASCII");
  const content = body.map((line) => `${line}\r\n`).join("");
  const target = `sip:${escaped(user)}@${to.address}:${to.port}`;
  const lines = [
    `NOTIFY ${target} SIP/2.0`,
    `Via: SIP/2.0/UDP ${from.address}:${from.port};branch=${cookie}${token};rport`,
    "Max-Forwards: 70",
    `From: <sip:provision@${from.address}>;tag=${token.slice(0, 8)}`,
    `To: <${target}>`,
    `Call-ID: ${token}@${from.address}`,
    "CSeq: 1 NOTIFY",
    `Contact: <sip:provision@${from.address}:${from.port}>`,
    `Event: ${event}`,
    "Subscription-State: terminated",
    ...(body.length === 0 ? [] : ["Content-Type: text/plain"]),
    `Content-Length: ${content.length}`,
    "",
    content,
  ];
  return new TextEncoder().encode(lines.join("\r\n"));
}

/** Everything but the unreserved characters of RFC 3261 §25.1 is escaped. */
function escaped(user: string): string {
  return [...new TextEncoder().encode(user.slice(0, 64))]
    .map((octet) => {
      const character = String.fromCharCode(octet);
      return /[A-Za-z0-9_.~-]/.test(character) ? character : `%${octet.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}

/** Longer than any answer to a request without a body. */
const longestAnswer = 4096;

/**
 * The status of an answer to the request with this token, 100 to 699; undefined for every other datagram.
 */
export function readSipStatus(octets: Uint8Array, token: string): number | undefined {
  if (octets.length > longestAnswer) return undefined;
  const text = new TextDecoder("latin1").decode(octets);
  const status = /^SIP\/2\.0 ([1-6]\d\d)[ \r]/.exec(text)?.[1];
  const branch = /^(?:via|v)[ \t]*:[^\r\n]{0,400};branch=z9hG4bK([0-9a-f]{8,64})(?![0-9a-f])/im.exec(text)?.[1];
  return status === undefined || branch !== token ? undefined : Number(status);
}
