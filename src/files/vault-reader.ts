import { createHash } from "node:crypto";
import type { Image } from "../provision/ports.ts";
import { openPinned, type PinnedFile, stampAt } from "./pinned-file.ts";
import { CHUNK, type ObjectFacts, objectPath } from "./vault-objects.ts";

/** Gives stored files out, checked, whatever happens to the disk meanwhile. */
export interface VaultReader {
  /**
   * Whether the stored file is there and every octet of it is what came in. Read whole once for each state of the file
   * on disk; asked again, its inode is compared.
   */
  isWhole(facts: ObjectFacts): Promise<boolean>;
  /** The stored file under `name`; undefined where it is not whole. Each image is closed by whoever got it. */
  open(name: string, facts: ObjectFacts): Promise<Image | undefined>;
}

/** Octets of checked pieces that are kept for the next phone: about thirty whole 7960 images. */
const CACHE_OCTETS = 32 * 2 ** 20;
/** A change in the same tick of the kernel's clock leaves the same time behind: so young a file is read whole again. */
const CLOCK_TICK = 100;

/**
 * Reads from the vault at `folder`. A thousand images of one file share one descriptor and one set of pieces, of which
 * at most `cacheOctets` are kept.
 */
export function createVaultReader(folder: string, cacheOctets = CACHE_OCTETS): VaultReader {
  const shared = new Map<string, Shared>();
  const pieces = createPieces(cacheOctets);
  const whole = new Map<string, string>();
  const checking = new Map<string, Promise<boolean>>();
  const asked = new Map<string, Promise<boolean>>();

  async function acquire(facts: ObjectFacts): Promise<Shared | undefined> {
    let entry = shared.get(facts.sha256);
    if (entry === undefined) {
      entry = { facts, users: 0, file: openPinned(objectPath(folder, facts.sha256)) };
      shared.set(facts.sha256, entry);
    }
    entry.users++;
    try {
      if ((await entry.file) !== undefined) return entry;
    } catch (error) {
      await release(entry);
      throw error;
    }
    await release(entry);
    return undefined;
  }

  async function release(entry: Shared): Promise<void> {
    entry.users--;
    if (entry.users > 0) return;
    if (shared.get(entry.facts.sha256) === entry) shared.delete(entry.facts.sha256);
    const file = await entry.file.catch(() => undefined);
    await file?.close();
  }

  function checkedOnce(facts: ObjectFacts, file: PinnedFile): Promise<boolean> {
    const running = checking.get(facts.sha256);
    if (running !== undefined) return running;
    const check = checkedWhole(facts, file).finally(() => checking.delete(facts.sha256));
    checking.set(facts.sha256, check);
    return check;
  }

  async function checkedWhole(facts: ObjectFacts, file: PinnedFile): Promise<boolean> {
    const stamp = await file.stampNow();
    if (whole.get(facts.sha256) === stamp) return true;
    whole.delete(facts.sha256);
    if (file.size !== facts.size) return false;
    try {
      for (let number = 0; number < facts.chunks.length; number++) {
        pieces.keep(facts, number, await readPiece(facts, file, number));
      }
    } catch {
      return false;
    }
    if (Date.now() - file.changedAt > CLOCK_TICK) whole.set(facts.sha256, stamp);
    return true;
  }

  async function lookedAt(facts: ObjectFacts): Promise<boolean> {
    const path = objectPath(folder, facts.sha256);
    const known = whole.get(facts.sha256);
    if (known !== undefined && (await stampAt(path)) === known) return true;
    const file = await openPinned(path);
    try {
      return file !== undefined && (await checkedWhole(facts, file));
    } finally {
      await file?.close();
    }
  }

  return {
    isWhole(facts) {
      // Every phone of a wave asks at the same moment.
      const running = asked.get(facts.sha256);
      if (running !== undefined) return running;
      const asking = lookedAt(facts).finally(() => asked.delete(facts.sha256));
      asked.set(facts.sha256, asking);
      return asking;
    },
    async open(name, facts) {
      const entry = await acquire(facts);
      const file = await entry?.file;
      if (entry === undefined || file === undefined) return undefined;
      try {
        if (await checkedOnce(facts, file)) return imageOf(name, facts, file, pieces, () => release(entry));
      } catch (error) {
        await release(entry);
        throw error;
      }
      await release(entry);
      return undefined;
    },
  };
}

interface Shared {
  readonly facts: ObjectFacts;
  readonly file: Promise<PinnedFile | undefined>;
  users: number;
}

function imageOf(
  name: string,
  facts: ObjectFacts,
  file: PinnedFile,
  pieces: Pieces,
  release: () => Promise<void>,
): Image {
  let closed: Promise<void> | undefined;
  return {
    name,
    size: facts.size,
    key: facts.sha256,
    async read(offset, length) {
      if (closed !== undefined) throw new Error(`${name} has been closed`);
      const octets = new Uint8Array(Math.max(0, Math.min(length, facts.size - offset)));
      for (let at = 0; at < octets.length; ) {
        const number = Math.floor((offset + at) / CHUNK);
        const piece = await pieces.get(facts, number, () => readPiece(facts, file, number));
        const within = (offset + at) % CHUNK;
        const part = piece.subarray(within, within + octets.length - at);
        octets.set(part, at);
        at += part.length;
      }
      return octets;
    },
    close() {
      closed ??= release();
      return closed;
    },
  };
}

async function readPiece(facts: ObjectFacts, file: PinnedFile, number: number): Promise<Uint8Array> {
  const length = Math.min(CHUNK, facts.size - number * CHUNK);
  const piece = await file.read(number * CHUNK, length);
  if (piece.length !== length || createHash("sha256").update(piece).digest("hex") !== facts.chunks[number]) {
    throw new Error(`the stored file ${facts.sha256} is damaged in its octets from ${number * CHUNK}`);
  }
  return piece;
}

/** Checked pieces, the ones used last kept longest. */
interface Pieces {
  get(facts: ObjectFacts, number: number, read: () => Promise<Uint8Array>): Promise<Uint8Array>;
  keep(facts: ObjectFacts, number: number, piece: Uint8Array): void;
}

function createPieces(mostOctets: number): Pieces {
  const kept = new Map<string, Uint8Array>();
  const coming = new Map<string, Promise<Uint8Array>>();
  let octets = 0;

  function keep(key: string, piece: Uint8Array): void {
    octets += piece.length - (kept.get(key)?.length ?? 0);
    kept.delete(key);
    kept.set(key, piece);
    for (const [oldest, old] of kept) {
      if (octets <= mostOctets) break;
      kept.delete(oldest);
      octets -= old.length;
    }
  }

  return {
    get(facts, number, read) {
      const key = `${facts.sha256} ${number}`;
      const piece = kept.get(key);
      if (piece !== undefined) {
        keep(key, piece);
        return Promise.resolve(piece);
      }
      const running = coming.get(key);
      if (running !== undefined) return running;
      const reading = read()
        .then((fresh) => {
          keep(key, fresh);
          return fresh;
        })
        .finally(() => coming.delete(key));
      coming.set(key, reading);
      return reading;
    },
    keep: (facts, number, piece) => keep(`${facts.sha256} ${number}`, piece),
  };
}
