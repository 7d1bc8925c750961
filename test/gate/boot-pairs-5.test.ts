import { expect, test } from "vitest";
import { failures, plannedPairs } from "../boot/pairs.ts";

test("every pair of 7940/7960 releases that the planner joins is travelled to its end with 5 % of the datagrams lost", {
  timeout: 1_800_000,
}, async () => {
  const all = plannedPairs();
  const wrong = await failures(all, 0.05, 1);
  console.log(`boot-pairs 5 %: ${all.length} pairs, ${wrong.length} ended elsewhere`);
  expect(wrong).toEqual([]);
});
