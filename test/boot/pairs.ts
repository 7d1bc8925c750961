import type { MigrationPlan } from "../../src/migration/migration.ts";
import { modelOf } from "../../src/phones/families.ts";
import { benchFor } from "../../src/sim/bench.ts";
import { travel } from "./journey.ts";
import { graphOf, plannerOf, type WorldParts } from "./world.ts";

/**
 * Every way that the planner allows between two different releases of a model. Strict ones: a simulated phone
 * holds to the stricter of two sources, so the documented shortcuts end in the failures that those sources speak of.
 */
export function plannedPairs(model = "7960"): readonly MigrationPlan[] {
  const planFor = plannerOf("strict", model);
  const releases = [...graphOf(modelOf(model)?.family ?? "").releases.values()];
  const loads = releases.filter((r) => r.models?.includes(model) ?? true).map((r) => r.load);
  return loads.flatMap((from) =>
    loads.flatMap((to) => {
      const planned = from === to ? undefined : planFor(from, to);
      return planned?.kind === "plan" ? [planned.plan] : [];
    }),
  );
}

/** Travels each plan; the stories of those that did not end where the plan says. */
export async function failures(
  plans: readonly MigrationPlan[],
  loss: number,
  seed: number,
  parts?: WorldParts,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const [index, plan] of plans.entries()) {
    const { phone, arrived, story } = await travel({
      plan,
      loss,
      seed: seed + index,
      ...(parts === undefined ? {} : { parts }),
    });
    const where = `${plan.from?.load} -> ${plan.to.load} (${plan.stages.map((s) => `${s.lever} ${s.release.load}`).join(", ")})`;
    // A new BootROM formats the file system: the phone then has no application until its next stage.
    const runs = plan.to.protocol === "none" ? undefined : benchFor(plan.model)?.running(plan.to.load);
    if (!arrived || (runs !== undefined && phone.running !== runs))
      wrong.push(`${where}: ${phone.mood}, "${phone.screen}"\n${story}`);
  }
  return wrong;
}
