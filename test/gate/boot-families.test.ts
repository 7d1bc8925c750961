import { expect, test } from "vitest";
import { failures, plannedPairs } from "../boot/pairs.ts";

// One model of each series: the others of a series have the same releases and steps.
const models = [
  "7911",
  "7931",
  "7941",
  "7942",
  "7945",
  "7970",
  "7975",
  "7902",
  "7905",
  "7912",
  "ATA186",
  "6941",
  "8945",
];
const polycom = [
  "SPIP301",
  "SPIP430",
  "SPIP330",
  "SPIP331",
  "SPIP650",
  "SSIP4000",
  "SSIP6000",
  "SSIP7000",
  "VVX300",
  "VVX400",
  "VVX1500",
  "VVX411",
];

test.each([...models, ...polycom])(
  "every pair of releases of a %s is travelled to its end, with one datagram in twenty lost",
  { timeout: 900_000 },
  async (model) => {
    const all = plannedPairs(model);
    const wrong = await failures(all, 0.05, 1);
    console.log(`boot-families: ${model}, ${all.length} pairs, ${wrong.length} ended elsewhere`);
    expect(wrong.slice(0, 3)).toEqual([]);
  },
);
