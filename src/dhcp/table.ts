import { type Ipv4, ipv4Key, type Mac } from "../wire/address.ts";
import { hex } from "../wire/hex.ts";
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
  const byAddress = new Map<number, Slot>();
  const byClient: Index<string> = new Map();
  // Only of records whose client key is not the usual one of their MAC: those others are found by that key.
  const byMac: Index<Mac> = new Map();
  const former = createFadingMap<string, true>(FORMER_KEPT);

  const put = (ip: Ipv4, lease: Lease | undefined): void => {
    const key = ipv4Key(ip);
    const slot = byAddress.get(key);
    if (slot === undefined) {
      if (lease !== undefined) {
        const made: Slot = { lease };
        byAddress.set(key, made);
        enter(byClient, lease.clientKey, made);
        if (!isUsual(lease)) enter(byMac, lease.mac, made);
      }
    } else {
      const before = slot.lease;
      const otherClient = before.clientKey !== lease?.clientKey;
      const otherMac = otherClient || before.mac !== lease?.mac;
      if (otherClient) {
        forget(byClient, before.clientKey, slot);
        if (before.at === "bound" && !byClient.has(before.clientKey)) former.set(before.clientKey, true);
      }
      if (otherMac && !isUsual(before)) forget(byMac, before.mac, slot);
      if (lease === undefined) byAddress.delete(key);
      else {
        slot.lease = lease;
        if (otherClient) enter(byClient, lease.clientKey, slot);
        if (otherMac && !isUsual(lease)) enter(byMac, lease.mac, slot);
      }
    }
    network.poolOf(ip)?.changed(ip, lease);
  };

  const leaseOf = (ip: Ipv4): Lease | undefined => byAddress.get(ipv4Key(ip))?.lease;
  network.useRecords(leaseOf);
  for (const lease of kept) put(lease.ip, lease);

  return {
    lease: leaseOf,
    all: () => Array.from(byAddress.values(), (slot) => slot.lease),
    ofClient: (clientKey) => recordsOf(byClient.get(clientKey)),
    heldByMac(mac, now) {
      let held = 0;
      for (const lease of recordsOf(byClient.get(usualKey(mac))))
        if (lease.mac === mac && isHeldBy(lease, lease.clientKey, now)) held++;
      for (const lease of recordsOf(byMac.get(mac))) if (isHeldBy(lease, lease.clientKey, now)) held++;
      return held;
    },
    wasHere: (clientKey) => former.get(clientKey) === true,
    apply(ip, event, now) {
      const next = step(leaseOf(ip), ip, event, now);
      if (next.is === "changed") put(ip, next.lease);
      return next;
    },
    restore: put,
  };
}

/** Where the record of one address stands, which changes with every event while its places in the indexes stay. */
interface Slot {
  lease: Lease;
}

/** Most have one record, which then needs no array of its own. */
type Index<Key> = Map<Key, Slot | readonly Slot[]>;

/** The record of a client that sends no option 61 and one that sends the usual `01` and its MAC are the same client. */
export function clientKeyOf(htype: number, chaddr: Uint8Array, clientId: Uint8Array | undefined): string {
  // A client id of less than two octets is none (RFC 2132 §9.14, D012).
  if (clientId !== undefined && clientId.length >= 2) return hex(clientId);
  const named = new Uint8Array(1 + chaddr.length);
  named[0] = htype;
  named.set(chaddr, 1);
  return hex(named);
}

/** What {@link clientKeyOf} makes of an Ethernet client that sends no option 61, or the usual one. */
function usualKey(mac: Mac): string {
  return `01${mac}`;
}

function isUsual({ clientKey, mac }: Lease): boolean {
  return clientKey.length === mac.length + 2 && clientKey.startsWith("01") && clientKey.endsWith(mac);
}

const NO_RECORDS: readonly Lease[] = [];

function recordsOf(slots: Slot | readonly Slot[] | undefined): readonly Lease[] {
  if (slots === undefined) return NO_RECORDS;
  return "lease" in slots ? [slots.lease] : slots.map((slot) => slot.lease);
}

function enter<Key>(index: Index<Key>, key: Key, slot: Slot): void {
  const there = index.get(key);
  if (there === undefined) index.set(key, slot);
  else index.set(key, "lease" in there ? [there, slot] : [...there, slot]);
}

function forget<Key>(index: Index<Key>, key: Key, slot: Slot): void {
  const there = index.get(key);
  const left = there === undefined || "lease" in there ? [] : there.filter((other) => other !== slot);
  const [only] = left;
  if (only === undefined) index.delete(key);
  else index.set(key, left.length === 1 ? only : left);
}
