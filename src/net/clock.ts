/** Time as the edge sees it; tests hand in one that stands still. */
export interface Clock {
  /** Milliseconds since the epoch. May jump. */
  now(): number;
  /** Milliseconds since some moment, with fractions. Never goes back. */
  elapsed(): number;
  /**
   * Calls `wake` once, no sooner than `ms` from now and after whatever the sockets hold by then has been read: a timer
   * that overtakes the answer it waits for would send things twice. Returns what cancels it.
   */
  after(ms: number, wake: () => void): () => void;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, wake) {
    let immediate: NodeJS.Immediate | undefined;
    const timeout = setTimeout(() => {
      immediate = setImmediate(wake);
    }, ms);
    return () => {
      clearTimeout(timeout);
      if (immediate !== undefined) clearImmediate(immediate);
    };
  },
};

/**
 * A clock whose date runs `times` (1 or more) as fast as that of `clock`, and whose `elapsed` and timers run `timers`
 * times as fast: a timer may be held to less, where what it waits for is no faster than it is.
 */
export function quickened(clock: Clock, times: number, timers: number): Clock {
  const began = clock.now();
  return {
    now: () => Math.round(began + (clock.now() - began) * times),
    elapsed: () => clock.elapsed() * timers,
    after: (ms, wake) => clock.after(ms / timers, wake),
  };
}

/** Lets nothing at all run in this thread for `milliseconds`; the sockets and the disk go on. */
export function holdThread(milliseconds: number): void {
  Atomics.wait(NEVER_WOKEN, 0, 0, milliseconds);
}

const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4));
