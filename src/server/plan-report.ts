import type { Planned } from "../migration/migration.ts";
import { type MissingFile, type PlanJson, type PlanSetting, planJson } from "../migration/plan-document.ts";
import { modelOf } from "../phones/families.ts";
import type { Vault } from "../provision/ports.ts";
import { macWithColons } from "../wire/address.ts";
import type { Config } from "./config.ts";
import { readMac } from "./inventory.ts";
import { type Known, planFor } from "./knowledge.ts";

/**
 * What a plan's reader is told besides the plan: which files the vault lacks, what to do when things go wrong, and
 * whether a way leads back.
 */
export async function settingOf(known: Known, vault: Vault, model: string, planned: Planned): Promise<PlanSetting> {
  const family = modelOf(model)?.family ?? "";
  const remedies = known.remedies(family);
  const missing = planned.kind === "plan" ? await missingFor(vault, planned) : [];
  const back = wayBack(known, planned);
  return {
    model,
    family,
    missing,
    ...(remedies === undefined ? {} : { remedies }),
    ...(back === undefined ? {} : { back }),
  };
}

/** The plan from the end of `planned` to its start, under the same policy; none where the start is not known. */
export function wayBack(known: Known, planned: Planned): Planned | undefined {
  if (planned.kind !== "plan" || planned.plan.from === undefined) return undefined;
  const { model, policy, from, to } = planned.plan;
  return planFor(known, { model, policy, from: to.load, to: from.load }).planned;
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

async function missingFor(vault: Vault, { plan }: Extract<Planned, { kind: "plan" }>): Promise<readonly MissingFile[]> {
  const missing: MissingFile[] = [];
  for (const { release, requires } of plan.stages) {
    const { load } = release;
    for (const file of await vault.missing(plan.family, load, requires)) missing.push({ load, file });
  }
  return missing;
}
