import { type Ipv4, ipv4FromNumber, ipv4Key, ipv4ToNumber } from "../wire/address.ts";
import { isFree, type Lease } from "./lease.ts";
import type { AddressRange } from "./settings.ts";

/** The addresses of one subnet that any client may be given. Picking costs the same in a large pool as in a small one. */
export interface Pool {
  readonly size: number;
  has(ip: Ipv4): boolean;
  /** Must be told of every change of the record of an address that it has, so that this is found again when it becomes free. */
  changed(ip: Ipv4, lease: Lease | undefined): void;
  /**
   * A free address: one never given first, then the longest expired, then released, then out of quarantine (D057).
   * With `early`, and nothing else left, the one whose quarantine ends first. The caller records it, or it is offered
   * to the next.
   */
  pick(now: number, early: boolean): Ipv4 | undefined;
  /** Offers that are held at `now` and not taken up. */
  offers(now: number): number;
}

/**
 * A pool over `ranges` without `reserved` addresses; `lease` looks up the record of an address. Ranges are taken in
 * order.
 */
export function createPool(
  ranges: readonly AddressRange[],
  reserved: ReadonlySet<Ipv4>,
  lease: (ip: Ipv4) => Lease | undefined,
): Pool {
  const spans = ranges.map((range) => ({ first: ipv4ToNumber(range.first), last: ipv4ToNumber(range.last) }));
  const fresh = unused(spans, reserved, lease);
  const expired = createQueue();
  const released = createQueue();
  const declined = createQueue();
  const offered = createOffers();

  const kept = new Set(Array.from(reserved, ipv4ToNumber));
  const has = (ip: Ipv4): boolean => {
    const n = ipv4ToNumber(ip);
    for (const span of spans) if (n >= span.first && n <= span.last) return !kept.has(n);
    return false;
  };

  const queueOf = (record: Lease | undefined) =>
    record?.at === "declined" ? declined : record === undefined || record.at === "released" ? released : expired;

  const enqueue = (ip: Ipv4, record: Lease | undefined): void => {
    queueOf(record).put(ip, freeFrom(record));
  };

  const takeFrom = (queue: Queue, now: number): Ipv4 | undefined => {
    for (let first = queue.first(); first !== undefined && first.at <= now; first = queue.first()) {
      queue.drop();
      const record = lease(first.ip);
      if (isFree(record, now) && queueOf(record) === queue) {
        // Back to the end of its turn: whoever takes it records that, which moves it; whoever does not loses nothing.
        queue.put(first.ip, now + 1);
        return first.ip;
      }
      enqueue(first.ip, record);
    }
    return undefined;
  };

  const longestResting = (): Ipv4 | undefined => {
    for (let first = declined.first(); first !== undefined; first = declined.first()) {
      const record = lease(first.ip);
      if (record?.at === "declined") return first.ip;
      declined.drop();
      enqueue(first.ip, record);
    }
    return undefined;
  };

  return {
    size: spans.reduce((sum, span) => sum + span.last - span.first + 1, 0) - [...reserved].filter(isIn(spans)).length,
    has,
    changed(ip, record) {
      offered.changed(ip, record);
      enqueue(ip, record);
    },
    pick(now, early) {
      return (
        fresh() ??
        takeFrom(expired, now) ??
        takeFrom(released, now) ??
        takeFrom(declined, now) ??
        (early ? longestResting() : undefined)
      );
    },
    offers: (now) => offered.count(now),
  };
}

interface Span {
  readonly first: number;
  readonly last: number;
}

function isIn(spans: readonly Span[]): (ip: Ipv4) => boolean {
  return (ip) => spans.some((span) => ipv4ToNumber(ip) >= span.first && ipv4ToNumber(ip) <= span.last);
}

function unused(
  spans: readonly Span[],
  reserved: ReadonlySet<Ipv4>,
  lease: (ip: Ipv4) => Lease | undefined,
): () => Ipv4 | undefined {
  let span = 0;
  let next = spans[0]?.first ?? 0;
  return () => {
    for (;;) {
      const current = spans[span];
      if (current === undefined) return undefined;
      if (next > current.last) {
        span++;
        next = spans[span]?.first ?? 0;
        continue;
      }
      const ip = ipv4FromNumber(next);
      if (lease(ip) === undefined && !reserved.has(ip)) {
        // Stays next until it is recorded, so that an address that is looked at and not used is not lost.
        return ip;
      }
      next++;
    }
  };
}

function freeFrom(record: Lease | undefined): number {
  if (record === undefined) return 0;
  return record.at === "released" ? record.since : record.until;
}

/** The offers that are out, in the order of their ends: every offer of a service is held equally long. */
function createOffers() {
  const out = new Map<number, Offer>();
  let line: Offer[] = [];
  let first = 0;
  return {
    changed(ip: Ipv4, record: Lease | undefined): void {
      const key = ipv4Key(ip);
      if (record?.at === "offered") {
        out.set(key, record);
        line.push(record);
      } else out.delete(key);
    },
    count(now: number): number {
      for (let next = line[first]; next !== undefined; next = line[first]) {
        const key = ipv4Key(next.ip);
        const stands = out.get(key) === next;
        if (stands && next.until > now) break;
        if (stands) out.delete(key);
        first++;
      }
      if (first > 1024 && first * 2 > line.length) {
        line = line.slice(first);
        first = 0;
      }
      return out.size;
    },
  };
}

type Offer = Extract<Lease, { readonly at: "offered" }>;

interface Queue {
  put(ip: Ipv4, at: number): void;
  first(): { readonly ip: Ipv4; readonly at: number } | undefined;
  drop(): void;
}

/**
 * Addresses by the instant from which they are free, as a binary heap. An address stands in it once: a later instant
 * than the one it stands with is not moved, but found out when it comes to the front, so that a renewal costs nothing.
 */
function createQueue(): Queue {
  // Beside each other, not as pairs: an object for each of a hundred thousand addresses is the collector's work.
  let ips: Ipv4[] = [];
  let instants: number[] = [];
  const standsAt = new Map<number, number>();

  const place = (i: number, ip: Ipv4, at: number): void => {
    ips[i] = ip;
    instants[i] = at;
  };
  /** Puts an entry where those before it are no later, beginning at the free place `i`. */
  const rise = (i: number, ip: Ipv4, at: number): void => {
    let free = i;
    while (free > 0) {
      const parent = (free - 1) >> 1;
      const there = instants[parent] as number;
      if (there <= at) break;
      place(free, ips[parent] as Ipv4, there);
      free = parent;
    }
    place(free, ip, at);
  };
  /** Puts an entry where those behind it are no earlier, beginning at the front, which is free. */
  const sink = (ip: Ipv4, at: number): void => {
    let free = 0;
    for (;;) {
      let least = 2 * free + 1;
      if (least >= ips.length) break;
      if (least + 1 < ips.length && (instants[least + 1] as number) < (instants[least] as number)) least++;
      if ((instants[least] as number) >= at) break;
      place(free, ips[least] as Ipv4, instants[least] as number);
      free = least;
    }
    place(free, ip, at);
  };
  const removeFirst = (): void => {
    const ip = ips.pop();
    const at = instants.pop();
    if (ip !== undefined && at !== undefined && ips.length > 0) sink(ip, at);
  };
  /** Drops entries that an earlier instant of the same address has replaced. */
  const tidy = (): void => {
    if (ips.length <= 2 * standsAt.size + 64) return;
    const kept = [...standsAt].sort(([, a], [, b]) => a - b);
    ips = kept.map(([key]) => ipv4FromNumber(key));
    instants = kept.map(([, at]) => at);
  };

  return {
    put(ip, at) {
      const key = ipv4Key(ip);
      const before = standsAt.get(key);
      if (before !== undefined && before <= at) return;
      standsAt.set(key, at);
      rise(ips.length, ip, at);
      tidy();
    },
    first() {
      while (ips.length > 0) {
        const [ip, at] = [ips[0] as Ipv4, instants[0] as number];
        if (standsAt.get(ipv4Key(ip)) === at) return { ip, at };
        removeFirst();
      }
      return undefined;
    },
    drop() {
      const ip = ips[0];
      if (ip === undefined) return;
      standsAt.delete(ipv4Key(ip));
      removeFirst();
    },
  };
}
