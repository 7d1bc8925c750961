import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { Image, SiteFiles } from "../provision/ports.ts";
import { type AtOnce, type Found, lookAtOnce } from "./at-once.ts";
import { openPinned, openPinnedAtOnce, type PinnedFile } from "./pinned-file.ts";
import { Turnstile } from "./turnstile.ts";

/** The folder of the site's own files cannot be used. `code` is stable. */
export class SiteFilesError extends Error {
  override readonly name = "SiteFilesError";
  readonly code = "E_TFTP_ROOT";
}

/**
 * The files under `root`, for phones that are not enrolled. What a phone asks for never becomes a path: each part of a
 * name is looked up in the folder's own listing, and what the listing says is opened. Links are followed as long as
 * they end inside the root. `look` finds what needs no disk; what it cannot tell is asked of the disk.
 * @throws SiteFilesError where `root` is not a folder that can be read.
 */
export async function openSiteFiles(root: string, look = lookAtOnce): Promise<SiteFiles> {
  const base = await realpath(root).catch((cause: unknown) => {
    throw unusable(root, cause);
  });
  const folders = createFolders();
  await folders.list(base).catch((cause: unknown) => {
    throw unusable(root, cause);
  });
  const atOnce = await look(base);
  const turnstile = new Turnstile(PLACES, PATIENCE);
  const shared = new Map<string, Shared>();
  const looks = new Map<string, Looks>();

  const ask = async (parts: readonly string[]): Promise<PinnedFile | undefined> => {
    const path = await lookUp(folders, base, parts);
    return path === undefined ? undefined : openInside(base, path);
  };

  const find = async (parts: readonly string[], callers: number): Promise<Shared | undefined> => {
    const at = (parts.length > 1 ? parts.slice(0, -1) : parts).join("/");
    const known = atOnce === undefined ? "unknown" : openKnown(atOnce, folders, base, parts);
    const late = (file: PinnedFile | undefined) => file?.close().catch(() => {});
    const file = known === "unknown" ? await turnstile.pass(at, () => ask(parts), late) : known;
    return file === undefined ? undefined : share(shared, at, file, callers);
  };

  return {
    async find(name) {
      const parts = partsOf(name);
      if (parts === undefined) return undefined;
      const found = await lookOnce(looks, parts.join("/"), (callers) => find(parts, callers));
      return found === undefined ? undefined : imageOf(parts.at(-1) ?? name, found, turnstile, shared);
    },
  };
}

/** Looks and reads at a time: one of Node's four threads stays free for the vault whatever the site's folder does. */
const PLACES = 3;
/** Ms that a disk may take for one look or one read; a phone asks again after four seconds. */
const PATIENCE = 5000;

/** TFTP carries names of at most 512 octets; no phone nests its files deeper than a few folders. */
const LONGEST_NAME = 512;
const MOST_PARTS = 16;
/** A folder changed in the same tick of the kernel's clock keeps its time: so young a listing is not kept. */
const CLOCK_TICK = 100;

/** The parts of a requested name; undefined for a name that no file here can have. */
function partsOf(name: string): readonly string[] | undefined {
  if (name.length === 0 || name.length > LONGEST_NAME) return undefined;
  const parts = name.replace(/^(?:\.?[/\\])+/, "").split("/");
  if (parts.length > MOST_PARTS) return undefined;
  return parts.every(isPossible) ? parts : undefined;
}

/** U+FFFD stands for octets that are no UTF-8, in a listing as well as in a request: it names nothing. */
function isPossible(part: string): boolean {
  if (part === "" || part === "." || part === "..") return false;
  for (const character of part) {
    if (character < " " || character === "\u007f" || character === "\\" || character === "\ufffd") return false;
  }
  return true;
}

/** What {@link lookUp} and {@link openInside} would find, where that needs no disk and no link is on the way. */
function openKnown(
  atOnce: AtOnce,
  folders: Folders,
  base: string,
  parts: readonly string[],
): PinnedFile | undefined | "unknown" {
  let path = base;
  let folder = atOnce.base();
  try {
    for (const [at, part] of parts.entries()) {
      const listing = folder && folders.known(path, folder.found);
      if (folder === undefined || listing === undefined) return "unknown";
      const entry = entryIn(listing, part);
      if (entry === undefined) return undefined;
      if (at === parts.length - 1) return openPinnedAtOnce(folder, entry.name) ?? "unknown";
      if (!entry.isDirectory()) return "unknown";
      const inner = folder.folder(entry.name);
      folder.close();
      folder = inner;
      path = join(path, entry.name);
    }
    return "unknown";
  } finally {
    folder?.close();
  }
}

async function lookUp(folders: Folders, base: string, parts: readonly string[]): Promise<string | undefined> {
  let path = base;
  for (const [at, part] of parts.entries()) {
    const listing = await folders.list(path).catch(() => undefined);
    const entry = listing === undefined ? undefined : entryIn(listing, part);
    if (entry === undefined) return undefined;
    const last = at === parts.length - 1;
    if (!last && !entry.isDirectory() && !entry.isSymbolicLink()) return undefined;
    path = join(path, entry.name);
    if (!entry.isSymbolicLink()) continue;
    const target = await realpath(path).catch(() => undefined);
    if (target === undefined || !isInside(base, target)) return undefined;
    path = target;
  }
  return path;
}

/** Between the listing and the opening a folder may have become a link: the kernel says what was opened in the end. */
async function openInside(base: string, path: string): Promise<PinnedFile | undefined> {
  const file = await openPinned(path);
  if (file === undefined) return undefined;
  const opened = await file.path().catch(() => undefined);
  if (opened !== undefined && isInside(base, opened)) return file;
  await file.close();
  return undefined;
}

function isInside(base: string, path: string): boolean {
  return path.startsWith(base.endsWith(sep) ? base : base + sep);
}

interface Looks {
  running: Promise<Shared | undefined>;
  /** The look that begins when the running one ends, for all who have asked since that began. */
  next: Coming | undefined;
}

interface Coming {
  callers: number;
  readonly found: Promise<Shared | undefined>;
}

/**
 * One look for all who ask for a name before it begins: a building that boots asks for the same few names in the same
 * instant. A look that has begun answers nobody who came later, so that no answer is older than its question.
 */
function lookOnce(
  looks: Map<string, Looks>,
  name: string,
  look: (callers: number) => Promise<Shared | undefined>,
): Promise<Shared | undefined> {
  const entry = looks.get(name) ?? { running: Promise.resolve(undefined), next: undefined };
  looks.set(name, entry);
  if (entry.next !== undefined) {
    entry.next.callers++;
    return entry.next.found;
  }
  const begin = () => {
    entry.next = undefined;
    entry.running = coming.found;
    return look(coming.callers);
  };
  const over = () => {
    if (entry.running === coming.found && entry.next === undefined) looks.delete(name);
  };
  const coming: Coming = { callers: 1, found: entry.running.then(begin, begin) };
  entry.next = coming;
  coming.found.then(over, over);
  return coming.found;
}

interface Shared {
  readonly at: string;
  readonly file: PinnedFile;
  users: number;
}

/** One descriptor serves every phone that reads the same state of the same file. */
async function share(shared: Map<string, Shared>, at: string, file: PinnedFile, users: number): Promise<Shared> {
  const known = shared.get(file.stamp);
  const entry = known ?? { at, file, users: 0 };
  shared.set(file.stamp, entry);
  entry.users += users;
  if (known !== undefined) await file.close();
  return entry;
}

function imageOf(name: string, entry: Shared, turnstile: Turnstile, shared: Map<string, Shared>): Image {
  const { at, file } = entry;
  let closed: Promise<void> | undefined;
  return {
    name,
    size: file.size,
    key: file.stamp,
    read(offset, length) {
      if (closed !== undefined) return Promise.reject(new Error(`${name} has been closed`));
      const work = async () => {
        const octets = await file.read(offset, length);
        // Asked after the reading: what was read is then of the state that was pinned.
        if ((await file.stampNow()) !== file.stamp) throw new Error(`${name} was changed while it was being read`);
        return octets;
      };
      return turnstile.pass(at, work, () => {});
    },
    close() {
      closed ??= leave(shared, entry);
      return closed;
    },
  };
}

async function leave(shared: Map<string, Shared>, entry: Shared): Promise<void> {
  entry.users--;
  if (entry.users > 0) return;
  shared.delete(entry.file.stamp);
  await entry.file.close();
}

interface Listing {
  readonly exact: ReadonlyMap<string, Dirent>;
  /** By name without letter case; `ambiguous` where several names differ in nothing else. */
  readonly folded: ReadonlyMap<string, Dirent | "ambiguous">;
}

function entryIn(listing: Listing, part: string): Dirent | undefined {
  const entry = listing.exact.get(part) ?? listing.folded.get(fold(part));
  return entry === "ambiguous" ? undefined : entry;
}

interface Folders {
  list(path: string): Promise<Listing>;
  /** The listing of a folder that is `found` as it was when it was last listed; undefined where it is not. */
  known(path: string, found: FolderStamp): Listing | undefined;
}

type FolderStamp = Pick<Found, "dev" | "ino" | "mtimeNs" | "ctimeNs">;

function isAsItWas(one: FolderStamp, other: FolderStamp): boolean {
  return (
    one.ino === other.ino && one.mtimeNs === other.mtimeNs && one.ctimeNs === other.ctimeNs && one.dev === other.dev
  );
}

/** The last listings, each good for as long as its folder's times stay what they were. */
const LISTINGS_KEPT = 256;

function createFolders(): Folders {
  const kept = new Map<string, { readonly found: FolderStamp; readonly listing: Listing }>();
  const known = (path: string, found: FolderStamp): Listing | undefined => {
    const last = kept.get(path);
    return last !== undefined && isAsItWas(last.found, found) ? last.listing : undefined;
  };
  return {
    known,
    async list(path) {
      const now = Date.now();
      const found = await stat(path, { bigint: true });
      const unchanged = known(path, found);
      if (unchanged !== undefined) return unchanged;
      const listing = listingOf(await readdir(path, { withFileTypes: true }));
      kept.delete(path);
      if (now - Number(found.ctimeNs / 1_000_000n) > CLOCK_TICK) kept.set(path, { found, listing });
      for (const oldest of kept.keys()) {
        if (kept.size <= LISTINGS_KEPT) break;
        kept.delete(oldest);
      }
      return listing;
    },
  };
}

function listingOf(entries: readonly Dirent[]): Listing {
  const folded = new Map<string, Dirent | "ambiguous">();
  for (const entry of entries) {
    const key = fold(entry.name);
    folded.set(key, folded.has(key) ? "ambiguous" : entry);
  }
  return { exact: new Map(entries.map((entry) => [entry.name, entry])), folded };
}

/** ASCII alone: phones ask in ASCII, and no other letter may turn into one of theirs. */
function fold(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function unusable(root: string, cause: unknown): SiteFilesError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new SiteFilesError(
    `The folder of the site's own files, tftp.root ${root}, cannot be read (${text}). Create it, or name another one.`,
    { cause },
  );
}
