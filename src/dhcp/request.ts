import { type Ipv4, inSubnet } from "../wire/address.ts";
import { NO_ADDRESS } from "../wire/dhcp.ts";
import { isFree, isHeldBy, type Lease, standing } from "./lease.ts";
import type { Network, ReservationKeys, Segment } from "./network.ts";
import type { LeaseTable } from "./table.ts";

/** What a REQUEST says, and what is known when it comes. */
export interface RequestFacts {
  /** Option 54 beside our own identifiers. */
  readonly serverId: "none" | "ours" | "other";
  /** Option 50. */
  readonly requested: Ipv4 | undefined;
  readonly ciaddr: Ipv4;
  readonly clientKey: string;
  readonly keys: ReservationKeys;
  /** The segments of the wire that the client is on; for a unicast renewal those of its own address. */
  readonly wire: readonly Segment[];
  readonly authoritative: boolean;
  readonly now: number;
}

/** What to do with a REQUEST. */
export type Verdict =
  | { readonly is: "ack"; readonly ip: Ipv4 }
  | { readonly is: "nak"; readonly because: string }
  /** `unselect`: the client took another server's offer, so ours is free at once. */
  | { readonly is: "silence"; readonly because: string; readonly unselect?: boolean };

/** Decides a REQUEST by the client's state as RFC 2131 §4.3.2 tells them apart (table 4). Changes nothing. */
export function decideRequest(facts: RequestFacts, table: LeaseTable, network: Network): Verdict {
  const { requested, ciaddr } = facts;
  if (facts.serverId === "other") return { is: "silence", because: "it names another server", unselect: true };
  if (ciaddr === NO_ADDRESS && requested === undefined) return silence("it names no address");
  if (ciaddr !== NO_ADDRESS && requested !== undefined && requested !== ciaddr)
    return silence("ciaddr and option 50 differ");
  if (facts.wire.length === 0) return silence("it comes from no configured subnet");
  if (ciaddr !== NO_ADDRESS) return renewing(facts, ciaddr, table, network);
  const address = requested as Ipv4;
  return facts.serverId === "ours"
    ? selecting(facts, address, table, network)
    : rebooting(facts, address, table, network);
}

/** Whether this client may hold the address here: in a pool or reserved for it, free or its own. */
export function mayHold(
  facts: Pick<RequestFacts, "clientKey" | "keys" | "wire" | "now">,
  ip: Ipv4,
  table: LeaseTable,
  network: Network,
): boolean {
  const record = table.lease(ip);
  if (!isFree(record, facts.now) && !isHeldBy(record, facts.clientKey, facts.now)) return false;
  return isOffered(facts, ip, network);
}

function selecting(facts: RequestFacts, address: Ipv4, table: LeaseTable, network: Network): Verdict {
  if (mayHold(facts, address, table, network)) {
    // A client that was offered another address here has mixed something up (D072); one that nobody knows may have been
    // offered this one before a restart (D073).
    const held = live(facts, table);
    if (held.length === 0 || held.some((lease) => lease.ip === address)) return { is: "ack", ip: address };
    return nak("another address was offered");
  }
  if (live(facts, table).length > 0) return nak("another address was offered");
  // RFC 2131 §3.1 step 4: it chose us, and the address has gone since. One that was never ours to offer is silence.
  if (isOffered(facts, address, network)) return nak("the address is no longer free");
  return silence("the address was not offered here");
}

function rebooting(facts: RequestFacts, address: Ipv4, table: LeaseTable, network: Network): Verdict {
  if (!onWire(facts, address)) return deny(facts, table, "the address is not of this network");
  const own = table.ofClient(facts.clientKey).filter((lease) => wasBound(lease));
  if (own.some((lease) => lease.ip === address)) {
    if (mayHold(facts, address, table, network)) return { is: "ack", ip: address };
    return nak("the address is no longer free");
  }
  // RFC 2131 §4.3.2: no record MUST be silence, a record that differs SHOULD be a NAK.
  if (own.length > 0) return nak("the client is known with another address");
  if (table.wasHere(facts.clientKey)) return nak("the address went to another client");
  return silence("there is no record of the client");
}

function renewing(facts: RequestFacts, address: Ipv4, table: LeaseTable, network: Network): Verdict {
  if (!onWire(facts, address)) return deny(facts, table, "the address is not of this network");
  const record = table.lease(address);
  if (record !== undefined && record.clientKey === facts.clientKey && wasBound(record)) {
    if (mayHold(facts, address, table, network)) return { is: "ack", ip: address };
    return nak("the address is no longer free");
  }
  if (record !== undefined && !isFree(record, facts.now)) return deny(facts, table, "the address belongs to another");
  return deny(facts, table, "there is no such binding");
}

/** A NAK from a server that may speak for the network, or that knows the client; silence from a guest (D140). */
function deny(facts: RequestFacts, table: LeaseTable, because: string): Verdict {
  const known = table.ofClient(facts.clientKey).some(wasBound) || table.wasHere(facts.clientKey);
  return facts.authoritative || known ? nak(because) : silence(`${because}, and the client is not known here`);
}

function isOffered(facts: Pick<RequestFacts, "keys" | "wire">, ip: Ipv4, network: Network): boolean {
  const segment = facts.wire.find((one) => inSubnet(ip, one.subnet.subnet));
  if (segment === undefined) return false;
  return segment.pool.has(ip) || network.reservationFor([segment], facts.keys)?.ip === ip;
}

function onWire(facts: RequestFacts, ip: Ipv4): boolean {
  return facts.wire.some((segment) => inSubnet(ip, segment.subnet.subnet));
}

function live(facts: RequestFacts, table: LeaseTable): readonly Lease[] {
  return table
    .ofClient(facts.clientKey)
    .filter((lease) => ["offered", "bound"].includes(standing(lease, facts.now)) && onWire(facts, lease.ip));
}

function wasBound(lease: Lease): boolean {
  return lease.at === "bound" || lease.at === "released";
}

function nak(because: string): Verdict {
  return { is: "nak", because };
}

function silence(because: string): Verdict {
  return { is: "silence", because };
}
