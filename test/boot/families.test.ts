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
