import { type Lease, standing } from "../dhcp/lease.ts";
import { createDhcpAccounts } from "../dhcp/limits.ts";
import { createNetwork } from "../dhcp/network.ts";
import type { Reply } from "../dhcp/reply.ts";
import type { DhcpSettings } from "../dhcp/settings.ts";
import { createLeaseTable } from "../dhcp/table.ts";
import type { Store } from "../store/store.ts";
import type { Mac } from "../wire/address.ts";
import { type DhcpPacket, NO_ADDRESS } from "../wire/dhcp.ts";
import { addressOption, MESSAGE, messageType, OPTION } from "../wire/dhcp-options.ts";
import type { Arrival, DhcpAnswer, DhcpDesk, DhcpSurroundings, Soon } from "./dhcp-answer.ts";
import { request } from "./dhcp-bind.ts";
import { type Asked, createTold, type Desk, ignore, named, quiet, save, send, silence, witness } from "./dhcp-desk.ts";
import { discover } from "./dhcp-offer.ts";
import { type Origin, originOf } from "./dhcp-origin.ts";

/** Seconds that a declined address rests when DECLINEs have taken their share of the pool already. */
const SHORT_REST = 30;

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
    answer(packet, arrival, now) {
      const origin = originOf(packet, arrival, settings, network);
      if ("silence" in origin) return ignore(origin.silence);
      const { mac } = origin.client;
      if (!desk.accounts.admits(mac, now)) return quiet("dhcp.limited", "too many messages of one client", mac);
      const asked: Asked = { packet, origin, now };
      const answered = isAnswered(desk, origin, now);
      if (typeof answered === "boolean") return answered ? answerTo(desk, asked, arrival) : denied(mac);
      return answered.then((yes) => (yes ? answerTo(desk, asked, arrival) : denied(mac)));
    },
    async clockJumped(by, now) {
      await Promise.all(table.all().map((lease) => shift(desk, lease, by, now)));
    },
  };
}

function answerTo(desk: Desk, asked: Asked, arrival: Arrival): Soon<DhcpAnswer> {
  switch (messageType(asked.packet.options)) {
    case MESSAGE.discover:
      return discover(desk, asked);
    case MESSAGE.request:
      return request(desk, asked);
    case MESSAGE.decline:
      return decline(desk, asked);
    case MESSAGE.release:
      return release(desk, asked, arrival);
    case MESSAGE.inform:
      return inform(desk, asked);
    default:
      return ignore("option 53 is not a client's");
  }
}

function denied(mac: Mac): DhcpAnswer {
  return quiet("dhcp.denied", "not a client that is answered here", mac);
}

async function shift(desk: Desk, lease: Lease, by: number, now: number): Promise<void> {
  if (lease.at === "released" || standing(lease, now - by) === "lapsed") return;
  const leaseTime = desk.network.segmentOf(lease.ip)?.subnet.leaseTime ?? 0;
  const longest = lease.at === "declined" ? desk.settings.quarantine : leaseTime;
  const until = Math.min(lease.until + by, now + longest * 1000);
  desk.table.restore(lease.ip, { ...lease, until });
  // An offer is not kept in the store.
  if (lease.at !== "offered") await save(desk, lease.ip, { ...lease, until });
}

function isAnswered(desk: Desk, origin: Origin, now: number): Soon<boolean> {
  switch (desk.settings.answer) {
    case "everyone":
      return true;
    case "phones":
      return origin.identity !== undefined || isEntered(desk, origin.client.mac);
    case "enrolled":
      return isEnrolled(desk, origin, now);
  }
}

async function isEntered(desk: Desk, mac: Mac): Promise<boolean> {
  return (await desk.store.phone(mac).catch(() => undefined)) !== undefined;
}

async function isEnrolled(desk: Desk, { client }: Origin, now: number): Promise<boolean> {
  const migration = await desk.store.migration(client.mac).catch(() => undefined);
  if (migration !== undefined && migration.progress.at !== "cancelled") return true;
  // Whoever has an address from here must be able to keep it, or to give it back.
  return desk.table.ofClient(client.clientKey).some((lease) => standing(lease, now) === "bound");
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

async function release(desk: Desk, { packet, origin, now }: Asked, arrival: Arrival): Promise<DhcpAnswer> {
  const ip = packet.ciaddr;
  // systemd-networkd 252 leaves option 54 out, which RFC 2131 table 5 demands; it sends to the server that it means.
  const meantForUs = packet.options.has(OPTION.serverId) ? namesUs(desk, packet, origin) : arrival.unicast === true;
  if (ip === NO_ADDRESS || !meantForUs) return silence("it releases nothing of ours");
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
function inform(desk: Desk, asked: Asked): DhcpAnswer {
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
