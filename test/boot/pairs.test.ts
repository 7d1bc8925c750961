import { expect, test } from "vitest";
import { failures, plannedPairs } from "./pairs.ts";

// Every pair at every loss is `npm run gate`; here a fortieth of them, others for each loss.
test.each([0, 0.05, 0.2])(
  "phones end where the plan says: a sample of all pairs, with %s of the datagrams lost",
  { timeout: 60_000 },
  async (loss) => {
    const all = plannedPairs();
    expect(all.length).toBeGreaterThan(1000);
    const sample = all.filter((_, index) => index % 40 === Math.round(loss * 100));
    expect(await failures(sample, loss, 1)).toEqual([]);
  },
);
