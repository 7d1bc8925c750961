import { createSocket } from "node:dgram";
import type { Ipv4 } from "../wire/address.ts";
import { forgetNeighbour } from "./dhcp-socket.ts";
import { createLookout, type Lookout } from "./neighbours.ts";

/** How an address is asked whether anybody has it. */
export interface DhcpProbing {
  /** An address of our own on the interface. */
  readonly from: Ipv4;
  /** Milliseconds that never go back. */
  elapsed(): number;
  /** The interface, so that a neighbour of before can be forgotten first. */
  readonly interface?: string;
  /** The kernel's table of neighbours; by default /proc/net/arp. */
  table?(): string;
}

/** How long an answer is waited for; a client's first DISCOVER waits as long. */
const WAIT = 300;
/** Probes a second, so that a flood of newcomers is no flood of ours. */
const MOST_A_SECOND = 200;
/** How long, in milliseconds, nobody's answer counts. */
const FRESH = 30_000;
const REMEMBERED = 10_000;
/** Discard: nothing listens there, so a host that is up says so (RFC 1122 §4.1.3.1). */
const DISCARD = 9;

/**
 * Asks the network before an address is offered (RFC 2131 §2.2): a datagram to the address makes the kernel resolve it,
 * and whoever has it answers the ARP request, or the datagram with "port unreachable". Needs no privilege. An address
 * that answered nobody is taken for free for half a minute; beyond 200 probes a second it is taken for free unasked.
 */
export function createDhcpProbe(probing: DhcpProbing): (ip: Ipv4) => Promise<"free" | "used"> {
  const freeAt = new Map<Ipv4, number>();
  const lookout = createLookout(probing.elapsed, probing.table);
  let left = MOST_A_SECOND;
  let filledAt = probing.elapsed();
  return async (ip) => {
    const now = probing.elapsed();
    left = Math.min(MOST_A_SECOND, left + ((now - filledAt) / 1000) * MOST_A_SECOND);
    filledAt = now;
    const before = freeAt.get(ip);
    if (left < 1 || (before !== undefined && now - before < FRESH)) return "free";
    left--;
    const found = await ask(probing, ip, lookout);
    freeAt.delete(ip);
    if (found === "free") freeAt.set(ip, now);
    if (freeAt.size > REMEMBERED) freeAt.clear();
    return found;
  };
}

function ask({ from, interface: device }: DhcpProbing, ip: Ipv4, lookout: Lookout): Promise<"free" | "used"> {
  // An entry that stands there already may be the last holder's, and says nothing about now.
  const stale = lookout.has(ip) && (device === undefined || !forgetNeighbour(device, ip));
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    let over = false;
    const end = (found: "free" | "used"): void => {
      if (over) return;
      over = true;
      leave();
      clearTimeout(timer);
      socket.close();
      // The kernel would ask for some seconds more, and has room for a thousand such questions at most.
      if (found === "free" && device !== undefined) forgetNeighbour(device, ip);
      resolve(found);
    };
    const timer = setTimeout(() => end("free"), WAIT);
    const leave = stale ? () => {} : lookout.wait(ip, () => end("used"));
    // "Connection refused" is the host's own word; any other error is the lack of a way there.
    socket.on("error", (error: NodeJS.ErrnoException) => end(error.code === "ECONNREFUSED" ? "used" : "free"));
    socket.bind(0, from, () => {
      socket.connect(DISCARD, ip, (unreachable?: Error) => {
        if (unreachable !== undefined) return end("free");
        socket.send(new Uint8Array(1), () => {});
      });
    });
  });
}
