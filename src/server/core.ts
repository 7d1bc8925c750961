import { join } from "node:path";
import { openSiteFiles, SiteFilesError } from "../files/site-files.ts";
import { loadTemplates } from "../files/templates.ts";
import type { FirmwareVault } from "../files/vault.ts";
import type { SiteFiles } from "../provision/ports.ts";
import { createTracker, type Tracker } from "../provision/tracker.ts";
import type { Renderer } from "../render/render.ts";
import { createRenderer } from "../render/renderer.ts";
import { openSqliteStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import type { Config } from "./config.ts";
import { type Known, loadKnowledge } from "./knowledge.ts";
import { shipped } from "./shipped.ts";
import { openFirmwareVault } from "./vault.ts";

/** What stands behind both the running service and a command that finds none running. */
export interface Core {
  readonly config: Config;
  readonly known: Known;
  readonly store: Store;
  readonly vault: FirmwareVault;
  readonly siteFiles: SiteFiles;
  readonly renderer: Renderer;
  readonly tracker: Tracker;
  readonly now: () => number;
  close(): Promise<void>;
}

/**
 * Builds each part once. Throws the parts' own errors; what was opened before is closed again. `serving` says whether
 * phones are answered: then the site's own folder must be there, since every other phone of the site lives on it.
 */
export async function openCore(config: Config, now: () => number, serving: boolean): Promise<Core> {
  const known = await loadKnowledge();
  const renderer = createRenderer(await loadTemplates(shipped("templates"), config.templates));
  const vault = await openFirmwareVault(config, known);
  const siteFiles = await siteFilesOf(config, serving);
  const store = await openSqliteStore(join(config.data, "provision.db"), sealedWith(config));
  try {
    const tracker = await createTracker(store, known, trackerLimits(config));
    return { config, known, store, vault, siteFiles, renderer, tracker, now, close: () => store.close() };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function trackerLimits({ fleet: { transfers } }: Config): { readonly transfers?: number } {
  return transfers === undefined ? {} : { transfers };
}

function sealedWith({ keyFile }: Config): { readonly keyFile?: string } {
  return keyFile === undefined ? {} : { keyFile };
}

async function siteFilesOf(config: Config, serving: boolean): Promise<SiteFiles> {
  try {
    return await openSiteFiles(config.tftp.root);
  } catch (error) {
    if (serving || !(error instanceof SiteFilesError)) throw error;
    return { find: async () => undefined };
  }
}
