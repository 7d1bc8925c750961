import { readFileSync } from "node:fs";
import { type Ipv4, type Mac, parseIpv4, parseMac } from "../wire/address.ts";

/** How long, in milliseconds, one reading of the table serves. */
const freshFor = 1_000;

/** `0x2`: the entry is complete, as opposed to being asked for (Linux, include/uapi/linux/if_arp.h ATF_COM). */
const complete = 0x2;

/**
 * Which station answers for an address on the segments that this host is attached to: the kernel's ARP table. A station
 * that answers for several addresses is a router or a proxy and says nothing about a phone. Where the table cannot be
 * read (another system, a container) nothing is known.
 */
export function createNeighbours(
  clock: () => number,
  table: () => string = kernelTable,
): (ip: Ipv4) => Mac | undefined {
  let known = new Map<Ipv4, Mac>();
  let readAt = Number.NEGATIVE_INFINITY;
  return (ip) => {
    const now = clock();
    if (now - readAt >= freshFor) {
      readAt = now;
      known = readTable(table);
    }
    return known.get(ip);
  };
}

/** Looks into the kernel's table for addresses that may come to be answered for. */
export interface Lookout {
  /** Whether it was answered for a moment ago. */
  has(ip: Ipv4): boolean;
  /** Calls `seen` each time it is found answered for, until what this returns is called. */
  wait(ip: Ipv4, seen: () => void): () => void;
}

/** How often, in milliseconds, the table is read while anybody waits. */
const LOOK_EVERY = 50;

/**
 * One reading of `table` serves all who wait: in a storm that is sixty at a time, and the table is long. `elapsed` are
 * milliseconds that never go back.
 */
export function createLookout(elapsed: () => number, table: () => string = kernelTable): Lookout {
  const waiting = new Set<{ readonly ip: Ipv4; readonly seen: () => void }>();
  let answered: ReadonlySet<Ipv4> = new Set();
  let readAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  const read = (): void => {
    answered = new Set(resolvedNeighbours(table).map(([ip]) => ip));
    readAt = elapsed();
  };
  const look = (): void => {
    read();
    for (const { ip, seen } of [...waiting]) if (answered.has(ip)) seen();
  };
  return {
    has(ip) {
      if (elapsed() - readAt >= LOOK_EVERY) read();
      return answered.has(ip);
    },
    wait(ip, seen) {
      const waiter = { ip, seen };
      waiting.add(waiter);
      timer ??= setInterval(look, LOOK_EVERY);
      return () => {
        waiting.delete(waiter);
        if (waiting.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
}

function kernelTable(): string {
  return readFileSync("/proc/net/arp", "ascii");
}

function readTable(table: () => string): Map<Ipv4, Mac> {
  const entries = resolvedNeighbours(table);
  const addresses = new Map<Mac, number>();
  for (const [, mac] of entries) addresses.set(mac, (addresses.get(mac) ?? 0) + 1);
  return new Map(entries.filter(([, mac]) => addresses.get(mac) === 1));
}

/** Who has answered for an address; nobody where the table cannot be read. */
function resolvedNeighbours(table: () => string): readonly (readonly [Ipv4, Mac])[] {
  let text: string;
  try {
    text = table();
  } catch {
    return [];
  }
  const entries: [Ipv4, Mac][] = [];
  for (const line of text.split("\n").slice(1)) {
    const [ipText = "", , flags = "0", macText = ""] = line.trim().split(/\s+/);
    if ((Number(flags) & complete) === 0) continue;
    const ip = parseIpv4(ipText);
    const mac = parseMac(macText);
    if (ip !== undefined && mac !== undefined && mac !== "000000000000") entries.push([ip, mac]);
  }
  return entries;
}
