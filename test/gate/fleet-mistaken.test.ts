import { expect, test } from "vitest";
import { mistake } from "../boot/mistaken.ts";

test("R48: of 100,000 devices with damaged fingerprints none goes as a phone of another family, and no stranger goes", {
  timeout: 1_800_000,
}, async () => {
  const { wrong, ...sum } = await mistake(100_000, 48);
  console.log(`R48: ${JSON.stringify(sum)}, ${wrong.length} of a wrong family`);
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(sum.right).toBeGreaterThan(10_000);
});
