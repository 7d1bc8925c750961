import { expect, test } from "vitest";
import { moveBuilding } from "./building.ts";

// A floor of it; the building of 1,000 phones is `npm run gate`.
test("twenty phones of ten models go in one job, each step after its canary, and all arrive", {
  timeout: 60_000,
}, async () => {
  const { steps, arrived, most } = await moveBuilding({ phones: 20, wave: 5, loss: 0.02, seed: 7, hours: 24 });
  expect(arrived).toBe(20);
  expect(steps).toBeGreaterThanOrEqual(10);
  expect(most).toBeLessThanOrEqual(5);
});

test("a phone that starts before its turn keeps what it runs, whatever it asks for", { timeout: 60_000 }, async () => {
  const { touched } = await moveBuilding({ phones: 20, wave: 5, loss: 0, seed: 7, hours: 1 / 60 });
  // After a minute only the first canary can have begun.
  expect(touched).toBeLessThanOrEqual(1);
});

test.each(["7961"])(
  "one broken package for the %s: its canary stops the job, and nobody else is touched",
  { timeout: 60_000 },
  async (broken) => {
    const sum = await moveBuilding({ phones: 20, wave: 5, loss: 0.02, seed: 7, hours: 3, broken });
    expect(sum.problems).toHaveLength(1);
    expect(sum.touched).toBeLessThanOrEqual(sum.arrived + 1);
    expect(sum.asBefore + sum.arrived).toBeGreaterThanOrEqual(19);
  },
);
