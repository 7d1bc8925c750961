import { type Ipv4, ipv4FromOctets, ipv4ToOctets, type Mac, macToOctets, parseIpv4 } from "../wire/address.ts";
import { type Datagram, EVERYBODY, NOBODY } from "./datagram.ts";
import { join, latin1, number16, textOf } from "./octets.ts";

/** How a phone presents itself to a DHCP server at one stage of its life. */
export interface DhcpManner {
  readonly mac: Mac;
  /** Option 60, NUL included where the phone sends one; as text or, for Polycom, as octets. */
  readonly vendorClass: string | Uint8Array;
  /** Option 55. */
  readonly wants: readonly number[];
  /** Option 61, when the phone sends one. */
  readonly clientId?: Uint8Array;
}

/** What a phone learned from an ACK. */
export interface Network {
  readonly ip: Ipv4;
  readonly dhcpServer: Ipv4 | undefined;
  /** Option 150, addresses. */
  readonly option150: readonly Ipv4[];
  /** Option 66, as text. */
  readonly option66: string | undefined;
  /** Option 160, as text (Polycom). */
  readonly option160: string | undefined;
  readonly siaddr: Ipv4 | undefined;
  /** Options 51, 58 and 59 in seconds; half and seven eighths of the lease where the latter are absent (RFC 2131 §4.4.5). */
  readonly times: { readonly lease: number; readonly t1: number; readonly t2: number } | undefined;
}

/** A client that looks for an address. */
export interface DhcpClient {
  readonly manner: DhcpManner;
  readonly at: "discovering" | "requesting";
  readonly last: Uint8Array;
  readonly tries: number;
  readonly dueAt: number;
}

/** The client goes on, or it has an address. */
export interface DhcpMoved {
  readonly client: DhcpClient | Network;
  readonly send: readonly Datagram[];
}

const TYPE = { discover: 1, offer: 2, request: 3, ack: 5, nak: 6 } as const;
const COOKIE = Uint8Array.of(99, 130, 83, 99);
const FIRST_WAIT = 4000;
const LONGEST_WAIT = 32_000;

/** Broadcasts the first DISCOVER. */
export function beginLease(manner: DhcpManner, now: number): DhcpMoved {
  return sendNew(manner, "discovering", message(manner, TYPE.discover, []), now);
}

/** Whether the client has its address. */
export function hasAddress(client: DhcpClient | Network): client is Network {
  return "ip" in client;
}

/** Takes a datagram that arrived at the client port; what is not an answer to this client is ignored. */
export function dhcpReceives(client: DhcpClient, datagram: Datagram, now: number): DhcpMoved {
  const reply = readReply(datagram.octets, client.manner.mac);
  const type = reply?.options.get(53)?.[0];
  if (reply === undefined) return { client, send: [] };
  if (client.at === "discovering" && type === TYPE.offer) {
    const server = reply.options.get(54);
    const echoed: [number, Uint8Array][] = [[50, ipv4ToOctets(reply.yiaddr)]];
    if (server !== undefined) echoed.push([54, server]);
    return sendNew(client.manner, "requesting", message(client.manner, TYPE.request, echoed), now);
  }
  if (client.at === "requesting" && type === TYPE.ack) return { client: networkOf(reply), send: [] };
  if (client.at === "requesting" && type === TYPE.nak) return beginLease(client.manner, now);
  return { client, send: [] };
}

/** Sends again after 4, 8, 16, 32, 32, … s (RFC 2131 §4.1, without its jitter). Never gives up. */
export function dhcpWakes(client: DhcpClient, now: number): DhcpMoved {
  if (now < client.dueAt) return { client, send: [] };
  // After four unanswered REQUESTs the offer is taken for lost (RFC 2131 §3.1 step 5).
  if (client.at === "requesting" && client.tries >= 4) return beginLease(client.manner, now);
  const wait = Math.min(FIRST_WAIT * 2 ** client.tries, LONGEST_WAIT);
  return { client: { ...client, tries: client.tries + 1, dueAt: now + wait }, send: [broadcast(client.last)] };
}

/**
 * Where the phone looks for files. The order 150, 66, siaddr is the string order in the Java loader, used as a
 * precedence for every Cisco phone (cisco.md §8, grade D). A name in option 66 needs DNS, which the link has not.
 */
export function tftpServerOf(network: Network): Ipv4 | undefined {
  const named = network.option66 === undefined ? undefined : parseIpv4(network.option66);
  return network.option150[0] ?? named ?? network.siaddr;
}

function sendNew(manner: DhcpManner, at: DhcpClient["at"], octets: Uint8Array, now: number): DhcpMoved {
  return { client: { manner, at, last: octets, tries: 1, dueAt: now + FIRST_WAIT }, send: [broadcast(octets)] };
}

function broadcast(octets: Uint8Array): Datagram {
  return { from: { ip: NOBODY, port: 68 }, to: { ip: EVERYBODY, port: 67 }, octets };
}

function message(manner: DhcpManner, type: number, echoed: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const fixed = new Uint8Array(236);
  fixed.set([1, 1, 6, 0]);
  const chaddr = macToOctets(manner.mac);
  // A 7960 sets the broadcast flag and uses the last four octets of its MAC as xid (cisco.md §8, `TEO`).
  fixed.set(chaddr.subarray(2), 4);
  fixed[10] = 0x80;
  fixed.set(chaddr, 28);
  const vendorClass = typeof manner.vendorClass === "string" ? latin1(manner.vendorClass) : manner.vendorClass;
  const options = [
    option(53, Uint8Array.of(type)),
    ...echoed.map(([code, value]) => option(code, value)),
    ...(manner.clientId === undefined ? [] : [option(61, manner.clientId)]),
    option(60, vendorClass),
    option(55, Uint8Array.from(manner.wants)),
    Uint8Array.of(255),
  ];
  const whole = join(fixed, COOKIE, ...options);
  return whole.length >= 300 ? whole : join(whole, new Uint8Array(300 - whole.length));
}

function option(code: number, value: Uint8Array): Uint8Array {
  return join(Uint8Array.of(code, value.length), value);
}

interface Reply {
  readonly yiaddr: Ipv4;
  readonly siaddr: Ipv4 | undefined;
  readonly options: ReadonlyMap<number, Uint8Array>;
}

/** What a datagram at the client port means to a phone that asked for an extension of `ip`; undefined: nothing. */
export function readExtension(octets: Uint8Array, mac: Mac, ip: Ipv4): Network | "refused" | undefined {
  const reply = readReply(octets, mac);
  const type = reply?.options.get(53)?.[0];
  if (reply !== undefined && type === TYPE.ack && reply.yiaddr === ip) return networkOf(reply);
  return type === TYPE.nak ? "refused" : undefined;
}

/** A REQUEST that extends a lease: the address in ciaddr, neither option 50 nor 54 (RFC 2131 §4.3.2). */
export function extensionRequest(manner: DhcpManner, ip: Ipv4): Uint8Array {
  const octets = message(manner, TYPE.request, []);
  octets.set(ipv4ToOctets(ip), 12);
  octets[10] = 0;
  return octets;
}

function readReply(octets: Uint8Array, mac: Mac): Reply | undefined {
  const chaddr = macToOctets(mac);
  const yiaddr = ipv4FromOctets(octets, 16);
  if (octets.length < 240 || octets[0] !== 2 || yiaddr === undefined) return undefined;
  if (!COOKIE.every((octet, i) => octets[236 + i] === octet)) return undefined;
  if (!chaddr.every((octet, i) => octets[28 + i] === octet)) return undefined;
  if (!chaddr.subarray(2).every((octet, i) => octets[4 + i] === octet)) return undefined;
  const options = new Map<number, Uint8Array>();
  readOptions(octets.subarray(240), options);
  const overload = options.get(52)?.[0] ?? 0;
  if ((overload & 1) !== 0) readOptions(octets.subarray(108, 236), options);
  if ((overload & 2) !== 0) readOptions(octets.subarray(44, 108), options);
  const siaddr = ipv4FromOctets(octets, 20);
  return { yiaddr, siaddr: siaddr === NOBODY ? undefined : siaddr, options };
}

function readOptions(field: Uint8Array, into: Map<number, Uint8Array>): void {
  for (let at = 0; at < field.length; ) {
    const code = field[at] as number;
    if (code === 255) return;
    if (code === 0) {
      at += 1;
      continue;
    }
    const length = field[at + 1] ?? 0;
    // A repeated option is one long one (RFC 3396 §7).
    into.set(code, join(into.get(code) ?? new Uint8Array(0), field.subarray(at + 2, at + 2 + length)));
    at += 2 + length;
  }
}

function networkOf(reply: Reply): Network {
  const text = (code: number) => {
    const value = reply.options.get(code);
    return value === undefined ? undefined : textOf(value);
  };
  const addresses = reply.options.get(150) ?? new Uint8Array(0);
  const option150: Ipv4[] = [];
  for (let at = 0; at + 4 <= addresses.length; at += 4) {
    const address = ipv4FromOctets(addresses, at);
    if (address !== undefined) option150.push(address);
  }
  return {
    ip: reply.yiaddr,
    dhcpServer: ipv4FromOctets(reply.options.get(54) ?? new Uint8Array(0)),
    option150,
    option66: text(66),
    option160: text(160),
    siaddr: reply.siaddr,
    times: timesOf(reply.options),
  };
}

function timesOf(options: ReadonlyMap<number, Uint8Array>): Network["times"] {
  const seconds = (code: number) => {
    const value = options.get(code);
    return value?.length === 4 ? number16(value, 0) * 65_536 + number16(value, 2) : undefined;
  };
  const lease = seconds(51);
  if (lease === undefined || lease === 0xffffffff) return undefined;
  return { lease, t1: seconds(58) ?? lease / 2, t2: seconds(59) ?? (lease * 7) / 8 };
}
