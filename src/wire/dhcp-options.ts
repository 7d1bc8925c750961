import { type Ipv4, ipv4FromOctets, ipv4ToOctets } from "./address.ts";

/** Option codes by the names RFC 2132 and its successors give them. */
export const OPTION = {
  pad: 0,
  subnetMask: 1,
  timeOffset: 2,
  router: 3,
  dns: 6,
  hostName: 12,
  domain: 15,
  broadcastAddress: 28,
  ntp: 42,
  vendorSpecific: 43,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverId: 54,
  parameterRequestList: 55,
  message: 56,
  maximumSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientId: 61,
  tftpServerName: 66,
  bootFileName: 67,
  userClass: 77,
  rapidCommit: 80,
  relayInformation: 82,
  subnetSelection: 118,
  vendorIdentifyingClass: 124,
  tftpServers: 150,
  polycomServer: 160,
  end: 255,
} as const;

/** The values of option 53 (RFC 2132 §9.6). */
export const MESSAGE = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;

/** Sub-options of option 82: RFC 3046, 3527, 5010, 5107 and 8357. */
export const RELAY_SUBOPTION = {
  circuitId: 1,
  remoteId: 2,
  linkSelection: 5,
  flags: 10,
  serverIdOverride: 11,
  sourcePort: 19,
} as const;

/** Options by code, each value joined from all its pieces (RFC 3396). Codes 0, 52 and 255 are layout, never values. */
export type Options = ReadonlyMap<number, Uint8Array>;

/** The value of option 53: 0..255, or undefined when it is absent or not exactly one octet (RFC 2132 §9.6). */
export function messageType(options: Options): number | undefined {
  const value = options.get(OPTION.messageType);
  return value?.length === 1 ? value[0] : undefined;
}

/** The one address of an option; undefined when it is absent or not four octets. */
export function addressOption(options: Options, code: number): Ipv4 | undefined {
  const value = options.get(code);
  return value?.length === 4 ? ipv4FromOctets(value) : undefined;
}

/** The 16-bit number of an option; undefined when it is absent or not two octets. */
export function shortOption(options: Options, code: number): number | undefined {
  const value = options.get(code);
  return value?.length === 2 ? ((value[0] as number) << 8) | (value[1] as number) : undefined;
}

/** A 32-bit number, most significant octet first; taken modulo 2³², so a negative offset becomes two's complement. */
export function numberValue(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** Addresses one after the other, in the order given. */
export function addressesValue(addresses: readonly Ipv4[]): Uint8Array {
  const value = new Uint8Array(4 * addresses.length);
  addresses.forEach((address, i) => {
    value.set(ipv4ToOctets(address), 4 * i);
  });
  return value;
}

/** Text as one octet per character, without a closing NUL (RFC 2132 §2). Characters beyond U+00FF become `?`. */
export function textValue(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => {
    const code = character.codePointAt(0) as number;
    return code > 255 ? 63 : code;
  });
}

/**
 * Reads code, length, value triples as they stand inside options 43 and 82 (RFC 3046 §2.0). The first value of a code
 * counts. Undefined when a length runs past the end: whoever only echoes the option still can.
 *
 *      0         1         2
 *     +---------+---------+---------+ … +---------+
 *     | sub-op  | length  | length octets of value| …
 *     +---------+---------+---------+ … +---------+
 */
export function subOptions(octets: Uint8Array): ReadonlyMap<number, Uint8Array> | undefined {
  const found = new Map<number, Uint8Array>();
  for (let at = 0; at < octets.length; ) {
    const code = octets[at] as number;
    const length = octets[at + 1];
    if (length === undefined || at + 2 + length > octets.length) return undefined;
    if (!found.has(code)) found.set(code, octets.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return found;
}
