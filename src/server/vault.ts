import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { type FirmwareVault, openVault } from "../files/vault.ts";
import type { Vault } from "../provision/ports.ts";
import type { Config } from "./config.ts";
import { failure, systemCode } from "./failure.ts";
import type { Known } from "./knowledge.ts";

/** Opens the firmware vault of the data folder, making both where they are missing. Throws `E_STORE_OPEN`. */
export async function openFirmwareVault(config: Config, known: Known): Promise<FirmwareVault> {
  makeFolder(config.data);
  return openVault(folderOf(config), releasesOf(known));
}

/** The vault for a command that changes nothing: where there is none, one that lacks every file. */
export function readVault(config: Config, known: Known): Promise<Vault> {
  if (existsSync(folderOf(config))) return openFirmwareVault(config, known);
  return Promise.resolve({ image: async () => undefined, missing: async (_family, _load, files) => files });
}

/** Where the data folder cannot be made. */
export const notMadeRemedy = "name another one (data: … in provision.yaml), or let the server's user write there";

/**
 * Makes the data folder and what lacks above it, one by one: Node's own recursive way goes round for ever where the
 * system says that a folder is not there which is (procfs, autofs).
 */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  const above = dirname(path);
  if (above !== path) makeFolder(above);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) === "EEXIST") return;
    const message = `the data folder cannot be made (${systemCode(error)})`;
    throw failure("E_STORE_OPEN", 1, { where: path, message, remedy: notMadeRemedy }, error);
  }
}

function folderOf(config: Config): string {
  return join(config.data, "firmware");
}

function releasesOf(known: Known) {
  return known.families.flatMap(({ id }) =>
    [...(known.graph(id)?.releases.values() ?? [])].map((release) => ({ family: id, release })),
  );
}
