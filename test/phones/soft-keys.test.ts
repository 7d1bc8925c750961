import { expect, test } from "vitest";
import { softKeySets } from "../../src/phones/soft-keys.ts";

test("call states and keys are read in any letter case, and each used key is defined once", () => {
  expect(softKeySets("on hook=redial NEWCALL undefined; Connected=Hold EndCall Redial")).toMatch(/Connected may show/);
  expect(softKeySets("on hook=redial NEWCALL; Digits after first=<< EndCall; Off Hook=Redial EndCall")).toEqual({
    keys: [
      { id: "Redial", tag: 1, event: 1, help: 301 },
      { id: "NewCall", tag: 2, event: 2, help: 302 },
      { id: "<<", tag: 8, event: 8, help: 308 },
      { id: "EndCall", tag: 9, event: 9, help: 309 },
    ],
    sets: [
      { state: "On Hook", keys: ["Redial", "NewCall"] },
      { state: "Digits After First", keys: ["<<", "EndCall"] },
      { state: "Off Hook", keys: ["Redial", "EndCall"] },
    ],
  });
});

test.each([
  ["", "no call state"],
  ["Ring=Answer", "a call state is none of"],
  ["On Hook=Redial", "cannot do without NewCall"],
  ["Ring In=", "may show"],
  ["On Hook=NewCall; On Hook=NewCall", "twice"],
  [`On Hook=NewCall${" Undefined".repeat(16)}`, "at most 16"],
])("%j is refused", (setting, why) => {
  expect(softKeySets(setting)).toContain(why);
});
