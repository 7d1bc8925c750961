import type { Ipv4 } from "../wire/address.ts";

/** One end of a UDP datagram. */
export interface Endpoint {
  readonly ip: Ipv4;
  readonly port: number;
}

/** One UDP datagram between a phone and a server. */
export interface Datagram {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly octets: Uint8Array;
}

/** What a phone without an address sends from. */
export const NOBODY = "0.0.0.0" as Ipv4;

/** The limited broadcast address. */
export const EVERYBODY = "255.255.255.255" as Ipv4;
