import { createSocket, type Socket } from "node:dgram";
import { type Ipv4, ipv4ToNumber } from "../wire/address.ts";

/** The other end: the address as people and Node write it, and as the 32-bit number that packets carry. */
export interface UdpPeer {
  readonly address: Ipv4;
  readonly ip: number;
  readonly port: number;
}

/** An IPv4 UDP socket that is bound. */
export interface UdpSocket {
  readonly address: Ipv4;
  readonly port: number;
  /** What the administrator should know, e.g. that the system gave a smaller buffer than asked; for the log. */
  readonly notes: readonly string[];
  /**
   * Sends one datagram: `head`, then `body` from `start` up to `end`. Both are copied before it returns. What the
   * system refuses (no buffer, a firewall) is lost, as it would be on the wire.
   */
  send(to: UdpPeer, head: Uint8Array, body?: Uint8Array, start?: number, end?: number): void;
  /** For how long, in milliseconds, what has come may have been waiting to be read: 0 but in a storm. */
  unreadFor(): number;
  close(): Promise<void>;
}

/** `octets` are the receiver's only until it returns; `ip` is the 32-bit number of the sender's address. */
export type OnDatagram = (octets: Uint8Array, ip: number, port: number) => void;

export interface UdpOptions {
  readonly address: Ipv4;
  /** 0 takes a free port, chosen at random by the system. */
  readonly port: number;
  /** Octets of datagrams that may wait for us; a boot storm needs megabytes. */
  readonly receiveBuffer?: number;
  /** Sets up a socket of our own making before it is bound, e.g. to one interface. Only where batches work. */
  readonly prepare?: (descriptor: number) => void;
  readonly onDatagram: OnDatagram;
}

/** Opens a socket. Rejects with {@link CannotListen}. */
export type OpenUdp = (options: UdpOptions) => Promise<UdpSocket>;

/** A port that may not be used; the message says what to do about it. */
export class CannotListen extends Error {
  override readonly name = "CannotListen";
  readonly code = "E_LISTEN";
}

/** Opens a socket of Node's own kind: one system call for each datagram, on every platform. */
export const openDgram: OpenUdp = async ({ address, port, receiveBuffer, onDatagram }) => {
  const socket = createSocket({ type: "udp4", lookup: (host, _options, found) => found(null, host, 4) });
  await bound(socket, address, port);
  const notes = receiveBuffer === undefined ? [] : enlarge(socket, receiveBuffer);
  socket.on("message", (octets, from) => onDatagram(octets, ipv4ToNumber(from.address as Ipv4), from.port));
  // An ICMP answer to something we sent concerns one client and never the socket.
  socket.on("error", () => {});
  const name = socket.address();
  let open = true;
  return {
    address,
    port: name.port,
    unreadFor: () => 0,
    notes,
    send(to, head, body, start = 0, end = body?.length ?? 0) {
      if (!open) return;
      const datagram = Buffer.allocUnsafe(head.length + end - start);
      datagram.set(head);
      if (body !== undefined) datagram.set(body.subarray(start, end), head.length);
      try {
        socket.send(datagram, 0, datagram.length, to.port, to.address, ignoreLoss);
      } catch {
        // Node refuses some destinations by itself; to the caller that is a loss like any other.
      }
    },
    close: () =>
      new Promise((closed) => {
        if (!open) return closed();
        open = false;
        socket.close(() => closed());
      }),
  };
};

/** The sender's address in both notations. */
export function peerOf(ip: number, port: number): UdpPeer {
  const address = `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}` as Ipv4;
  return { address, ip, port };
}

/** Says in words why `address`:`port` cannot be bound, and what to do. */
export function cannotListen(address: string, port: number, code: string): CannotListen {
  const where = `${address}:${port}/udp`;
  if (code === "EACCES" || code === "EPERM") {
    return new CannotListen(
      `${where} may not be bound by this user: start as root, or give the service CAP_NET_BIND_SERVICE ` +
        "(systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE; else: setcap cap_net_bind_service=+ep on the node binary), " +
        "or choose a port from 1024 on",
    );
  }
  if (code === "EADDRINUSE") {
    return new CannotListen(`${where} is in use: stop the other server (ss -lunp shows it) or choose another port`);
  }
  if (code === "EADDRNOTAVAIL") {
    return new CannotListen(`${where}: this machine has no such address (ip -4 addr shows those it has)`);
  }
  return new CannotListen(`${where} cannot be bound: ${code}`);
}

/** The line for a receive buffer of `given` octets where `wanted` were asked; undefined when it is enough. */
export function bufferNote(wanted: number, given: number): string | undefined {
  if (given >= wanted) return undefined;
  return (
    `the system gives a UDP receive buffer of ${given} octets where ${wanted} are wanted; when a whole building boots ` +
    `at once, requests will be lost and repeated. Remedy: sysctl net.core.rmem_max=${wanted}, or CAP_NET_ADMIN`
  );
}

function bound(socket: Socket, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(cannotListen(address, port, error.code ?? error.message));
    socket.once("error", failed);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off("error", failed);
      resolve();
    });
  });
}

function enlarge(socket: Socket, wanted: number): string[] {
  try {
    socket.setRecvBufferSize(wanted);
  } catch {
    // A system that refuses the size keeps its own, which is read below.
  }
  // Linux reports twice what was asked, for its own bookkeeping (socket(7)).
  const reported = socket.getRecvBufferSize();
  const note = bufferNote(wanted, process.platform === "linux" ? reported / 2 : reported);
  return note === undefined ? [] : [note];
}

function ignoreLoss(): void {}
