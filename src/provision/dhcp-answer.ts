import type { Destination, DhcpPorts } from "../dhcp/destination.ts";
import type { DhcpIdentity } from "../phones/vendor-class.ts";
import type { Ipv4, Mac } from "../wire/address.ts";
import type { DhcpPacket } from "../wire/dhcp.ts";

/** Where a message came in. */
export interface Arrival {
  /** The source of the datagram. */
  readonly source: { readonly address: Ipv4; readonly port: number };
  /** Our own address on the interface it came through: the wire of a client without a relay. */
  readonly interfaceAddress: Ipv4;
  /** Whether it was sent to our own address; undefined where the socket cannot tell. */
  readonly unicast?: boolean | undefined;
}

/** A line for the log, by the event names of docs/events.md. */
export interface DhcpNote {
  readonly event:
    | "lease.offered"
    | "lease.bound"
    | "lease.refused"
    | "lease.released"
    | "lease.declined"
    | "lease.conflict"
    | "lease.unsaved"
    | "pool.exhausted"
    | "dhcp.informed"
    /** A client that this mode does not answer. */
    | "dhcp.denied"
    /** A message that cannot be answered, and why. */
    | "dhcp.ignored"
    | "dhcp.limited"
    | "dhcp.shortened"
    | "dhcp.other-server"
    /** The wall clock was set while the service ran. */
    | "dhcp.clock"
    | "dhcp.failed";
  readonly mac?: Mac;
  readonly ip?: Ipv4;
  /** Plain words; never more than 300 characters of what a client sent. */
  readonly detail: string;
}

/** What the desk does with a message. */
export type DhcpAnswer = { readonly notes: readonly DhcpNote[] } & (
  | { readonly is: "reply"; readonly octets: Uint8Array; readonly to: Destination }
  | { readonly is: "silence"; readonly because: string }
);

/** A value that is there, or comes: thousands of answers a second need not wait for anything. */
export type Soon<T> = T | Promise<T>;

/** The brain of the DHCP service. */
export interface DhcpDesk {
  /**
   * Answers one message. An ACK is returned only after the store has made its lease durable. `now` is milliseconds
   * since the epoch. Never fails for anything that a client can send, nor for a store that fails.
   */
  answer(packet: DhcpPacket, arrival: Arrival, now: number): Soon<DhcpAnswer>;
  /**
   * The wall clock was set, by `by` milliseconds to `now`: every lease keeps the time that its client still counts on,
   * none more than a whole lease. Resolves when that is durable, or could not be made so.
   */
  clockJumped(by: number, now: number): Promise<void>;
}

/** What the desk cannot do itself. */
export interface DhcpSurroundings {
  readonly ports: DhcpPorts;
  /** 0 ≤ n < 1. */
  random(): number;
  /**
   * Whether anything answers at the address, decided within half a second (RFC 2131 §2.2). Absent where the network
   * cannot be asked.
   */
  probe?(ip: Ipv4): Promise<"free" | "used">;
  /**
   * Told what a client said of itself by option 60, once its address is settled; undefined: something that no phone says.
   * Must not throw.
   */
  heard?(identity: DhcpIdentity | undefined, mac: Mac, ip: Ipv4, now: number): void;
}
