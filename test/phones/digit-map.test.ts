import { expect, test } from "vitest";
import { dialRules } from "../../src/phones/dial-plan.ts";
import { digitMap } from "../../src/phones/digit-map.ts";

const mapOf = (plan: string) => digitMap(dialRules(plan).rules);

test("a dial plan becomes a digit map with a wait for each alternative", () => {
  expect(mapOf("112 timeout=0; 0,........ timeout=3; 9* timeout=2; \\*.. timeout=1")).toEqual({
    map: "112|0,xxxxxxxxT|9x.T|*xxT",
    timeOut: "0|3|2|1",
    lacks: [],
  });
});

test("a rule for everything stands for codes that begin with stars too, or the phone would send the first star alone", () => {
  expect(mapOf("* timeout=5")).toMatchObject({ map: "xx.T|*x.T|**x.T", timeOut: "5|5|5" });
});

test("what a digit map cannot say is named", () => {
  expect(mapOf("9. rewrite=. line=2 route=Emergency; A1").lacks).toEqual([
    "line",
    "rewrite",
    "route",
    "the keys A to D",
  ]);
});
