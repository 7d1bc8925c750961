/**
 * Calls `look` every `every` milliseconds, the next time only after the last has come to its end. The result stops it and
 * resolves when no `look` is under way: what it works on may be closed then. `look` never rejects.
 */
export function beginTicking(every: number, look: () => Promise<void>): () => Promise<void> {
  let underWay = Promise.resolve();
  let timer = setTimeout(tick, every);
  let stopped = false;

  function tick(): void {
    underWay = look().then(() => {
      if (!stopped) timer = setTimeout(tick, every);
    });
  }

  return () => {
    stopped = true;
    clearTimeout(timer);
    return underWay;
  };
}
