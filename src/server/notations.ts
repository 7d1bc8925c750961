import type { AddressRange } from "../dhcp/settings.ts";
import type { Mac, Subnet } from "../wire/address.ts";
import { inSubnet, ipv4FromNumber, ipv4ToNumber, parseIpv4, parseMac, parseSubnet } from "../wire/address.ts";

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
/** A unit as people write it; its first letter says which. */
const unit = "(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)";

/**
 * Seconds of a duration: `3600`, `90s`, `15m`, `1h`, `1h30m`, `7d`, `2w`, `90 min`, `1 hour`, or ISO 8601 (`PT1H30M`, `P7D`). Undefined for
 * anything else, for nothing, and for 2³²−1 seconds or more (RFC 2131 §3.3 calls that infinity).
 */
export function parseDuration(text: string): number | undefined {
  const word = text.trim();
  const seconds = plainSeconds(word) ?? shortForm(word.toLowerCase()) ?? isoForm(word.toUpperCase());
  return seconds !== undefined && seconds > 0 && seconds < 0xffffffff ? seconds : undefined;
}

function plainSeconds(word: string): number | undefined {
  return /^\d{1,10}$/.test(word) ? Number(word) : undefined;
}

function shortForm(word: string): number | undefined {
  if (!new RegExp(`^(?:\\d{1,9}\\s?${unit}\\s?)+$`).test(word)) return undefined;
  let seconds = 0;
  for (const [, count, letter] of word.matchAll(/(\d+)\s?([smhdw])/g))
    seconds += Number(count) * (unitSeconds[letter ?? ""] ?? 0);
  return seconds;
}

function isoForm(word: string): number | undefined {
  const parts = /^P(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?$/.exec(word);
  if (parts === null || word.endsWith("T") || word === "P") return undefined;
  const [, w, d, h, m, s] = parts.map((part) => Number(part ?? 0));
  return (w ?? 0) * 604_800 + (d ?? 0) * 86_400 + (h ?? 0) * 3600 + (m ?? 0) * 60 + (s ?? 0);
}

/**
 * Reads `192.0.2.100-192.0.2.199`, `192.0.2.100 - 199` (the last octet alone) or `192.0.2.128/26` (its host addresses).
 * Undefined for anything else, and where the end stands before the beginning.
 */
export function parseAddressRange(text: string): AddressRange | undefined {
  if (text.includes("/")) return hostsOf(parseSubnet(text.trim()));
  const [firstText = "", lastText = "", ...rest] = text.split("-").map((part) => part.trim());
  const first = parseIpv4(firstText);
  const last = parseIpv4(/^\d{1,3}$/.test(lastText) ? firstText.replace(/\d+$/, lastText) : lastText);
  if (first === undefined || last === undefined || rest.length > 0) return undefined;
  return ipv4ToNumber(first) <= ipv4ToNumber(last) ? { first, last } : undefined;
}

function hostsOf(subnet: Subnet | undefined): AddressRange | undefined {
  if (subnet === undefined || subnet.prefix > 30 || subnet.prefix < 8) return undefined;
  const network = ipv4ToNumber(subnet.network);
  return { first: ipv4FromNumber(network + 1), last: ipv4FromNumber(network + 2 ** (32 - subnet.prefix) - 2) };
}

/** Whether the whole run lies in the subnet. */
export function rangeInSubnet(range: AddressRange, subnet: Subnet): boolean {
  return inSubnet(range.first, subnet) && inSubnet(range.last, subnet);
}

/** An IANA time zone that this system knows, in its usual spelling; undefined for anything else. */
export function parseTimeZone(text: string): string | undefined {
  try {
    return /^[+-]/.test(text)
      ? undefined
      : new Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** An IPv4 address or a DNS host name (RFC 1123 §2.1), as a phone can be told it; undefined for anything else. */
export function parseHost(text: string): string | undefined {
  if (/^[\d.]+$/.test(text)) return parseIpv4(text);
  const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
  return text.length <= 253 && new RegExp(`^${label}(?:\\.${label})*\\.?$`, "i").test(text) ? text : undefined;
}

/**
 * Octets of a DHCP identifier, as lower-case hex: `01:00:0e:84:c0:60:a6` (also with hyphens), `0100.0e84.c060.a6`, `0x01000e84`,
 * or text such as `Gi1/0/7`; `text:` before what would else be taken for octets. Undefined for fewer than `least` octets or
 * more than 255, for text beyond ASCII, and for bare hex digits, which could be meant either way.
 */
export function parseIdentifier(text: string, least: number): string | undefined {
  const hex = identifierHex(text);
  return hex !== undefined && hex.length >= 2 * least && hex.length <= 510 ? hex : undefined;
}

function identifierHex(text: string): string | undefined {
  const pairs = /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2})*)?$/i;
  const dotted = /^[0-9a-f]{4}(?:\.[0-9a-f]{4})*\.(?:[0-9a-f]{2}){1,2}$/i;
  if (/^0x(?:[0-9a-f]{2})+$/i.test(text)) return text.slice(2).toLowerCase();
  if (text.length > 2 && (pairs.test(text) || dotted.test(text))) return text.replace(/[:.-]/g, "").toLowerCase();
  const meant = text.startsWith("text:") ? text.slice(5) : text;
  if (!/^[\x20-\x7e]*$/.test(meant) || (meant === text && /^(?:[0-9a-f]{2})+$/i.test(text))) return undefined;
  return Array.from(meant, (character) => character.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

/** The first half of a MAC or more of it, as lower-case hex digits, e.g. `00:0e:84` or a whole MAC. */
export function parseMacPrefix(text: string): string | undefined {
  const digits = text.replace(/[:.-]/g, "").toLowerCase();
  return /^(?:[0-9a-f]{2}){1,6}$/.test(digits) && (digits.length < 12 || (parseMac(text) as Mac | undefined))
    ? digits
    : undefined;
}
