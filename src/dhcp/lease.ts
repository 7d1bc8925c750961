import type { Ipv4, Mac } from "../wire/address.ts";

/**
 * A binding of an address (RFC 2131 §2.2). States carry their own data; instants are milliseconds since the epoch.
 * `clientKey` is option 61 in hex, or htype and chaddr in hex where a client sends none.
 */
export type Lease = LeaseIdentity &
  (
    | { readonly at: "offered"; readonly until: number }
    | { readonly at: "bound"; readonly until: number }
    | { readonly at: "released"; readonly since: number }
    | { readonly at: "declined"; readonly until: number }
  );

/** Who asks, as far as a binding is concerned. */
export interface Client {
  readonly mac: Mac;
  readonly clientKey: string;
  /** Option 82 of the last broadcast request in hex, kept for renewals that come without it. */
  readonly relayInformation?: string;
  /** Option 60 as last sent, in hex. */
  readonly vendorClass?: string;
}

interface LeaseIdentity extends Client {
  readonly ip: Ipv4;
}

/** Everything that can happen to the binding of an address. */
export type LeaseEvent =
  /** A DISCOVER is about to be answered with this address; held until `until`. */
  | { readonly is: "offer"; readonly to: Client; readonly until: number }
  /** A REQUEST is about to be answered with an ACK. */
  | { readonly is: "bind"; readonly to: Client; readonly until: number }
  /** The client took another server's offer (RFC 2131 §3.1 step 4), or was offered another address. */
  | { readonly is: "unselect"; readonly by: string }
  | { readonly is: "release"; readonly by: string }
  /** The client found the address in use (RFC 2131 §3.1 step 5). */
  | { readonly is: "decline"; readonly by: string; readonly until: number }
  /** Something answered our own probe of the address. */
  | { readonly is: "conflict"; readonly by: Client; readonly until: number };

/** The binding after an event; `lease: undefined` is an address that nobody holds or held. */
export type LeaseStep =
  | { readonly is: "changed"; readonly lease: Lease | undefined }
  | { readonly is: "ignored"; readonly because: string };

/** Where an address stands at `now`: a binding whose time has run out is free, but remembers its client. */
export type Standing = "free" | "offered" | "bound" | "lapsed" | "released" | "quarantined";

/** The standing of an address with this record. */
export function standing(lease: Lease | undefined, now: number): Standing {
  if (lease === undefined) return "free";
  if (lease.at === "released") return "released";
  if (lease.until <= now) return "lapsed";
  return lease.at === "declined" ? "quarantined" : lease.at;
}

/** Whether the address may be given to anyone. */
export function isFree(lease: Lease | undefined, now: number): boolean {
  const stands = standing(lease, now);
  return stands === "free" || stands === "lapsed" || stands === "released";
}

/** Whether `clientKey` holds the address at `now`, by offer or by binding. */
export function isHeldBy(lease: Lease | undefined, clientKey: string, now: number): boolean {
  const stands = standing(lease, now);
  return (stands === "offered" || stands === "bound") && lease?.clientKey === clientKey;
}

/**
 * The one place where a binding changes. `lease` is the record of `ip`, `now` milliseconds since the epoch. Who may ask
 * for what is decided before; this refuses only what would take an address from whoever holds it.
 */
export function step(lease: Lease | undefined, ip: Ipv4, event: LeaseEvent, now: number): LeaseStep {
  switch (event.is) {
    case "offer":
      return offer(lease, ip, event.to, event.until, now);
    case "bind":
      return bind(lease, ip, event.to, event.until, now);
    case "unselect":
      return unselect(lease, event.by, now);
    case "release":
      return release(lease, event.by, now);
    case "decline":
      return decline(lease, event.by, event.until, now);
    case "conflict":
      return conflict(lease, ip, event.by, event.until, now);
  }
}

function offer(lease: Lease | undefined, ip: Ipv4, to: Client, until: number, now: number): LeaseStep {
  if (isFree(lease, now)) return changed(record("offered", to, ip, until, lease));
  if (!isHeldBy(lease, to.clientKey, now)) return ignored("the address is held");
  // A binding outlives an offer of itself: the client may never take the offer up.
  if (lease?.at === "bound") return ignored("the client is bound to the address already");
  return changed(record("offered", to, ip, until, lease));
}

function bind(lease: Lease | undefined, ip: Ipv4, to: Client, until: number, now: number): LeaseStep {
  if (!isFree(lease, now) && !isHeldBy(lease, to.clientKey, now)) return ignored("the address is held");
  // A unicast renewal comes without option 82: what the relay said last still holds (D122).
  const said = to.relayInformation ?? (lease?.clientKey === to.clientKey ? lease.relayInformation : undefined);
  const client = said === to.relayInformation ? to : { ...to, relayInformation: said as string };
  return changed(record("bound", client, ip, until, lease));
}

function unselect(lease: Lease | undefined, by: string, now: number): LeaseStep {
  if (standing(lease, now) !== "offered" || lease?.clientKey !== by) return ignored("the client holds no offer of it");
  return changed(undefined);
}

function release(lease: Lease | undefined, by: string, now: number): LeaseStep {
  if (lease === undefined || standing(lease, now) !== "bound" || lease.clientKey !== by)
    return ignored("the client is not bound to it");
  return changed({ ...identityOf(lease), at: "released", since: now });
}

function decline(lease: Lease | undefined, by: string, until: number, now: number): LeaseStep {
  if (lease === undefined || standing(lease, now) !== "bound" || lease.clientKey !== by)
    return ignored("the client is not bound to it");
  return changed(record("declined", lease, lease.ip, until, lease));
}

function conflict(lease: Lease | undefined, ip: Ipv4, by: Client, until: number, now: number): LeaseStep {
  if (standing(lease, now) === "bound") return ignored("a bound address answers for its own holder");
  return changed(record("declined", by, ip, until, lease));
}

function changed(lease: Lease | undefined): LeaseStep {
  return { is: "changed", lease };
}

function ignored(because: string): LeaseStep {
  return { is: "ignored", because };
}

type Lasting = Extract<Lease, { readonly until: number }>;
type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * The record of `client` at `ip`. Texts that `before`, the record that it replaces, has already are taken from there, so
 * that of a hundred thousand leases the memory holds each once.
 */
function record(at: Lasting["at"], client: Client, ip: Ipv4, until: number, before: Lease | undefined): Lease {
  const same = before?.clientKey === client.clientKey ? before : undefined;
  const made: Mutable<Lasting> = {
    ip: before?.ip ?? ip,
    mac: same?.mac === client.mac ? same.mac : client.mac,
    clientKey: same?.clientKey ?? client.clientKey,
    at,
    until,
  };
  const { relayInformation, vendorClass } = client;
  if (relayInformation !== undefined)
    made.relayInformation = same?.relayInformation === relayInformation ? same.relayInformation : relayInformation;
  if (vendorClass !== undefined) made.vendorClass = same?.vendorClass === vendorClass ? same.vendorClass : vendorClass;
  return made;
}

function identityOf({ ip, mac, clientKey, relayInformation, vendorClass }: Lease): LeaseIdentity {
  return {
    ip,
    mac,
    clientKey,
    ...(relayInformation === undefined ? {} : { relayInformation }),
    ...(vendorClass === undefined ? {} : { vendorClass }),
  };
}
