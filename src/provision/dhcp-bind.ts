import { type Lease, standing } from "../dhcp/lease.ts";
import type { ReservationKeys, Segment } from "../dhcp/network.ts";
import { leaseTimes, type Reply } from "../dhcp/reply.ts";
import { decideRequest } from "../dhcp/request.ts";
import type { Ipv4 } from "../wire/address.ts";
import { NO_ADDRESS } from "../wire/dhcp.ts";
import { addressOption, OPTION, subOptions } from "../wire/dhcp-options.ts";
import { fromHex } from "../wire/hex.ts";
import type { DhcpAnswer, DhcpNote, Soon } from "./dhcp-answer.ts";
import { type Asked, type Desk, grant, named, save, send, witness } from "./dhcp-desk.ts";
import { portOf } from "./dhcp-origin.ts";

/** How long after a binding the same REQUEST counts as a retransmission (D079): a client gives up on an ACK sooner. */
const RETRANSMISSION = 10_000;

/** Answers a REQUEST; an ACK only once its lease is durable. */
export function request(desk: Desk, asked: Asked): Soon<DhcpAnswer> {
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
      keys: keysOf(desk, asked),
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

/** A renewal that comes past the relay has the port that the relay named last (D122). */
function keysOf(desk: Desk, { origin, packet }: Asked): ReservationKeys {
  const record = packet.ciaddr === NO_ADDRESS ? undefined : desk.table.lease(packet.ciaddr);
  if (record?.clientKey !== origin.client.clientKey || record.relayInformation === undefined) return origin.keys;
  const said = subOptions(fromHex(record.relayInformation));
  return said === undefined ? origin.keys : { ...portOf(said), ...origin.keys };
}

function bind(desk: Desk, asked: Asked, ip: Ipv4): Soon<DhcpAnswer> {
  const { origin, now } = asked;
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
  const saving = desk.saving.get(ip);
  if (saving === undefined) return bound(desk, asked, ip, segment, true);
  return saving.then((saved) => bound(desk, asked, ip, segment, saved));
}

function bound(desk: Desk, { packet, origin, now }: Asked, ip: Ipv4, segment: Segment, saved: boolean): DhcpAnswer {
  const { client } = origin;
  const stands = desk.table.lease(ip);
  // Not durable: what was promised before still holds, and nothing more (D164).
  if (!saved && (stands?.clientKey !== client.clientKey || standing(stands, now) !== "bound"))
    return {
      is: "silence",
      because: "the lease could not be stored",
      notes: [{ event: "lease.unsaved", ip, mac: client.mac, detail: "the store refused the lease" }],
    };
  const until = stands !== undefined && stands.at === "bound" ? stands.until : now + segment.subnet.leaseTime * 1000;
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
