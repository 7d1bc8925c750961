/**
 * A map that forgets what was not used for long: between `kept` and twice as many entries, at a cost that does not grow
 * with them. (Taking the oldest key out of a Map one at a time makes V8 step over every key that was taken before.)
 */
export interface FadingMap<Key, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
}

/** An empty map that keeps at least the `kept` entries last used. */
export function createFadingMap<Key, Value>(kept: number): FadingMap<Key, Value> {
  let young = new Map<Key, Value>();
  let old = new Map<Key, Value>();
  const set = (key: Key, value: Value): void => {
    young.set(key, value);
    if (young.size < kept) return;
    old = young;
    young = new Map();
  };
  return {
    get(key) {
      const value = young.get(key);
      if (value !== undefined) return value;
      const before = old.get(key);
      if (before !== undefined) set(key, before);
      return before;
    },
    set,
  };
}
