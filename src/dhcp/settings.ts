import type { Ipv4, Mac, Subnet } from "../wire/address.ts";
import { DHCP_LIMITS, type DhcpLimits } from "./limits.ts";

/** Who is answered at all: `phones` by option 60, OUI or inventory; `enrolled` only while a migration runs. */
export type AnswerMode = "everyone" | "phones" | "enrolled";

/** First and last address, both included. */
export interface AddressRange {
  readonly first: Ipv4;
  readonly last: Ipv4;
}

/** An address kept for one client, which is named by its MAC, by its client id, or by the relay's port that it is on. */
export interface Reservation {
  readonly ip: Ipv4;
  readonly mac?: Mac;
  /** Option 61 in lower-case hex. */
  readonly clientId?: string;
  /** Option 82 sub-option 1 (RFC 3046 §3.1) in lower-case hex: a port of a switch. */
  readonly circuitId?: string;
  /** Option 82 sub-option 2 (RFC 3046 §3.2) in lower-case hex: the switch, where ports of several are called alike. */
  readonly remoteId?: string;
}

/** One subnet that addresses are given from. */
export interface DhcpSubnet {
  readonly subnet: Subnet;
  /** Subnets with one name share a wire: a client on it may get an address of any of them. */
  readonly sharedNetwork?: string;
  readonly pools: readonly AddressRange[];
  readonly router?: Ipv4;
  readonly dns: readonly Ipv4[];
  readonly domain?: string;
  /** Seconds, 60 to 0xfffffffe. */
  readonly leaseTime: number;
  readonly reservations: readonly Reservation[];
}

/** What phones are told beside their address. Every form of "your boot server" is derived from `server` (D039). */
export interface BootSettings {
  /** In options 66 and 150 and in siaddr. */
  readonly server: Ipv4;
  /** More addresses for option 150, tried after `server` (RFC 5859). */
  readonly moreServers: readonly Ipv4[];
  /** What Polycom phones read in 66 and 160 instead of the plain address, e.g. `http://192.0.2.10/polycom`. */
  readonly polycomUrl?: string;
  readonly ntp: readonly Ipv4[];
  /** Seconds east of Greenwich for option 2 at `now` (milliseconds since the epoch); summer time moves it. */
  readonly timeOffset?: (now: number) => number;
  /** Option 43, sent to a family that asks for it. */
  readonly vendorSpecific: { readonly cisco?: Uint8Array; readonly polycom?: Uint8Array };
  /** 0..4094. Sent as `VLAN-A=<id>;` to Polycom phones that ask for option 128, 144, 157 or 191 (polycom.md §5.2). */
  readonly voiceVlan?: number;
}

/** Everything the DHCP service is told; defaults in {@link DHCP_DEFAULTS}. */
export interface DhcpSettings {
  readonly answer: AnswerMode;
  /** Option 54 and the source address of every answer: an address of the interface that is listened on. */
  readonly serverAddress: Ipv4;
  readonly subnets: readonly DhcpSubnet[];
  readonly boot: BootSettings;
  /**
   * Whether a client that we have no record of is told that its address is wrong (RFC 2131 §4.3.2). False beside another
   * server, whose clients we would otherwise throw off the network.
   */
  readonly authoritative: boolean;
  /** Seconds that an offered address is held for the client, at least 10 (D055). */
  readonly offerHold: number;
  /** Seconds that a declined or already used address rests. */
  readonly quarantine: number;
  /** Whether the longest-resting address is given out early when nothing else is left (D093). */
  readonly reuseQuarantined: boolean;
  /** Whether the relays' sub-options 5, 11 and 19 are obeyed (RFC 3527, 5107, 8357) and option 118 (RFC 3011). */
  readonly trustRelays: boolean;
  /** The largest answer, in octets of UDP payload: the interface's MTU less 28. */
  readonly largestReply: number;
  readonly limits: DhcpLimits;
}

/** Everything that an admin need not say. */
export const DHCP_DEFAULTS = {
  offerHold: 15,
  quarantine: 86_400,
  reuseQuarantined: false,
  trustRelays: true,
  largestReply: 1472,
  limits: DHCP_LIMITS,
} as const;
