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
  table: () => string = () => readFileSync("/proc/net/arp", "ascii"),
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

function readTable(table: () => string): Map<Ipv4, Mac> {
  let text: string;
  try {
    text = table();
  } catch {
    return new Map();
  }
  const entries: [Ipv4, Mac][] = [];
  const addresses = new Map<Mac, number>();
  for (const line of text.split("\n").slice(1)) {
    const [ipText = "", , flags = "0", macText = ""] = line.trim().split(/\s+/);
    const ip = parseIpv4(ipText);
    const mac = parseMac(macText);
    if (ip === undefined || mac === undefined || mac === "000000000000" || (Number(flags) & complete) === 0) continue;
    entries.push([ip, mac]);
    addresses.set(mac, (addresses.get(mac) ?? 0) + 1);
  }
  return new Map(entries.filter(([, mac]) => addresses.get(mac) === 1));
}
