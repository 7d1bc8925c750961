import { expect, test } from "vitest";
import { moveBuilding } from "./building.ts";

// A floor of it; the building of 1,000 phones is `npm run gate`.
test("forty phones of ten models go in one job, each step after its canary, and all arrive", {
  timeout: 60_000,
}, async () => {
  const { steps, arrived, most } = await moveBuilding({ phones: 40, wave: 10, loss: 0.02, seed: 7, hours: 24 });
  expect(arrived).toBe(40);
  expect(steps).toBeGreaterThanOrEqual(10);
  expect(most).toBeLessThanOrEqual(10);
});

test.each(["7961", "7960"])(
  "one broken package for the %s: its canary stops the job, and nobody else is touched",
  { timeout: 60_000 },
  async (broken) => {
    const sum = await moveBuilding({ phones: 40, wave: 10, loss: 0.02, seed: 7, hours: 6, broken });
    expect(sum.problems).toHaveLength(1);
    expect(sum.touched).toBeLessThanOrEqual(sum.arrived + 1);
    expect(sum.asBefore + sum.arrived).toBeGreaterThanOrEqual(39);
  },
);
