import { createSocket, type Socket } from "node:dgram";
import { get as httpGet } from "node:http";
import { type Ipv4, parseIpv4 } from "../wire/address.ts";
import { type Datagram, type Endpoint, EVERYBODY } from "./datagram.ts";
import type { Link } from "./link.ts";
import type { PhoneEvent } from "./phone.ts";
import type { Operator, Ran } from "./run.ts";
import type { WebAnswer, WebGet } from "./script.ts";
import type { Seat } from "./seat.ts";

/** A phone with an address of its own on loopback (127.0.0.0/8), from which it speaks while it has no lease. */
export interface PlacedSeat {
  readonly seat: Seat;
  readonly address: Ipv4;
}

/** Where the real server listens. A phone thinks of ports 67, 68 and 69; these are what they are on loopback. */
export interface UdpPlaces {
  readonly tftp: Endpoint;
  /** Where phones that try HTTP on port 6970 find it; absent, nobody listens there. TCP is left alone by the link. */
  readonly http?: Endpoint;
  /** Takes the phones' broadcasts as unicasts; answers go back to the sender's address and port (giaddr is 0). */
  readonly dhcp?: Endpoint;
  /** The port phones send DHCP from, on their own address; default 10068. */
  readonly dhcpClientPort?: number;
}

/** What a run over real sockets is made of. */
export interface UdpRun {
  readonly seats: readonly PlacedSeat[];
  readonly places: UdpPlaces;
  /** How many milliseconds of the phones' time pass in one of real time; the order of events stays. */
  readonly speed: number;
  /** Milliseconds of the phones' time after which the run ends. */
  readonly until: number;
  /** Asked every `every` (default 1000) milliseconds of the phones' time; `true` ends the run. Without it: until quiet. */
  readonly operator?: (now: number, act: Operator) => boolean | undefined;
  readonly every?: number;
  /** Loses, doubles and delays datagrams in both directions, in the phones' time. */
  readonly link?: Link;
}

/**
 * Runs phones over real UDP on loopback, each with sockets of its own. Resolves when the operator or the bound ends it,
 * with every socket closed. A socket that cannot be bound is a phone that hears nothing: its own retries go on.
 */
export function runOverUdp(manner: UdpRun): Promise<Ran> {
  return new Promise((resolve) => new UdpWorld(manner, resolve).start());
}

const LONGEST_TIMER = 2 ** 31 - 1;
/** Real milliseconds. */
const MOST_PATIENCE = 4000;

class UdpWorld {
  private readonly manner: UdpRun;
  private readonly resolve: (ran: Ran) => void;
  private readonly begun = performance.now();
  private readonly desks: readonly Desk[];
  private readonly timers = new Set<NodeJS.Timeout>();
  private datagrams = 0;
  /** How long an answer takes at present, in real milliseconds. */
  private answerTime = 5;
  private over = false;

  constructor(manner: UdpRun, resolve: (ran: Ran) => void) {
    this.manner = manner;
    this.resolve = resolve;
    this.desks = manner.seats.map(({ seat, address }) => ({
      seat,
      address,
      sockets: new Map(),
      timer: undefined,
      get: undefined,
      asked: undefined,
    }));
  }

  start(): void {
    for (const desk of this.desks) if (desk.seat.mood === "off") this.happen(desk, { is: "powerOn" });
    this.watch();
  }

  private now(): number {
    return (performance.now() - this.begun) * this.manner.speed;
  }

  private watch(): void {
    const { operator, until, every = 1000 } = this.manner;
    const now = this.now();
    const quiet = operator === undefined && this.desks.every((desk) => desk.seat.mood !== "busy");
    if (quiet) this.end("quiet");
    else if (operator?.(now, this.act) === true) this.end("stopped");
    else if (now > until) this.end("bound");
    else this.after(every, () => this.watch());
  }

  private end(ended: Ran["ended"]): void {
    this.over = true;
    for (const timer of this.timers) clearTimeout(timer);
    for (const desk of this.desks) {
      for (const port of desk.sockets.values()) port.close();
      desk.sockets.clear();
    }
    this.resolve({ now: this.now(), ended, datagrams: this.datagrams });
  }

  private happen(desk: Desk, event: PhoneEvent): void {
    if (this.over) return;
    const send = desk.seat.happens(event, this.now());
    if (send.length > 0) desk.asked ??= { at: performance.now(), lost: false };
    // What a phone says last, it says from the socket that it then closes.
    for (const datagram of send)
      this.carry(desk, datagram, () => this.portOf(desk, datagram.from).send(this.placed(datagram)));
    this.listen(desk);
    this.get(desk);
    if (desk.timer !== undefined) this.forget(desk.timer);
    const at = desk.seat.wakeAt();
    desk.timer =
      at === undefined
        ? undefined
        : this.after(at - this.now(), () => this.happen(desk, { is: "wake" }), this.patience(desk));
  }

  /**
   * The least real milliseconds that a phone waits for an answer. Compressed four seconds may be shorter than a busy
   * machine needs for one answer; phones that ask again then make it busier still.
   */
  private patience(desk: Desk): number {
    if (desk.seat.getting() !== undefined) return MOST_PATIENCE;
    return desk.asked === undefined ? 0 : Math.min(MOST_PATIENCE, 4 * this.answerTime);
  }

  /** Learns how long an answer takes, from phones of which the link lost nothing meanwhile. */
  private learn(desk: Desk): void {
    if (desk.asked === undefined) return;
    if (!desk.asked.lost) this.answerTime += (performance.now() - desk.asked.at - this.answerTime) / 16;
    desk.asked = undefined;
  }

  private get(desk: Desk): void {
    const get = desk.seat.getting();
    if (get === undefined || get === desk.get) return;
    desk.get = get;
    const { http } = this.manner.places;
    const got = (answer: WebAnswer) => this.happen(desk, { is: "got", get, answer });
    // Not at once, even when nobody is to be asked: one step ends before the next begins.
    if (http === undefined) this.after(0, () => got("refused"));
    else void fetchByHttp(http, desk.seat.ip ?? desk.address, get).then(got);
  }

  private listen(desk: Desk): void {
    const wanted = new Set(desk.seat.endpoints().map(keyOf));
    for (const end of desk.seat.endpoints()) this.portOf(desk, end);
    for (const [key, port] of desk.sockets) {
      if (wanted.has(key)) continue;
      desk.sockets.delete(key);
      port.close();
    }
  }

  private portOf(desk: Desk, end: Endpoint): Port {
    const key = keyOf(end);
    const open = desk.sockets.get(key);
    if (open !== undefined) return open;
    const ip = end.ip.startsWith("127.") ? end.ip : desk.address;
    const port = end.port === 68 ? (this.manner.places.dhcpClientPort ?? 10_068) : end.port;
    const made = new Port(ip, port, (octets, from) => this.arrived(desk, end, octets, from));
    desk.sockets.set(key, made);
    return made;
  }

  private arrived(desk: Desk, to: Endpoint, octets: Uint8Array, from: Endpoint): void {
    const dhcp = to.port === 68;
    const datagram: Datagram = { from: dhcp ? { ip: from.ip, port: 67 } : from, to, octets };
    this.carry(desk, datagram, () => {
      this.learn(desk);
      this.happen(desk, { is: "datagram", datagram });
    });
  }

  /** The real place of what a phone addresses; undefined when this run has none. */
  private placed({ to, octets }: Datagram): { readonly to: Endpoint; readonly octets: Uint8Array } | undefined {
    const { tftp, dhcp } = this.manner.places;
    if (to.ip === EVERYBODY || to.port === 67) return dhcp === undefined ? undefined : { to: dhcp, octets };
    return { to: to.port === 69 ? { ip: to.ip, port: tftp.port } : to, octets };
  }

  private carry(desk: Desk, datagram: Datagram, deliver: () => void): void {
    this.datagrams += 1;
    const now = this.now();
    const arrivals = this.manner.link?.carry(datagram, now) ?? [now];
    if (arrivals.length === 0 && desk.asked !== undefined) desk.asked.lost = true;
    for (const at of arrivals) {
      if (at <= now) deliver();
      else this.after(at - now, deliver);
    }
  }

  private after(ms: number, next: () => void, least = 0): NodeJS.Timeout {
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        if (!this.over) next();
      },
      // A phone that is woken too early looks at its clock and waits again.
      Math.min(Math.max(least, ms / this.manner.speed), LONGEST_TIMER),
    );
    this.timers.add(timer);
    return timer;
  }

  private forget(timer: NodeJS.Timeout): void {
    clearTimeout(timer);
    this.timers.delete(timer);
  }

  private readonly act: Operator = {
    powerCut: (seat) => this.to(seat, { is: "powerCut" }),
    powerOn: (seat) => this.to(seat, { is: "powerOn" }),
    powerCycle: (seat) => {
      this.to(seat, { is: "powerCut" });
      this.to(seat, { is: "powerOn" });
    },
    keys: (seat, sequence) => this.to(seat, { is: "keys", sequence }),
    send: (datagram) => {
      for (const { seat } of this.desks) if (seat.ip === datagram.to.ip) this.to(seat, { is: "datagram", datagram });
    },
  };

  private to(seat: Seat, event: PhoneEvent): void {
    const desk = this.desks.find((one) => one.seat === seat);
    if (desk !== undefined) this.happen(desk, event);
  }
}

interface Desk {
  readonly seat: Seat;
  readonly address: Ipv4;
  readonly sockets: Map<string, Port>;
  timer: NodeJS.Timeout | undefined;
  get: WebGet | undefined;
  /** Since when, in real time, the phone waits for an answer, and whether the link has lost something of it since. */
  asked: { readonly at: number; lost: boolean } | undefined;
}

/** One bound UDP socket. What is sent before it is bound waits; closing waits for what is being sent. */
class Port {
  private readonly socket: Socket;
  private bound = false;
  private closing = false;
  private waiting: { readonly to: Endpoint; readonly octets: Uint8Array }[] = [];
  private sending = 0;

  constructor(ip: Ipv4, port: number, take: (octets: Uint8Array, from: Endpoint) => void) {
    this.socket = createSocket({ type: "udp4" });
    this.socket.on("message", (octets, { address, port: fromPort }) => {
      const from = parseIpv4(address);
      if (from !== undefined && !this.closing) take(new Uint8Array(octets), { ip: from, port: fromPort });
    });
    // An address that is taken, or a refused port, is silence to a phone.
    this.socket.on("error", () => undefined);
    this.socket.bind({ address: ip, port, exclusive: true }, () => {
      this.bound = true;
      for (const one of this.waiting.splice(0)) this.send(one);
      this.closeWhenIdle();
    });
  }

  send(one: { readonly to: Endpoint; readonly octets: Uint8Array } | undefined): void {
    if (one === undefined) return;
    if (!this.bound) {
      this.waiting.push(one);
      return;
    }
    this.sending += 1;
    this.socket.send(one.octets, one.to.port, one.to.ip, () => {
      this.sending -= 1;
      this.closeWhenIdle();
    });
  }

  close(): void {
    this.closing = true;
    this.closeWhenIdle();
  }

  private closeWhenIdle(): void {
    if (!this.closing || !this.bound || this.sending > 0) return;
    this.bound = false;
    this.socket.close();
  }
}

/** A GET from the phone's own address, by which the server knows it. */
function fetchByHttp(server: Endpoint, from: Ipv4, { name }: WebGet): Promise<WebAnswer> {
  return new Promise((resolve) => {
    const where = { host: server.ip, port: server.port, localAddress: from, path: `/${encodeURI(name)}`, agent: false };
    const request = httpGet(where, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("end", () =>
        resolve(response.statusCode === 200 ? new Uint8Array(Buffer.concat(pieces)) : "not-found"),
      );
      response.on("error", () => resolve("refused"));
    });
    request.on("error", () => resolve("refused"));
    request.setTimeout(MOST_PATIENCE, () => request.destroy(new Error("silence")));
  });
}

function keyOf(end: Endpoint): string {
  return `${end.ip}:${end.port}`;
}
