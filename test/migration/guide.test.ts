import { expect, test } from "vitest";
import type { Remedy } from "../../src/firmware/remedy.ts";
import { type GuidedPhone, guide } from "../../src/migration/guide.ts";

const remedy = (sees: string, causes: readonly string[], more: Partial<Remedy> = {}): Remedy => ({
  sees,
  where: "screen",
  meaning: `${sees} is shown`,
  causes,
  next: "Do something about it.",
  because: [],
  ...more,
});

const table = [
  remedy("No trust list installed", ["harmless"], { harmless: true }),
  remedy("Unprovisioned", ["OS79XX.TXT has a second line"]),
  remedy("Image failed", ["The file is damaged"]),
  remedy("Nothing on the screen", ["It is writing flash, and looks dead"]),
  remedy("Configuring IP", ["DHCP gives no address"]),
];

const phone: GuidedPhone = {
  state: "waiting",
  stage: 1,
  stages: 3,
  target: "P0S3-8-12-00",
  evidence: ["asked for XMLDefault.cnf.xml"],
  waitsFor: ["Power-cycle the phone."],
};

const first = (more: Partial<GuidedPhone>) => guide({ ...phone, ...more }, undefined, table).ifItShows[0]?.sees;

test("what the phone has just done decides which remedy comes first", () => {
  expect(first({ evidence: [] })).toBe("Configuring IP");
  expect(first({})).toBe("Unprovisioned");
  expect(first({ state: "loading", evidence: ["asked for P003.bin", "asked for P003.bin"] })).toBe("Image failed");
  expect(first({ state: "loading", silentSeconds: 90 })).toBe("Nothing on the screen");
});

test("what is harmless comes last, whatever the phone does", () => {
  expect(guide(phone, undefined, table).ifItShows.at(-1)?.sees).toBe("No trust list installed");
});

test("a phone that may be writing flash is to be left alone, and one with a problem gets its remedy first", () => {
  expect(guide({ ...phone, state: "loading" }, undefined, table).next[0]).toContain("do not unplug");
  const problem = { code: "E_STALLED", message: "It is silent.", remedy: "Look at its screen." };
  expect(guide({ ...phone, state: "stalled", problem }, undefined, table).next).toEqual([
    problem.message,
    problem.remedy,
  ]);
});

test("at the end there is nothing to do", () => {
  expect(guide({ ...phone, state: "done" }, undefined, table)).toEqual({
    now: "It has arrived: it runs P0S3-8-12-00.",
    next: [],
    ifItShows: [],
    over: true,
  });
});

test("that another phone stands in its place is said before anything else", () => {
  const words = "00:0e:84:aa:aa:aa was seen after it on the same port";
  expect(guide({ ...phone, noticed: [{ words }] }, undefined, table).next[0]).toBe(`Look: ${words}.`);
});
