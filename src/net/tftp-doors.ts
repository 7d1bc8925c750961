import { networkInterfaces } from "node:os";
import { type Ipv4, parseIpv4 } from "../wire/address.ts";
import type { Clock } from "./clock.ts";
import type { CannotListen, OpenUdp, UdpSocket } from "./udp.ts";

/** One address of this machine: where requests come in, and the ports that transfers go out from. */
export interface Door {
  readonly address: Ipv4;
  readonly listener: UdpSocket;
  readonly pool: UdpSocket[];
}

export interface DoorOptions {
  /** One address, or 0.0.0.0 for all that this machine has. */
  readonly listen: Ipv4;
  readonly port: number;
  /** Transfer sockets for each address. */
  readonly sockets: number;
  readonly open: OpenUdp;
  readonly clock: Clock;
  readonly onRequest: (door: Door, octets: Uint8Array, ip: number, port: number) => void;
  readonly onTransfer: (socket: UdpSocket | undefined, octets: Uint8Array, ip: number, port: number) => void;
  readonly note: (message: string) => void;
}

const RECEIVE_BUFFER = 4 * 1024 * 1024;

/** How often, in ms, to look whether this machine has got or lost an address. */
const LOOK_AGAIN = 5000;

const EVERYWHERE = "0.0.0.0";

/**
 * The sockets of the service. 0.0.0.0 is never bound: each address has its own, so that an answer leaves from the
 * address that was asked (RFC 1123 §4.2.3.4 and T049) and a request to a broadcast address is not heard (§4.2.3.5).
 */
export class Doors {
  readonly #options: DoorOptions;
  readonly #doors = new Map<Ipv4, Door>();
  #port: number;
  #cancel: () => void = () => {};
  #closed = false;

  constructor(options: DoorOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  get port(): number {
    return this.#port;
  }

  /** Rejects with {@link CannotListen} when an address may not be bound; then nothing is left open. */
  async open(): Promise<void> {
    const { listen, note } = this.#options;
    const notes = new Set<string>();
    try {
      for (const address of listen === EVERYWHERE ? localAddresses() : [listen]) {
        const door = await this.#openDoor(address);
        for (const message of door.listener.notes) notes.add(message);
      }
    } catch (error) {
      await this.close();
      throw error;
    }
    for (const message of notes) note(message);
    if (listen === EVERYWHERE) this.#lookLater();
  }

  /** Whether a packet from there would be one of our own. */
  isOurs(address: Ipv4, port: number): boolean {
    const door = this.#doors.get(address);
    return door !== undefined && (port === this.#port || door.pool.some((socket) => socket.port === port));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    const doors = [...this.#doors.values()];
    this.#doors.clear();
    await Promise.all(doors.map(closeDoor));
  }

  async #openDoor(address: Ipv4): Promise<Door> {
    const { open, sockets, onRequest, onTransfer } = this.#options;
    const pool: UdpSocket[] = [];
    const listener = await open({
      address,
      port: this.#port,
      receiveBuffer: RECEIVE_BUFFER,
      onDatagram: (octets, ip, from) => onRequest(door, octets, ip, from),
    });
    const door: Door = { address, listener, pool };
    this.#port = listener.port;
    this.#doors.set(address, door);
    while (pool.length < sockets) {
      let socket: UdpSocket | undefined;
      socket = await open({
        address,
        port: 0,
        receiveBuffer: RECEIVE_BUFFER,
        onDatagram: (octets, ip, from) => onTransfer(socket, octets, ip, from),
      });
      pool.push(socket);
    }
    return door;
  }

  #lookLater(): void {
    if (this.#closed) return;
    this.#cancel = this.#options.clock.after(LOOK_AGAIN, () => {
      const again = () => this.#lookLater();
      this.#look().then(again, again);
    });
  }

  async #look(): Promise<void> {
    const now = new Set(localAddresses());
    for (const [address, door] of this.#doors) {
      if (now.has(address)) continue;
      this.#doors.delete(address);
      await closeDoor(door);
    }
    for (const address of now) {
      if (this.#doors.has(address) || this.#closed) continue;
      await this.#openDoor(address).catch((error: CannotListen) => this.#options.note(error.message));
    }
    if (this.#closed) await this.close();
  }
}

function localAddresses(): Ipv4[] {
  const addresses: Ipv4[] = [];
  for (const list of Object.values(networkInterfaces())) {
    for (const { family, address } of list ?? []) {
      const ip = family === "IPv4" ? parseIpv4(address) : undefined;
      if (ip !== undefined) addresses.push(ip);
    }
  }
  return addresses;
}

async function closeDoor(door: Door): Promise<void> {
  await Promise.all([door.listener, ...door.pool].map((socket) => socket.close()));
}
