import type { DhcpSettings, DhcpSubnet } from "../../src/dhcp/settings.ts";
import { DHCP_DEFAULTS } from "../../src/dhcp/settings.ts";
import { createDhcpDesk } from "../../src/provision/answer-dhcp.ts";
import type { Arrival, DhcpAnswer, DhcpDesk, DhcpSurroundings } from "../../src/provision/dhcp-answer.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import {
  type Ipv4,
  ipv4ToOctets,
  type Mac,
  macToOctets,
  parseIpv4,
  parseMac,
  parseSubnet,
  type Subnet,
} from "../../src/wire/address.ts";
import { type DhcpPacket, decodeDhcp, encodeDhcp, NO_ADDRESS } from "../../src/wire/dhcp.ts";
import { addressOption, MESSAGE, messageType, OPTION } from "../../src/wire/dhcp-options.ts";

export const ip = (text: string): Ipv4 => parseIpv4(text) as Ipv4;
export const mac = (text: string): Mac => parseMac(text) as Mac;
export const net = (text: string): Subnet => parseSubnet(text) as Subnet;
export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Noon of some day; every test starts here. */
export const NOON = 1_800_000_000_000;
export const HERE: Arrival = {
  source: { address: NO_ADDRESS, port: 68 },
  interfaceAddress: ip("192.0.2.10"),
};
export const SERVER = ip("192.0.2.10");

export const office: DhcpSubnet = {
  subnet: net("192.0.2.0/24"),
  pools: [{ first: ip("192.0.2.100"), last: ip("192.0.2.199") }],
  router: ip("192.0.2.1"),
  dns: [ip("192.0.2.2")],
  domain: "example.net",
  leaseTime: 3600,
  reservations: [],
};

export const remote: DhcpSubnet = {
  subnet: net("198.51.100.0/24"),
  pools: [{ first: ip("198.51.100.100"), last: ip("198.51.100.199") }],
  router: ip("198.51.100.1"),
  dns: [],
  leaseTime: 7200,
  reservations: [],
};

export const settings: DhcpSettings = {
  ...DHCP_DEFAULTS,
  answer: "everyone",
  serverAddress: SERVER,
  subnets: [office, remote],
  boot: { server: SERVER, moreServers: [], ntp: [ip("192.0.2.3")], timeOffset: () => 3600, vendorSpecific: {} },
  authoritative: true,
};

export interface World {
  readonly desk: DhcpDesk;
  readonly store: Store;
  now: number;
  /** The answer to a message, decoded; undefined for silence. */
  ask(packet: DhcpPacket, arrival?: Arrival): Promise<Heard | undefined>;
  answer(packet: DhcpPacket, arrival?: Arrival): Promise<DhcpAnswer>;
}

export interface Heard extends DhcpPacket {
  readonly type: number | undefined;
  readonly octets: Uint8Array;
  readonly to: { readonly by: string; readonly address: Ipv4; readonly port: number };
  readonly notes: DhcpAnswer["notes"];
}

/** Every reply that the tests of this file's users saw, for tshark to judge (test/interop/dhcp-tshark.test.ts). */
export async function world(
  changes: Partial<DhcpSettings> = {},
  store: Store = createMemoryStore(),
  around: Partial<DhcpSurroundings> = {},
): Promise<World> {
  const desk = await createDhcpDesk({ ...settings, ...changes }, store, {
    ports: { server: 67, client: 68 },
    random: () => 0.5,
    ...around,
  });
  const self: World = {
    desk,
    store,
    now: NOON,
    // Through the codec, as from the wire.
    answer: async (packet, arrival = HERE) =>
      desk.answer(decodeDhcp(encodeDhcp(packet) as Uint8Array), arrival, self.now),
    async ask(packet, arrival = HERE) {
      const answer = await self.answer(packet, arrival);
      if (answer.is === "silence") return undefined;
      const reply = decodeDhcp(answer.octets);
      return { ...reply, type: messageType(reply.options), octets: answer.octets, to: answer.to, notes: answer.notes };
    },
  };
  return self;
}

export interface Saying {
  readonly from?: Mac;
  readonly options?: Iterable<readonly [number, Uint8Array]>;
  readonly fields?: Partial<DhcpPacket>;
}

export const PHONE = mac("000e84c060a6");

/** A message of a client. */
export function message(type: number, { from = PHONE, options = [], fields = {} }: Saying = {}): DhcpPacket {
  const chaddr = new Uint8Array(16);
  chaddr.set(macToOctets(from));
  return {
    op: 1,
    htype: 1,
    hlen: 6,
    hops: 0,
    xid: 0x84c060a6,
    secs: 0,
    flags: 0x8000,
    ciaddr: NO_ADDRESS,
    yiaddr: NO_ADDRESS,
    siaddr: NO_ADDRESS,
    giaddr: NO_ADDRESS,
    chaddr,
    sname: new Uint8Array(0),
    file: new Uint8Array(0),
    options: new Map([[OPTION.messageType, Uint8Array.of(type)], ...options]),
    ...fields,
  };
}

export const discover = (saying: Saying = {}): DhcpPacket => message(MESSAGE.discover, saying);

/** The REQUEST of a client in state SELECTING (RFC 2131 table 4). */
export function selecting(address: Ipv4, saying: Saying = {}, server: Ipv4 = SERVER): DhcpPacket {
  const options = [
    [OPTION.serverId, ipv4ToOctets(server)],
    [OPTION.requestedAddress, ipv4ToOctets(address)],
    ...(saying.options ?? []),
  ] as const;
  return message(MESSAGE.request, { ...saying, options });
}

export function rebooting(address: Ipv4, saying: Saying = {}): DhcpPacket {
  const options = [[OPTION.requestedAddress, ipv4ToOctets(address)], ...(saying.options ?? [])] as const;
  return message(MESSAGE.request, { ...saying, options });
}

export function renewing(address: Ipv4, saying: Saying = {}): DhcpPacket {
  return message(MESSAGE.request, { ...saying, fields: { flags: 0, ...saying.fields, ciaddr: address } });
}

export function releasing(address: Ipv4, saying: Saying = {}): DhcpPacket {
  const options = [[OPTION.serverId, ipv4ToOctets(SERVER)], ...(saying.options ?? [])] as const;
  return message(MESSAGE.release, { ...saying, options, fields: { ...saying.fields, ciaddr: address } });
}

export function declining(address: Ipv4, saying: Saying = {}): DhcpPacket {
  const options = [
    [OPTION.serverId, ipv4ToOctets(SERVER)],
    [OPTION.requestedAddress, ipv4ToOctets(address)],
    ...(saying.options ?? []),
  ] as const;
  return message(MESSAGE.decline, { ...saying, options });
}

/** DISCOVER, OFFER, REQUEST, ACK: the address, or an error that says where it stopped. */
export async function dora(at: World, saying: Saying = {}): Promise<Ipv4> {
  const offer = await at.ask(discover(saying));
  if (offer?.type !== MESSAGE.offer) throw new Error("no OFFER");
  const ack = await at.ask(selecting(offer.yiaddr, saying, addressOption(offer.options, OPTION.serverId) as Ipv4));
  if (ack?.type !== MESSAGE.ack) throw new Error("no ACK");
  return ack.yiaddr;
}

/** Many different clients. */
export const stranger = (n: number): Mac => mac(`020000${n.toString(16).padStart(6, "0")}`);

export const codes = (packet: DhcpPacket): number[] => [...packet.options.keys()];
