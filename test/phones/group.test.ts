import fc from "fast-check";
import { expect, test } from "vitest";
import type { Model } from "../../src/phones/family.ts";
import { groupsOf, settingsOf } from "../../src/phones/group.ts";
import type { Group } from "../../src/phones/site.ts";
import { phone as sample } from "../render/sample.ts";

const model: Model = { id: "7960", family: "cisco-7940", aliases: ["CP-7960G"], lines: 6, code: 7 };
const phone = { ...sample, settings: { codec: "g729a" } };

function group(name: string, select: Group["select"], settings: Group["settings"] = {}): Group {
  return { name, select, settings };
}

test("the phone's own setting wins, then the group with the most selectors, then the name that sorts first", () => {
  const groups = [
    group("everyone", {}, { codec: "g711alaw", voicemail: "1", services_url: "e", time_format: "12" }),
    group("b", { group: "reception" }, { voicemail: "b", services_url: "b" }),
    group("a", { model: "cp-7960g" }, { voicemail: "a" }),
    group("two", { model: "7960", macPrefix: "00:0E:84" }, { services_url: "two" }),
    group("other", { model: "7940", group: "reception", label: "Reception" }, { voicemail: "other" }),
  ];
  const { settings, origin } = settingsOf(phone, model, groups);
  expect({ ...settings }).toEqual({ codec: "g729a", voicemail: "a", services_url: "two", time_format: "12" });
  expect({ ...origin }).toEqual({
    codec: "phone",
    voicemail: "group a",
    services_url: "group two",
    time_format: "group everyone",
  });
});

test("every given selector must fit", () => {
  expect(groupsOf(phone, model, [group("x", { model: "7960", label: "Cellar" })])).toEqual([]);
  expect(groupsOf(phone, model, [group("x", { family: "cisco-7940", label: "Reception" })])).toHaveLength(1);
});

test("a phone whose model nobody knows belongs to no group of a model or family", () => {
  const groups = [group("m", { model: "7960" }), group("f", { family: "cisco-7940" }), group("all", {})];
  expect(groupsOf(phone, undefined, groups).map(({ name }) => name)).toEqual(["all"]);
});

test("the order in which groups are written never matters", () => {
  const select = fc.record(
    {
      model: fc.constant("7960"),
      group: fc.constantFrom("reception", "cellar"),
      macPrefix: fc.constantFrom("000e84", "00"),
    },
    { requiredKeys: [] },
  );
  const some = fc.uniqueArray(
    fc.record({ name: fc.string({ minLength: 1, maxLength: 3 }), select, settings: fc.constant({}) }),
    { selector: ({ name }) => name, maxLength: 8 },
  );
  fc.assert(
    fc.property(some, (groups) => {
      const marked = groups.map((one) => ({ ...one, settings: { x: one.name } })) as Group[];
      expect(settingsOf(phone, model, marked)).toEqual(settingsOf(phone, model, [...marked].reverse()));
    }),
  );
});

test("a setting called __proto__ is a name like any other and changes nothing else", () => {
  const hostile = JSON.parse('{"__proto__": "x", "constructor": "y"}') as Record<string, string>;
  const { settings } = settingsOf({ ...phone, settings: hostile }, model, []);
  expect(settings.constructor).toBe("y");
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});
