import { expect, test } from "vitest";
import { tryLuck } from "./luck.ts";

// A quick share; 100,000 of them are `npm run gate`.
test("R43: migrations of every series arrive under power cuts, loss, killed servers, edits, two admins and changed DHCP options", {
  timeout: 60_000,
}, async () => {
  const { wrong, ...luck } = await tryLuck(0, 270, 43);
  expect(wrong).toEqual([]);
  expect(luck.mostOffers).toBeLessThanOrEqual(3);
  const lost = Object.values(luck.lostToPower).reduce((all, one) => all + one, 0);
  expect(luck.arrived + luck.parked + lost).toBe(270);
  expect(Object.values(luck.struck).every((times) => times > 10)).toBe(true);
  expect(luck.cuts.writing).toBeGreaterThan(30);
});
