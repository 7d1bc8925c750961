import { createSocket, type Socket } from "node:dgram";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import type Koffi from "koffi";
import { CannotListen, cannotListen } from "./udp.ts";

/** Where a socket listens. */
export interface SocketPlace {
  /** `0.0.0.0` hears broadcasts; an address of our own hears what is sent to it. */
  readonly address: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Nothing is heard from, and nothing sent through, any other interface. */
  readonly interface?: string;
}

/**
 * Opens a UDP socket that may broadcast. With an interface it is bound to that one in both directions
 * (SO_BINDTODEVICE), which Node cannot do itself: the descriptor is made here and handed over.
 * @throws CannotListen as a rejection.
 */
export async function openDhcpSocket(place: SocketPlace): Promise<Socket> {
  const socket = createSocket({ type: "udp4", lookup });
  const ready = new Promise<void>((resolve, reject) => {
    socket.once("error", (error: NodeJS.ErrnoException) => reject(explained(place, error.code ?? error.message)));
    socket.once("listening", resolve);
  });
  try {
    if (place.interface === undefined) socket.bind({ address: place.address, port: place.port, exclusive: true });
    else socket.bind({ fd: boundDescriptor(place, place.interface), exclusive: true });
    await ready;
    socket.setBroadcast(true);
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.removeAllListeners("error");
  return socket;
}

/** Everything we send to is an address already; Node's own resolver would take a thread's turn for each datagram. */
function lookup(host: string, _options: unknown, found: (error: null, address: string, family: number) => void): void {
  found(null, host, 4);
}

// Linux, all architectures that Node is built for but MIPS and SPARC.
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK_CLOEXEC = 0o2004000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_BROADCAST = 6;
const SO_BINDTODEVICE = 25;
const SO_RCVBUFFORCE = 33;
const SIOCDARP = 0x8953;
/** Room for a whole site that starts after a power cut. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;

interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, option: number, value: Uint8Array, length: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  close(fd: number): number;
  ioctl(fd: number, request: number, argument: Uint8Array): number;
}

let loaded: Libc | undefined;
let koffi: typeof Koffi | undefined;

/** koffi is optional and looked for only where an interface is named: everything else works without it. */
function libc(): Libc {
  if (loaded !== undefined) return loaded;
  try {
    koffi = createRequire(import.meta.url)("koffi") as typeof Koffi;
    const library = koffi.load("libc.so.6");
    loaded = {
      socket: library.func("int socket(int, int, int)") as Libc["socket"],
      setsockopt: library.func("int setsockopt(int, int, int, const uint8_t *, uint32_t)") as Libc["setsockopt"],
      bind: library.func("int bind(int, const uint8_t *, uint32_t)") as Libc["bind"],
      close: library.func("int close(int)") as Libc["close"],
      ioctl: library.func("int ioctl(int, unsigned long, const uint8_t *)") as Libc["ioctl"],
    };
    return loaded;
  } catch (cause) {
    throw new CannotListen(
      "the C library could not be loaded, so DHCP cannot be kept to one interface: use Node on Linux x64 or arm64 with glibc, or leave DHCP to another server (provision dhcp snippet)",
      { cause },
    );
  }
}

/**
 * Takes `ip` out of the kernel's table of neighbours, so that whoever answers next answers now. Needs CAP_NET_ADMIN;
 * says whether the entry is gone.
 */
export function forgetNeighbour(device: string, ip: string): boolean {
  try {
    const c = libc();
    const fd = c.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    // struct arpreq (arp(7)): address at 0, hardware address at 16, flags at 32, mask at 36, device name at 52.
    const request = new Uint8Array(68);
    request.set([AF_INET, 0, 0, 0, ...ip.split(".").map(Number)]);
    request.set(new TextEncoder().encode(device).subarray(0, 15), 52);
    const done = c.ioctl(fd, SIOCDARP, request) === 0;
    c.close(fd);
    return done;
  } catch {
    return false;
  }
}

/**
 * Sets a socket up to broadcast on one interface and to hear nothing from any other, beside others on the same port.
 * @throws CannotListen
 */
export function bindToInterface(fd: number, place: SocketPlace & { readonly interface: string }): void {
  const c = libc();
  const set = (option: number, value: Uint8Array) => c.setsockopt(fd, SOL_SOCKET, option, value, value.length);
  const yes = int32(1);
  const done =
    set(SO_REUSEADDR, yes) === 0 &&
    set(SO_BROADCAST, yes) === 0 &&
    set(SO_BINDTODEVICE, new TextEncoder().encode(`${place.interface}\0`)) === 0;
  if (!done) throw explained(place, errnoName());
  // Needs CAP_NET_ADMIN; without it the kernel's own limit stands.
  set(SO_RCVBUFFORCE, int32(RECEIVE_BUFFER));
}

function boundDescriptor(place: SocketPlace, device: string): number {
  // Whether there is such an interface is said before whether this user may bind to it.
  if (device.includes("/") || device.startsWith(".") || !existsSync(`/sys/class/net/${device}`))
    throw explained({ ...place, interface: device }, "ENODEV");
  const c = libc();
  const fd = c.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK_CLOEXEC, 0);
  if (fd < 0) throw explained(place, errnoName());
  const numbers = place.address.split(".").map(Number);
  const address = Uint8Array.of(AF_INET, 0, place.port >> 8, place.port, ...numbers, ...ZEROS);
  try {
    bindToInterface(fd, { ...place, interface: device });
    if (c.bind(fd, address, address.length) !== 0) throw explained(place, errnoName());
  } catch (error) {
    c.close(fd);
    throw error;
  }
  return fd;
}

const ZEROS = new Uint8Array(8);

function int32(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer);
}

function errnoName(): string {
  const errno = koffi?.errno() ?? 0;
  return Object.entries(koffi?.os.errno ?? {}).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
}

function explained(place: SocketPlace, code: string): CannotListen {
  if (code !== "ENODEV") return cannotListen(place.address, place.port, code);
  return new CannotListen(
    `${place.address}:${place.port}/udp: there is no interface ${place.interface} (ip -4 addr shows those there are)`,
  );
}
