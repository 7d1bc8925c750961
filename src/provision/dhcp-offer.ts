import { isFree, type Lease, standing } from "../dhcp/lease.ts";
import type { Segment } from "../dhcp/network.ts";
import { leaseTimes } from "../dhcp/reply.ts";
import { mayHold } from "../dhcp/request.ts";
import type { Ipv4, Mac } from "../wire/address.ts";
import { addressOption, OPTION } from "../wire/dhcp-options.ts";
import type { DhcpAnswer, DhcpNote, Soon } from "./dhcp-answer.ts";
import { type Asked, type Desk, grant, ignore, named, save } from "./dhcp-desk.ts";

/** Live addresses of one MAC, whatever client ids it invents (D151). */
const MOST_PER_MAC = 4;
/** Addresses that are tried when others answer a probe. */
const MOST_PROBES = 3;

/** Answers a DISCOVER (RFC 2131 §4.3.1): an address that nobody uses, held for this client for a while. */
export function discover(desk: Desk, asked: Asked): Soon<DhcpAnswer> {
  if (asked.origin.wire.length === 0) return ignore("it comes from no configured subnet");
  return offer(desk, asked, []);
}

/** Offers an address, or another where something answers at it; `notes` has one of each that was tried before. */
function offer(desk: Desk, asked: Asked, notes: readonly DhcpNote[]): Soon<DhcpAnswer> {
  const { origin, packet, now } = asked;
  const { client } = origin;
  if (notes.length === MOST_PROBES) return { is: "silence", because: "every address that was tried is in use", notes };
  const chosen = choose(desk, asked);
  if ("silence" in chosen) return { is: "silence", because: chosen.silence, notes: [...notes, ...chosen.notes] };
  const { ip, segment } = chosen;
  const known = desk.table.lease(ip)?.clientKey === client.clientKey;
  desk.table.apply(ip, { is: "offer", to: client, until: now + desk.settings.offerHold * 1000 }, now);
  const free = (): DhcpAnswer => {
    const times = leaseTimes(segment.subnet.leaseTime, desk.around.random());
    const note: DhcpNote = { event: "lease.offered", ip, mac: client.mac, detail: named(origin) };
    return grant(desk, packet, origin, segment, { is: "offer", ip, times }, now, [...notes, note]);
  };
  const used = async (): Promise<DhcpAnswer> => {
    const until = now + desk.settings.quarantine * 1000;
    desk.table.apply(ip, { is: "conflict", by: client, until }, now);
    await save(desk, ip, undefined);
    const detail = "something answers at this address already";
    return offer(desk, asked, [...notes, { event: "lease.conflict", ip, mac: client.mac, detail }]);
  };
  const probing = probe(desk, ip, known);
  return probing === undefined ? free() : probing.then((result) => (result === "used" ? used() : free()));
}

function choose(
  desk: Desk,
  asked: Asked,
):
  | { readonly ip: Ipv4; readonly segment: Segment }
  | { readonly silence: string; readonly notes: readonly DhcpNote[] } {
  const { origin, packet, now } = asked;
  const { table, network, settings } = desk;
  const { client, keys, wire } = origin;
  const facts = { clientKey: client.clientKey, keys, wire, now };
  const reserved = network.reservationFor(wire, keys)?.ip;
  const wished = addressOption(packet.options, OPTION.requestedAddress);
  const mine = ownOf(desk, asked, reserved).find((ip) => mayHold(facts, ip, table, network));
  if (mine !== undefined) return { ip: mine, segment: network.segmentOf(mine) as Segment };
  if (table.heldByMac(client.mac, now) >= MOST_PER_MAC) return held("one MAC holds four addresses already", client.mac);
  if (origin.relayPort82 !== undefined && !desk.accounts.admitsNewcomer(origin.relayPort82, now))
    return held("too many new clients on one port of a relay", client.mac);
  const open = wire.filter(({ pool }) => pool.offers(now) < mostOffers(pool.size));
  const wishedIn = open.find(({ pool }) => wished !== undefined && pool.has(wished));
  if (wished !== undefined && wishedIn !== undefined && isFree(table.lease(wished), now))
    return { ip: wished, segment: wishedIn };
  for (const segment of open) {
    const ip = segment.pool.pick(now, settings.reuseQuarantined);
    if (ip !== undefined) return { ip, segment };
  }
  const detail = wire.map(({ subnet }) => `${subnet.subnet.network}/${subnet.subnet.prefix}`).join(", ");
  return { silence: "no address is free", notes: [{ event: "pool.exhausted", mac: client.mac, detail }] };
}

/** What the client may count on: its reservation, then its own addresses. */
function ownOf(desk: Desk, { origin, now }: Asked, reserved: Ipv4 | undefined): readonly Ipv4[] {
  const records = desk.table.ofClient(origin.client.clientKey);
  const sorted = records.length < 2 ? records : [...records].sort((a, b) => rank(a, now) - rank(b, now));
  const own = sorted.map((one) => one.ip);
  return reserved === undefined ? own : [reserved, ...own];
}

/** Bound first, then offered, then what it held before. */
function rank(lease: Lease, now: number): number {
  const order = ["bound", "offered", "lapsed", "released"].indexOf(standing(lease, now));
  return order === -1 ? 9 : order;
}

/** A quarter of the pool may be on offer at once, so that a flood of inventions leaves the rest (D150). */
function mostOffers(size: number): number {
  return Math.max(Math.min(size, 16), Math.ceil(size / 4));
}

/** Whether anything answers at the address; undefined where nobody is asked. */
function probe(desk: Desk, ip: Ipv4, known: boolean): Promise<"free" | "used"> | undefined {
  const under = desk.probing.get(ip);
  // The client's own last address may answer because the client still uses it.
  if (under !== undefined || known || desk.around.probe === undefined) return under;
  const probing = desk.around
    .probe(ip)
    .catch(() => "free" as const)
    .finally(() => desk.probing.delete(ip));
  desk.probing.set(ip, probing);
  return probing;
}

function held(because: string, mac: Mac): { readonly silence: string; readonly notes: readonly DhcpNote[] } {
  return { silence: because, notes: [{ event: "dhcp.limited", mac, detail: because }] };
}
