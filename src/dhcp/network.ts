import { broadcastOf, type Ipv4, inSubnet } from "../wire/address.ts";
import type { Lease } from "./lease.ts";
import { createPool, type Pool } from "./pool.ts";
import type { DhcpSettings, DhcpSubnet, Reservation } from "./settings.ts";

/** A subnet with its pool. */
export interface Segment {
  readonly subnet: DhcpSubnet;
  readonly pool: Pool;
}

/** The subnets, and which of them share a wire. */
export interface Network {
  /** The segments of the wire that `at` (giaddr, link selection or our own interface) is on; empty when it is none of ours. */
  wireAt(at: Ipv4): readonly Segment[];
  /** The segment whose subnet holds the address. */
  segmentOf(ip: Ipv4): Segment | undefined;
  /** The pool that the address may be picked from. */
  poolOf(ip: Ipv4): Pool | undefined;
  /** The reservation of an address. */
  reservationOf(ip: Ipv4): Reservation | undefined;
  /** The reservation of a client on these segments: by MAC, then client id, then port of a relay (D056). */
  reservationFor(segments: readonly Segment[], who: ReservationKeys): Reservation | undefined;
  /** Gives the pools their sight of the records. */
  useRecords(lease: (ip: Ipv4) => Lease | undefined): void;
}

/** What a reservation may name a client by; hex, as in {@link Reservation}. */
export interface ReservationKeys {
  readonly mac: string;
  /** Option 61, or what stands for it where the client sends none: `clientKey` of its binding. */
  readonly clientId: string;
  readonly circuitId?: string;
  readonly remoteId?: string;
}

/** The network of these settings. Addresses that nobody may hold are left out of the pools whatever their range says. */
export function createNetwork(settings: Pick<DhcpSettings, "serverAddress" | "boot" | "subnets">): Network {
  const reservations = new Map<Ipv4, Reservation>();
  const byName = new Map<string, Reservation[]>();
  for (const reservation of settings.subnets.flatMap((subnet) => subnet.reservations)) {
    reservations.set(reservation.ip, reservation);
    const name = nameOf(reservation);
    byName.set(name, [...(byName.get(name) ?? []), reservation]);
  }
  let lease: (ip: Ipv4) => Lease | undefined = () => undefined;
  const segments: readonly Segment[] = settings.subnets.map((subnet) => ({
    subnet,
    pool: createPool(subnet.pools, untouchable(settings, subnet, reservations), (ip) => lease(ip)),
  }));
  const wires = new Map<Segment, readonly Segment[]>();
  for (const segment of segments) {
    const name = segment.subnet.sharedNetwork;
    wires.set(segment, [
      segment,
      ...segments.filter((other) => other !== segment && name !== undefined && other.subnet.sharedNetwork === name),
    ]);
  }
  const segmentOf = (ip: Ipv4): Segment | undefined => segments.find((segment) => inSubnet(ip, segment.subnet.subnet));
  return {
    wireAt: (at) => wires.get(segmentOf(at) as Segment) ?? [],
    segmentOf,
    poolOf: (ip) => segments.find((segment) => segment.pool.has(ip))?.pool,
    reservationOf: (ip) => reservations.get(ip),
    reservationFor(on, who) {
      if (reservations.size === 0) return undefined;
      for (const name of namesOf(who)) {
        const here = byName.get(name)?.find((one) => on.some((segment) => inSubnet(one.ip, segment.subnet.subnet)));
        if (here !== undefined) return here;
      }
      return undefined;
    },
    useRecords(look) {
      lease = look;
    },
  };
}

function nameOf(reservation: Reservation): string {
  if (reservation.mac !== undefined) return `mac ${reservation.mac}`;
  if (reservation.clientId !== undefined) return `client ${reservation.clientId}`;
  return portName(reservation);
}

/** Every name that a reservation can call the client by, the first that fits wins. */
function namesOf({ mac, clientId, circuitId, remoteId }: ReservationKeys): readonly string[] {
  const names = [`mac ${mac}`, `client ${clientId}`];
  if (circuitId !== undefined && remoteId !== undefined) names.push(portName({ circuitId, remoteId }));
  if (circuitId !== undefined) names.push(portName({ circuitId }));
  if (remoteId !== undefined) names.push(portName({ remoteId }));
  return names;
}

function portName({ circuitId = "any", remoteId = "any" }: Pick<Reservation, "circuitId" | "remoteId">): string {
  return `circuit ${circuitId} of ${remoteId}`;
}

function untouchable(
  settings: Pick<DhcpSettings, "serverAddress" | "boot">,
  { subnet, router, dns }: DhcpSubnet,
  reservations: ReadonlyMap<Ipv4, Reservation>,
): ReadonlySet<Ipv4> {
  const never = new Set<Ipv4>([settings.serverAddress, settings.boot.server, ...dns, ...reservations.keys()]);
  if (router !== undefined) never.add(router);
  // A /31 or /32 has no network and broadcast address of its own (RFC 3021).
  if (subnet.prefix < 31) never.add(subnet.network).add(broadcastOf(subnet));
  return never;
}
