import { expect, test } from "vitest";
import { failures, plannedPairs } from "./pairs.ts";

// One model for each kind of phone; every model at every loss is `npm run gate`.
test.each(["7961", "7975", "7912", "ATA186", "SPIP301", "SPIP650", "SSIP7000", "VVX400"])(
  "a %s ends where the plan says, whichever way of its manifest it goes",
  { timeout: 60_000 },
  async (model) => {
    const all = plannedPairs(model);
    expect(all.length).toBeGreaterThan(0);
    const sample = all.filter((_, index) => index % Math.ceil(all.length / 6) === 0);
    expect(await failures(sample, 0.02, 1)).toEqual([]);
  },
);

test.each(["6921", "6941", "6961", "8941", "8945"])(
  "every pair of releases of a %s that the plan allows is travelled to its end, with 5 %% of the datagrams lost",
  async (model) => {
    const all = plannedPairs(model);
    expect(all.length).toBeGreaterThan(0);
    expect(await failures(all, 0.05, 1)).toEqual([]);
  },
);

test.each(["8945", "7945"])("a %s that is served by HTTP on port 6970 ends there too", async (model) => {
  const all = plannedPairs(model).filter(({ from }) => /\.9-/.test(from?.load ?? ""));
  expect(all.length).toBeGreaterThan(0);
  const few = all.filter((_, index) => index % Math.ceil(all.length / 4) === 0);
  expect(await failures(few, 0.05, 1, { http: true })).toEqual([]);
});
