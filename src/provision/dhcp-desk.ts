import { destinationOf } from "../dhcp/destination.ts";
import type { Lease } from "../dhcp/lease.ts";
import type { DhcpAccounts } from "../dhcp/limits.ts";
import type { Network, Segment } from "../dhcp/network.ts";
import { type LeaseTimes, offersOf, type PhoneVendor, type Reply, writeReply } from "../dhcp/reply.ts";
import type { BootSettings, DhcpSettings } from "../dhcp/settings.ts";
import type { LeaseTable } from "../dhcp/table.ts";
import type { Store } from "../store/store.ts";
import type { Ipv4, Mac } from "../wire/address.ts";
import type { DhcpPacket } from "../wire/dhcp.ts";
import type { Options } from "../wire/dhcp-options.ts";
import type { DhcpAnswer, DhcpNote, DhcpSurroundings } from "./dhcp-answer.ts";
import type { Origin } from "./dhcp-origin.ts";

/** What every answer is made from and every change goes into. */
export interface Desk {
  readonly settings: DhcpSettings;
  readonly store: Store;
  readonly around: DhcpSurroundings;
  readonly network: Network;
  readonly table: LeaseTable;
  readonly accounts: DhcpAccounts;
  /** Writes that are not durable yet; they resolve to whether they became so. */
  readonly saving: Map<Ipv4, Promise<boolean>>;
  /** What a client of this segment and family is told at `now`. */
  readonly told: (segment: Segment, vendor: PhoneVendor, now: number) => Options;
  /** Probes under way. */
  readonly probing: Map<Ipv4, Promise<"free" | "used">>;
}

/** One message and who sent it; `now` is milliseconds since the epoch. */
export interface Asked {
  readonly packet: DhcpPacket;
  readonly origin: Origin;
  readonly now: number;
}

/** What each subnet and family is told, made once a minute: only the time offset changes, twice a year. */
export function createTold(boot: BootSettings): Desk["told"] {
  const made = new Map<Segment, Map<PhoneVendor, { readonly minute: number; readonly options: Options }>>();
  return (segment, vendor, now) => {
    const minute = Math.floor(now / 60_000);
    let ofSegment = made.get(segment);
    if (ofSegment === undefined) {
      ofSegment = new Map();
      made.set(segment, ofSegment);
    }
    const before = ofSegment.get(vendor);
    if (before?.minute === minute) return before.options;
    const options = offersOf(segment.subnet, boot, vendor, now);
    ofSegment.set(vendor, { minute, options });
    return options;
  };
}

/**
 * Writes the record of `ip` through. Resolves to whether it is durable; where it is not, the table goes back to `before`.
 */
export function save(desk: Desk, ip: Ipv4, before: Lease | undefined): Promise<boolean> {
  const lease = desk.table.lease(ip);
  if (lease === undefined) return Promise.resolve(true);
  const settled = (durable: boolean): boolean => {
    if (desk.saving.get(ip) === saved) desk.saving.delete(ip);
    return durable;
  };
  const saved: Promise<boolean> = desk.store.putLease(lease).then(
    () => settled(true),
    () => {
      if (desk.table.lease(ip) === lease) desk.table.restore(ip, before?.at === "offered" ? undefined : before);
      return settled(false);
    },
  );
  desk.saving.set(ip, saved);
  return saved;
}

/** What the message proves about a phone; lost sightings cost nothing but a line of history. */
export function witness(desk: Desk, { origin, now }: Asked, ip: Ipv4): void {
  const { identity, client } = origin;
  if (identity !== undefined || client.vendorClass !== undefined) desk.around.heard?.(identity, client.mac, ip, now);
  if (identity === undefined) return;
  const evidence = `DHCP: ${named(origin)}`;
  const model = identity.model === undefined ? {} : { model: identity.model };
  void desk.store.putHolder(ip, client.mac, now).catch(() => undefined);
  void desk.store.putSighting({ at: now, mac: client.mac, ip, by: "dhcp", evidence, ...model }).catch(() => undefined);
}

/** Writes an OFFER or an ACK. */
export function grant(
  desk: Desk,
  packet: DhcpPacket,
  origin: Origin,
  segment: Segment,
  given: { readonly is: "offer" | "ack"; readonly ip: Ipv4; readonly times: LeaseTimes },
  now: number,
  notes: readonly DhcpNote[],
): DhcpAnswer {
  const offers = desk.told(segment, origin.identity?.vendor, now);
  const reply: Reply = { is: given.is, serverId: origin.serverId, yiaddr: given.ip, times: given.times, offers };
  return send(desk, packet, origin, reply, given.is, notes);
}

/** Writes a reply and says where it goes. */
export function send(
  desk: Desk,
  packet: DhcpPacket,
  origin: Origin,
  reply: Reply,
  kind: "offer" | "ack" | "nak",
  notes: readonly DhcpNote[],
): DhcpAnswer {
  const { boot, largestReply } = desk.settings;
  const { octets, dropped } = writeReply(packet, reply, boot.server, origin.identity?.vendor, largestReply);
  const to = destinationOf(packet, kind, desk.around.ports, origin.relayPort);
  if (dropped.length === 0) return { is: "reply", octets, to, notes };
  const detail = `no room for options ${dropped.join(", ")}`;
  return { is: "reply", octets, to, notes: [...notes, { event: "dhcp.shortened", mac: origin.client.mac, detail }] };
}

/** The client in words, for notes and histories. */
export function named({ identity }: Origin): string {
  if (identity === undefined) return "a client that is not known to be a phone";
  const model = identity.named ?? `a ${identity.vendor} phone`;
  const version = identity.application ?? identity.bootRom;
  return version === undefined ? model : `${model} ${version}`;
}

/** Silence that an admin may want to know of. */
export function quiet(event: DhcpNote["event"], because: string, mac?: Mac): DhcpAnswer {
  return { is: "silence", because, notes: [{ event, ...(mac === undefined ? {} : { mac }), detail: because }] };
}

/** Silence for a message that cannot be answered. */
export function ignore(because: string): DhcpAnswer {
  return quiet("dhcp.ignored", because);
}

/** Silence that is nothing remarkable. */
export function silence(because: string): DhcpAnswer {
  return { is: "silence", because, notes: [] };
}
