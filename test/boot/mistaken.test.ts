import { expect, test } from "vitest";
import { mistake } from "./mistaken.ts";

test("R48: undamaged, every phone that names its model goes as what it is, and nothing else goes", async () => {
  const { wrong, ...sum } = await mistake(300, 48, 0);
  expect(wrong).toEqual([]);
  expect(sum.twin).toBe(0);
  expect(sum.right).toBeGreaterThan(150);
});

// A quick share; 100,000 are `npm run gate`.
test("R48: of devices with damaged fingerprints none goes as a phone of another family, and no stranger goes", async () => {
  const { wrong, right } = await mistake(2_000, 48);
  expect(wrong).toEqual([]);
  expect(right).toBeGreaterThan(200);
});
