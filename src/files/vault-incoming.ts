import { constants, createReadStream } from "node:fs";
import { lstat, open, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { LIMITS, type Limits, readArchive } from "./archive.ts";
import { openPinned } from "./pinned-file.ts";
import { ImportRefused } from "./refusal.ts";

/** One file that somebody wants in the vault. */
export interface IncomingFile {
  /** The last part of its path. */
  readonly name: string;
  /** The folder, or the folder in an archive, that it lies in: files of one package lie together. */
  readonly group: string;
  /** For messages. */
  readonly place: string;
  /** Octets, as far as is known before reading. */
  readonly size: number;
  /** Its content, once; whoever stops early frees it. */
  octets(): AsyncIterable<Uint8Array>;
}

/**
 * Every file under `paths`: folders with all their folders, zips, single files. Links and devices inside a folder are
 * passed over; `onPassedOver` is told.
 * @throws ImportRefused for a path that is not there, an archive that is not safe, or too many files.
 */
export async function* readIncoming(
  paths: readonly string[],
  onPassedOver: (place: string, reason: string) => void,
  limits: Limits = LIMITS,
): AsyncGenerator<IncomingFile> {
  let seen = 0;
  for (const path of paths) {
    for await (const file of under(path, onPassedOver, limits)) {
      seen++;
      if (seen > MOST_FILES) {
        throw new ImportRefused(
          "too-many",
          path,
          `there are more than ${MOST_FILES} files`,
          "Name the folder of the package itself.",
        );
      }
      yield file;
    }
  }
}

/** A whole TFTP root with a file for each of 50,000 phones may be named; a file system may not. */
const MOST_FILES = 200_000;
const DEEPEST = 20;

async function* under(
  path: string,
  passOver: (place: string, reason: string) => void,
  limits: Limits,
): AsyncGenerator<IncomingFile> {
  const unreadable = (error: unknown) => {
    throw new ImportRefused("not-there", path, `it cannot be read (${codeOf(error)})`, "Check the path and its mode.");
  };
  const found = await stat(path).catch(unreadable);
  if (found.isDirectory()) yield* inFolder(path, 0, passOver, limits);
  else if (!found.isFile())
    throw new ImportRefused("not-a-file", path, "it is neither a file nor a folder", "Name one.");
  else if (await isZip(path).catch(unreadable)) yield* inArchive(path, limits);
  else yield single(path, found.size, openAnyway);
}

async function* inFolder(
  folder: string,
  depth: number,
  passOver: (place: string, reason: string) => void,
  limits: Limits,
): AsyncGenerator<IncomingFile> {
  if (depth > DEEPEST)
    throw new ImportRefused(
      "too-deep",
      folder,
      `it lies more than ${DEEPEST} folders deep`,
      "Name the package's own folder.",
    );
  const names = await readdir(folder).catch((error: unknown) => {
    throw new ImportRefused("not-there", folder, `it cannot be read (${codeOf(error)})`, "Check its mode.");
  });
  for (const name of names.sort()) {
    const path = join(folder, name);
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined) passOver(path, "it is gone");
    else if (found.isDirectory()) yield* inFolder(path, depth + 1, passOver, limits);
    else if (found.isSymbolicLink()) passOver(path, "it is a link; name the file itself");
    else if (!found.isFile()) passOver(path, "it is not a regular file");
    else {
      const zip = await isZip(path).catch((error: unknown) => passOver(path, `it cannot be read (${codeOf(error)})`));
      if (zip === true) yield* inArchive(path, limits);
      else if (zip === false) yield single(path, found.size, openInside);
    }
  }
}

async function* inArchive(path: string, limits: Limits): AsyncGenerator<IncomingFile> {
  for await (const entry of readArchive(path, limits)) {
    yield {
      name: basename(entry.path),
      group: join(path, dirname(entry.path)),
      place: `${path}: ${entry.path}`,
      size: entry.size,
      octets: entry.octets,
    };
  }
}

function single(path: string, size: number, octets: (path: string) => AsyncIterable<Uint8Array>): IncomingFile {
  return { name: basename(path), group: dirname(path), place: path, size, octets: () => octets(path) };
}

/** The admin named this file, so a link to it is followed. */
async function* openAnyway(path: string): AsyncGenerator<Uint8Array> {
  for await (const piece of createReadStream(path, { highWaterMark: READ_OCTETS })) yield piece as Buffer;
}

const READ_OCTETS = 262_144;

async function* openInside(path: string): AsyncGenerator<Uint8Array> {
  const file = await openPinned(path);
  if (file === undefined)
    throw new ImportRefused("not-a-file", path, "it was replaced while it was read", "Import again.");
  try {
    for (let at = 0; at < file.size; at += READ_OCTETS) yield await file.read(at, READ_OCTETS);
    if ((await file.stampNow()) !== file.stamp) {
      throw new ImportRefused(
        "changed",
        path,
        "it was changed while it was read",
        "Import again when it stands still.",
      );
    }
  } finally {
    await file.close();
  }
}

/** A local file header, or the end of an empty archive (APPNOTE.TXT 4.3.7, 4.3.16), or a name that says zip. */
async function isZip(path: string): Promise<boolean> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return /\.zip$/i.test(path) || (bytesRead === 4 && ["504b0304", "504b0506"].includes(buffer.toString("hex")));
  } finally {
    await handle.close();
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
