/** An EUI-48 as twelve lower-case hex digits, e.g. `000e84c060a6`. Made only by the parsers below. */
export type Mac = string & { readonly mac: unique symbol };

/** An IPv4 address in canonical dotted-quad form. Made only by the parsers below. */
export type Ipv4 = string & { readonly ipv4: unique symbol };

/** An IPv4 prefix: `network` has all host bits zero, `prefix` is 0..32. */
export interface Subnet {
  readonly network: Ipv4;
  readonly prefix: number;
}

/**
 * Reads a MAC in every usual notation: `00:0e:84:c0:60:a6`, `00-0E-84-C0-60-A6`, `00 0E 84 C0 60 A6`, `0:e:84:c0:60:a6`
 * (BSD), `000e.84c0.60a6` (IOS), `000e84-c060a6` (ProCurve), `000E84C060A6`, and CallManager's device name
 * `SEP000E84C060A6`. Returns undefined for anything else.
 */
export function parseMac(text: string): Mac | undefined {
  if (/^(?:sep)?[0-9a-f]{12}$/i.test(text)) return text.slice(-12).toLowerCase() as Mac;
  if (/^[0-9a-f]{1,2}(?:([:-])[0-9a-f]{1,2})(?:\1[0-9a-f]{1,2}){4}$/i.test(text)) return joined(text.split(/[:-]/));
  if (/^[0-9a-f]{2}(?: [0-9a-f]{2}){5}$/i.test(text)) return joined(text.split(" "));
  if (/^[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}$|^[0-9a-f]{6}[-:][0-9a-f]{6}$/i.test(text)) return joined(text.split(/[.:-]/));
  return undefined;
}

function joined(parts: readonly string[]): Mac {
  return parts
    .map((part) => part.padStart(2, "0"))
    .join("")
    .toLowerCase() as Mac;
}

/** Whether one station can have this address: no broadcast, no multicast group (IEEE 802, I/G bit), not all zeros. */
export function isStation(mac: Mac): boolean {
  return (Number.parseInt(mac.slice(1, 2), 16) & 1) === 0 && mac !== "000000000000";
}

/** The MAC in the first six of `octets`; undefined when there are fewer. */
export function macFromOctets(octets: Uint8Array): Mac | undefined {
  if (octets.length < 6) return undefined;
  let text = "";
  for (let i = 0; i < 6; i++) text += (octets[i] as number).toString(16).padStart(2, "0");
  return text as Mac;
}

/** Six octets. */
export function macToOctets(mac: Mac): Uint8Array {
  return Uint8Array.from({ length: 6 }, (_, i) => Number.parseInt(mac.slice(2 * i, 2 * i + 2), 16));
}

/** `00:0e:84:c0:60:a6`, for people. */
export function macWithColons(mac: Mac): string {
  return mac.replace(/..(?=.)/g, "$&:");
}

/** Reads a dotted quad without leading zeros (which some readers take for octal); undefined for anything else. */
export function parseIpv4(text: string): Ipv4 | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  for (const part of parts) if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
  return text as Ipv4;
}

/** The address with this 32-bit value; `value` is taken modulo 2³². */
export function ipv4FromNumber(value: number): Ipv4 {
  const v = value >>> 0;
  return `${v >>> 24}.${(v >>> 16) & 255}.${(v >>> 8) & 255}.${v & 255}` as Ipv4;
}

/** The address as an unsigned 32-bit value, 0..2³²−1. */
export function ipv4ToNumber(address: Ipv4): number {
  // Digit by digit: every packet passes here, and splitting the text costs ten times as much.
  let value = 0;
  let part = 0;
  for (let i = 0; i < address.length; i++) {
    const code = address.charCodeAt(i);
    if (code === 46) {
      value = value * 256 + part;
      part = 0;
    } else part = part * 10 + code - 48;
  }
  return value * 256 + part;
}

/**
 * The address as a signed 32-bit value, to look things up by: V8 holds it in the reference itself, where a text is read
 * and hashed for each packet.
 */
export function ipv4Key(address: Ipv4): number {
  return ipv4ToNumber(address) | 0;
}

/** The address in four octets at `offset`; undefined when there are fewer. */
export function ipv4FromOctets(octets: Uint8Array, offset = 0): Ipv4 | undefined {
  if (octets.length < offset + 4) return undefined;
  return `${octets[offset]}.${octets[offset + 1]}.${octets[offset + 2]}.${octets[offset + 3]}` as Ipv4;
}

/** Four octets, most significant first. */
export function ipv4ToOctets(address: Ipv4): Uint8Array {
  const value = ipv4ToNumber(address);
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/**
 * Reads `192.0.2.0/24`, `192.0.2.0/255.255.255.0`, `192.0.2.0 255.255.255.0` (IOS) or a bare address (a /32). Host bits
 * are cleared.
 */
export function parseSubnet(text: string): Subnet | undefined {
  const [addressText = "", maskText = "32", ...rest] = text.trim().split(/\s*\/\s*|\s+(?=\d+\.)/);
  const address = parseIpv4(addressText);
  const prefix = parsePrefix(maskText);
  if (address === undefined || prefix === undefined || rest.length > 0) return undefined;
  return { network: ipv4FromNumber(ipv4ToNumber(address) & maskOf(prefix)), prefix };
}

/** Whether `address` lies in `subnet`. */
export function inSubnet(address: Ipv4, subnet: Subnet): boolean {
  return (ipv4ToNumber(address) & maskOf(subnet.prefix)) >>> 0 === ipv4ToNumber(subnet.network);
}

/** The subnet mask as an address, e.g. `255.255.255.0`. */
export function netmask(subnet: Subnet): Ipv4 {
  return ipv4FromNumber(maskOf(subnet.prefix));
}

/** The all-ones host address of the subnet. */
export function broadcastOf(subnet: Subnet): Ipv4 {
  return ipv4FromNumber(ipv4ToNumber(subnet.network) | ~maskOf(subnet.prefix));
}

function parsePrefix(text: string): number | undefined {
  if (/^\d{1,2}$/.test(text)) return Number(text) <= 32 ? Number(text) : undefined;
  const mask = parseIpv4(text);
  if (mask === undefined) return undefined;
  const prefix = Math.clz32(~ipv4ToNumber(mask));
  return maskOf(prefix) === ipv4ToNumber(mask) ? prefix : undefined;
}

function maskOf(prefix: number): number {
  return prefix === 0 ? 0 : (~0 << (32 - prefix)) >>> 0;
}
