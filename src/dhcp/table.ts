import type { Ipv4, Mac } from "../wire/address.ts";
import { createFadingMap } from "./fading-map.ts";
import { isHeldBy, type Lease, type LeaseEvent, type LeaseStep, step } from "./lease.ts";
import type { Network } from "./network.ts";

/** Every record by address and by client. Changes only through {@link step}. */
export interface LeaseTable {
  lease(ip: Ipv4): Lease | undefined;
  all(): readonly Lease[];
  /** The records that name this client, live or not, oldest first. */
  ofClient(clientKey: string): readonly Lease[];
  /** The addresses that a client with this MAC holds at `now`, whatever it calls itself. */
  heldByMac(mac: Mac, now: number): number;
  /** Whether the client was bound here once, though its address went to another since. */
  wasHere(clientKey: string): boolean;
  apply(ip: Ipv4, event: LeaseEvent, now: number): LeaseStep;
  /** Puts a record where the machine has no say: what the store refused to replace, or what a set clock moved. */
  restore(ip: Ipv4, lease: Lease | undefined): void;
}

/** How many clients without an address of their own are remembered. */
const FORMER_KEPT = 10_000;

/** A table over the records that the store kept, which tells `network`'s pools of every change. */
export function createLeaseTable(kept: readonly Lease[], network: Network): LeaseTable {
  const byAddress = new Map<Ipv4, Lease>();
  const byClient = new Map<string, Ipv4[]>();
  const byMac = new Map<Mac, Ipv4[]>();
  const former = createFadingMap<string, true>(FORMER_KEPT);

  const put = (ip: Ipv4, lease: Lease | undefined): void => {
    const before = byAddress.get(ip);
    if (before !== undefined && before.clientKey !== lease?.clientKey) {
      forget(byClient, before.clientKey, ip);
      if (before.at === "bound" && !byClient.has(before.clientKey)) former.set(before.clientKey, true);
    }
    if (before !== undefined && before.mac !== lease?.mac) forget(byMac, before.mac, ip);
    if (lease === undefined) byAddress.delete(ip);
    else {
      byAddress.set(ip, lease);
      if (before?.clientKey !== lease.clientKey) enter(byClient, lease.clientKey, ip);
      if (before?.mac !== lease.mac) enter(byMac, lease.mac, ip);
    }
    network.poolOf(ip)?.changed(ip, lease);
  };

  network.useRecords((ip) => byAddress.get(ip));
  for (const lease of kept) put(lease.ip, lease);

  return {
    lease: (ip) => byAddress.get(ip),
    all: () => [...byAddress.values()],
    ofClient: (clientKey) => records(byClient.get(clientKey), byAddress),
    heldByMac: (mac, now) => {
      let held = 0;
      for (const lease of records(byMac.get(mac), byAddress)) if (isHeldBy(lease, lease.clientKey, now)) held++;
      return held;
    },
    wasHere: (clientKey) => former.get(clientKey) === true,
    apply(ip, event, now) {
      const next = step(byAddress.get(ip), ip, event, now);
      if (next.is === "changed") put(ip, next.lease);
      return next;
    },
    restore: put,
  };
}

/** The record of a client that sends no option 61 and one that sends the usual `01` and its MAC are the same client. */
export function clientKeyOf(htype: number, chaddr: Uint8Array, clientId: Uint8Array | undefined): string {
  // A client id of less than two octets is none (RFC 2132 §9.14, D012).
  if (clientId !== undefined && clientId.length >= 2) return hex(clientId);
  return hex(Uint8Array.of(htype)) + hex(chaddr);
}

/** Lower-case hex. */
export function hex(octets: Uint8Array): string {
  let text = "";
  for (const octet of octets) text += HEX[octet];
  return text;
}

/** The octets of lower-case hex as {@link hex} writes it. */
export function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length >> 1 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

const HEX = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, "0"));

const NO_RECORDS: readonly Lease[] = [];

function records(addresses: readonly Ipv4[] | undefined, byAddress: ReadonlyMap<Ipv4, Lease>): readonly Lease[] {
  if (addresses === undefined) return NO_RECORDS;
  const found: Lease[] = [];
  for (const ip of addresses) {
    const lease = byAddress.get(ip);
    if (lease !== undefined) found.push(lease);
  }
  return found;
}

function enter<Key>(index: Map<Key, Ipv4[]>, key: Key, ip: Ipv4): void {
  const addresses = index.get(key);
  if (addresses === undefined) index.set(key, [ip]);
  else addresses.push(ip);
}

function forget<Key>(index: Map<Key, Ipv4[]>, key: Key, ip: Ipv4): void {
  const left = (index.get(key) ?? []).filter((other) => other !== ip);
  if (left.length === 0) index.delete(key);
  else index.set(key, left);
}
