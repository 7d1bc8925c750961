import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { FileRequest, UploadAnswer, UploadDesk } from "../provision/ports.ts";

/** A file that may be written: its one name, who answers for it, and what becomes of the one that is there. */
export interface Writable {
  /** A single path segment, made by us and never what the phone sent. */
  readonly name: string;
  /** Whose rate it counts against, e.g. a MAC. */
  readonly owner: string;
  readonly existing: "append" | "replace" | "keep";
}

export interface UploadOptions {
  readonly directory: string;
  /** What this request may write; undefined when nothing. Never rejects. */
  readonly mayWrite: (request: FileRequest) => Promise<Writable | undefined>;
  /** Octets of one upload, and of a log before it is put aside. Default 1 MiB. */
  readonly limit?: number;
  /** Octets that one owner may write in a minute. Default 4 MiB. */
  readonly perMinute?: number;
  /** Octets that must stay free on the disk. Default 64 MiB. */
  readonly leastFree?: number;
  /** Logs that are kept beside the one being written. Default 4. */
  readonly logsKept?: number;
}

const UNFINISHED = ".part";

/**
 * The folder that phones write to. A file changes in one instant or not at all: what was received is written beside
 * it, brought to the disk and renamed over it, and only then is the phone told that it is stored. Leftovers of a crash
 * are removed here. Rejects when the folder cannot be made.
 */
export async function openUploads(options: UploadOptions): Promise<UploadDesk> {
  const { directory, mayWrite, limit = 1 << 20, perMinute = 4 << 20, leastFree = 64 << 20, logsKept = 4 } = options;
  await mkdir(directory, { recursive: true, mode: 0o750 });
  for (const name of await readdir(directory)) {
    if (name.endsWith(UNFINISHED)) await rm(join(directory, name), { force: true });
  }
  const rates = new Map<string, { since: number; octets: number }>();
  const turns = new Map<string, Promise<unknown>>();

  const refused = (why: "not-allowed" | "exists" | "too-large" | "no-room", because: string): UploadAnswer => ({
    is: "refused",
    why,
    because,
  });

  return {
    async offer(request, size) {
      const writable = await mayWrite(request);
      if (writable === undefined) return refused("not-allowed", "no phone at this address may write this name");
      if (writable.existing === "keep" && (await exists(join(directory, writable.name)))) {
        return refused("exists", "it is there already and is not written over");
      }
      if (size !== undefined && size > limit) return refused("too-large", `${size} octets are more than ${limit}`);
      const left = perMinute - written(rates, writable.owner, request.at);
      if (left <= 0) return refused("no-room", `${writable.owner} has written ${perMinute} octets within a minute`);
      return {
        is: "accepted",
        limit: Math.min(limit, left),
        store: (octets) => {
          const turn = (turns.get(writable.name) ?? Promise.resolve())
            .catch(() => {})
            .then(() => store(writable, octets, request.at));
          turns.set(writable.name, turn);
          const done = () => {
            if (turns.get(writable.name) === turn) turns.delete(writable.name);
          };
          turn.then(done, done);
          return turn;
        },
      };
    },
  };

  async function store(writable: Writable, octets: Uint8Array, at: number): Promise<"stored" | "no-room"> {
    const disk = await statfs(directory);
    if (disk.bavail * disk.bsize - octets.length < leastFree) return "no-room";
    const path = join(directory, writable.name);
    const before = writable.existing === "append" ? await contentOf(path) : undefined;
    const fits = before !== undefined && before.length + octets.length <= limit;
    await replace(path, fits ? Buffer.concat([before, octets]) : octets, before !== undefined && !fits ? logsKept : 0);
    count(rates, writable.owner, at, octets.length);
    return "stored";
  }

  async function replace(path: string, octets: Uint8Array, keep: number): Promise<void> {
    const temporary = `${path}.${randomBytes(6).toString("hex")}${UNFINISHED}`;
    try {
      const file = await open(temporary, "wx", 0o640);
      try {
        await file.writeFile(octets);
        await file.sync();
      } finally {
        await file.close();
      }
      if (keep > 0) await putAside(path, keep);
      await rename(temporary, path);
      await syncFolder(directory);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}

/** A minute of one owner; older ones are forgotten as others write. */
function written(rates: Map<string, { since: number; octets: number }>, owner: string, at: number): number {
  const rate = rates.get(owner);
  return rate === undefined || at - rate.since >= 60_000 ? 0 : rate.octets;
}

function count(rates: Map<string, { since: number; octets: number }>, owner: string, at: number, octets: number): void {
  const before = written(rates, owner, at);
  if (before === 0) {
    rates.delete(owner);
    for (const [other, rate] of rates) if (at - rate.since >= 60_000) rates.delete(other);
  }
  rates.set(owner, { since: before === 0 ? at : (rates.get(owner)?.since ?? at), octets: before + octets });
}

/** `a.log.3` becomes `a.log.4` and so on; the oldest is overwritten. */
async function putAside(path: string, keep: number): Promise<void> {
  for (let number = keep - 1; number >= 1; number--) {
    await rename(`${path}.${number}`, `${path}.${number + 1}`).catch(ignoreMissing);
  }
  await rename(path, `${path}.1`);
}

async function contentOf(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch(ignoreMissing);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(ignoreMissing)) !== undefined;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
  return undefined;
}

async function syncFolder(directory: string): Promise<void> {
  const folder = await open(directory, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
