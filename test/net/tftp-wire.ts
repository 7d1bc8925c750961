import { createSocket, type Socket } from "node:dgram";
import type { BootFile, FileDesk, FileRequest, Image } from "../../src/provision/ports.ts";
import { decodeTftp, encodeTftp, type TftpOption, type TftpPacket } from "../../src/wire/tftp.ts";

/** A datagram as it came, and from which port. */
export interface Arrived {
  readonly octets: Uint8Array;
  readonly port: number;
  readonly address: string;
  /** Milliseconds, performance.now(). */
  readonly at: number;
}

/** A UDP socket that keeps what comes until somebody asks for it. */
export class Wire {
  readonly #socket: Socket;
  readonly #waiting: Arrived[] = [];
  #wanted: ((arrived: Arrived) => void) | undefined;
  received = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("message", (octets, from) => {
      this.received++;
      const arrived = { octets: new Uint8Array(octets), port: from.port, address: from.address, at: performance.now() };
      if (this.#wanted === undefined) this.#waiting.push(arrived);
      else this.#wanted(arrived);
    });
  }

  static open(address = "127.0.0.1", port = 0): Promise<Wire> {
    const socket = createSocket({ type: "udp4", lookup: (host, _options, found) => found(null, host, 4) });
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(port, address, () => {
        socket.setRecvBufferSize(1 << 20);
        resolve(new Wire(socket));
      });
    });
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(port: number, packet: TftpPacket | Uint8Array, address = "127.0.0.1"): void {
    this.#socket.send(packet instanceof Uint8Array ? packet : encodeTftp(packet), port, address);
  }

  /** The next datagram within `ms`; undefined when there is silence. */
  next(ms = 2000): Promise<Arrived | undefined> {
    const first = this.#waiting.shift();
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#wanted = undefined;
        resolve(undefined);
      }, ms);
      this.#wanted = (arrived) => {
        clearTimeout(timer);
        this.#wanted = undefined;
        resolve(arrived);
      };
    });
  }

  /** The next datagram, read; fails when none comes. */
  async packet(ms = 2000): Promise<TftpPacket & { readonly port: number }> {
    const arrived = await this.next(ms);
    if (arrived === undefined) throw new Error(`nothing came within ${ms} ms`);
    return { ...decodeTftp(arrived.octets), port: arrived.port };
  }

  /** Everything that comes within `ms`. */
  async during(ms: number): Promise<Arrived[]> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return this.#waiting.splice(0);
  }

  close(): void {
    this.#socket.close();
  }
}

export interface Fetched {
  readonly octets: Uint8Array;
  readonly oack: readonly TftpOption[];
  /** The server's transfer port. */
  readonly port: number;
  readonly blocks: number;
}

/** An RRQ as octets. */
export function rrq(
  filename: string,
  options: Readonly<Record<string, string | number>> = {},
  mode = "octet",
): Uint8Array {
  return encodeTftp({
    op: "RRQ",
    filename,
    mode,
    options: Object.entries(options).map(([name, value]) => ({ name, value: String(value) })),
  });
}

/** Fetches a file as a plain, correct client does. Rejects with `ERROR n: text` when the server refuses. */
export async function fetchFile(
  port: number,
  filename: string,
  options: Readonly<Record<string, string | number>> = {},
  { mode = "octet", address = "127.0.0.1", server = "127.0.0.1", wrapTo = 0, retry = 1000 } = {},
): Promise<Fetched> {
  const wire = await Wire.open(address);
  try {
    return await fetchOver(wire, { port, address: server }, filename, options, mode, wrapTo, retry);
  } finally {
    wire.close();
  }
}

async function fetchOver(
  wire: Wire,
  server: { readonly port: number; readonly address: string },
  filename: string,
  options: Readonly<Record<string, string | number>>,
  mode: string,
  wrapTo: number,
  retry: number,
): Promise<Fetched> {
  const request = rrq(filename, options, mode);
  const pieces: Uint8Array[] = [];
  let oack: readonly TftpOption[] = [];
  let blksize = 512;
  let windowsize = 1;
  let port = -1;
  let expected = 1;
  let inWindow = 0;
  let last: Uint8Array = request;
  wire.send(server.port, request, server.address);
  for (;;) {
    const arrived = await wire.next(retry);
    if (arrived === undefined) {
      wire.send(port === -1 ? server.port : port, last, server.address);
      continue;
    }
    const packet = decodeTftp(arrived.octets);
    if (packet.op === "ERROR") throw new Error(`ERROR ${packet.code}: ${packet.message}`);
    if (port === -1) port = arrived.port;
    if (arrived.port !== port) continue;
    if (packet.op === "OACK") {
      oack = packet.options;
      for (const { name, value } of oack) {
        if (name === "blksize") blksize = Number(value);
        if (name === "windowsize") windowsize = Number(value);
      }
      last = encodeTftp({ op: "ACK", block: 0 });
      wire.send(port, last, server.address);
    } else if (packet.op === "DATA") {
      if (packet.block !== expected) {
        if (windowsize > 1) wire.send(port, last, server.address);
        continue;
      }
      pieces.push(packet.octets);
      last = encodeTftp({ op: "ACK", block: expected });
      expected = expected === 65_535 ? wrapTo : expected + 1;
      inWindow++;
      const final = packet.octets.length < blksize;
      if (final || inWindow === windowsize) {
        wire.send(port, last, server.address);
        inWindow = 0;
      }
      if (final) return { octets: joined(pieces), oack, port, blocks: pieces.length };
    }
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Octets that differ from place to place, so that a block in the wrong place shows. */
export function pattern(length: number, seed = 1): Uint8Array {
  const octets = new Uint8Array(length);
  let x = seed * 2_654_435_761;
  for (let i = 0; i < length; i++) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) | 0;
    octets[i] = x >>> 16;
  }
  return octets;
}

/** An image in memory that counts its readers. */
export class MemoryImage implements Image {
  readonly name: string;
  readonly key: string;
  readonly octets: Uint8Array;
  opened = 0;
  closed = 0;
  reads = 0;

  constructor(name: string, octets: Uint8Array) {
    this.name = name;
    this.key = `memory:${name}`;
    this.octets = octets;
  }

  get size(): number {
    return this.octets.length;
  }

  read(offset: number, length: number): Promise<Uint8Array> {
    this.reads++;
    return Promise.resolve(this.octets.slice(offset, offset + length));
  }

  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }
}

/** A desk over a table of names: octets are rendered files, images are images. */
export class TableDesk implements FileDesk {
  readonly files: Map<string, Uint8Array | Image>;
  readonly asked: FileRequest[] = [];
  readonly outcomes: string[] = [];

  constructor(files: Readonly<Record<string, Uint8Array | Image>> = {}) {
    this.files = new Map(Object.entries(files));
  }

  answer(request: FileRequest): Promise<BootFile> {
    this.asked.push(request);
    const file = this.files.get(request.filename);
    if (file === undefined) return Promise.resolve({ is: "refused", why: "not-found", because: "no such file" });
    if (file instanceof Uint8Array) {
      const name = request.filename;
      return Promise.resolve({ is: "rendered", name, octets: file, contentType: "application/octet-stream" });
    }
    if (file instanceof MemoryImage) file.opened++;
    return Promise.resolve({ is: "image", image: file });
  }

  delivered(request: FileRequest, outcome: "whole" | "broken-off"): void {
    this.outcomes.push(`${request.filename} ${outcome}`);
  }
}
