import type { Planned } from "../migration/migration.ts";
import { type PlanJson, type PlanSetting, planJson } from "../migration/plan-document.ts";
import { modelOf } from "../phones/families.ts";
import type { Vault } from "../provision/ports.ts";
import { macWithColons } from "../wire/address.ts";
import type { Config } from "./config.ts";
import { readMac } from "./inventory.ts";
import type { Known } from "./knowledge.ts";

/** What a plan's reader is told besides the plan: which files the vault lacks, and what to do when things go wrong. */
export async function settingOf(known: Known, vault: Vault, model: string, planned: Planned): Promise<PlanSetting> {
  const family = modelOf(model)?.family ?? "";
  const remedies = known.remedies(family);
  const missing = planned.kind === "plan" ? await missingFor(vault, planned) : [];
  return { model, family, missing, ...(remedies === undefined ? {} : { remedies }) };
}

/** The page of one phone (`GET /phones/<mac>`), as a plan on paper leads to it. Throws `E_MAC`. */
export function phonePage({ http, site }: Config, text: string): NonNullable<PlanSetting["phone"]> {
  const mac = macWithColons(readMac(text));
  return { mac, page: `http://${site.serverAddress}:${http.port}/phones/${mac}` };
}

/** The plan as `plan --format json` prints it. */
export async function planDocument(
  parts: { readonly known: Known; readonly vault: Vault },
  model: string,
  planned: Planned,
): Promise<PlanJson> {
  return planJson(planned, await settingOf(parts.known, parts.vault, model, planned));
}

async function missingFor(vault: Vault, { plan }: Extract<Planned, { kind: "plan" }>): Promise<readonly string[]> {
  const missing = new Set<string>();
  for (const stage of plan.stages) {
    for (const file of await vault.missing(plan.family, stage.release.load, stage.requires)) missing.add(file);
  }
  return [...missing];
}
