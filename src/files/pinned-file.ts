import { type BigIntStats, closeSync, constants, fstat, read } from "node:fs";
import { type FileHandle, lstat, open, readlink } from "node:fs/promises";
import { promisify } from "node:util";
import type { FolderAtOnce, Found } from "./at-once.ts";

/** A regular file that stays the same one, whatever happens to its name. */
export interface PinnedFile {
  /** Octets, when it was opened. */
  readonly size: number;
  /** Device, inode, size and times: differs whenever the content was written or the file replaced. */
  readonly stamp: string;
  /** When its inode last changed, milliseconds since the epoch. */
  readonly changedAt: number;
  /** The path it was reached by, links resolved, as the kernel says. */
  path(): Promise<string>;
  /** Its stamp at this moment. */
  stampNow(): Promise<string>;
  /**
   * Exactly `length` octets at `offset`, fewer only at the end of the `size` it was opened with.
   * @throws Error when the file gives fewer, as one that was truncated does.
   */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/**
 * Opens a regular file for reading; undefined for anything else and where there is nothing. A link as the last part of
 * `path` is not followed, and a FIFO or a device does not block.
 * @throws the system's own error where a file is there and cannot be opened.
 */
export async function openPinned(path: string): Promise<PinnedFile | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (NOTHING_THERE.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
  try {
    const found = await stampOf(handle);
    if (!found.isFile) {
      await handle.close();
      return undefined;
    }
    return pinned(handle, found);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** As {@link openPinned}, where the kernel has all that it takes in memory; undefined where it has not. */
export function openPinnedAtOnce(folder: FolderAtOnce, name: string): PinnedFile | undefined {
  const opened = folder.open(name);
  return opened === undefined ? undefined : pinned(new Descriptor(opened.fd), stampIn(opened.found, true));
}

/** The stamp that {@link openPinned} would find at `path`; undefined where it would find no file. */
export async function stampAt(path: string): Promise<string | undefined> {
  const found = await lstat(path, { bigint: true }).catch(() => undefined);
  return found?.isFile() === true ? textOf(found) : undefined;
}

/** ELOOP is a link; ENXIO a socket or a device without a driver. */
const NOTHING_THERE = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "ENODEV", "EISDIR", "ENAMETOOLONG"]);

interface Stamp {
  readonly isFile: boolean;
  readonly size: number;
  readonly stamp: string;
  readonly changedAt: number;
}

async function stampOf(handle: Handle): Promise<Stamp> {
  const s = await handle.stat({ bigint: true });
  return stampIn(s, s.isFile());
}

function stampIn(s: Omit<Found, "isFile">, isFile: boolean): Stamp {
  return { isFile, size: Number(s.size), stamp: textOf(s), changedAt: Number(s.ctimeNs / 1_000_000n) };
}

function textOf(s: Omit<Found, "isFile">): string {
  return `${s.dev}-${s.ino}-${s.size}-${s.mtimeNs}-${s.ctimeNs}`;
}

type Handle = Pick<FileHandle, "fd" | "close"> & {
  stat(as: { readonly bigint: true }): Promise<BigIntStats>;
  read(into: Uint8Array, at: number, length: number, from: number): Promise<{ bytesRead: number }>;
};

const fstatLater = promisify(fstat);
const readLater = promisify(read);

/** A descriptor of our own. Its number is given back when nobody uses it any more: the next file gets the same one. */
class Descriptor implements Handle {
  readonly fd: number;
  #users = 1;
  #closed = false;

  constructor(fd: number) {
    this.fd = fd;
  }

  stat(as: { readonly bigint: true }): Promise<BigIntStats> {
    return this.#use(() => fstatLater(this.fd, as));
  }

  read(into: Uint8Array, at: number, length: number, from: number): Promise<{ bytesRead: number }> {
    return this.#use(() => readLater(this.fd, into, at, length, from));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#leave();
  }

  async #use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error("the file has been closed");
    this.#users++;
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    this.#users--;
    if (this.#users === 0) closeSync(this.fd);
  }
}

function pinned(handle: Handle, found: Stamp): PinnedFile {
  return {
    size: found.size,
    stamp: found.stamp,
    changedAt: found.changedAt,
    path: () => readlink(`/proc/self/fd/${handle.fd}`),
    stampNow: async () => (await stampOf(handle)).stamp,
    async read(offset, length) {
      const octets = new Uint8Array(Math.max(0, Math.min(length, found.size - offset)));
      let filled = 0;
      while (filled < octets.length) {
        const { bytesRead } = await handle.read(octets, filled, octets.length - filled, offset + filled);
        if (bytesRead === 0) throw new Error(`the file ends at octet ${offset + filled} of ${found.size}`);
        filled += bytesRead;
      }
      return octets;
    },
    close: () => handle.close(),
  };
}
