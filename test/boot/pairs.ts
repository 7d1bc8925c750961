import type { MigrationPlan } from "../../src/migration/migration.ts";
import { travel } from "./journey.ts";
import { graphOf, plannerOf } from "./world.ts";

/**
 * Every way that the planner allows between two different releases of the 7940/7960. Strict ones: a simulated phone
 * holds to the stricter of two sources, so the documented shortcuts end in the failures that those sources speak of.
 */
export function plannedPairs(): readonly MigrationPlan[] {
  const planFor = plannerOf("strict");
  const loads = [...graphOf("cisco-7940").releases.keys()];
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
): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const [index, plan] of plans.entries()) {
    const { phone, arrived, story } = await travel({ plan, loss, seed: seed + index });
    const where = `${plan.from?.load} -> ${plan.to.load} (${plan.stages.map((s) => `${s.lever} ${s.release.load}`).join(", ")})`;
    if (!arrived || phone.running !== plan.to.load) wrong.push(`${where}: ${phone.mood}, "${phone.screen}"\n${story}`);
  }
  return wrong;
}
