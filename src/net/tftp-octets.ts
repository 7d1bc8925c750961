import type { Image } from "../provision/ports.ts";
import { encodeNetascii, type NetasciiDebt } from "../wire/netascii.ts";

/** Where octets stand in memory: `chunk` from `start` up to `end`. The chunk is never written to again. */
export interface Piece {
  readonly chunk: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** One transfer's view of the file it sends, cut into blocks of one size. */
export interface Blocks {
  /** The number of the last block; undefined while nobody knows. */
  readonly last: number | undefined;
  /** Block `count` (1, 2, 3 …); undefined when it has to be fetched first. */
  block(count: number): Piece | undefined;
  /** Makes block `count` available. Rejects when the octets cannot be read. */
  fetch(count: number): Promise<void>;
}

/** Octets by position. */
export interface Octets {
  readonly size: number;
  piece(from: number, to: number): Piece | undefined;
  fetch(from: number): Promise<void>;
  close(): void;
}

const CHUNK = 256 * 1024;

/** Octets that are in memory already. */
export function octetsInMemory(octets: Uint8Array): Octets {
  return {
    size: octets.length,
    piece: (from, to) => ({ chunk: octets, start: from, end: to }),
    fetch: () => Promise.resolve(),
    close: () => {},
  };
}

/** The blocks of an octet transfer. */
export function octetBlocks(octets: Octets, blksize: number): Blocks {
  return {
    last: Math.floor(octets.size / blksize) + 1,
    block: (count) => octets.piece((count - 1) * blksize, Math.min(octets.size, count * blksize)),
    async fetch(count) {
      const from = (count - 1) * blksize;
      const to = Math.min(octets.size, count * blksize);
      await octets.fetch(from);
      if (to > from) await octets.fetch(to - 1);
    },
  };
}

/**
 * The blocks of a netascii transfer. They depend on all that came before, so they are made in order, and the one made
 * last is kept: a repeated block is the same octets, and the encoder does not move twice (T034).
 */
export function netasciiBlocks(octets: Octets, blksize: number): Blocks {
  let made = 0;
  let current: Piece = { chunk: new Uint8Array(0), start: 0, end: 0 };
  let next = new Uint8Array(blksize);
  let filled = 0;
  let read = 0;
  let owed: NetasciiDebt = -1;
  let last: number | undefined;

  const advance = (): boolean => {
    while (filled < blksize && (read < octets.size || owed !== -1)) {
      const piece =
        read < octets.size ? octets.piece(read, Math.min(octets.size, read + CHUNK - (read % CHUNK))) : NONE;
      if (piece === undefined) return false;
      const step = encodeNetascii(piece.chunk.subarray(0, piece.end), piece.start, next, filled, owed);
      read += step.read;
      filled += step.written;
      owed = step.owed;
    }
    current = { chunk: next, start: 0, end: filled };
    made++;
    if (filled < blksize) last = made;
    next = new Uint8Array(blksize);
    filled = 0;
    return true;
  };

  return {
    get last() {
      return last;
    },
    block: (count) => (count === made || (count === made + 1 && advance()) ? current : undefined),
    fetch: () => octets.fetch(read),
  };
}

const NONE: Piece = { chunk: new Uint8Array(0), start: 0, end: 0 };

interface Kept {
  readonly key: string;
  readonly size: number;
  readonly chunks: Map<number, { readonly octets: Uint8Array; usedAt: number }>;
  readonly loading: Map<number, Promise<void>>;
  image: Image | undefined;
  users: number;
}

/**
 * Images that are being sent, or were a moment ago, in chunks that all transfers share: a thousand phones that fetch
 * one file cost one copy and one open file. Images with equal keys are one image.
 */
export class ImageCache {
  readonly #kept = new Map<string, Kept>();
  readonly #budget: number;
  #held = 0;
  #tick = 0;

  /** `budget`: octets of chunks to keep. What live transfers need just now may exceed it by a chunk each. */
  constructor(budget: number) {
    this.#budget = budget;
  }

  /** Octets in memory. */
  get held(): number {
    return this.#held;
  }

  /** Images that are open. */
  get open(): number {
    let count = 0;
    for (const kept of this.#kept.values()) if (kept.image !== undefined) count++;
    return count;
  }

  /** One transfer's share of `image`, which belongs to the cache from now on and is closed by it. */
  use(image: Image): Octets {
    const kept = this.#kept.get(image.key) ?? {
      key: image.key,
      size: image.size,
      chunks: new Map(),
      loading: new Map(),
      image: undefined,
      users: 0,
    };
    this.#kept.set(image.key, kept);
    if (kept.image === undefined) kept.image = image;
    else closeQuietly(image);
    kept.users++;
    let closed = false;
    return {
      size: kept.size,
      piece: (from, to) => this.#piece(kept, from, to),
      fetch: (from) => this.#load(kept, Math.floor(from / CHUNK)),
      close: () => {
        if (closed) return;
        closed = true;
        kept.users--;
        if (kept.users === 0) this.#release(kept);
      },
    };
  }

  #piece(kept: Kept, from: number, to: number): Piece | undefined {
    if (from === to) return NONE;
    const index = Math.floor(from / CHUNK);
    const first = kept.chunks.get(index);
    if (first === undefined) return undefined;
    first.usedAt = ++this.#tick;
    const start = from - index * CHUNK;
    const end = to - index * CHUNK;
    if (start < CHUNK / 2 && end >= CHUNK / 2) this.#readAhead(kept, index + 1);
    if (end <= CHUNK) return { chunk: first.octets, start, end };
    const second = kept.chunks.get(index + 1);
    if (second === undefined) return undefined;
    const joined = new Uint8Array(to - from);
    joined.set(first.octets.subarray(start));
    joined.set(second.octets.subarray(0, end - CHUNK), CHUNK - start);
    return { chunk: joined, start: 0, end: joined.length };
  }

  #readAhead(kept: Kept, index: number): void {
    if (index * CHUNK < kept.size && !kept.chunks.has(index)) this.#load(kept, index).catch(() => {});
  }

  #load(kept: Kept, index: number): Promise<void> {
    if (kept.chunks.has(index)) return Promise.resolve();
    const already = kept.loading.get(index);
    if (already !== undefined) return already;
    const loading = this.#read(kept, index).finally(() => kept.loading.delete(index));
    kept.loading.set(index, loading);
    return loading;
  }

  async #read(kept: Kept, index: number): Promise<void> {
    const image = kept.image;
    if (image === undefined) throw new Error(`${kept.key} is closed`);
    const length = Math.min(CHUNK, kept.size - index * CHUNK);
    const octets = await image.read(index * CHUNK, length);
    if (octets.length !== length) throw new Error(`${image.name} gave ${octets.length} octets of ${length}`);
    if (this.#kept.get(kept.key) !== kept) return;
    kept.chunks.set(index, { octets, usedAt: ++this.#tick });
    this.#held += length;
    this.#shrink();
  }

  #shrink(): void {
    while (this.#held > this.#budget) {
      let oldest: { kept: Kept; index: number; usedAt: number; length: number } | undefined;
      for (const kept of this.#kept.values()) {
        for (const [index, { usedAt, octets }] of kept.chunks) {
          if (oldest === undefined || usedAt < oldest.usedAt) oldest = { kept, index, usedAt, length: octets.length };
        }
      }
      if (oldest === undefined || oldest.usedAt === this.#tick) return;
      oldest.kept.chunks.delete(oldest.index);
      this.#held -= oldest.length;
      if (oldest.kept.users === 0 && oldest.kept.chunks.size === 0) this.#kept.delete(oldest.kept.key);
    }
  }

  #release(kept: Kept): void {
    if (kept.image !== undefined) closeQuietly(kept.image);
    kept.image = undefined;
    if (kept.chunks.size === 0) this.#kept.delete(kept.key);
  }
}

function closeQuietly(image: Image): void {
  image.close().catch(() => {});
}
