import { expect, test } from "vitest";
import { moveBuilding } from "../boot/building.ts";

const building = { phones: 1_000, wave: 100, loss: 0.02, seed: 1_000 };

test("1,000 phones of ten models go in waves of 100, each step after its canary, and all arrive", {
  timeout: 1_800_000,
}, async () => {
  const sum = await moveBuilding({ ...building, hours: 48 });
  console.log(`building: ${JSON.stringify(sum)}`);
  expect(sum.arrived).toBe(1_000);
  expect(sum.most).toBeLessThanOrEqual(100);
  expect(sum.dead).toBe(0);
});

test.each(["7961", "7960", "SPIP650"])(
  "of 1,000 phones one package is broken, for the %s: its canary stops the job, and nobody else is touched",
  {
    timeout: 1_800_000,
  },
  async (broken) => {
    // What is left of three hours once the job has stopped shows that nobody goes on.
    const sum = await moveBuilding({ ...building, hours: 3, broken });
    console.log(`building, broken for the ${broken}: ${JSON.stringify(sum)}`);
    expect(sum.problems).toHaveLength(1);
    expect(sum.touched).toBeLessThanOrEqual(sum.arrived + 1);
    expect(sum.asBefore + sum.arrived).toBeGreaterThanOrEqual(999);
    expect(sum.dead).toBeLessThanOrEqual(1);
  },
);
