import { crc32 } from "node:zlib";
import { type Entry, getFileNameLowLevel, openPromise, type ZipFile } from "yauzl";
import { ImportRefused } from "./refusal.ts";

/** What one import may take in at most, over all its archives and folders together. */
export interface Limits {
  /** Entries of one archive. */
  readonly entries: number;
  /** Octets of one file, unpacked. */
  readonly fileOctets: number;
  /** Octets of all files, unpacked. */
  readonly totalOctets: number;
  /** Unpacked octets for one packed; small files may exceed it. */
  readonly ratio: number;
}

/** Far above every vendor package: the largest known has 10 MB in a dozen files (cisco.md §4.3). */
export const LIMITS: Limits = { entries: 5000, fileOctets: 512 * 2 ** 20, totalOctets: 2 * 2 ** 30, ratio: 200 };

/** A file of an archive. Its path is for messages and grouping; it never becomes a path on this machine. */
export interface ArchiveEntry {
  /** As it stands in the archive, with `/` between its parts. */
  readonly path: string;
  /** Octets, as the archive declares them. */
  readonly size: number;
  /** The content; ends with {@link ImportRefused} where it is not what the archive declares. */
  octets(): AsyncIterable<Uint8Array>;
}

/**
 * The files of a zip. Every entry is judged before the first is given out: an archive with one bad name gives nothing.
 * @throws ImportRefused naming the archive, the entry, the reason and the remedy.
 */
export async function* readArchive(path: string, limits: Limits = LIMITS): AsyncGenerator<ArchiveEntry> {
  const zip = await openPromise(path, { autoClose: false, decodeStrings: false }).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    for (const { entry, name } of await judgedEntries(zip, path, limits)) {
      yield {
        path: name,
        size: entry.uncompressedSize,
        octets: () => contentOf(zip, entry, `${path}: ${shown(name)}`),
      };
    }
  } finally {
    zip.close();
  }
}

const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;
/** "Made by" 3 in the upper octet: the external attributes hold a Unix mode (APPNOTE.TXT 4.4.2). */
const MADE_BY_UNIX = 3;
/** The ratio says nothing about a small file of blanks. */
const RATIO_COUNTS_FROM = 2 ** 20;
/** Octets of a local file header before its name (APPNOTE.TXT 4.3.7). */
const LOCAL_HEADER = 30;

interface NamedEntry {
  readonly entry: Entry;
  /** Read by us and not by the library, which would turn backslashes into slashes. */
  readonly name: string;
}

async function judgedEntries(zip: ZipFile, path: string, limits: Limits): Promise<NamedEntry[]> {
  if (zip.entryCount > limits.entries) {
    throw refused("too-many", path, `it has ${zip.entryCount} entries, more than ${limits.entries}`);
  }
  const entries: NamedEntry[] = [];
  try {
    for await (const entry of zip.eachEntry()) {
      const { generalPurposeBitFlag, fileNameRaw, extraFields } = entry;
      entries.push({ entry, name: getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, true) });
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  const names = new Map<string, string>();
  for (const { entry, name } of entries) {
    const place = `${path}: ${shown(name)}`;
    judgeName(name, place);
    judgeKind(entry, name, place);
    judgeSizes(entry, place, limits);
    const folded = name.normalize("NFKC").toLowerCase().replace(/\/$/, "");
    const other = names.get(folded);
    if (other !== undefined) throw refused("same-name", place, `it also holds ${shown(other)}, the same name`);
    names.set(folded, name);
  }
  judgeTogether(
    entries.map(({ entry }) => entry),
    path,
    limits,
  );
  return entries.filter(({ name }) => !name.endsWith("/"));
}

function judgeName(name: string, place: string): void {
  const parts = name.replace(/\/$/, "").split("/");
  if (name.startsWith("/") || /^[A-Za-z]:/.test(name)) throw refused("unsafe-name", place, "its name is absolute");
  if (name.includes("\\")) throw refused("unsafe-name", place, "its name holds a backslash");
  if (parts.some((part) => part === "" || part === "." || part === "..")) {
    throw refused("unsafe-name", place, "its name leads out of the archive or nowhere");
  }
  if (name.length > 512 || hasControls(name))
    throw refused("unsafe-name", place, "its name holds control characters or is too long");
}

function judgeKind(entry: Entry, name: string, place: string): void {
  const kind = (entry.externalFileAttributes >>> 16) & S_IFMT;
  const unix = entry.versionMadeBy >>> 8 === MADE_BY_UNIX;
  if (unix && kind !== 0 && kind !== S_IFREG && kind !== S_IFDIR) {
    throw refused("not-a-file", place, "it is a link or a device, not a file");
  }
  if (entry.isEncrypted()) throw refused("encrypted", place, "it is encrypted", "Unpack it with its password first.");
  if (!entry.canDecodeFileData()) {
    throw refused(
      "compression",
      place,
      `its compression (method ${entry.compressionMethod}) is not read here`,
      "Pack it again as an ordinary zip.",
    );
  }
  if (/\.zip$/i.test(name)) {
    throw refused("nested", place, "it is an archive inside an archive", "Unpack the outer one and import the folder.");
  }
}

function judgeSizes(entry: Entry, place: string, limits: Limits): void {
  if (entry.uncompressedSize > limits.fileOctets) {
    throw refused("too-large", place, `it unpacks to ${entry.uncompressedSize} octets, more than ${limits.fileOctets}`);
  }
  if (
    entry.uncompressedSize > RATIO_COUNTS_FROM &&
    entry.uncompressedSize > limits.ratio * Math.max(1, entry.compressedSize)
  ) {
    throw refused("bomb", place, `it unpacks to more than ${limits.ratio} times its size`);
  }
}

/** Entries that share their packed octets are how a small archive holds petabytes. */
function judgeTogether(entries: readonly Entry[], path: string, limits: Limits): void {
  const total = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0);
  if (total > limits.totalOctets) {
    throw refused("too-large", path, `it unpacks to ${total} octets, more than ${limits.totalOctets}`);
  }
  let end = 0;
  for (const entry of entries.toSorted((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader)) {
    if (entry.relativeOffsetOfLocalHeader < end) throw refused("bomb", path, "entries of it overlap");
    end = entry.relativeOffsetOfLocalHeader + LOCAL_HEADER + entry.fileNameRaw.length + entry.compressedSize;
  }
}

async function* contentOf(zip: ZipFile, entry: Entry, place: string): AsyncGenerator<Uint8Array> {
  let sum = 0;
  try {
    const stream = await zip.openReadStreamPromise(entry);
    for await (const piece of stream) {
      sum = crc32(piece as Buffer, sum);
      yield piece as Buffer;
    }
  } catch (error) {
    throw unreadable(place, error);
  }
  if (sum !== entry.crc32) {
    throw refused("damaged-archive", place, "its checksum does not fit its content", "Download the archive again.");
  }
}

function unreadable(place: string, error: unknown): ImportRefused {
  const text = error instanceof Error ? error.message : String(error);
  return new ImportRefused(
    "damaged-archive",
    place,
    `it cannot be read as a zip (${shown(text)})`,
    "Download the archive again.",
    {
      cause: error,
    },
  );
}

function refused(
  code: string,
  place: string,
  reason: string,
  remedy = "Do not use this archive; get the package from the vendor.",
): ImportRefused {
  return new ImportRefused(code, place, reason, remedy);
}

function hasControls(text: string): boolean {
  for (const character of text) if (character < " " || character === "\u007f") return true;
  return false;
}

/** A name out of an archive as it may stand on a terminal. */
function shown(name: string): string {
  return name.slice(0, 200).replace(/[^ -~]/g, "?");
}
