import type { Dirent } from "node:fs";
import { lstat, open, readdir, rename, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A file as the linter looks at it. */
export interface PhoneFile {
  /** As the admin named it, folders below it added, with `/` between them. */
  readonly path: string;
  readonly size: number;
  /** The whole of a configuration, the first part of anything larger. */
  readonly octets: Uint8Array;
}

/** A file or folder that could not be read. */
export interface Unreadable {
  readonly path: string;
  readonly why: string;
}

/** Configurations are read whole up to here; of images their head is enough. */
const WHOLE = 1_048_576;
const HEAD = 65_536;
const MOST_FILES = 200_000;

/**
 * Reads files and, through their folders, everything below them; symbolic links below a folder, devices and pipes are
 * passed over. What cannot be read is named, and the rest is read all the same.
 */
export async function readPhoneFiles(
  paths: readonly string[],
): Promise<{ readonly files: readonly PhoneFile[]; readonly unreadable: readonly Unreadable[] }> {
  const files: PhoneFile[] = [];
  const unreadable: Unreadable[] = [];
  const pending = [...paths].reverse();
  for (let path = pending.pop(); path !== undefined && files.length < MOST_FILES; path = pending.pop()) {
    try {
      const found = await lstat(path);
      if (found.isDirectory()) pending.push(...(await below(path)).reverse());
      else if (found.isFile()) files.push({ path, ...(await head(path)) });
    } catch (error) {
      unreadable.push({ path, why: codeOf(error) });
    }
  }
  return { files, unreadable };
}

async function below(folder: string): Promise<string[]> {
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true });
  const wanted = entries.filter((entry) => entry.isDirectory() || entry.isFile()).map(({ name }) => name);
  return wanted.sort().map((name) => join(folder, name));
}

async function head(path: string): Promise<{ size: number; octets: Uint8Array }> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    const octets = new Uint8Array(size <= WHOLE ? size : HEAD);
    let filled = 0;
    while (filled < octets.length) {
      const { bytesRead } = await handle.read(octets, filled, octets.length - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return { size, octets: octets.subarray(0, filled) };
  } finally {
    await handle.close();
  }
}

/** Writes a file whole or not at all, keeping its permissions. Rejects with the system's error. */
export async function replacePhoneFile(path: string, octets: Uint8Array): Promise<void> {
  const { mode } = await lstat(path);
  const beside = join(dirname(path), `.provision-${process.pid}-${octets.length}.tmp`);
  try {
    await writeFile(beside, octets, { flag: "wx", mode: mode & 0o777 });
    await rename(beside, path);
  } catch (error) {
    await unlink(beside).catch(() => undefined);
    throw error;
  }
}

/** Renames a file within its folder; false where another file has that name already. Rejects with the system's error. */
export async function renamePhoneFile(path: string, name: string): Promise<boolean> {
  const target = join(dirname(path), name);
  const [own, other] = await Promise.all([lstat(path), lstat(target).catch(() => undefined)]);
  // On a file system that ignores letter case the other name is the same file.
  if (other !== undefined && other.ino !== own.ino) return false;
  await rename(path, target);
  return true;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
}
