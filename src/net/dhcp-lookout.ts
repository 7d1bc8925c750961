import { randomBytes } from "node:crypto";
import type { Socket } from "node:dgram";
import type { Ipv4 } from "../wire/address.ts";
import { BROADCAST_FLAG, type DhcpPacket, decodeDhcp, encodeDhcp, NO_ADDRESS } from "../wire/dhcp.ts";
import { addressOption, MESSAGE, messageType, OPTION } from "../wire/dhcp-options.ts";
import { openDhcpSocket } from "./dhcp-socket.ts";

/** Another DHCP server that was heard. */
export interface OtherServer {
  /** What it calls itself (option 54), or the sender where it does not say. */
  readonly serverId: Ipv4;
  readonly source: Ipv4;
}

/** Where to look. */
export interface Lookout {
  readonly interface: string;
  /** Our own address there. */
  readonly address: Ipv4;
  /** Our own server id, which is no other server's. */
  readonly serverId?: Ipv4;
  /** 67 and 68 but in tests. */
  readonly ports?: { readonly server: number; readonly client: number };
}

/**
 * Listens for the answers of other DHCP servers on the interface (D142) until `stop`. Our own are left out.
 * @throws CannotListen as a rejection.
 */
export async function watchOtherServers(
  lookout: Lookout,
  seen: (server: OtherServer) => void,
): Promise<{ stop(): void }> {
  const socket = await clientSocket(lookout);
  socket.on("error", () => {});
  socket.on("message", (octets, from) => {
    if (from.address === lookout.address) return;
    const other = serverBehind(octets, from.address as Ipv4, lookout);
    if (other !== undefined) seen(other);
  });
  return { stop: () => socket.close() };
}

/**
 * Asks the segment for an address as a client that does not exist, and lists the servers that offer one within `wait`
 * milliseconds. Their offers lapse by themselves.
 * @throws CannotListen as a rejection.
 */
export async function findOtherServers(lookout: Lookout, wait = 2000): Promise<readonly OtherServer[]> {
  const found = new Map<Ipv4, OtherServer>();
  const socket = await clientSocket(lookout);
  const xid = randomBytes(4).readUInt32BE();
  socket.on("error", () => {});
  socket.on("message", (octets, from) => {
    const other = serverBehind(octets, from.address as Ipv4, lookout, xid);
    if (other !== undefined) found.set(other.serverId, other);
  });
  const ask = () =>
    socket.send(encodeDhcp(question(xid)) as Uint8Array, lookout.ports?.server ?? 67, "255.255.255.255", () => {});
  ask();
  const again = setTimeout(ask, wait / 2);
  await new Promise((resolve) => setTimeout(resolve, wait));
  clearTimeout(again);
  socket.close();
  return [...found.values()];
}

function clientSocket(lookout: Lookout): Promise<Socket> {
  return openDhcpSocket({ address: "0.0.0.0", port: lookout.ports?.client ?? 68, interface: lookout.interface });
}

function serverBehind(octets: Uint8Array, source: Ipv4, lookout: Lookout, xid?: number): OtherServer | undefined {
  let packet: DhcpPacket;
  try {
    packet = decodeDhcp(octets);
  } catch {
    return undefined;
  }
  if (packet.op !== 2 || messageType(packet.options) === undefined) return undefined;
  if (xid !== undefined && packet.xid !== xid) return undefined;
  const serverId = addressOption(packet.options, OPTION.serverId) ?? source;
  return serverId === (lookout.serverId ?? lookout.address) ? undefined : { serverId, source };
}

function question(xid: number): DhcpPacket {
  const chaddr = new Uint8Array(16);
  chaddr.set(randomBytes(6));
  // Locally administered, so that it is nobody's real address (IEEE 802, clause 8.2).
  chaddr[0] = 0x02;
  return {
    op: 1,
    htype: 1,
    hlen: 6,
    hops: 0,
    xid,
    secs: 0,
    flags: BROADCAST_FLAG,
    ciaddr: NO_ADDRESS,
    yiaddr: NO_ADDRESS,
    siaddr: NO_ADDRESS,
    giaddr: NO_ADDRESS,
    chaddr,
    sname: new Uint8Array(0),
    file: new Uint8Array(0),
    options: new Map([[OPTION.messageType, Uint8Array.of(MESSAGE.discover)]]),
  };
}
