import { closeSync, constants } from "node:fs";
import { stat, statfs } from "node:fs/promises";
import type Koffi from "koffi";

/*
 * Looks at a local file system that wait for nothing. Node gives every look at the disk to a thread, because a disk or a
 * mount may not answer, and each way there and back costs as much as sending three blocks. Linux can be asked to say
 * only what it has in memory: openat2(2) with RESOLVE_CACHED opens what needs no disk, and refuses the rest; statx(2)
 * with AT_STATX_DONT_SYNC asks no server. What is refused here is asked for the slow way.
 *
 * Layouts of the 64-bit Linux ABI, in octets, little-endian:
 *
 *   open_how   0 flags  8 mode  16 resolve                                                                (24)
 *   statx     28 mode (2)  32 ino  40 size  96 ctime  112 mtime (seconds 8, nanoseconds 4)
 *            136 device, major (4)  140 minor (4)                                                         (256)
 */

const OPENAT2 = 437;
const AT_FDCWD = -100;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const RESOLVE_NO_XDEV = 0x01;
const RESOLVE_NO_SYMLINKS = 0x04;
const RESOLVE_BENEATH = 0x08;
const RESOLVE_CACHED = 0x20;
const AT_EMPTY_PATH = 0x1000;
const AT_STATX_DONT_SYNC = 0x4000;
const STATX_BASIC_STATS = 0x7ff;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;

/** File systems (statfs(2)) that ask nobody else: ext, XFS, Btrfs, F2FS, tmpfs. */
const LOCAL = new Set([0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x01021994]);

/** What one look found. Times in nanoseconds since the epoch. */
export interface Found {
  readonly isFile: boolean;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** A folder as it is at this moment. Whoever got it closes it. */
export interface FolderAtOnce {
  readonly found: Found;
  /** A folder in this very one, no link and no mount: who only looks at the root of a mount may wait for its server. */
  folder(name: string): FolderAtOnce | undefined;
  /** Opens a file of this very folder for reading, no link; undefined where the kernel would have to wait, or refuses. */
  open(name: string): { readonly fd: number; readonly found: Found } | undefined;
  close(): void;
}

/** Folders of one file system, looked at without waiting. */
export interface AtOnce {
  /** The folder that all begins with; undefined where only the slow way can tell. Never throws. */
  base(): FolderAtOnce | undefined;
}

/**
 * Looks at what lies below `base`, a path without links, on the same file system; undefined where that is no local one,
 * or where the system or koffi cannot do this. `load` finds koffi.
 */
export async function lookAtOnce(
  base: string,
  load: () => Promise<typeof Koffi> = async () => (await import("koffi")).default,
): Promise<AtOnce | undefined> {
  if (process.platform !== "linux" || (process.arch !== "x64" && process.arch !== "arm64")) return undefined;
  try {
    if (!LOCAL.has((await statfs(base)).type)) return undefined;
    const { dev } = await stat(base, { bigint: true });
    const kernel = kernelOf(await load());
    return { base: () => folderAt(kernel, dev, open(kernel, AT_FDCWD, base, kernel.toBase)) };
  } catch {
    return undefined;
  }
}

type Call = (...args: (number | string | Uint8Array)[]) => number;

interface Kernel {
  readonly openat2: Call;
  readonly statx: Call;
  readonly toBase: Uint8Array;
  readonly toFolder: Uint8Array;
  readonly toFile: Uint8Array;
  readonly answer: Uint8Array;
  readonly found: DataView;
}

function kernelOf(koffi: typeof Koffi): Kernel {
  const libc = koffi.load(null);
  const answer = new Uint8Array(256);
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const within = RESOLVE_BENEATH | RESOLVE_NO_XDEV;
  return {
    openat2: libc.func("long syscall(long number, int folder, const char *name, void *how, size_t size)"),
    statx: libc.func("int statx(int folder, const char *name, int flags, uint mask, void *answer)"),
    toBase: howTo(O_PATH | O_DIRECTORY, 0),
    toFolder: howTo(O_PATH | O_DIRECTORY | O_NOFOLLOW, within),
    toFile: howTo(O_RDONLY | O_NOFOLLOW | O_NONBLOCK, within),
    answer,
    found: new DataView(answer.buffer),
  };
}

function howTo(flags: number, resolve: number): Uint8Array {
  const how = new DataView(new ArrayBuffer(24));
  how.setBigUint64(0, BigInt(flags | O_CLOEXEC), true);
  how.setBigUint64(16, BigInt(resolve | RESOLVE_NO_SYMLINKS | RESOLVE_CACHED), true);
  return new Uint8Array(how.buffer);
}

function open(kernel: Kernel, folder: number, name: string, how: Uint8Array): number {
  return kernel.openat2(OPENAT2, folder, name, how, how.length);
}

function folderAt(kernel: Kernel, device: bigint, fd: number): FolderAtOnce | undefined {
  if (fd < 0) return undefined;
  const found = foundAt(kernel, fd);
  if (found === undefined || found.dev !== device) {
    closeSync(fd);
    return undefined;
  }
  return {
    found,
    folder: (name) => folderAt(kernel, device, open(kernel, fd, name, kernel.toFolder)),
    open: (name) => fileIn(kernel, fd, name),
    close: () => closeSync(fd),
  };
}

function fileIn(kernel: Kernel, folder: number, name: string): { fd: number; found: Found } | undefined {
  const fd = open(kernel, folder, name, kernel.toFile);
  if (fd < 0) return undefined;
  const found = foundAt(kernel, fd);
  if (found?.isFile === true) return { fd, found };
  closeSync(fd);
  return undefined;
}

function foundAt({ statx, answer, found }: Kernel, fd: number): Found | undefined {
  if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, answer) !== 0) return undefined;
  const time = (at: number) => found.getBigInt64(at, true) * 1_000_000_000n + BigInt(found.getUint32(at + 8, true));
  return {
    isFile: (found.getUint16(28, true) & S_IFMT) === S_IFREG,
    dev: deviceNumber(found.getUint32(136, true), found.getUint32(140, true)),
    ino: found.getBigUint64(32, true),
    size: found.getBigUint64(40, true),
    ctimeNs: time(96),
    mtimeNs: time(112),
  };
}

/** As stat(2) and Node write it, so that what is seen either way compares. */
function deviceNumber(major: number, minor: number): bigint {
  const [a, b] = [BigInt(major), BigInt(minor)];
  return ((a & 0xffff_f000n) << 32n) | ((a & 0xfffn) << 8n) | ((b & 0xffff_ff00n) << 12n) | (b & 0xffn);
}
