/** A repeatable source of dice for the network between phones and server; `next` is in 0 (inclusive) .. 1 (exclusive). */
export interface Random {
  next(): number;
}

/** Dice that fall the same way for the same 32-bit `seed` (mulberry32). Holds its own state: one per link or run. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      return fractionOf(state);
    },
  };
}

/**
 * A number in 0 .. 1 (exclusive) that depends on the arguments alone. A pure machine rolls its dice with this: the same
 * phone in the same boot always takes the same port and the same time.
 */
export function chance(seed: number, ...keys: readonly (number | string)[]): number {
  let hash = seed >>> 0;
  for (const key of keys) {
    for (const character of String(key)) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
    hash = Math.imul(hash ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  }
  return fractionOf(hash);
}

function fractionOf(state: number): number {
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
