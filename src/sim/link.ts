import type { Datagram } from "./datagram.ts";
import { createRandom } from "./random.ts";

/** What a network does to datagrams. Shares are 0..1, times are milliseconds of virtual time. */
export interface LinkManner {
  /** Share of datagrams that never arrive. */
  readonly loss: number;
  /** Share of datagrams that arrive twice. */
  readonly duplication: number;
  /** Every datagram takes between `delay` and `delay + jitter`; jitter above the gap between two of them reorders them. */
  readonly delay: number;
  readonly jitter: number;
}

/** A network that is nearly a wire. */
export const QUIET: LinkManner = { loss: 0, duplication: 0, delay: 1, jitter: 0 };

/** A lossy network in memory. Holds its dice, so that the order of calls matters and a seed fixes a whole run. */
export interface Link {
  /** When each copy of `datagram`, sent at `now`, arrives; empty when it is lost. */
  carry(datagram: Datagram, now: number): readonly number[];
}

/** A link whose accidents are fixed by `seed`. */
export function createLink(manner: LinkManner, seed: number): Link {
  const random = createRandom(seed);
  const arrival = (now: number) => now + manner.delay + random.next() * manner.jitter;
  return {
    carry(_datagram, now) {
      if (random.next() < manner.loss) return [];
      return random.next() < manner.duplication ? [arrival(now), arrival(now)] : [arrival(now)];
    },
  };
}
