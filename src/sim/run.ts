import type { Ipv4 } from "../wire/address.ts";
import { type Datagram, EVERYBODY, NOBODY } from "./datagram.ts";
import type { Link } from "./link.ts";
import type { WebAnswer, WebGet } from "./script.ts";
import type { Seat } from "./seat.ts";

/** The far side of the wire, as the run sees it. Times are milliseconds of virtual time. */
export interface SimulatedServer {
  /** Takes a datagram and answers at once, or when the promise settles; virtual time stands still meanwhile. */
  receives(datagram: Datagram, now: number): readonly Datagram[] | Promise<readonly Datagram[]>;
  /** Answers a GET from a phone at `from`; without it nobody listens for HTTP. */
  gets?(get: WebGet, from: Ipv4, now: number): Promise<WebAnswer>;
  /** When it wants a `wakes`, if at all: retransmissions and the like. */
  wakeAt?(): number | undefined;
  wakes?(now: number): readonly Datagram[] | Promise<readonly Datagram[]>;
}

/** What a run is made of. */
export interface RunManner {
  readonly seats: readonly Seat[];
  readonly server: SimulatedServer;
  readonly link: Link;
  /** Milliseconds of virtual time after which the run stops, whatever still happens. */
  readonly until: number;
  /** Virtual time at the start; every phone that is off is switched on then. */
  readonly from?: number;
  /** Asked every `every` milliseconds (default 1000) of virtual time: acts on the phones, or ends the run by `true`. */
  readonly operator?: (now: number, act: Operator) => boolean | undefined | Promise<boolean | undefined>;
  readonly every?: number;
  /** What happens to phones and server at given instants of virtual time, e.g. a power cut between two looks. */
  readonly strokes?: readonly Stroke[];
  /**
   * Counts every datagram before it is carried; `true` swallows it. For tests that cut power at a certain block, or watch
   * what one phone receives.
   */
  readonly tap?: (datagram: Datagram, now: number, act: Operator) => boolean | undefined;
}

/** One thing that befalls phones or server. */
export interface Stroke {
  /** Milliseconds of virtual time. */
  readonly at: number;
  readonly falls: (now: number, act: Operator) => void | Promise<void>;
}

/** What an operator can do to a phone. */
export interface Operator {
  powerCut(seat: Seat): void;
  powerOn(seat: Seat): void;
  powerCycle(seat: Seat): void;
  keys(seat: Seat, sequence: string): void;
  /** Lets something else on the network send to a phone, e.g. a NOTIFY of the PBX; what the phone answers goes out. */
  send(datagram: Datagram): void;
}

const NOTHING = new Uint8Array(0);

/** How a run ended. */
export interface Ran {
  readonly now: number;
  /** `quiet`: no phone is busy and nothing is on the wire; `stopped`: the operator said so; `bound`: time was up. */
  readonly ended: "quiet" | "stopped" | "bound";
  readonly datagrams: number;
}

/**
 * Runs phones against a server over an in-memory link in virtual time. Ends when every phone is settled, stuck or dead
 * and the operator, if there is one, has said so. Nothing in it depends on the machine it runs on.
 */
export async function run(manner: RunManner): Promise<Ran> {
  const world = new World(manner);
  return world.run();
}

type Happening =
  | { readonly is: "reaches-server"; readonly datagram: Datagram }
  | { readonly is: "reaches-phone"; readonly datagram: Datagram }
  | { readonly is: "get-reaches-server"; readonly seat: Seat; readonly get: WebGet }
  | { readonly is: "got"; readonly seat: Seat; readonly get: WebGet; readonly answer: WebAnswer }
  | { readonly is: "wakes"; readonly seat: Seat }
  | { readonly is: "server" }
  | { readonly is: "stroke"; readonly stroke: Stroke }
  | { readonly is: "operator" };

class World {
  private readonly manner: RunManner;
  private readonly queue = new Agenda<Happening>();
  private readonly wanted = new Map<Seat, number>();
  private readonly gets = new Map<Seat, WebGet>();
  private readonly addresses = new Map<Ipv4, Seat>();
  /** Phones that listen without an address: the only ones that a broadcast reaches. */
  private readonly unaddressed = new Set<Seat>();
  private readonly busy = new Set<Seat>();
  private serverWants: number | undefined;
  private onWire = 0;
  private datagrams = 0;
  private now: number;

  constructor(manner: RunManner) {
    this.manner = manner;
    this.now = manner.from ?? 0;
  }

  async run(): Promise<Ran> {
    const { seats, until, operator, strokes = [] } = this.manner;
    for (const seat of seats) if (seat.mood === "off") this.happen(seat, { is: "powerOn" });
    for (const stroke of strokes) this.queue.add(stroke.at, { is: "stroke", stroke });
    if (operator !== undefined) this.queue.add(this.now, { is: "operator" });
    for (let next = this.queue.take(); next !== undefined; next = this.queue.take()) {
      if (next.at > until) return this.ended(until, "bound");
      this.now = next.at;
      if ((await this.take(next.what)) === true) return this.ended(this.now, "stopped");
      if (operator === undefined && this.quiet()) return this.ended(this.now, "quiet");
    }
    return this.ended(this.now, "quiet");
  }

  private ended(now: number, ended: Ran["ended"]): Ran {
    return { now, ended, datagrams: this.datagrams };
  }

  private quiet(): boolean {
    return this.onWire === 0 && this.busy.size === 0;
  }

  private async take(happening: Happening): Promise<boolean> {
    switch (happening.is) {
      case "operator": {
        const stop = await this.manner.operator?.(this.now, this.act);
        this.queue.add(this.now + (this.manner.every ?? 1000), happening);
        return stop === true;
      }
      case "stroke":
        await happening.stroke.falls(this.now, this.act);
        // It may have woken, or killed, the server.
        this.minuteServer();
        return false;
      case "wakes":
        // A wake that the phone has since moved on from is stale.
        if (this.wanted.get(happening.seat) !== this.now) return false;
        this.wanted.delete(happening.seat);
        this.happen(happening.seat, { is: "wake" });
        return false;
      case "server":
        if (this.serverWants !== this.now) return false;
        this.serverWants = undefined;
        this.sendAll((await this.manner.server.wakes?.(this.now)) ?? [], "reaches-phone");
        this.minuteServer();
        return false;
      case "reaches-server":
        this.onWire -= 1;
        await this.serve(happening.datagram);
        return false;
      case "get-reaches-server": {
        const { seat, get } = happening;
        const answer = seat.ip === undefined ? undefined : await this.manner.server.gets?.(get, seat.ip, this.now);
        this.overTcp({ is: "got", seat, get, answer: answer ?? "refused" });
        this.minuteServer();
        return false;
      }
      case "got":
        this.happen(happening.seat, happening);
        return false;
      case "reaches-phone":
        this.onWire -= 1;
        for (const seat of this.listening(happening.datagram))
          this.happen(seat, { is: "datagram", datagram: happening.datagram });
        return false;
    }
  }

  private async serve(datagram: Datagram): Promise<void> {
    const answers = this.manner.server.receives(datagram, this.now);
    this.sendAll(answers instanceof Promise ? await answers : answers, "reaches-phone");
    this.minuteServer();
  }

  private listening({ to }: Datagram): readonly Seat[] {
    const last = this.addresses.get(to.ip);
    const others = to.ip === EVERYBODY ? [...this.unaddressed] : this.manner.seats;
    const near = last !== undefined && last.ip === to.ip ? [last] : others;
    return near.filter((seat) => seat.endpoints().some((end) => end.port === to.port && reaches(to.ip, end.ip)));
  }

  private happen(seat: Seat, event: Parameters<Seat["happens"]>[0]): void {
    this.sendAll(seat.happens(event, this.now), "reaches-server");
    if (seat.ip !== undefined) this.addresses.set(seat.ip, seat);
    if (seat.endpoints().some(({ ip }) => ip === NOBODY)) this.unaddressed.add(seat);
    else this.unaddressed.delete(seat);
    if (seat.mood === "busy") this.busy.add(seat);
    else this.busy.delete(seat);
    const get = seat.getting();
    if (get !== undefined && this.gets.get(seat) !== get) {
      this.gets.set(seat, get);
      this.overTcp({ is: "get-reaches-server", seat, get });
    }
    const at = seat.wakeAt();
    if (at === undefined) this.wanted.delete(seat);
    else if (this.wanted.get(seat) !== at) {
      this.wanted.set(seat, at);
      this.queue.add(at, { is: "wakes", seat });
    }
  }

  private minuteServer(): void {
    const at = this.manner.server.wakeAt?.();
    if (at === undefined || at === this.serverWants) return;
    this.serverWants = Math.max(at, this.now);
    this.queue.add(this.serverWants, { is: "server" });
  }

  private sendAll(datagrams: readonly Datagram[], is: "reaches-server" | "reaches-phone"): void {
    for (const datagram of datagrams) {
      this.datagrams += 1;
      if (this.manner.tap?.(datagram, this.now, this.act) === true) continue;
      for (const at of this.manner.link.carry(datagram, this.now)) {
        this.onWire += 1;
        this.queue.add(at, { is, datagram });
      }
    }
  }

  /** TCP loses nothing: what the link drops is sent again a second later, then two, then four (RFC 6298 §2). */
  private overTcp(happening: Extract<Happening, { is: "get-reaches-server" | "got" }>): void {
    const { seat, get } = happening;
    const end = { ip: get.server, port: get.port };
    for (let wait = 0, rto = 1000; rto <= 32_000; wait += rto, rto *= 2) {
      const [at] = this.manner.link.carry({ from: end, to: end, octets: NOTHING }, this.now + wait);
      if (at !== undefined) {
        this.queue.add(at, happening);
        return;
      }
    }
    // A phone whose GET is never answered loses its patience by itself.
    this.gets.delete(seat);
  }

  private readonly act: Operator = {
    powerCut: (seat) => this.happen(seat, { is: "powerCut" }),
    powerOn: (seat) => this.happen(seat, { is: "powerOn" }),
    powerCycle: (seat) => {
      this.happen(seat, { is: "powerCut" });
      this.happen(seat, { is: "powerOn" });
    },
    keys: (seat, sequence) => this.happen(seat, { is: "keys", sequence }),
    send: (datagram) => this.sendAll([datagram], "reaches-phone"),
  };
}

/** A phone without an address hears broadcasts, and unicasts to whatever address it is being offered. */
function reaches(to: Ipv4, listening: Ipv4): boolean {
  return listening === to || listening === NOBODY;
}

/** What is to happen, soonest first; of two at the same time, the one noted first. A binary heap. */
class Agenda<T> {
  private readonly heap: { at: number; order: number; what: T }[] = [];
  private order = 0;

  add(at: number, what: T): void {
    const { heap } = this;
    heap.push({ at, order: this.order++, what });
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!this.sooner(i, parent)) return;
      this.swap(i, parent);
      i = parent;
    }
  }

  take(): { readonly at: number; readonly what: T } | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) if (child < heap.length && this.sooner(child, least)) least = child;
      if (least === i) return first;
      this.swap(i, least);
      i = least;
    }
  }

  private sooner(a: number, b: number): boolean {
    const { heap } = this;
    const x = heap[a];
    const y = heap[b];
    return x !== undefined && y !== undefined && (x.at < y.at || (x.at === y.at && x.order < y.order));
  }

  private swap(a: number, b: number): void {
    const { heap } = this;
    const x = heap[a];
    const y = heap[b];
    if (x === undefined || y === undefined) return;
    heap[a] = y;
    heap[b] = x;
  }
}
