import { expect, test } from "vitest";
import { reboot } from "../boot/reboots.ts";

test("R47: 10,000 starts of phones in the middle of their stages: no file of the stage that a phone is in is ever missing", {
  timeout: 1_800_000,
}, async () => {
  const { notFound, ...sum } = await reboot(2_100, 47);
  console.log(`R47: ${JSON.stringify(sum)}, ${notFound.length} times "file not found" for a file of the stage`);
  expect(notFound.slice(0, 5)).toEqual([]);
  expect(sum.reboots).toBeGreaterThanOrEqual(10_000);
  expect(sum.arrived).toBe(2_100);
});
