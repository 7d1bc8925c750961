import type { Ipv4 } from "../wire/address.ts";
import { MESSAGE, OPTION } from "../wire/dhcp-options.ts";
import { holdThread } from "./clock.ts";

/** Where a message came from. */
export interface Source {
  readonly address: Ipv4;
  readonly port: number;
}

/** Told of every datagram, whose octets are the receiver's to keep; `unicast`: sent to our own address, where known. */
export type OnMessage = (octets: Uint8Array, source: Source, unicast: boolean | undefined) => void;

/** Messages that wait at once; with more the kernel's buffer is the better place, since it drops without our work. */
const MOST_WAITING = 4096;
/** Milliseconds that one turn of the event loop may spend on requests before commits, files and timers get theirs. */
const TURN = 1;
/** The clock is looked at after so many. */
const BETWEEN_LOOKS = 8;
/** Of a turn after which more are about to come, and of one that was worth its waking. */
const SEVERAL = 3;
const ENOUGH = 32;
/** Milliseconds in which they gather; the sync of a lease takes longer. */
const NAP = 0.5;

/**
 * Where messages wait between the socket, which brings thousands in one turn, and `hear`, which is handed as many in a
 * turn as leave room for all else. A REQUEST goes first: its client has an offer already, and keeps or loses an address.
 *
 * In a storm the process would wake for every two messages, and waking costs more than answering them: after a turn of
 * several the thread sleeps for half a millisecond, by `nap`, so that dozens come at once. Node cannot be told to leave a
 * socket alone for a moment, so all that runs here waits with us; where it has work, more messages gather meanwhile and
 * there is no nap.
 */
export function createInbox(hear: OnMessage, nap: () => void = () => holdThread(NAP)): OnMessage {
  const requests: Waiting[] = [];
  const others: Waiting[] = [];
  let scheduled = false;

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(turn);
  };
  const turn = (): void => {
    scheduled = false;
    const until = performance.now() + TURN;
    for (let n = 1; ; n++) {
      const next = requests.shift() ?? others.shift();
      if (next === undefined) {
        // Behind the answers of this turn, which leave in a microtask.
        if (n > SEVERAL && n <= ENOUGH) queueMicrotask(nap);
        return;
      }
      hear(next.octets, next.source, next.unicast);
      if (n % BETWEEN_LOOKS === 0 && performance.now() > until) break;
    }
    schedule();
  };
  return (octets, source, unicast) => {
    const queue = isRequest(octets) ? requests : others;
    if (queue.length >= MOST_WAITING) return;
    queue.push({ octets, source, unicast });
    schedule();
  };
}

interface Waiting {
  readonly octets: Uint8Array;
  readonly source: Source;
  readonly unicast: boolean | undefined;
}

/** By the place where nearly every client has option 53; one that has it elsewhere only waits its turn. */
function isRequest(octets: Uint8Array): boolean {
  return octets[240] === OPTION.messageType && octets[242] === MESSAGE.request;
}
