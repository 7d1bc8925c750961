import { expect, test } from "vitest";
import { statusReport } from "../../src/provision/status.ts";
import { count, createFleet, oneStage, round } from "../boot/fleet.ts";
import { fullVault } from "../boot/world.ts";

test.each([1, 10, 100, 1_000, 10_000])(
  "R45: with a load that kills, the rollout stops after at most two phones, in waves of %i",
  async (wave) => {
    const fleet = await createFleet(wave + 1, { poisoned: oneStage.to.load });
    await fleet.enrol({ wave });
    for (let i = 0; i < 10; i++) await round(fleet);
    expect(fleet.phones.filter(({ dead }) => dead).length).toBeLessThanOrEqual(2);
    expect(fleet.starts()).toBe(1);
    const report = await statusReport({
      store: fleet.store,
      siteFiles: fleet.siteFiles,
      tracker: fleet.tracker(),
      vault: fullVault(),
      now: () => fleet.now,
    });
    expect(report.find(({ mac }) => mac === "00:0e:84:00:00:01")?.silentSeconds).toBeGreaterThanOrEqual(60);
    expect(count(fleet).waiting).toBe(wave);
  },
);

test("R45: a wave of 1,000 goes as soon as its canary has arrived, and all arrive", async () => {
  const fleet = await createFleet(1_001);
  await fleet.enrol({ wave: 1_000 });
  for (let i = 0; i < 3; i++) await round(fleet);
  expect(count(fleet)).toEqual({ done: 1_001 });
});
