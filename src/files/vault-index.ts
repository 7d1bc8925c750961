import { createHash, randomBytes } from "node:crypto";
import { link, mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { isAbandoned, type ObjectFacts, syncFolder } from "./vault-objects.ts";

/** One file of a package: its name is what a phone asks for, its hash is where its octets are. */
export interface StoredFile {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
  /** The name in its signed header. */
  readonly signedName?: string;
  /** The names that it lists, where it is a `.loads`. */
  readonly lists?: readonly string[];
}

/** The files of one release that the vault has, in the order of their names. */
export interface StoredPackage {
  readonly family: string;
  readonly load: string;
  readonly files: readonly StoredFile[];
}

/** Everything the vault knows, as of one import. */
export interface VaultIndex {
  /** 0 before the first import; each import adds one. */
  readonly generation: number;
  readonly packages: readonly StoredPackage[];
  readonly objects: ReadonlyMap<string, ObjectFacts>;
}

/** We or the disk broke it. `code` is stable, e.g. `E_VAULT_INDEX`. */
export class VaultError extends Error {
  override readonly name = "VaultError";
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The number of the newest index in the vault at `folder`; 0 where nothing was ever imported. */
async function newestGeneration(folder: string): Promise<number> {
  return (await generations(folder)).at(-1) ?? 0;
}

/**
 * Follows the vault at `folder`: gives its newest index, which is read again only when another import has written one.
 * @throws VaultError as {@link readIndex}.
 */
export async function followIndex(folder: string): Promise<() => Promise<VaultIndex>> {
  let index = await readIndex(folder);
  let settled: bigint | undefined;
  let looking: Promise<VaultIndex> | undefined;

  async function look(): Promise<VaultIndex> {
    const found = await stat(join(folder, "index"), { bigint: true }).catch(() => undefined);
    if (found !== undefined && found.mtimeNs === settled) return index;
    if ((await newestGeneration(folder)) !== index.generation) index = await readIndex(folder);
    const age = BigInt(Date.now()) * 1_000_000n - (found?.mtimeNs ?? 0n);
    settled = age > CLOCK_TICK ? found?.mtimeNs : undefined;
    return index;
  }

  // A thousand phones that ask in one moment cost one look.
  return () => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };
}

/** A change in the same tick of the kernel's clock leaves the folder's time as it was; nanoseconds. */
const CLOCK_TICK = 100_000_000n;

/**
 * The newest index of the vault at `folder`.
 * @throws VaultError `E_VAULT_INDEX` where it is not what was written: an older one is never taken in its place.
 */
export async function readIndex(folder: string): Promise<VaultIndex> {
  for (let tries = 0; ; tries++) {
    const generation = await newestGeneration(folder);
    if (generation === 0) return { generation: 0, packages: [], objects: new Map() };
    const path = indexPath(folder, generation);
    try {
      return parseIndex(await readFile(path, "utf8"), generation, path);
    } catch (error) {
      // An import that ended in between has removed what it replaced.
      if ((error as NodeJS.ErrnoException).code === "ENOENT" && tries < 10) continue;
      throw error;
    }
  }
}

/**
 * Writes `index` as the generation after its own. False when another import wrote that one first: read again, and build
 * on what it wrote. When it resolves with true, the index is durable; a kill before that leaves the former one.
 */
export async function writeIndex(folder: string, index: VaultIndex): Promise<boolean> {
  const home = join(folder, "index");
  await mkdir(home, { recursive: true, mode: 0o700 });
  const fresh = join(home, `new-${process.pid}-${randomBytes(6).toString("hex")}`);
  try {
    const handle = await open(fresh, "wx", 0o600);
    try {
      await handle.writeFile(textOf(index));
      await handle.sync();
    } finally {
      await handle.close();
    }
    if ((await newestGeneration(folder)) !== index.generation) return false;
    try {
      await link(fresh, indexPath(folder, index.generation + 1));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
    await syncFolder(home);
  } finally {
    await rm(fresh, { force: true });
  }
  await forgetBefore(home, index.generation);
  return true;
}

const NAME = /^(\d{9})\.json$/;
const FORMAT = 1;

function indexPath(folder: string, generation: number): string {
  return join(folder, "index", `${String(generation).padStart(9, "0")}.json`);
}

async function generations(folder: string): Promise<number[]> {
  const names = await readdir(join(folder, "index")).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  });
  return names
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/**
 * A few are kept: for whoever is reading one at this moment, for an admin who has to look back, and so that the number
 * of a generation is never free again while a slow import may still ask for it.
 */
const KEPT = 8;

async function forgetBefore(home: string, generation: number): Promise<void> {
  for (const name of await readdir(home)) {
    const number = NAME.exec(name)?.[1];
    const path = join(home, name);
    if (number !== undefined ? Number(number) <= generation - KEPT : await isAbandoned(path))
      await rm(path, { force: true });
  }
}

/** The first line is the SHA-256 of all that follows it. */
function textOf(index: VaultIndex): string {
  const body = `${JSON.stringify({ format: FORMAT, packages: index.packages, objects: [...index.objects.values()] }, undefined, 1)}\n`;
  return `${digestOf(body)}\n${body}`;
}

function parseIndex(text: string, generation: number, path: string): VaultIndex {
  const end = text.indexOf("\n");
  const body = text.slice(end + 1);
  if (end < 0 || text.slice(0, end) !== digestOf(body)) {
    throw new VaultError(
      "E_VAULT_INDEX",
      `The firmware index ${path} is damaged. Restore it from a backup, or move the folder aside and import the firmware again.`,
    );
  }
  const { format, packages, objects } = JSON.parse(body) as {
    format: number;
    packages: StoredPackage[];
    objects: ObjectFacts[];
  };
  if (format !== FORMAT) {
    throw new VaultError(
      "E_VAULT_NEWER",
      `The firmware index ${path} has format ${format}; this program reads ${FORMAT}. Install the version that wrote it.`,
    );
  }
  return { generation, packages, objects: new Map(objects.map((object) => [object.sha256, object])) };
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
