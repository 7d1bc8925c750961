import { broadcastOf, type Ipv4, ipv4ToNumber, netmask } from "../wire/address.ts";
import {
  BROADCAST_FLAG,
  type DhcpPacket,
  encodeBehind,
  encodeDhcp,
  encodeOptions,
  NO_ADDRESS,
  OPTIONS_AT,
  writeNumber,
} from "../wire/dhcp.ts";
import {
  addressesValue,
  MESSAGE,
  numberValue,
  OPTION,
  type Options,
  shortOption,
  textValue,
} from "../wire/dhcp-options.ts";
import type { BootSettings, DhcpSubnet } from "./settings.ts";

/** Which phones differ in what they read (cisco.md §8, polycom.md §5); undefined for any other client. */
export type PhoneVendor = "cisco" | "polycom" | undefined;

/** A reply to be written. */
export type Reply = { readonly serverId: Ipv4 } & (
  | { readonly is: "offer" | "ack"; readonly yiaddr: Ipv4; readonly times: LeaseTimes; readonly offers: Options }
  | { readonly is: "inform-ack"; readonly offers: Options }
  | { readonly is: "nak"; readonly because: string }
);

/** Seconds. */
export interface LeaseTimes {
  readonly lease: number;
  readonly renewal: number;
  readonly rebinding: number;
}

/** Octets of IP and UDP headers, which option 57 counts and we do not. */
const HEADERS = 28;
/** What every client must take (RFC 2131 §2). */
const SMALLEST_MAXIMUM = 576;

/**
 * T1 and T2 of a lease of `seconds` (RFC 2131 §4.4.5). T1 strays by up to 5 % with `random` (0 ≤ random < 1), so that
 * phones which started together do not renew together (D046).
 */
export function leaseTimes(seconds: number, random: number): LeaseTimes {
  const lease = Math.max(1, Math.floor(seconds));
  return {
    lease,
    renewal: Math.floor(lease * (0.475 + random * 0.05)),
    rebinding: Math.floor(lease * 0.875),
  };
}

/** Everything we could tell a client on this subnet at `now`, whether it asks or not. */
export function offersOf(subnet: DhcpSubnet, boot: BootSettings, vendor: PhoneVendor, now: number): Options {
  const offers = new Map<number, Uint8Array>([[OPTION.subnetMask, addressesValue([netmask(subnet.subnet)])]]);
  if (subnet.router !== undefined) offers.set(OPTION.router, addressesValue([subnet.router]));
  if (subnet.dns.length > 0) offers.set(OPTION.dns, addressesValue(subnet.dns));
  if (subnet.domain !== undefined) offers.set(OPTION.domain, textValue(subnet.domain));
  offers.set(OPTION.broadcastAddress, addressesValue([broadcastOf(subnet.subnet)]));
  const polycomServer = boot.polycomUrl ?? boot.server;
  offers.set(OPTION.tftpServerName, textValue(vendor === "polycom" ? polycomServer : boot.server));
  offers.set(OPTION.tftpServers, addressesValue([boot.server, ...boot.moreServers]));
  if (vendor === "polycom") offers.set(OPTION.polycomServer, textValue(polycomServer));
  if (boot.ntp.length > 0) offers.set(OPTION.ntp, addressesValue(boot.ntp));
  if (boot.timeOffset !== undefined) offers.set(OPTION.timeOffset, numberValue(boot.timeOffset(now)));
  const specific = vendor === undefined ? undefined : boot.vendorSpecific[vendor];
  if (specific !== undefined) offers.set(OPTION.vendorSpecific, specific);
  if (vendor === "polycom" && boot.voiceVlan !== undefined)
    // The closing semicolon belongs to the grammar (polycom.md §5.2).
    for (const code of VLAN_OPTIONS) offers.set(code, textValue(`VLAN-A=${boot.voiceVlan};`));
  return offers;
}

/**
 * Writes the reply: fields as RFC 2131 table 3 has them, options in the order 53, 54, 51, 58, 59, 1, then as the client
 * asked, 61 echoed (RFC 6842), 82 echoed last. Never longer than the client (option 57) and `largest` allow: what does
 * not fit is dropped, least important first, and named in `dropped`.
 * @param siaddr the boot server.
 */
export function writeReply(
  request: DhcpPacket,
  reply: Reply,
  siaddr: Ipv4,
  vendor: PhoneVendor,
  largest: number,
): { readonly octets: Uint8Array; readonly dropped: readonly number[] } {
  const limit = largestFor(request.options, largest);
  const echoes = echoesOf(request.options);
  if (reply.is === "offer" || reply.is === "ack") {
    const octets = encodeBehind(grantOf(request, reply, vendor), fieldsOf(request, reply, siaddr, echoes), limit);
    if (octets !== undefined) return { octets: personal(octets, reply), dropped: [] };
  }
  const options = reply.is === "nak" ? refusal(reply) : grant(request, reply, vendor);
  for (const [code, value] of echoes) options.set(code, value);
  return fitted(fieldsOf(request, reply, siaddr, options), options, limit);
}

type Grant = Extract<Reply, { readonly is: "offer" | "ack" }>;

function fieldsOf(request: DhcpPacket, reply: Reply, siaddr: Ipv4, options: Options): DhcpPacket {
  const isNak = reply.is === "nak";
  return {
    op: 2,
    htype: request.htype,
    hlen: request.hlen,
    hops: 0,
    xid: request.xid,
    secs: 0,
    // RFC 2131 §4.3.2: the relay must broadcast a NAK, since the client may not own the address it is on.
    flags: isNak && request.giaddr !== NO_ADDRESS ? request.flags | BROADCAST_FLAG : request.flags,
    ciaddr: reply.is === "offer" || isNak ? NO_ADDRESS : request.ciaddr,
    yiaddr: reply.is === "offer" || reply.is === "ack" ? reply.yiaddr : NO_ADDRESS,
    siaddr: isNak ? NO_ADDRESS : siaddr,
    giaddr: request.giaddr,
    chaddr: request.chaddr,
    sname: NOTHING,
    file: NOTHING,
    options,
  };
}

interface EncodedGrant {
  readonly vendor: PhoneVendor;
  readonly asked: Uint8Array | undefined;
  readonly octets: Uint8Array;
}

/** What was encoded of each set of offers: thousands of clients that ask for the same in a row are told the same. */
const encodedGrants = new WeakMap<Options, EncodedGrant[]>();
/** The phones of a site have a few lists; somebody who invents lists only has them encoded each time. */
const MOST_ENCODED = 32;

/** The options of {@link grant}, encoded once; what differs from one reply to the next is for {@link personal}. */
function grantOf(request: DhcpPacket, reply: Grant, vendor: PhoneVendor): Uint8Array {
  const asked = request.options.get(OPTION.parameterRequestList);
  const known = encodedGrants.get(reply.offers) ?? [];
  for (const one of known) if (one.vendor === vendor && isSame(one.asked, asked)) return one.octets;
  const octets = encodeOptions(grant(request, reply, vendor));
  if (known.length === MOST_ENCODED) known.shift();
  // The list is a view of a datagram, which would stay with it.
  known.push({ vendor, asked: asked?.slice(), octets });
  encodedGrants.set(reply.offers, known);
  return octets;
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

/** Writes type, server and times into the options that every grant begins with: 53, 54, 51, 58, 59. */
function personal(octets: Uint8Array, { is, serverId, times }: Grant): Uint8Array {
  octets[OPTIONS_AT + 2] = typeOf(is);
  writeNumber(octets, OPTIONS_AT + 5, ipv4ToNumber(serverId));
  writeNumber(octets, OPTIONS_AT + 11, times.lease);
  writeNumber(octets, OPTIONS_AT + 17, times.renewal);
  writeNumber(octets, OPTIONS_AT + 23, times.rebinding);
  return octets;
}

const NOTHING = new Uint8Array(0);
/** Asked for in this order (polycom.md §5.2). */
const VLAN_OPTIONS: readonly number[] = [128, 144, 157, 191];
/** Sent to phones that forget to ask (D036). */
const FORCED: Readonly<Record<"cisco" | "polycom", readonly number[]>> = {
  cisco: [OPTION.tftpServerName, OPTION.tftpServers],
  polycom: [OPTION.tftpServerName, OPTION.polycomServer],
};
/** Never left out for want of room (D043). */
const ESSENTIAL: ReadonlySet<number> = new Set([
  OPTION.subnetMask,
  OPTION.router,
  OPTION.leaseTime,
  OPTION.messageType,
  OPTION.serverId,
  OPTION.renewalTime,
  OPTION.rebindingTime,
  OPTION.clientId,
  OPTION.tftpServerName,
  OPTION.tftpServers,
  OPTION.relayInformation,
]);
/** What gives way when a client id and relay information of hundreds of octets leave no room for the rest. */
const LAST_RESORT: readonly number[] = [
  OPTION.clientId,
  OPTION.renewalTime,
  OPTION.rebindingTime,
  OPTION.tftpServers,
  OPTION.tftpServerName,
];

function refusal(reply: { readonly serverId: Ipv4; readonly because: string }): Map<number, Uint8Array> {
  return new Map([
    [OPTION.messageType, Uint8Array.of(MESSAGE.nak)],
    [OPTION.serverId, addressesValue([reply.serverId])],
    [OPTION.message, textValue(reply.because)],
  ]);
}

function grant(
  request: DhcpPacket,
  reply: Exclude<Reply, { is: "nak" }>,
  vendor: PhoneVendor,
): Map<number, Uint8Array> {
  const options = new Map<number, Uint8Array>([
    [OPTION.messageType, Uint8Array.of(typeOf(reply.is))],
    [OPTION.serverId, addressesValue([reply.serverId])],
  ]);
  if (reply.is !== "inform-ack") {
    options.set(OPTION.leaseTime, numberValue(reply.times.lease));
    options.set(OPTION.renewalTime, numberValue(reply.times.renewal));
    options.set(OPTION.rebindingTime, numberValue(reply.times.rebinding));
  }
  const asked = request.options.get(OPTION.parameterRequestList);
  const wanted = asked === undefined ? [...reply.offers.keys()].filter((code) => !VLAN_OPTIONS.includes(code)) : asked;
  // The mask comes before the router (RFC 2132 §3.3); both are sent whether asked for or not.
  copy(reply.offers, options, OPTION.subnetMask);
  for (const code of wanted) copy(reply.offers, options, code);
  copy(reply.offers, options, OPTION.router);
  if (vendor !== undefined) for (const code of FORCED[vendor]) copy(reply.offers, options, code);
  if (vendor !== undefined) copy(reply.offers, options, OPTION.vendorSpecific);
  return options;
}

function copy(from: Options, to: Map<number, Uint8Array>, code: number): void {
  const value = from.get(code);
  if (value !== undefined && !to.has(code)) to.set(code, value);
}

function typeOf(is: "offer" | "ack" | "inform-ack"): number {
  return is === "offer" ? MESSAGE.offer : MESSAGE.ack;
}

function echoesOf(said: Options): Options {
  const clientId = said.get(OPTION.clientId);
  const relay = said.get(OPTION.relayInformation);
  if (clientId === undefined && relay === undefined) return NO_OPTIONS;
  const echoes = new Map<number, Uint8Array>();
  if (clientId !== undefined) echoes.set(OPTION.clientId, clientId);
  if (relay !== undefined) echoes.set(OPTION.relayInformation, relay);
  return echoes;
}

const NO_OPTIONS: Options = new Map();

function largestFor(options: Options, largest: number): number {
  const asked = Math.max(SMALLEST_MAXIMUM, shortOption(options, OPTION.maximumSize) ?? SMALLEST_MAXIMUM);
  return Math.min(asked - HEADERS, largest);
}

function fitted(packet: DhcpPacket, options: Map<number, Uint8Array>, limit: number) {
  const dropped: number[] = [];
  for (;;) {
    const octets = encodeDhcp(packet, limit);
    if (octets !== undefined) return { octets, dropped };
    const codes = [...options.keys()];
    const least =
      codes.filter((code) => !ESSENTIAL.has(code)).at(-1) ??
      LAST_RESORT.find((code) => options.has(code)) ??
      codes.at(-1);
    options.delete(least as number);
    dropped.push(least as number);
  }
}
