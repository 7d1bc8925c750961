import { createMemoryStore } from "../../src/store/memory.ts";
import type { Ipv4 } from "../../src/wire/address.ts";
import { ipv4FromNumber, ipv4ToNumber } from "../../src/wire/address.ts";
import { MESSAGE } from "../../src/wire/dhcp-options.ts";
import {
  declining,
  discover,
  type Heard,
  ip,
  NOON,
  office,
  rebooting,
  releasing,
  renewing,
  selecting,
  settings,
  stranger,
  type World,
  world,
} from "./dhcp-world.ts";

/*
 * A second server, as plain as can be: a table of addresses, read through from end to end for every question. What it
 * would do is compared with what the real one did, step by step, through restarts and time.
 */

const FIRST = ipv4ToNumber(ip("192.0.2.100"));
const LEASE = 3600;
const HOLD = 15;
const REST = 5000;

interface Rec {
  readonly who: number;
  readonly at: "offered" | "bound" | "released" | "declined";
  /** When it ends; of no meaning for a released one. */
  readonly until: number;
}

class Model {
  readonly addresses: readonly Ipv4[];
  memory = new Map<Ipv4, Rec>();
  disk = new Map<Ipv4, Rec>();
  former = new Set<number>();
  now = NOON;

  constructor(size: number) {
    this.addresses = Array.from({ length: size }, (_, i) => ipv4FromNumber(FIRST + i));
  }

  live = (rec: Rec | undefined): boolean => rec !== undefined && rec.at !== "released" && rec.until > this.now;
  free = (address: Ipv4): boolean => !this.live(this.memory.get(address));
  heldBy(who: number): Ipv4[] {
    return this.addresses.filter((address) => {
      const rec = this.memory.get(address);
      return rec?.who === who && rec.at !== "declined" && this.live(rec);
    });
  }
  knownOf(who: number): Ipv4[] {
    return this.addresses.filter((address) => {
      const rec = this.memory.get(address);
      return rec?.who === who && (rec.at === "bound" || rec.at === "released");
    });
  }
  mayHold = (who: number, address: Ipv4): boolean => this.free(address) || this.heldBy(who).includes(address);

  put(address: Ipv4, rec: Rec | undefined, durable: boolean): void {
    const before = this.memory.get(address);
    if (rec === undefined) this.memory.delete(address);
    else this.memory.set(address, rec);
    if (durable && rec !== undefined) this.disk.set(address, rec);
    const lost = before !== undefined && before.who !== rec?.who && before.at === "bound";
    if (lost && ![...this.memory.values()].some((other) => other.who === before.who)) this.former.add(before.who);
  }

  /** The addresses that a DISCOVER may rightly be answered with. */
  offers(who: number): readonly Ipv4[] {
    const rank = (address: Ipv4): number => {
      const rec = this.memory.get(address) as Rec;
      if (rec.at === "released") return 3;
      if (!this.live(rec)) return 2;
      return rec.at === "bound" ? 0 : rec.at === "offered" ? 1 : 9;
    };
    const own = this.addresses
      .filter((address) => this.memory.get(address)?.who === who)
      .filter((address) => rank(address) < 9);
    const best = Math.min(...own.map(rank));
    return own.length > 0 ? own.filter((address) => rank(address) === best) : this.addresses.filter(this.free);
  }

  offered(who: number, address: Ipv4): void {
    const rec = this.memory.get(address);
    if (rec?.who === who && rec.at === "bound" && this.live(rec)) return;
    this.put(address, { who, at: "offered", until: this.now + HOLD * 1000 }, false);
  }

  /** What a REQUEST is answered with, before its consequences. */
  verdict(kind: "selecting" | "rebooting" | "renewing", who: number, address: Ipv4): "ACK" | "NAK" | "silence" {
    const may = this.mayHold(who, address);
    if (kind === "selecting") {
      const held = this.heldBy(who);
      return may && (held.length === 0 || held.includes(address)) ? "ACK" : "NAK";
    }
    const known = this.knownOf(who);
    if (known.includes(address)) return may ? "ACK" : "NAK";
    if (kind === "renewing") return "NAK";
    return known.length > 0 || this.former.has(who) ? "NAK" : "silence";
  }

  bound(who: number, address: Ipv4): void {
    const rec = this.memory.get(address);
    const again = rec?.who === who && rec.at === "bound" && rec.until > this.now + LEASE * 1000 - 10_000;
    if (again) return;
    this.put(address, { who, at: "bound", until: this.now + LEASE * 1000 }, true);
    for (const other of this.addresses) {
      const left = this.memory.get(other);
      if (other === address || left?.who !== who || !this.live(left)) continue;
      if (left.at === "offered") this.put(other, undefined, false);
      if (left.at === "bound") this.put(other, { who, at: "released", until: 0 }, true);
    }
  }

  unselected(who: number): void {
    for (const address of this.addresses) {
      const rec = this.memory.get(address);
      if (rec?.who === who && rec.at === "offered" && this.live(rec)) this.put(address, undefined, false);
    }
  }

  left(who: number, address: Ipv4, how: "released" | "declined"): void {
    const rec = this.memory.get(address);
    if (rec?.who !== who || rec.at !== "bound" || !this.live(rec)) return;
    this.put(address, { who, at: how, until: how === "released" ? 0 : this.now + REST * 1000 }, true);
  }

  restarted(): void {
    this.memory = new Map(this.disk);
    this.former = new Set();
  }
}

/** Numbers from a seed: the same run again. */
function dice(seed: number): (n: number) => number {
  let state = seed >>> 0;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** Runs `steps` random steps of 8 clients over 16 addresses; the first difference is thrown with its history. */
export async function compareWithModel(seed: number, steps: number): Promise<{ acks: number; naks: number }> {
  const roll = dice(seed);
  const model = new Model(16);
  const store = createMemoryStore();
  const limits = { ...settings.limits, client: { burst: 1e9, perSecond: 1e9 }, declines: 1e9, declinedShare: 1e6 };
  const pools = [{ first: ip("192.0.2.100"), last: ip("192.0.2.115") }];
  const open = () => world({ subnets: [{ ...office, pools }], quarantine: REST, limits }, store);
  let at: World = await open();
  const history: string[] = [];
  const count = { acks: 0, naks: 0 };
  for (let n = 0; n < steps; n++) {
    const what = await step();
    history.push(what);
    if (history.length > 40) history.shift();
  }
  return count;

  async function step(): Promise<string> {
    const who = roll(8);
    const from = stranger(who);
    const address = model.addresses[roll(16)] as Ipv4;
    const dear = model.heldBy(who)[0] ?? address;
    const target = roll(3) === 0 ? address : dear;
    switch (roll(12)) {
      case 0:
      case 1:
      case 2: {
        const allowed = model.offers(who);
        const offer = await at.ask(discover({ from }));
        const fits = offer === undefined ? allowed.length === 0 : allowed.includes(offer.yiaddr);
        if (!fits) differ(`DISCOVER ${who}`, allowed.join(" or "), offer?.yiaddr ?? "silence");
        if (offer !== undefined) model.offered(who, offer.yiaddr);
        return `${who} DISCOVER ${offer?.yiaddr}`;
      }
      case 3:
      case 4:
        return answer("selecting", who, target, await at.ask(selecting(target, { from })));
      case 5:
        return answer("rebooting", who, target, await at.ask(rebooting(target, { from })));
      case 6:
        return answer("renewing", who, target, await at.ask(renewing(target, { from })));
      case 7:
        await at.ask(selecting(target, { from }, ip("192.0.2.99")));
        model.unselected(who);
        return `${who} takes another server`;
      case 8:
        await at.ask(releasing(target, { from }));
        model.left(who, target, "released");
        return `${who} RELEASE ${target}`;
      case 9:
        if (roll(4) > 0) return "";
        await at.ask(declining(target, { from }));
        model.left(who, target, "declined");
        return `${who} DECLINE ${target}`;
      case 10: {
        const by = [1000, 9000, 16_000, 1_800_000, 3_700_000][roll(5)] as number;
        at.now += by;
        model.now += by;
        return `${by} ms pass`;
      }
      default:
        if (roll(10) > 0) return "";
        return restart();
    }
  }

  async function restart(): Promise<string> {
    const { now } = at;
    at = await open();
    at.now = now;
    model.restarted();
    const stored = (await store.leases()).map((lease) => `${lease.ip} ${lease.at} ${lease.mac}`);
    const kept = model.addresses
      .filter((address) => model.disk.has(address))
      .map(
        (address) => `${address} ${model.disk.get(address)?.at} ${stranger(model.disk.get(address)?.who as number)}`,
      );
    if (stored.join("\n") !== kept.join("\n")) differ("restart", kept.join("\n"), stored.join("\n"));
    return "restart";
  }

  function answer(
    kind: "selecting" | "rebooting" | "renewing",
    who: number,
    address: Ipv4,
    reply: Heard | undefined,
  ): string {
    const expected = model.verdict(kind, who, address);
    const got = reply === undefined ? "silence" : reply.type === MESSAGE.nak ? "NAK" : "ACK";
    if (got !== expected || (got === "ACK" && reply?.yiaddr !== address))
      differ(`${kind} ${who} ${address}`, expected, got);
    if (got === "ACK") {
      count.acks++;
      model.bound(who, address);
    } else if (got === "NAK") count.naks++;
    return `${who} ${kind} ${address}: ${got}`;
  }

  function differ(what: string, expected: string, got: string): never {
    throw new Error(
      `seed ${seed}: ${what} should be ${expected} and was ${got}, after\n${history.filter(Boolean).join("\n")}`,
    );
  }
}
