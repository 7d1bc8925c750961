import { expect, test } from "vitest";
import { reboot } from "./reboots.ts";

// A quick share; 10,000 starts are `npm run gate`.
test("R47: whenever a phone starts again, every file of the stage that it is in is there", {
  timeout: 60_000,
}, async () => {
  const { notFound, reboots, arrived } = await reboot(54, 47);
  expect(notFound).toEqual([]);
  expect(reboots).toBeGreaterThan(150);
  expect(arrived).toBe(54);
});
