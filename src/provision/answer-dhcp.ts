import { destinationOf } from "../dhcp/destination.ts";
import { isFree, type Lease, standing } from "../dhcp/lease.ts";
import { createDhcpAccounts, type DhcpAccounts } from "../dhcp/limits.ts";
import { createNetwork, type Network, type Segment } from "../dhcp/network.ts";
import { type LeaseTimes, leaseTimes, offersOf, type PhoneVendor, type Reply, writeReply } from "../dhcp/reply.ts";
import { decideRequest, mayHold } from "../dhcp/request.ts";
import type { BootSettings, DhcpSettings } from "../dhcp/settings.ts";
import { createLeaseTable, type LeaseTable } from "../dhcp/table.ts";
import type { Store } from "../store/store.ts";
import type { Ipv4, Mac } from "../wire/address.ts";
import { type DhcpPacket, NO_ADDRESS } from "../wire/dhcp.ts";
import { addressOption, MESSAGE, messageType, OPTION, type Options } from "../wire/dhcp-options.ts";
import type { DhcpAnswer, DhcpDesk, DhcpNote, DhcpSurroundings } from "./dhcp-answer.ts";
import { type Origin, originOf } from "./dhcp-origin.ts";

/**
 * Opens the desk: reads the leases that the store kept, then answers from memory and writes every binding through.
 * Rejects when the store cannot be read.
 */
export async function createDhcpDesk(
  settings: DhcpSettings,
  store: Store,
  around: DhcpSurroundings,
): Promise<DhcpDesk> {
  const network = createNetwork(settings);
  const table = createLeaseTable(await store.leases(), network);
  const desk: Desk = {
    settings,
    store,
    around,
    network,
    table,
    saving: new Map(),
    probing: new Map(),
    told: createTold(settings.boot),
    accounts: createDhcpAccounts(settings.limits),
  };
  return {
    async answer(packet, arrival, now) {
      const origin = originOf(packet, arrival, settings, network);
      if ("silence" in origin) return ignore(origin.silence);
      const type = messageType(packet.options);
      const { mac } = origin.client;
      if (!desk.accounts.admits(mac, now)) return quiet("dhcp.limited", "too many messages of one client", mac);
      if (!(await isAnswered(desk, origin, now)))
        return quiet("dhcp.denied", "not a client that is answered here", mac);
      const asked: Asked = { packet, origin, now };
      switch (type) {
        case MESSAGE.discover:
          return discover(desk, asked);
        case MESSAGE.request:
          return request(desk, asked);
        case MESSAGE.decline:
          return decline(desk, asked);
        case MESSAGE.release:
          return release(desk, asked);
        case MESSAGE.inform:
          return inform(desk, asked);
        default:
          return ignore("option 53 is not a client's");
      }
    },
  };
}

interface Desk {
  readonly settings: DhcpSettings;
  readonly store: Store;
  readonly around: DhcpSurroundings;
  readonly network: Network;
  readonly table: LeaseTable;
  readonly accounts: DhcpAccounts;
  /** Writes that are not durable yet; they resolve to whether they became so. */
  readonly saving: Map<Ipv4, Promise<boolean>>;
  readonly told: (segment: Segment, vendor: PhoneVendor, now: number) => Options;
  readonly probing: Map<Ipv4, Promise<"free" | "used">>;
}

interface Asked {
  readonly packet: DhcpPacket;
  readonly origin: Origin;
  readonly now: number;
}

/** How long after a binding the same REQUEST counts as a retransmission (D079): a client gives up on an ACK sooner. */
const RETRANSMISSION = 10_000;
/** Live addresses of one MAC, whatever client ids it invents (D151). */
const MOST_PER_MAC = 4;
/** Seconds that a declined address rests when DECLINEs have taken their share of the pool already. */
const SHORT_REST = 30;
/** Addresses that are tried when others answer a probe. */
const MOST_PROBES = 3;

async function isAnswered(desk: Desk, origin: Origin, now: number): Promise<boolean> {
  const { mac, clientKey } = origin.client;
  switch (desk.settings.answer) {
    case "everyone":
      return true;
    case "phones":
      return origin.identity !== undefined || (await desk.store.phone(mac).catch(() => undefined)) !== undefined;
    case "enrolled": {
      const migration = await desk.store.migration(mac).catch(() => undefined);
      if (migration !== undefined && migration.progress.at !== "cancelled") return true;
      // Whoever has an address from here must be able to keep it, or to give it back.
      return desk.table.ofClient(clientKey).some((lease) => standing(lease, now) === "bound");
    }
  }
}

async function discover(desk: Desk, asked: Asked): Promise<DhcpAnswer> {
  const { origin, packet, now } = asked;
  const { client } = origin;
  if (origin.wire.length === 0) return ignore("it comes from no configured subnet");
  const notes: DhcpNote[] = [];
  for (let tries = 0; tries < MOST_PROBES; tries++) {
    const chosen = choose(desk, asked);
    if ("silence" in chosen) return { is: "silence", because: chosen.silence, notes: [...notes, ...chosen.notes] };
    const { ip, segment } = chosen;
    const known = desk.table.lease(ip)?.clientKey === client.clientKey;
    desk.table.apply(ip, { is: "offer", to: client, until: now + desk.settings.offerHold * 1000 }, now);
    if ((await probe(desk, ip, known)) === "used") {
      const until = now + desk.settings.quarantine * 1000;
      desk.table.apply(ip, { is: "conflict", by: client, until }, now);
      await save(desk, ip, undefined);
      notes.push({ event: "lease.conflict", ip, mac: client.mac, detail: "something answers at this address already" });
      continue;
    }
    const { leaseTime } = segment.subnet;
    const times = leaseTimes(leaseTime, desk.around.random());
    notes.push({ event: "lease.offered", ip, mac: client.mac, detail: named(origin) });
    return grant(desk, packet, origin, segment, { is: "offer", ip, times }, now, notes);
  }
  return { is: "silence", because: "every address that was tried is in use", notes };
}

function choose(
  desk: Desk,
  { origin, packet, now }: Asked,
):
  | { readonly ip: Ipv4; readonly segment: Segment }
  | { readonly silence: string; readonly notes: readonly DhcpNote[] } {
  const { table, network, settings } = desk;
  const { client, keys, wire } = origin;
  const facts = { clientKey: client.clientKey, keys, wire, now };
  const reserved = network.reservationFor(wire, keys)?.ip;
  const own = [...table.ofClient(client.clientKey)].sort((a, b) => rank(a, now) - rank(b, now)).map((one) => one.ip);
  const wished = addressOption(packet.options, OPTION.requestedAddress);
  const mine = [reserved, ...own].find((ip) => ip !== undefined && mayHold(facts, ip, table, network));
  if (mine !== undefined) return { ip: mine, segment: network.segmentOf(mine) as Segment };
  if (table.heldByMac(client.mac, now) >= MOST_PER_MAC) return held("one MAC holds four addresses already", client.mac);
  if (origin.relayPort82 !== undefined && !desk.accounts.admitsNewcomer(origin.relayPort82, now))
    return held("too many new clients on one port of a relay", client.mac);
  for (const segment of wire) {
    if (segment.pool.offers(now) >= mostOffers(segment.pool.size)) continue;
    const free = wished !== undefined && segment.pool.has(wished) && isFree(table.lease(wished), now);
    const ip = free ? wished : segment.pool.pick(now, settings.reuseQuarantined);
    if (ip !== undefined) return { ip, segment };
  }
  const detail = wire.map(({ subnet }) => `${subnet.subnet.network}/${subnet.subnet.prefix}`).join(", ");
  return { silence: "no address is free", notes: [{ event: "pool.exhausted", mac: client.mac, detail }] };
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

async function probe(desk: Desk, ip: Ipv4, known: boolean): Promise<"free" | "used"> {
  const under = desk.probing.get(ip);
  if (under !== undefined) return under;
  // The client's own last address may answer because the client still uses it.
  if (known || desk.around.probe === undefined) return "free";
  const probing = desk.around.probe(ip).catch(() => "free" as const);
  desk.probing.set(ip, probing);
  const result = await probing;
  desk.probing.delete(ip);
  return result;
}

async function request(desk: Desk, asked: Asked): Promise<DhcpAnswer> {
  const { packet, origin, now } = asked;
  const { client } = origin;
  const named54 = addressOption(packet.options, OPTION.serverId);
  const ours = named54 === origin.serverId || named54 === desk.settings.serverAddress;
  const verdict = decideRequest(
    {
      serverId: named54 === undefined ? "none" : ours ? "ours" : "other",
      requested: addressOption(packet.options, OPTION.requestedAddress),
      ciaddr: packet.ciaddr,
      clientKey: client.clientKey,
      keys: origin.keys,
      wire: origin.wire,
      authoritative: desk.settings.authoritative,
      now,
    },
    desk.table,
    desk.network,
  );
  if (verdict.is === "ack") return bind(desk, asked, verdict.ip);
  if (verdict.is === "silence") {
    if (verdict.unselect === true)
      for (const lease of desk.table.ofClient(client.clientKey))
        desk.table.apply(lease.ip, { is: "unselect", by: client.clientKey }, now);
    const seen: DhcpNote[] =
      verdict.unselect === true
        ? [{ event: "dhcp.other-server", mac: client.mac, detail: `option 54 is ${named54}` }]
        : [];
    return { is: "silence", because: verdict.because, notes: seen };
  }
  const reply: Reply = { is: "nak", serverId: origin.serverId, because: verdict.because };
  return send(desk, packet, origin, reply, "nak", [
    { event: "lease.refused", mac: client.mac, detail: verdict.because },
  ]);
}

async function bind(desk: Desk, asked: Asked, ip: Ipv4): Promise<DhcpAnswer> {
  const { packet, origin, now } = asked;
  const { client } = origin;
  const segment = desk.network.segmentOf(ip) as Segment;
  const { leaseTime } = segment.subnet;
  const before = desk.table.lease(ip);
  if (!isRetransmission(before, client.clientKey, leaseTime, now)) {
    desk.table.apply(ip, { is: "bind", to: client, until: now + leaseTime * 1000 }, now);
    void save(desk, ip, before);
    leaveOthers(desk, client.clientKey, ip, now);
    witness(desk, asked, ip);
  }
  const saved = await (desk.saving.get(ip) ?? true);
  const stands = desk.table.lease(ip);
  // Not durable: what was promised before still holds, and nothing more (D164).
  if (!saved && (stands?.clientKey !== client.clientKey || standing(stands, now) !== "bound"))
    return {
      is: "silence",
      because: "the lease could not be stored",
      notes: [{ event: "lease.unsaved", ip, mac: client.mac, detail: "the store refused the lease" }],
    };
  const until = stands !== undefined && stands.at === "bound" ? stands.until : now + leaseTime * 1000;
  const times = leaseTimes((until - now) / 1000, desk.around.random());
  return grant(desk, packet, origin, segment, { is: "ack", ip, times }, now, [
    { event: "lease.bound", ip, mac: client.mac, detail: named(origin) },
  ]);
}

function isRetransmission(lease: Lease | undefined, clientKey: string, leaseTime: number, now: number): boolean {
  return (
    lease?.at === "bound" &&
    lease.clientKey === clientKey &&
    lease.until > now + leaseTime * 1000 - RETRANSMISSION &&
    lease.until > now
  );
}

/** A client that takes an address here has left the one it had elsewhere (D083). */
function leaveOthers(desk: Desk, clientKey: string, ip: Ipv4, now: number): void {
  for (const lease of desk.table.ofClient(clientKey)) {
    if (lease.ip === ip) continue;
    desk.table.apply(lease.ip, { is: "unselect", by: clientKey }, now);
    if (desk.table.apply(lease.ip, { is: "release", by: clientKey }, now).is === "changed")
      void save(desk, lease.ip, lease);
  }
}

/** Writes the record of `ip` through; on failure the table goes back to `before`. */
function save(desk: Desk, ip: Ipv4, before: Lease | undefined): Promise<boolean> {
  const lease = desk.table.lease(ip);
  if (lease === undefined) return Promise.resolve(true);
  const saved = desk.store.putLease(lease).then(
    () => true,
    () => {
      if (desk.table.lease(ip) === lease) desk.table.restore(ip, before?.at === "offered" ? undefined : before);
      return false;
    },
  );
  desk.saving.set(ip, saved);
  return saved.finally(() => {
    if (desk.saving.get(ip) === saved) desk.saving.delete(ip);
  });
}

/** What the message proves about a phone; lost sightings cost nothing but a line of history. */
function witness(desk: Desk, { origin, now }: Asked, ip: Ipv4): void {
  const { identity, client } = origin;
  if (identity === undefined) return;
  const evidence = `DHCP: ${named(origin)}`;
  const model = identity.model === undefined ? {} : { model: identity.model };
  void desk.store.putHolder(ip, client.mac, now).catch(() => undefined);
  void desk.store.putSighting({ at: now, mac: client.mac, ip, by: "dhcp", evidence, ...model }).catch(() => undefined);
}

async function decline(desk: Desk, { packet, origin, now }: Asked): Promise<DhcpAnswer> {
  const ip = addressOption(packet.options, OPTION.requestedAddress);
  if (ip === undefined || !namesUs(desk, packet, origin)) return silence("it declines nothing of ours");
  const before = desk.table.lease(ip);
  const size = desk.network.poolOf(ip)?.size ?? 0;
  const rest = desk.accounts.mayQuarantine(size, now) ? desk.settings.quarantine : SHORT_REST;
  const until = now + rest * 1000;
  const declined = desk.table.apply(ip, { is: "decline", by: origin.client.clientKey, until }, now);
  if (declined.is === "ignored") return silence(declined.because);
  desk.accounts.declined(origin.client.mac, now);
  await save(desk, ip, before);
  const detail = "the client found the address in use; it rests";
  return { is: "silence", because: detail, notes: [{ event: "lease.declined", ip, mac: origin.client.mac, detail }] };
}

async function release(desk: Desk, { packet, origin, now }: Asked): Promise<DhcpAnswer> {
  const ip = packet.ciaddr;
  if (ip === NO_ADDRESS || !namesUs(desk, packet, origin)) return silence("it releases nothing of ours");
  const before = desk.table.lease(ip);
  const released = desk.table.apply(ip, { is: "release", by: origin.client.clientKey }, now);
  if (released.is === "ignored") return silence(released.because);
  await save(desk, ip, before);
  const detail = "the client gave the address back";
  return { is: "silence", because: detail, notes: [{ event: "lease.released", ip, mac: origin.client.mac, detail }] };
}

function namesUs(desk: Desk, packet: DhcpPacket, origin: Origin): boolean {
  const named54 = addressOption(packet.options, OPTION.serverId);
  return named54 !== undefined && (named54 === origin.serverId || named54 === desk.settings.serverAddress);
}

/** Options and no lease (RFC 2131 §4.3.5): what Polycom phones ask for when 66 was missing (polycom.md §5.1). */
async function inform(desk: Desk, asked: Asked): Promise<DhcpAnswer> {
  const { packet, origin } = asked;
  const segment = packet.ciaddr === NO_ADDRESS ? undefined : desk.network.segmentOf(packet.ciaddr);
  if (segment === undefined) return silence("ciaddr is in no configured subnet");
  const offers = desk.told(segment, origin.identity?.vendor, asked.now);
  witness(desk, asked, packet.ciaddr);
  const reply: Reply = { is: "inform-ack", serverId: origin.serverId, offers };
  // Straight to the client, whatever relay it came through (RFC 2131 §4.3.5).
  return send(desk, { ...packet, giaddr: NO_ADDRESS }, origin, reply, "ack", [
    { event: "dhcp.informed", ip: packet.ciaddr, mac: origin.client.mac, detail: named(origin) },
  ]);
}

/** What each subnet and family is told, made once a minute: only the time offset changes, twice a year. */
function createTold(boot: BootSettings): Desk["told"] {
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

function grant(
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

function send(
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

function named({ identity }: Origin): string {
  if (identity === undefined) return "a client that is not known to be a phone";
  const model = identity.named ?? `a ${identity.vendor} phone`;
  const version = identity.application ?? identity.bootRom;
  return version === undefined ? model : `${model} ${version}`;
}

function held(because: string, mac: Mac): { readonly silence: string; readonly notes: readonly DhcpNote[] } {
  return { silence: because, notes: [{ event: "dhcp.limited", mac, detail: because }] };
}

/** Silence that an admin may want to know of. */
function quiet(event: DhcpNote["event"], because: string, mac?: Mac): DhcpAnswer {
  return { is: "silence", because, notes: [{ event, ...(mac === undefined ? {} : { mac }), detail: because }] };
}

function ignore(because: string): DhcpAnswer {
  return quiet("dhcp.ignored", because);
}

function silence(because: string): DhcpAnswer {
  return { is: "silence", because, notes: [] };
}
