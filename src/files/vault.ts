import { mkdir } from "node:fs/promises";
import {
  type FileFacts,
  factsOf,
  HEAD_OCTETS,
  judgePackage,
  type PackageFinding,
  sameName,
} from "../firmware/package.ts";
import type { Vault } from "../provision/ports.ts";
import { type KnownRelease, releaseNames } from "./assignment.ts";
import { openPinned } from "./pinned-file.ts";
import { type ImportOptions, type ImportReport, importFirmware } from "./vault-import.ts";
import { followIndex, type StoredFile, type StoredPackage, type VaultIndex } from "./vault-index.ts";
import { objectIsWhole, objectPath, orphansOf } from "./vault-objects.ts";
import { createVaultReader } from "./vault-reader.ts";

/** The vault, with what the admin does to it. */
export interface FirmwareVault extends Vault {
  /** Takes packages in: whole, or not at all. */
  importFirmware(paths: readonly string[], options?: ImportOptions): Promise<ImportReport>;
  /** What it has, as `firmware list --json` prints it (contract.md §4). */
  list(): Promise<FirmwareList>;
  /** The package of `load`, of each family that has one, judged by its files as they lie there now. */
  show(load: string): Promise<readonly ShownPackage[]>;
  /** Reads every stored octet again and compares. */
  check(): Promise<VaultCheck>;
}

export interface FirmwareList {
  readonly packages: readonly ListedPackage[];
}

export interface ListedPackage {
  readonly load: string;
  readonly family: string;
  /** Empty, as is `version`, where the manifests no longer know the load. */
  readonly protocol: string;
  readonly version: string;
  readonly complete: boolean;
  readonly missing: readonly string[];
  readonly files: readonly {
    readonly name: string;
    readonly size: number;
    readonly sha256: string;
    readonly signedName?: string;
  }[];
}

export interface ShownPackage extends ListedPackage {
  readonly findings: readonly PackageFinding[];
}

export interface VaultCheck {
  /** Files read. */
  readonly files: number;
  readonly octets: number;
  readonly damaged: readonly {
    readonly family: string;
    readonly load: string;
    readonly file: string;
    readonly remedy: string;
  }[];
  /** Stored files that no package uses: what a killed import left. They harm nothing. */
  readonly orphans: number;
}

/**
 * Opens the vault in `folder`, making it where it is missing. Imports by other processes are seen at once.
 * @throws VaultError `E_VAULT_INDEX` or `E_VAULT_NEWER` where its index cannot be trusted.
 */
export async function openVault(folder: string, known: readonly KnownRelease[]): Promise<FirmwareVault> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names = releaseNames(known);
  const reader = createVaultReader(folder);
  const current = await followIndex(folder);

  async function isWhole(now: VaultIndex, file: StoredFile): Promise<boolean> {
    const facts = now.objects.get(file.sha256);
    return facts !== undefined && (await reader.isWhole(facts));
  }

  async function listed(now: VaultIndex, stored: StoredPackage): Promise<ListedPackage> {
    const release = releaseOf(known, stored);
    const needed = new Set([
      ...(release?.files ?? []).map((file) => file.name),
      ...stored.files.flatMap((file) => file.lists ?? []),
    ]);
    const whole = new Set<string>();
    for (const file of stored.files) if (await isWhole(now, file)) whole.add(file.name);
    const missing = [...new Set([...needed, ...stored.files.map((file) => file.name)])].filter(
      (name) => !whole.has(named(stored.files, name)?.name ?? ""),
    );
    return {
      load: stored.load,
      family: stored.family,
      protocol: release?.protocol ?? "",
      version: release?.version ?? "",
      complete: release !== undefined && missing.length === 0,
      missing,
      files: stored.files.map(({ lists: _, ...file }) => file),
    };
  }

  return {
    async image(family, load, file) {
      const now = await current();
      const stored = named(packageOf(now, family, load)?.files ?? [], file);
      const facts = stored === undefined ? undefined : now.objects.get(stored.sha256);
      return facts === undefined ? undefined : reader.open(file, facts);
    },

    async missing(family, load, files) {
      const now = await current();
      const stored = packageOf(now, family, load)?.files ?? [];
      const lists = stored.flatMap((file) => (files.includes(file.name) ? (file.lists ?? []) : []));
      const absent: string[] = [];
      for (const name of new Set([...files, ...lists])) {
        const file = named(stored, name);
        if (file === undefined || !(await isWhole(now, file))) absent.push(name);
      }
      return absent;
    },

    importFirmware: (paths, options) => importFirmware(folder, names, paths, options),

    async list() {
      const now = await current();
      const packages: ListedPackage[] = [];
      for (const stored of now.packages) packages.push(await listed(now, stored));
      return { packages };
    },

    async show(load) {
      const now = await current();
      const shown: ShownPackage[] = [];
      for (const stored of now.packages.filter((one) => one.load.toLowerCase() === load.toLowerCase())) {
        const release = releaseOf(known, stored);
        const facts = (await Promise.all(stored.files.map((file) => storedFacts(folder, file)))).flat();
        const ownersOf = (name: string) => names.ownersOf(name).map((owner) => owner.release.load);
        const findings = release === undefined ? [] : judgePackage(release, facts, ownersOf).findings;
        shown.push({ ...(await listed(now, stored)), findings });
      }
      return shown;
    },

    async check() {
      const now = await current();
      const whole = new Map<string, boolean>();
      let octets = 0;
      for (const facts of now.objects.values()) {
        whole.set(facts.sha256, await objectIsWhole(folder, facts));
        octets += facts.size;
      }
      const damaged = now.packages.flatMap(({ family, load, files }) =>
        files
          .filter((file) => whole.get(file.sha256) !== true)
          .map((file) => ({ family, load, file: file.name, remedy: `Import the package of ${load} again.` })),
      );
      return { files: whole.size, octets, damaged, orphans: (await orphansOf(folder, now.objects)).length };
    },
  };
}

function packageOf(index: VaultIndex, family: string, load: string): StoredPackage | undefined {
  return index.packages.find((one) => one.family === family && one.load === load);
}

function releaseOf(known: readonly KnownRelease[], stored: StoredPackage) {
  return known.find((one) => one.family === stored.family && one.release.load === stored.load)?.release;
}

async function storedFacts(folder: string, file: StoredFile): Promise<FileFacts[]> {
  const opened = await openPinned(objectPath(folder, file.sha256));
  try {
    return opened === undefined ? [] : [factsOf(file.name, opened.size, await opened.read(0, HEAD_OCTETS))];
  } finally {
    await opened?.close();
  }
}

/** The file of that name; or, for a name that a list of the package spells so, the one in another letter case. */
function named(files: readonly StoredFile[], name: string): StoredFile | undefined {
  const exact = files.find((one) => one.name === name);
  if (exact !== undefined || !files.some((one) => one.lists?.includes(name))) return exact;
  return files.find((one) => sameName(one.name, name));
}
