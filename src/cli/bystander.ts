import type { Datagram } from "../sim/datagram.ts";
import type { Link } from "../sim/link.ts";
import type { Seat } from "../sim/seat.ts";

/** A phone that is not enrolled, and everything that it was sent. */
export interface Bystander {
  /** The link to run over: it listens to what goes to the bystander and changes nothing. */
  readonly link: Link;
  /** Whether its last boot was sent the same octets as its first, file by file; false while it has booted but once. */
  sawTheSame(): boolean;
}

const DATA = 3;
const ERROR = 5;
/** Phones negotiate no block size: a shorter block is the last (RFC 1350 §2). */
const BLOCK = 512;

/** Listens to what `seat` receives over `link`. Repeated blocks count once; what broke off on the way does not count. */
export function bystander(seat: Seat, link: Link): Bystander {
  const boots = new Map<number, Map<string, string>>();

  function hear({ from, to, octets }: Datagram): void {
    if (to.ip !== seat.ip || from.port === 67) return;
    const received = boots.get(seat.boot) ?? new Map<string, string>();
    boots.set(seat.boot, received);
    const text = Buffer.from(octets).toString("latin1");
    if (octets[1] === ERROR) received.set(`${to.port} error`, text.slice(2));
    if (octets[1] === DATA) received.set(`${to.port} ${text.slice(2, 4)}`, text.slice(4));
  }

  return {
    link: {
      carry(datagram, now) {
        hear(datagram);
        return link.carry(datagram, now);
      },
    },
    sawTheSame() {
      const told = [...boots.values()].map(contents);
      const [first, last] = [told[0], told.at(-1)];
      return (
        told.length > 1 && first !== undefined && first.length > 0 && JSON.stringify(first) === JSON.stringify(last)
      );
    },
  };
}

/** Every whole file and every refusal of one boot, sorted, each once. */
function contents(received: ReadonlyMap<string, string>): readonly string[] {
  const transfers = new Map<string, string[]>();
  const found = new Set<string>();
  for (const [key, text] of received) {
    const [port = "", block = ""] = [key.slice(0, key.indexOf(" ")), key.slice(key.indexOf(" ") + 1)];
    if (block === "error") found.add(`refused: ${text}`);
    else {
      const blocks = transfers.get(port) ?? [];
      blocks[block.charCodeAt(0) * 256 + block.charCodeAt(1) - 1] = text;
      transfers.set(port, blocks);
    }
  }
  for (const blocks of transfers.values()) {
    const whole = (blocks.at(-1)?.length ?? BLOCK) < BLOCK && Object.keys(blocks).length === blocks.length;
    if (whole) found.add(blocks.join(""));
  }
  return [...found].sort();
}
