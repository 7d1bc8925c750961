import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from "../wire/address.ts";
import { isFree, type Lease } from "./lease.ts";
import type { AddressRange } from "./settings.ts";

/** The addresses of one subnet that any client may be given. Picking costs the same in a large pool as in a small one. */
export interface Pool {
  readonly size: number;
  has(ip: Ipv4): boolean;
  /** Must be told of every change of a record, so that the address is found again when it becomes free. */
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

  const has = (ip: Ipv4): boolean => {
    const n = ipv4ToNumber(ip);
    return spans.some((span) => n >= span.first && n <= span.last) && !reserved.has(ip);
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
      if (!has(ip)) return;
      offered.delete(ip);
      if (record?.at === "offered") offered.add(ip, record.until);
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
      if (!reserved.has(ip) && lease(ip) === undefined) {
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
  const until = new Map<Ipv4, number>();
  let line: { readonly ip: Ipv4; readonly until: number }[] = [];
  let first = 0;
  return {
    add(ip: Ipv4, end: number): void {
      until.set(ip, end);
      line.push({ ip, until: end });
    },
    delete: (ip: Ipv4): boolean => until.delete(ip),
    count(now: number): number {
      for (let next = line[first]; next !== undefined; next = line[first]) {
        const stands = until.get(next.ip) === next.until;
        if (stands && next.until > now) break;
        if (stands) until.delete(next.ip);
        first++;
      }
      if (first > 1024 && first * 2 > line.length) {
        line = line.slice(first);
        first = 0;
      }
      return until.size;
    },
  };
}

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
  let heap: { ip: Ipv4; at: number }[] = [];
  const standsAt = new Map<Ipv4, number>();

  const up = (from: number): void => {
    for (let i = from; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!before(i, parent)) return;
      swap(i, parent);
      i = parent;
    }
  };
  const down = (from: number): void => {
    for (let i = from; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) if (child < heap.length && before(child, least)) least = child;
      if (least === i) return;
      swap(i, least);
      i = least;
    }
  };
  const before = (a: number, b: number): boolean => (heap[a]?.at ?? 0) < (heap[b]?.at ?? 0);
  const swap = (a: number, b: number): void => {
    const [x, y] = [heap[a], heap[b]];
    if (x === undefined || y === undefined) return;
    heap[a] = y;
    heap[b] = x;
  };
  const removeFirst = (): void => {
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) {
      heap[0] = last;
      down(0);
    }
  };
  /** Entries that an earlier instant of the same address has replaced. */
  const tidy = (): void => {
    if (heap.length <= 2 * standsAt.size + 64) return;
    const kept = [...standsAt].map(([ip, at]) => ({ ip, at }));
    heap = kept.sort((a, b) => a.at - b.at);
  };

  return {
    put(ip, at) {
      const stands = standsAt.get(ip);
      if (stands !== undefined && stands <= at) return;
      standsAt.set(ip, at);
      heap.push({ ip, at });
      up(heap.length - 1);
      tidy();
    },
    first() {
      for (let first = heap[0]; first !== undefined; first = heap[0]) {
        if (standsAt.get(first.ip) === first.at) return first;
        removeFirst();
      }
      return undefined;
    },
    drop() {
      const first = heap[0];
      if (first === undefined) return;
      standsAt.delete(first.ip);
      removeFirst();
    },
  };
}
