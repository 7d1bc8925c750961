import { type Ipv4, ipv4ToNumber } from "../wire/address.ts";
import { type DhcpPacket, NO_ADDRESS } from "../wire/dhcp.ts";

/** Where a reply goes. `by` says which rule of RFC 2131 §4.1 chose it. */
export interface Destination {
  readonly by: "relay" | "unicast" | "broadcast";
  readonly address: Ipv4;
  readonly port: number;
}

/** UDP ports: 67 and 68 but in a rehearsal. */
export interface DhcpPorts {
  readonly server: number;
  readonly client: number;
}

const EVERYONE = "255.255.255.255" as Ipv4;

/**
 * Chooses where the reply to `request` goes (RFC 2131 §4.1). A client without an address is reached by broadcast even
 * when it did not ask for that: a unicast to an address that it does not hold yet needs raw sockets, which Node has
 * not, and the RFC allows the broadcast.
 * @param relayPort the request's UDP source port, when a trusted relay asks by option 82 sub-option 19 to be answered
 *   there (RFC 8357).
 */
export function destinationOf(
  request: DhcpPacket,
  reply: "offer" | "ack" | "nak",
  ports: DhcpPorts,
  relayPort?: number,
): Destination {
  if (request.giaddr !== NO_ADDRESS) return { by: "relay", address: request.giaddr, port: relayPort ?? ports.server };
  if (reply !== "nak" && request.ciaddr !== NO_ADDRESS)
    return { by: "unicast", address: request.ciaddr, port: ports.client };
  return { by: "broadcast", address: EVERYONE, port: ports.client };
}

/** Whether a host can have the address: not this-network, loopback, multicast, reserved or broadcast (RFC 6890). */
export function isHostAddress(address: Ipv4): boolean {
  const first = ipv4ToNumber(address) >>> 24;
  return first !== 0 && first !== 127 && first < 224;
}
