import { isHostAddress } from "../dhcp/destination.ts";
import type { Client } from "../dhcp/lease.ts";
import type { Network, ReservationKeys, Segment } from "../dhcp/network.ts";
import type { DhcpSettings } from "../dhcp/settings.ts";
import { clientKeyOf } from "../dhcp/table.ts";
import { type DhcpIdentity, identifyDhcpClient } from "../phones/vendor-class.ts";
import { type Ipv4, ipv4FromOctets, type Mac, macFromOctets } from "../wire/address.ts";
import { type DhcpPacket, NO_ADDRESS } from "../wire/dhcp.ts";
import { addressOption, OPTION, RELAY_SUBOPTION, subOptions } from "../wire/dhcp-options.ts";
import { hex } from "../wire/hex.ts";
import type { Arrival } from "./dhcp-answer.ts";

/** Who sent a message, and from where: everything that is read from it before anything is decided. */
export interface Origin {
  readonly client: Client;
  readonly keys: ReservationKeys;
  /** Undefined for what is not known to be a phone. */
  readonly identity: DhcpIdentity | undefined;
  /** The segments of the client's wire; empty where it is none of ours. */
  readonly wire: readonly Segment[];
  /** What our answers call us: our own address, or the one a trusted relay asks for (RFC 5107). */
  readonly serverId: Ipv4;
  /** The port a trusted relay wants its answers on (RFC 8357). */
  readonly relayPort?: number;
  /** The relay and its port that the client is on (option 82 circuit id), for limits. */
  readonly relayPort82?: string;
}

/** Reads the origin of a message, or says why it is answered by silence. */
export function originOf(
  packet: DhcpPacket,
  arrival: Arrival,
  settings: DhcpSettings,
  network: Network,
): Origin | { readonly silence: string } {
  const unfit = unfitBecause(packet, settings);
  if (unfit !== undefined) return { silence: unfit };
  const { options } = packet;
  const relayInformation = options.get(OPTION.relayInformation);
  const relayed = packet.giaddr !== NO_ADDRESS;
  const said = relayInformation === undefined ? undefined : subOptions(relayInformation);
  // Option 82 without a relay comes from the client itself and proves nothing (D113).
  const trusted = relayed && settings.trustRelays ? said : undefined;
  const port = relayed && said !== undefined ? portOf(said) : {};
  const mac = macFromOctets(packet.chaddr) as Mac;
  const vendorClass = options.get(OPTION.vendorClass);
  const clientKey = clientKeyOf(packet.htype, packet.chaddr.subarray(0, packet.hlen), options.get(OPTION.clientId));
  return {
    client: {
      mac,
      clientKey,
      ...(relayed && relayInformation !== undefined ? { relayInformation: hex(relayInformation) } : {}),
      ...(vendorClass === undefined ? {} : { vendorClass: hex(vendorClass) }),
    },
    keys: { mac, clientId: clientKey, ...port },
    identity: identifyDhcpClient(vendorClass, mac),
    wire: network.wireAt(placeOf(packet, arrival, network, trusted)),
    serverId: addressIn(trusted, RELAY_SUBOPTION.serverIdOverride) ?? settings.serverAddress,
    ...(trusted?.has(RELAY_SUBOPTION.sourcePort) ? { relayPort: arrival.source.port } : {}),
    ...(port.circuitId === undefined ? {} : { relayPort82: `${packet.giaddr} ${port.circuitId}` }),
  };
}

/** The port of a switch that these sub-options of option 82 name. */
export function portOf(
  relayInformation: ReadonlyMap<number, Uint8Array>,
): Pick<ReservationKeys, "circuitId" | "remoteId"> {
  const circuitId = relayInformation.get(RELAY_SUBOPTION.circuitId);
  const remoteId = relayInformation.get(RELAY_SUBOPTION.remoteId);
  return {
    ...(circuitId === undefined ? {} : { circuitId: hex(circuitId) }),
    ...(remoteId === undefined ? {} : { remoteId: hex(remoteId) }),
  };
}

/** More relays than this are a loop (RFC 1542 §4.1.1). */
const MOST_HOPS = 16;

function unfitBecause(packet: DhcpPacket, settings: DhcpSettings): string | undefined {
  if (packet.op !== 1) return "it is not from a client";
  if (packet.hops > MOST_HOPS) return "it came over more than 16 relays";
  if (packet.hlen === 0 && (packet.options.get(OPTION.clientId)?.length ?? 0) < 2)
    return "it has neither hardware address nor client id";
  if (packet.giaddr === NO_ADDRESS) return undefined;
  if (!isHostAddress(packet.giaddr) || packet.giaddr === settings.serverAddress) return "giaddr cannot be a relay";
  return undefined;
}

/** An address on the client's wire: what the relay selects, the relay, the client's own address, or our interface. */
function placeOf(
  packet: DhcpPacket,
  arrival: Arrival,
  network: Network,
  trusted: ReadonlyMap<number, Uint8Array> | undefined,
): Ipv4 {
  if (packet.giaddr !== NO_ADDRESS) {
    const selected = addressIn(trusted, RELAY_SUBOPTION.linkSelection);
    const subnet = trusted === undefined ? undefined : addressOption(packet.options, OPTION.subnetSelection);
    return selected ?? subnet ?? packet.giaddr;
  }
  // A unicast renewal may have been routed here from any subnet (RFC 2131 §4.3.2).
  const routed = packet.ciaddr !== NO_ADDRESS && arrival.unicast !== false;
  return routed && network.segmentOf(packet.ciaddr) !== undefined ? packet.ciaddr : arrival.interfaceAddress;
}

function addressIn(values: ReadonlyMap<number, Uint8Array> | undefined, code: number): Ipv4 | undefined {
  const value = values?.get(code);
  return value?.length === 4 ? ipv4FromOctets(value) : undefined;
}
