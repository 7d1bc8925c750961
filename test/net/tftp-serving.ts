import type { Clock } from "../../src/net/clock.ts";
import type { TftpEvent } from "../../src/net/tftp-events.ts";
import { startTftp, type TftpOptions, type TftpService } from "../../src/net/tftp-listener.ts";
import { type OpenUdp, openDgram } from "../../src/net/udp.ts";
import { fastestUdp } from "../../src/net/udp-batch.ts";
import type { Image } from "../../src/provision/ports.ts";
import type { Ipv4 } from "../../src/wire/address.ts";
import { type Arrived, TableDesk, Wire } from "./tftp-wire.ts";

export const LOOPBACK = "127.0.0.1" as Ipv4;

/** Both ways to move datagrams; every case holds for both. */
export const TRANSPORTS: readonly (readonly [string, () => Promise<OpenUdp>])[] = [
  ["dgram", async () => openDgram],
  ["batches", async () => (await fastestUdp(65_536)).open],
];

/** A clock that stands still until it is told. Timers run in order, each at its own time. */
export class StandingClock implements Clock {
  #now = 0;
  #timers: { at: number; wake: () => void }[] = [];

  now(): number {
    return 1_700_000_000_000 + this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  after(ms: number, wake: () => void): () => void {
    const timer = { at: this.#now + ms, wake };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get timers(): number {
    return this.#timers.length;
  }

  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
    this.#now = until;
  }
}

export class Served {
  readonly service: TftpService;
  readonly desk: TableDesk;
  readonly events: TftpEvent[];
  readonly #wires: Wire[] = [];

  constructor(service: TftpService, desk: TableDesk, events: TftpEvent[]) {
    this.service = service;
    this.desk = desk;
    this.events = events;
  }

  get port(): number {
    return this.service.port;
  }

  get counters(): TftpService["counters"] {
    return this.service.counters;
  }

  /** A client's socket, closed with the server. */
  async wire(address?: string, port?: number): Promise<Wire> {
    const wire = await Wire.open(address, port);
    this.#wires.push(wire);
    return wire;
  }

  /** What a fresh client gets back for these octets within `ms`. */
  async answers(octets: Uint8Array, ms = 650, address?: string): Promise<Arrived[]> {
    const wire = await this.wire(address);
    wire.send(this.port, octets, this.service.address);
    return wire.during(ms);
  }

  async close(): Promise<void> {
    for (const wire of this.#wires) wire.close();
    await this.service.stop();
  }
}

/** Runs `body` with a service over `files`, and closes everything afterwards. */
export async function serving(
  open: () => Promise<OpenUdp>,
  files: Readonly<Record<string, Uint8Array | Image>>,
  body: (served: Served) => Promise<void>,
  options: Partial<TftpOptions> = {},
): Promise<void> {
  const desk = new TableDesk(files);
  const events: TftpEvent[] = [];
  const service = await startTftp({
    listen: LOOPBACK,
    port: 0,
    desk,
    sockets: 8,
    openUdp: await open(),
    on: (event) => events.push(event),
    ...options,
  });
  const served = new Served(service, desk, events);
  try {
    await body(served);
  } finally {
    await served.close();
  }
}

/** Waits until `holds`, in real time. */
export async function until(holds: () => boolean, ms = 3000): Promise<void> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${holds}`);
    await new Promise((later) => setTimeout(later, 2));
  }
}
