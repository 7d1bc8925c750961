import type { Ipv4, Mac } from "../wire/address.ts";
import { type Datagram, type Endpoint, NOBODY } from "./datagram.ts";
import {
  beginLease,
  type DhcpClient,
  type DhcpMoved,
  dhcpReceives,
  dhcpWakes,
  hasAddress,
  type Network,
} from "./dhcp-client.ts";
import { chance } from "./random.ts";
import { beginRenewal, type Renewal, type Renewed, renewalReceives, renewalWakes } from "./renewal.ts";
import type { Character, Hearing, Script, WebAnswer, WebGet } from "./script.ts";
import {
  beginTransfer,
  type Fetched,
  type Transfer,
  transferReceives,
  transferWakes,
  underWay,
} from "./tftp-client.ts";

/** What happens to a phone. `keys` is a power-cycle with keys held, as a technician does it. */
export type PhoneEvent =
  | { readonly is: "powerOn" }
  | { readonly is: "powerCut" }
  | { readonly is: "keys"; readonly sequence: string }
  | { readonly is: "datagram"; readonly datagram: Datagram }
  | { readonly is: "got"; readonly get: WebGet; readonly answer: WebAnswer }
  | { readonly is: "wake" };

/** How a phone stands: `settled` has what it needs, `stuck` shows a fault and perhaps tries again, `dead` is lost. */
export type Mood = "off" | "busy" | "settled" | "stuck" | "dead";

/** One thing a phone did, with the virtual time in milliseconds. */
export interface LogEntry {
  readonly at: number;
  readonly boot: number;
  readonly what: "lease" | "asks" | "gets" | "shows" | "writes" | "boots" | "dies";
  readonly text: string;
}

/** A phone at one instant. */
export interface PhoneState<F> {
  readonly flash: F;
  readonly boot: number;
  readonly screen: string;
  readonly mood: Mood;
  readonly ip: Ipv4 | undefined;
  /** The lease it holds, to be extended while it rests. */
  readonly renewal: Renewal | undefined;
  readonly nextPort: number;
  readonly doing: Doing<F>;
}

type Doing<F> =
  | { readonly at: "off" }
  | { readonly at: "leasing"; readonly client: DhcpClient; readonly next: (network: Network) => Script<F> }
  | {
      readonly at: "fetching";
      readonly transfers: readonly (Transfer | Fetched)[];
      readonly next: (fetched: readonly Fetched[]) => Script<F>;
    }
  | {
      readonly at: "getting";
      readonly get: WebGet;
      readonly until: number;
      readonly next: (fetched: Fetched) => Script<F>;
    }
  | { readonly at: "pausing"; readonly until: number; readonly next: () => Script<F> }
  | {
      readonly at: "writing";
      readonly until: number;
      readonly torn: F;
      readonly whole: F;
      readonly next: () => Script<F>;
    }
  | { readonly at: "resting"; readonly hears: Hearing<F> | undefined; readonly renewal: Renewal | undefined }
  | { readonly at: "dead" };

/** What one step leads to. `wakeAt` undefined: nothing happens by itself. */
export interface Stepped<F> {
  readonly state: PhoneState<F>;
  readonly send: readonly Datagram[];
  readonly wakeAt: number | undefined;
  readonly log: readonly LogEntry[];
}

/** A phone as a pure machine: the same state, event and time always lead to the same step. */
export interface Phone<F> {
  readonly mac: Mac;
  /** Switched off, with this flash. */
  start(flash: F): PhoneState<F>;
  step(state: PhoneState<F>, event: PhoneEvent, now: number): Stepped<F>;
  /** Where it listens in this state. */
  endpoints(state: PhoneState<F>): readonly Endpoint[];
  /** The GET that it waits for in this state. */
  getting(state: PhoneState<F>): WebGet | undefined;
  running(state: PhoneState<F>): string | undefined;
}

const LOWEST_PORT = 49_152;
const PORT_STRIDE = 8;
/** How long a phone waits for a GET, in milliseconds; no source says (grade D). */
const WEB_PATIENCE = 10_000;

/** Builds the machine of one phone from what its family is like. `seed` fixes every die it rolls. */
export function createPhone<F>(mac: Mac, character: Character<F>, seed: number): Phone<F> {
  return {
    mac,
    start: (flash) => ({
      flash,
      boot: 0,
      screen: "",
      mood: "off",
      ip: undefined,
      renewal: undefined,
      nextPort: LOWEST_PORT,
      doing: { at: "off" },
    }),
    step: (state, event, now) => new Step(state, character, now, mac, seed).take(event),
    endpoints,
    getting: ({ doing }) => (doing.at === "getting" ? doing.get : undefined),
    running: (state) => character.running(state.flash),
  };
}

/** One step in the making: collects what is sent and logged while the script is followed as far as it goes. */
class Step<F> {
  private readonly send: Datagram[] = [];
  private readonly log: LogEntry[] = [];
  private state: PhoneState<F>;
  private readonly character: Character<F>;
  private readonly now: number;
  private readonly mac: Mac;
  private readonly seed: number;

  constructor(state: PhoneState<F>, character: Character<F>, now: number, mac: Mac, seed: number) {
    this.state = state;
    this.character = character;
    this.now = now;
    this.mac = mac;
    this.seed = seed;
  }

  take(event: PhoneEvent): Stepped<F> {
    if (this.state.doing.at !== "dead") this.live(event);
    return { state: this.state, send: this.send, wakeAt: wakeAt(this.state.doing), log: this.log };
  }

  private live(event: PhoneEvent): void {
    switch (event.is) {
      case "powerOn":
        if (this.state.doing.at === "off") this.boot();
        return;
      case "powerCut":
        this.cut();
        return;
      case "keys": {
        this.cut();
        const flash = this.character.keys?.(this.state.flash, event.sequence);
        this.change({ flash: flash ?? this.state.flash });
        this.boot();
        return;
      }
      case "datagram":
        this.receive(event.datagram);
        return;
      case "got":
        if (this.state.doing.at === "getting" && this.state.doing.get === event.get) this.got(event.answer);
        return;
      case "wake":
        this.wake();
    }
  }

  private boot(): void {
    const boot = this.state.boot + 1;
    const label = `${this.mac}/${boot}`;
    const nextPort = LOWEST_PORT + PORT_STRIDE * Math.floor(chance(this.seed, label, "port") * 1024);
    this.change({ boot, nextPort, ip: undefined, renewal: undefined, mood: "busy" });
    this.note("boots", this.character.running(this.state.flash) ?? "");
    const self = { boot, chance: (what: string) => chance(this.seed, label, what) };
    this.follow(this.character.boot(this.state.flash, self));
  }

  private cut(): void {
    const { doing, flash } = this.state;
    this.change({
      flash: doing.at === "writing" ? doing.torn : flash,
      screen: "",
      mood: "off",
      ip: undefined,
      renewal: undefined,
      doing: { at: "off" },
    });
  }

  private receive(datagram: Datagram): void {
    const { doing } = this.state;
    if (doing.at === "leasing" && datagram.to.port === 68) {
      this.leased(dhcpReceives(doing.client, datagram, this.now), doing.next);
    } else if (doing.at === "resting") {
      this.hear(doing, datagram);
    } else if (doing.at === "fetching") {
      this.moveTransfers(doing, (transfer) =>
        transfer.local.port === datagram.to.port ? transferReceives(transfer, datagram, this.now) : undefined,
      );
    }
  }

  private got(answer: WebAnswer | "timeout"): void {
    const { doing } = this.state;
    if (doing.at !== "getting") return;
    const { name } = doing.get;
    const fetched: Fetched =
      typeof answer === "object"
        ? { is: "whole", name, octets: answer }
        : answer === "refused"
          ? { is: "broken-off", name, why: "Connection refused" }
          : { is: answer, name };
    this.note("gets", `${name} by HTTP ${fetched.is}`);
    this.follow(doing.next(fetched));
  }

  private wake(): void {
    const { doing } = this.state;
    if (doing.at === "leasing") this.leased(dhcpWakes(doing.client, this.now), doing.next);
    else if (doing.at === "fetching") this.moveTransfers(doing, (transfer) => transferWakes(transfer, this.now));
    else if (doing.at === "resting" && doing.renewal !== undefined) {
      this.extended(doing, renewalWakes(doing.renewal, this.now));
    } else if (doing.at === "getting" && this.now >= doing.until) this.got("timeout");
    else if (doing.at === "pausing" && this.now >= doing.until) this.follow(doing.next());
    else if (doing.at === "writing" && this.now >= doing.until) {
      this.change({ flash: doing.whole });
      this.follow(doing.next());
    }
  }

  private hear(doing: Extract<Doing<F>, { at: "resting" }>, datagram: Datagram): void {
    const { hears, renewal } = doing;
    if (datagram.to.port === 68 && renewal !== undefined) {
      this.extended(doing, renewalReceives(renewal, datagram, this.now));
    } else if (hears !== undefined && datagram.to.port === hears.port) {
      const { answer, next } = hears.hear(datagram.octets);
      if (answer !== undefined) this.send.push({ from: datagram.to, to: datagram.from, octets: answer });
      if (next !== undefined) this.follow(next());
    }
  }

  private extended(doing: Extract<Doing<F>, { at: "resting" }>, renewed: Renewed): void {
    this.send.push(...renewed.send);
    if (renewed.renewal === "lost") {
      this.note("lease", "lost");
      this.boot();
    } else {
      this.change({ renewal: renewed.renewal, doing: { ...doing, renewal: renewed.renewal } });
    }
  }

  private leased(moved: DhcpMoved, next: (network: Network) => Script<F>): void {
    this.send.push(...moved.send);
    const { doing } = this.state;
    const manner = doing.at === "leasing" ? doing.client.manner : undefined;
    if (!hasAddress(moved.client)) {
      this.change({ doing: { at: "leasing", client: moved.client, next } });
      return;
    }
    const renewal = manner === undefined ? undefined : beginRenewal(manner, moved.client, this.now);
    this.change({ ip: moved.client.ip, renewal });
    this.note("lease", moved.client.ip);
    this.follow(next(moved.client));
  }

  private moveTransfers(
    doing: Extract<Doing<F>, { at: "fetching" }>,
    move: (transfer: Transfer) => ReturnType<typeof transferReceives> | undefined,
  ): void {
    const transfers = doing.transfers.map((transfer) => {
      const moved = underWay(transfer) ? move(transfer) : undefined;
      if (moved === undefined) return transfer;
      this.send.push(...moved.send);
      if (!underWay(moved.transfer)) this.note("gets", `${moved.transfer.name} ${moved.transfer.is}`);
      return moved.transfer;
    });
    this.change({ doing: { ...doing, transfers } });
    const fetched = transfers.filter((transfer): transfer is Fetched => !underWay(transfer));
    if (fetched.length === transfers.length) this.follow(doing.next(fetched));
  }

  /** Follows the script until it has to wait for something. */
  private follow(script: Script<F>): void {
    let next: Script<F> | undefined = script;
    while (next !== undefined) next = this.perform(next);
  }

  private perform(script: Script<F>): Script<F> | undefined {
    switch (script.does) {
      case "show":
        if (script.screen !== this.state.screen) this.note("shows", script.screen);
        this.change({ screen: script.screen });
        return script.next();
      case "stand":
        this.change({ mood: script.mood });
        return script.next();
      case "address":
        this.change({ ip: script.ip });
        return script.next();
      case "lease":
        this.leased(beginLease(script.manner, this.now), script.next);
        return undefined;
      case "fetch":
        return this.fetch(script);
      case "get":
        return this.get(script);
      case "pause":
        this.change({ doing: { at: "pausing", until: this.now + script.ms, next: script.next } });
        return undefined;
      case "write":
        this.note("writes", this.character.running(script.whole) ?? "");
        // Whoever sees a phone stuck may pull its plug: while it writes, it is not stuck.
        this.change({ mood: "busy", doing: { ...script, at: "writing", until: this.now + script.ms } });
        return undefined;
      case "restart":
        this.boot();
        return undefined;
      case "rest":
        this.change({ doing: { at: "resting", hears: script.hears, renewal: this.state.renewal } });
        return undefined;
      case "die":
        this.note("dies", script.why);
        this.change({ mood: "dead", doing: { at: "dead" } });
        return undefined;
    }
  }

  private fetch(script: Extract<Script<F>, { does: "fetch" }>): Script<F> | undefined {
    const { server, port = 69, manner, next } = script;
    for (const wish of script.wishes) this.note("asks", wish.name);
    if (server === undefined) return next(script.wishes.map((wish) => ({ is: "no-server", name: wish.name })));
    const ip = this.state.ip ?? NOBODY;
    const transfers = script.wishes.map((wish, i) => {
      const local = { ip, port: this.state.nextPort + i * PORT_STRIDE };
      const begun = beginTransfer(wish, manner, local, { ip: server, port }, this.now);
      this.send.push(...begun.send);
      return begun.transfer;
    });
    const nextPort = this.state.nextPort + transfers.length * PORT_STRIDE;
    const folded = nextPort > 65_535 - 8 * PORT_STRIDE ? LOWEST_PORT : nextPort;
    this.change({ nextPort: folded, doing: { at: "fetching", transfers, next } });
    return undefined;
  }

  private get({ name, server, port, next }: Extract<Script<F>, { does: "get" }>): Script<F> | undefined {
    this.note("asks", `${name} by HTTP`);
    if (server === undefined) return next({ is: "no-server", name });
    const get: WebGet = { server, port, name };
    this.change({ doing: { at: "getting", get, until: this.now + WEB_PATIENCE, next } });
    return undefined;
  }

  private change(part: Partial<PhoneState<F>>): void {
    this.state = { ...this.state, ...part };
  }

  private note(what: LogEntry["what"], text: string): void {
    this.log.push({ at: this.now, boot: this.state.boot, what, text });
  }
}

function wakeAt<F>(doing: Doing<F>): number | undefined {
  switch (doing.at) {
    case "leasing":
      return doing.client.dueAt;
    case "fetching":
      return Math.min(...doing.transfers.map((transfer) => (underWay(transfer) ? transfer.dueAt : Infinity)));
    case "getting":
    case "pausing":
    case "writing":
      return doing.until;
    case "resting":
      return doing.renewal?.dueAt;
    default:
      return undefined;
  }
}

function endpoints<F>(state: PhoneState<F>): readonly Endpoint[] {
  const { doing } = state;
  if (doing.at === "leasing") return [{ ip: NOBODY, port: 68 }];
  if (doing.at === "resting" && state.ip !== undefined) {
    const ports = [doing.hears?.port, doing.renewal?.asking === true ? 68 : undefined];
    const { ip } = state;
    return ports.flatMap((port) => (port === undefined ? [] : [{ ip, port }]));
  }
  if (doing.at === "fetching") return doing.transfers.filter(underWay).map((transfer) => transfer.local);
  return [];
}
