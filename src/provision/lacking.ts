import type { Stage } from "../migration/migration.ts";
import type { SiteFiles, Vault } from "./ports.ts";

/** The files without which a stage is not offered, and where each is looked for. */
export interface Lacking {
  /** Of its package, not whole in the vault. */
  readonly vault: readonly string[];
  /** Of the vendor's, not in the site's own folder. */
  readonly site: readonly string[];
}

export interface LackingParts {
  readonly vault: Vault;
  readonly siteFiles: SiteFiles;
}

/** What a stage of a phone of `family` still lacks. */
export async function lackingFor(parts: LackingParts, family: string, stage: Stage): Promise<Lacking> {
  const site: string[] = [];
  for (const name of stage.siteFiles) {
    const file = await parts.siteFiles.find(name);
    if (file === undefined) site.push(name);
    else await file.close();
  }
  return { vault: await parts.vault.missing(family, stage.release.load, stage.requires), site };
}

export function lacksNothing({ vault, site }: Lacking): boolean {
  return vault.length === 0 && site.length === 0;
}

/** In words, e.g. `the vault lacks a, b; the site's folder lacks c`. */
export function lackingWords({ vault, site }: Lacking): string {
  return [
    ...(vault.length === 0 ? [] : [`the vault lacks ${vault.join(", ")}`]),
    ...(site.length === 0 ? [] : [`the site's folder lacks ${site.join(", ")}`]),
  ].join("; ");
}
