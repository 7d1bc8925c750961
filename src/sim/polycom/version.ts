/** A version of a BootROM, Updater or application, e.g. 4.1.4 or 5.9.8.5760, as numbers. */
export type Version = readonly number[];

/** Reads the numbers at the start of `text`: `4.2.0B` is 4.2.0. */
export function readVersion(text: string): Version {
  return (/^\d+(?:\.\d+)*/.exec(text)?.[0] ?? "0").split(".").map(Number);
}

/** Whether `a` is older than `b`; parts that one lacks count as 0. */
export function olderThan(a: string, b: string): boolean {
  const [x, y] = [readVersion(a), readVersion(b)];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const difference = (x[i] ?? 0) - (y[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
