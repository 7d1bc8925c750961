import { describe, expect, test } from "vitest";
import type { Remedy, Sign } from "../../src/firmware/remedy.ts";
import { type GuidedPhone, guide } from "../../src/migration/guide.ts";
import type { Progress } from "../../src/migration/migration.ts";
import { phoneSigns, stageSigns } from "../../src/migration/signs.ts";
import { makeStage } from "../../src/migration/stage.ts";
import { cisco7940 } from "../../src/phones/cisco-7940.ts";
import { edge, sccp31, sccp505, sccp809, sip812 } from "./releases.ts";

const remedy = (sees: string, after: readonly Sign[], more: Partial<Remedy> = {}): Remedy => ({
  sees,
  where: "screen",
  meaning: `${sees} is shown`,
  causes: [{ words: "Something rare." }, { words: "Something likely.", after }],
  next: "Do something about it.",
  because: [],
  ...more,
});

const table = [
  remedy("No trust list installed", ["silent", "image-refused"], { harmless: true }),
  remedy("Unprovisioned", ["configuration-read"]),
  remedy("Image failed", ["image-refused"]),
  remedy("Nothing on the screen", ["silent"]),
  remedy("Configuring IP", ["nothing-heard"]),
];

const phone: GuidedPhone = {
  state: "waiting",
  stage: 1,
  stages: 3,
  target: "P0S3-8-12-00",
  evidence: ["asked for XMLDefault.cnf.xml"],
  waitsFor: ["Power-cycle the phone."],
};

const none: ReadonlySet<Sign> = new Set();
const first = (...signs: readonly Sign[]) => guide(phone, undefined, table, new Set(signs)).ifItShows[0];

test("what the phone has just done decides which remedy comes first, and which of its causes", () => {
  expect(first("nothing-heard")?.sees).toBe("Configuring IP");
  expect(first("configuration-read")?.sees).toBe("Unprovisioned");
  expect(first("image-refused")?.sees).toBe("Image failed");
  expect(first("silent")).toMatchObject({
    sees: "Nothing on the screen",
    causes: ["Something likely.", "Something rare."],
  });
  expect(first()?.causes).toEqual(["Something rare.", "Something likely."]);
});

describe("what makes a cause likely", () => {
  const stage = makeStage(cisco7940, 1, sccp505, edge(sccp505, sccp809, "load_information"), sccp809);
  const asked = (...files: string[]) => files.map((file) => ({ did: "asked" as const, kind: "image", file }));
  const loading = (taken: string[], ...files: string[]): Progress => ({
    at: "loading",
    stage: 1,
    images: { asked: files, taken },
    trail: asked(...files),
  });
  const signs = (progress: Progress, more: { heard?: boolean; silentSeconds?: number; stalled?: boolean } = {}) =>
    [...phoneSigns(stage, { progress, heard: true, stalled: false, ...more })].sort();

  test("is what the stage does, known before it begins", () => {
    expect([...stageSigns(stage)]).toEqual(["first-loader"]);
    const leaving = makeStage(cisco7940, 1, sccp31, edge(sccp31, sccp505, "load_information"), sccp505);
    expect([...stageSigns(leaving)]).toEqual(["first-signed"]);
    const across = makeStage(cisco7940, 1, sccp809, edge(sccp809, sip812, "load_information"), sip812);
    expect([...stageSigns(across)]).toEqual(["other-protocol"]);
    const unknown = makeStage(cisco7940, 1, undefined, edge(sccp31, sip812, "load_information"), sip812);
    expect([...stageSigns(unknown)]).toEqual(["unknown-start"]);
  });

  test("is what the phone has asked for and taken, and how long it has been silent", () => {
    expect(signs({ at: "waiting", stage: 1 }, { heard: false })).toEqual(["first-loader", "nothing-heard"]);
    expect(signs({ at: "waiting", stage: 1 })).toEqual(["configuration-read", "first-loader"]);
    expect(signs(loading([], "P00308000900.sbn"))).toEqual(["first-loader"]);
    expect(signs(loading([], "P00308000900.sbn", "P00308000900.sbn"), { stalled: true })).toEqual([
      "first-loader",
      "image-unfinished",
      "stalled",
    ]);
    expect(signs(loading(["P00308000900.sb2"], "P00308000900.sb2", "P00308000900.sb2"))).toEqual([
      "first-loader",
      "image-refused",
      "image-whole",
    ]);
    // The list is read at every boot.
    expect(signs(loading([], "P00308000900.loads", "P00308000900.loads"))).toEqual(["first-loader"]);
    expect(signs(loading(["P00308000900.sbn"], "P00308000900.sbn"), { silentSeconds: 61 })).toEqual([
      "first-loader",
      "loader-whole",
      "silent",
    ]);
    expect(signs(loading(["P00308000900.sb2"], "P00308000900.sb2"))).toEqual(["first-loader", "image-whole"]);
  });
});

test("what is harmless comes last, whatever the phone does", () => {
  expect(guide(phone, undefined, table, none).ifItShows.at(-1)?.sees).toBe("No trust list installed");
});

test("a phone that may be writing flash is to be left alone, and one with a problem gets its remedy first", () => {
  expect(guide({ ...phone, state: "loading" }, undefined, table, none).next[0]).toContain("do not unplug");
  const problem = { code: "E_STALLED", message: "It is silent.", remedy: "Look at its screen." };
  expect(guide({ ...phone, state: "stalled", problem }, undefined, table, none).next).toEqual([
    problem.message,
    problem.remedy,
  ]);
});

test("at the end there is nothing to do", () => {
  expect(guide({ ...phone, state: "done" }, undefined, table, none)).toEqual({
    now: "It has arrived: it runs P0S3-8-12-00.",
    next: [],
    handsOff: false,
    ifItShows: [],
    over: true,
  });
});

test("that another phone stands in its place is said before anything else", () => {
  const words = "00:0e:84:aa:aa:aa was seen after it on the same port";
  expect(guide({ ...phone, noticed: [{ words }] }, undefined, table, none).next[0]).toBe(`Look: ${words}.`);
});
