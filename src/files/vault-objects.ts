import { createHash, type Hash, randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { HEAD_OCTETS } from "../firmware/package.ts";
import { openPinned } from "./pinned-file.ts";

/** Octets of one checked piece. */
export const CHUNK = 65_536;

/** What must be known of a stored file to give it out: recorded once, when it came in. */
export interface ObjectFacts {
  /** Of the whole content, hex; also its name in the store. */
  readonly sha256: string;
  /** Octets. */
  readonly size: number;
  /** SHA-256 of each {@link CHUNK} octets, hex, in order. */
  readonly chunks: readonly string[];
}

/** A file that has been read in and lies beside the store, not in it. */
export interface StagedObject extends ObjectFacts {
  /** Its first {@link HEAD_OCTETS} octets. */
  readonly head: Uint8Array;
  /** Undefined when nothing was to be written. */
  readonly stagedAt: string | undefined;
}

/** Where the object with this hash lies. The hash is ours and hex; no name from outside becomes a path. */
export function objectPath(folder: string, sha256: string): string {
  return join(folder, "objects", sha256.slice(0, 2), sha256);
}

/** Reads a stored file whole and compares every octet's hash with what was recorded when it came in. */
export async function objectIsWhole(folder: string, facts: ObjectFacts | undefined): Promise<boolean> {
  if (facts === undefined) return false;
  const file = await openPinned(objectPath(folder, facts.sha256));
  if (file === undefined) return false;
  try {
    if (file.size !== facts.size) return false;
    const hash = createHash("sha256");
    for (let at = 0; at < facts.size; at += CHUNK) hash.update(await file.read(at, CHUNK));
    return hash.digest("hex") === facts.sha256;
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

/** A place beside the store for the files of one import; `undefined` as its folder writes nothing. */
export interface Staging {
  readonly folder: string | undefined;
  /** Reads `octets` to their end, hashes them and, where there is a folder, writes them there durably. */
  stage(octets: AsyncIterable<Uint8Array>, size: SizeLimit): Promise<StagedObject>;
  /** Moves the staged files into the store; they are durable there when this resolves. */
  keep(objects: readonly Omit<StagedObject, "head">[]): Promise<void>;
  /** Removes what was staged and not kept. */
  clear(): Promise<void>;
}

/** Called with the octets of each piece; throws where a limit is passed. */
export type SizeLimit = (octets: number) => void;

/** Makes a staging place in the vault at `folder`, after clearing those that killed imports left. */
export async function openStaging(folder: string, dryRun: boolean): Promise<Staging> {
  if (dryRun) return stagingIn(folder, undefined);
  const incoming = join(folder, "incoming");
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  await clearAbandoned(incoming);
  const own = join(incoming, `${process.pid}-${randomBytes(6).toString("hex")}`);
  await mkdir(own, { mode: 0o700 });
  return stagingIn(folder, own);
}

/** Makes the entries of a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whether something was left behind so long ago that no import can still be working on it. */
export async function isAbandoned(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > ONE_DAY;
}

/** The hashes of stored files that are in no index, whose set is `used`. */
export async function orphansOf(folder: string, used: ReadonlyMap<string, ObjectFacts>): Promise<readonly string[]> {
  const home = join(folder, "objects");
  const orphans: string[] = [];
  for (const shelf of await readdir(home).catch(() => [])) {
    const names = await readdir(join(home, shelf)).catch(() => []);
    orphans.push(...names.filter((name) => !used.has(name)));
  }
  return orphans;
}

/** Removes old orphans. A file that an import at this very moment brings again is a fresh one under the same name. */
export async function sweep(folder: string, used: ReadonlyMap<string, ObjectFacts>): Promise<void> {
  for (const sha256 of await orphansOf(folder, used)) {
    const path = objectPath(folder, sha256);
    if (await isAbandoned(path)) await rm(path, { force: true });
  }
}

const ONE_DAY = 86_400_000;

function stagingIn(folder: string, own: string | undefined): Staging {
  let number = 0;
  return {
    folder: own,
    async stage(octets, limit) {
      const stagedAt = own === undefined ? undefined : join(own, String(++number));
      const handle = stagedAt === undefined ? undefined : await open(stagedAt, "wx", 0o400);
      try {
        return { ...(await readIn(octets, limit, handle)), stagedAt };
      } finally {
        await handle?.close();
      }
    },
    async keep(objects) {
      const shelves = new Set<string>();
      for (const object of objects) {
        if (object.stagedAt === undefined) continue;
        const shelf = join(folder, "objects", object.sha256.slice(0, 2));
        await mkdir(shelf, { recursive: true, mode: 0o700 });
        // Over one of the same hash, if there is one: that heals a damaged object.
        await rename(object.stagedAt, objectPath(folder, object.sha256));
        shelves.add(shelf);
      }
      for (const shelf of shelves) await syncFolder(shelf);
      if (shelves.size > 0) await syncFolder(join(folder, "objects"));
    },
    clear: () => (own === undefined ? Promise.resolve() : rm(own, { recursive: true, force: true })),
  };
}

async function readIn(
  octets: AsyncIterable<Uint8Array>,
  limit: SizeLimit,
  handle: FileHandle | undefined,
): Promise<ObjectFacts & { readonly head: Uint8Array }> {
  const whole = createHash("sha256");
  const chunks = chunkHasher();
  const head = new Uint8Array(HEAD_OCTETS);
  let size = 0;
  for await (const piece of octets) {
    limit(piece.length);
    if (size < head.length) head.set(piece.subarray(0, head.length - size), size);
    whole.update(piece);
    chunks.update(piece);
    size += piece.length;
    await handle?.appendFile(piece);
  }
  await handle?.sync();
  return { sha256: whole.digest("hex"), size, chunks: chunks.digest(), head: head.slice(0, size) };
}

function chunkHasher(): { update(piece: Uint8Array): void; digest(): string[] } {
  const done: string[] = [];
  let hash: Hash | undefined;
  let filled = 0;
  const close = () => {
    if (hash !== undefined) done.push(hash.digest("hex"));
    hash = undefined;
    filled = 0;
  };
  return {
    update(piece) {
      for (let at = 0; at < piece.length; ) {
        hash ??= createHash("sha256");
        const part = piece.subarray(at, at + CHUNK - filled);
        hash.update(part);
        filled += part.length;
        at += part.length;
        if (filled === CHUNK) close();
      }
    },
    digest() {
      close();
      return done;
    },
  };
}

/** A staging folder is abandoned when its process is gone; its number may be reused, so one that is old is too. */
async function clearAbandoned(incoming: string): Promise<void> {
  for (const name of await readdir(incoming)) {
    const path = join(incoming, name);
    if (isRunning(Number.parseInt(name, 10)) && !(await isAbandoned(path))) continue;
    await rm(path, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return Number.isInteger(pid) && pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
