import type { Socket } from "node:dgram";
import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from "../wire/address.ts";
import { createCutter } from "../wire/octets.ts";
import { createInbox, type OnMessage, type Source } from "./dhcp-inbox.ts";
import { bindToInterface, openDhcpSocket } from "./dhcp-socket.ts";
import type { OnDatagram } from "./udp.ts";
import { fastestUdp } from "./udp-batch.ts";

/** The sockets of the DHCP service. */
export interface DhcpDoors {
  readonly port: number;
  send(octets: Uint8Array, to: Source): void;
  close(): Promise<void>;
}

/** How the doors are to be opened; as in `DhcpListening`. */
export interface DoorPlace {
  readonly address: Ipv4;
  readonly port: number;
  readonly interface?: string;
}

/**
 * Opens them: on an interface one socket on our own address, which hears what is sent to it and gives answers their
 * source, and one on 0.0.0.0, which hears the broadcasts. `failed` is told of what cannot be sent.
 * @throws CannotListen as a rejection.
 */
export async function openDoors(
  place: DoorPlace,
  toHear: OnMessage,
  failed: (why: string) => void,
): Promise<DhcpDoors> {
  const { address, port, interface: device } = place;
  const hear = createInbox(toHear);
  if (device === undefined) {
    const socket = await openDhcpSocket({ address, port });
    return nodeDoors(socket, [socket], hear, failed, () => undefined);
  }
  const batches = await fastestUdp(LONGEST, undefined, { spins: false });
  if (batches.note === undefined) return batchDoors(batches.open, { address, port, interface: device }, hear);
  const own = await openDhcpSocket({ address, port, interface: device });
  try {
    const all = await openDhcpSocket({ address: EVERYWHERE, port: own.address().port, interface: device });
    return nodeDoors(own, [own, all], hear, failed, (socket) => socket === own);
  } catch (error) {
    own.close();
    throw error;
  }
}

const EVERYWHERE = "0.0.0.0" as Ipv4;
/** Of an Ethernet frame; what is longer is cut and then malformed. */
const LONGEST = 1536;

function nodeDoors(
  sending: Socket,
  sockets: readonly Socket[],
  hear: OnMessage,
  failed: (why: string) => void,
  isUnicast: (socket: Socket) => boolean | undefined,
): DhcpDoors {
  for (const socket of sockets) {
    socket.on("error", (error) => failed(error.message));
    socket.on("message", (octets, from) => {
      // A plain view: cutting options out of a Buffer makes Buffers, at several times the cost.
      const view = new Uint8Array(octets.buffer, octets.byteOffset, octets.byteLength);
      hear(view, { address: from.address as Ipv4, port: from.port }, isUnicast(socket));
    });
  }
  return {
    port: sending.address().port,
    send: (octets, { address, port }) =>
      sending.send(octets, port, address, (error) => {
        if (error !== null) failed(`no answer to ${address}: ${error.message}`);
      }),
    close: async () => {
      await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
    },
  };
}

async function batchDoors(
  open: Awaited<ReturnType<typeof fastestUdp>>["open"],
  place: { readonly address: Ipv4; readonly port: number; readonly interface: string },
  hear: OnMessage,
): Promise<DhcpDoors> {
  const prepare = (fd: number) => bindToInterface(fd, place);
  const cut = createCutter();
  let last: { readonly ip: number; readonly address: Ipv4 } = { ip: 0, address: EVERYWHERE };
  const heard =
    (unicast: boolean): OnDatagram =>
    (octets, ip, port) => {
      if (ip !== last.ip) last = { ip, address: ipv4FromNumber(ip) };
      // The batch is written over with the next one, and an answer may wait for the store.
      const kept = cut(octets.length);
      kept.set(octets);
      hear(kept, { address: last.address, port }, unicast);
    };
  const own = await open({ address: place.address, port: place.port, prepare, onDatagram: heard(true) });
  try {
    const all = await open({ address: EVERYWHERE, port: own.port, prepare, onDatagram: heard(false) });
    return {
      port: own.port,
      send: (octets, { address, port }) => own.send({ address, port, ip: ipv4ToNumber(address) }, octets),
      close: async () => {
        await Promise.all([own.close(), all.close()]);
      },
    };
  } catch (error) {
    await own.close();
    throw error;
  }
}
