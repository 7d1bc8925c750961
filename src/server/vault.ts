import { existsSync } from "node:fs";
import { join } from "node:path";
import { type FirmwareVault, openVault } from "../files/vault.ts";
import type { Vault } from "../provision/ports.ts";
import type { Config } from "./config.ts";
import type { Known } from "./knowledge.ts";

/** Opens the firmware vault of the data folder, making it where it is missing. */
export function openFirmwareVault(config: Config, known: Known): Promise<FirmwareVault> {
  return openVault(folderOf(config), releasesOf(known));
}

/** The vault for a command that changes nothing: where there is none, one that lacks every file. */
export function readVault(config: Config, known: Known): Promise<Vault> {
  if (existsSync(folderOf(config))) return openFirmwareVault(config, known);
  return Promise.resolve({ image: async () => undefined, missing: async (_family, _load, files) => files });
}

function folderOf(config: Config): string {
  return join(config.data, "firmware");
}

function releasesOf(known: Known) {
  return known.families.flatMap(({ id }) =>
    [...(known.graph(id)?.releases.values() ?? [])].map((release) => ({ family: id, release })),
  );
}
