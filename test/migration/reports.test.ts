import fc from "fast-check";
import { expect, test } from "vitest";
import type { Edge, Release } from "../../src/firmware/release.ts";
import type { Migration, Stage } from "../../src/migration/migration.ts";
import { type ProgressEvent, step } from "../../src/migration/progress.ts";
import { makeStage } from "../../src/migration/stage.ts";
import { cisco7940 } from "../../src/phones/cisco-7940.ts";
import type { Family } from "../../src/phones/family.ts";
import { polycom } from "../../src/phones/polycom.ts";
import type { Mac } from "../../src/wire/address.ts";
import { edge, sccp31, sccp505 } from "./releases.ts";

const now = 1_000_000;
const image = "2345-12600-001.sip.ld";

function release(version: string): Release {
  const files = [{ name: image, role: "application", signed: true } as const];
  return {
    load: `SPIP650.${version}`,
    protocol: "SIP",
    version,
    files,
    signed: true,
    models: ["SPIP650"],
    because: [],
  };
}

const old = release("3.3.5.0247");
const mid = release("4.0.15.1009");
const last = release("4.0.15.1047");
const stepTo = (from: Release, to: Release): Edge => edge(from, to, "master_config");
const stages: readonly Stage[] = [
  makeStage(polycom, 1, old, stepTo(old, mid), mid),
  makeStage(polycom, 2, mid, stepTo(mid, last), last),
];

function fresh(family: Family, of: readonly Stage[], model: string): Migration {
  return {
    mac: "0004f2000001" as Mac,
    model,
    family: family.id,
    target: of.at(-1)?.release.load ?? "",
    stages: of.map((s) => ({ from: s.from?.load, to: s.release.load, lever: s.lever })),
    progress: { at: "waiting", stage: 1 },
    wish: "go",
    job: "test",
    wave: 1,
    startAt: 0,
    enrolledAt: now,
    since: now,
  };
}

function did(is: "asked" | "took", name: string): ProgressEvent {
  const file = polycom.named(name);
  if (file === undefined) throw new Error(name);
  return { is, file };
}

const says = (load: string, of: "application" | "bootrom" | "log" = "application"): ProgressEvent => ({
  is: "reported",
  load,
  of,
});
const asksImage = did("asked", image);
const tookImage = did("took", image);
const boots = did("asked", "0004f2000001.cfg");
const settles = did("asked", "0004f2000001-phone.cfg");

function play(events: readonly ProgressEvent[]): Migration {
  return events.reduce((m, event) => step(m, event, stages, polycom, now).migration, fresh(polycom, stages, "SPIP650"));
}

const second = { at: "waiting", stage: 2 };

test("a Polycom that took its image, started again and reports the version has arrived", () => {
  expect(play([asksImage, tookImage, boots, says("4.0.15.1009")]).progress).toEqual(second);
  expect(play([asksImage, tookImage, says("4.0.15.1009"), boots]).progress).toEqual(second);
});

test("before the image is whole and the phone has started again, a report of the target proves nothing", () => {
  for (const events of [
    [says("4.0.15.1009")],
    [boots, says("4.0.15.1009"), settles],
    [asksImage, says("4.0.15.1009")],
    [asksImage, says("4.0.15.1009"), settles],
    [asksImage, tookImage, says("4.0.15.1009"), settles],
    [asksImage, boots, says("4.0.15.1009")],
  ])
    expect(play(events).progress).not.toEqual(second);
});

test("after a lost last ACK the files and the report together are the proof", () => {
  expect(play([asksImage, boots, settles]).progress).not.toEqual(second);
  expect(play([asksImage, boots, says("4.0.15.1009"), settles]).progress).toEqual(second);
  expect(play([asksImage, boots, says("4.0.15.1009", "log"), settles]).progress).toEqual(second);
});

test("after a lost last ACK the files that the master file lists show that the reporting application runs", () => {
  const reads = did("asked", "0004f2000001-extension.cfg");
  expect(play([asksImage, boots, says("4.0.15.1009"), reads]).progress).toEqual(second);
  expect(play([asksImage, boots, reads]).progress).not.toEqual(second);
  expect(play([asksImage, boots, says("4.0.15.1009", "log"), reads]).progress).not.toEqual(second);
});

test("a phone that reports its old version after the start has not arrived, and has once it reports the new one", () => {
  const doubted = [asksImage, tookImage, boots, says("3.3.5.0247"), settles];
  expect(play(doubted).progress).toMatchObject({ at: "restarting", stage: 1 });
  expect(play([...doubted, boots, says("4.0.15.1009")]).progress).toEqual(second);
});

test("the BootROM's version says nothing about the application", () => {
  expect(play([asksImage, tookImage, boots, says("5.0.9.1", "bootrom"), settles]).progress).toEqual(second);
  expect(play([asksImage, tookImage, boots, says("4.0.15.1009", "bootrom")]).progress).not.toEqual(second);
});

test("a log can confirm, and an old log cannot contradict", () => {
  expect(play([asksImage, tookImage, boots, says("4.0.15.1009", "log")]).progress).toEqual(second);
  expect(play([asksImage, tookImage, says("3.3.5.0247", "log"), boots, settles]).progress).toEqual(second);
});

test("a thousand forged reports push nothing out of the trail", () => {
  const forged = Array.from({ length: 1000 }, (_, i) => says(`1.0.0.${i}`));
  const flooded = play([asksImage, tookImage, ...forged, boots, ...forged]);
  expect(flooded.progress).toMatchObject({ at: "restarting", stage: 1 });
  expect("trail" in flooded.progress && flooded.progress.trail.length).toBeLessThan(12);
  const event = says("4.0.15.1009");
  expect(step(flooded, event, stages, polycom, now).migration.progress).toEqual(second);
});

test("no order of reports alone, and no report to a Cisco phone, moves anything", () => {
  const report = fc.record({
    is: fc.constant("reported" as const),
    load: fc.constantFrom("4.0.15.1009", "3.3.5.0247", "SPIP650.4.0.15.1009", "P00305000500", "5.0(5)"),
    of: fc.constantFrom("application" as const, "bootrom" as const, "log" as const),
  });
  const cisco = [makeStage(cisco7940, 1, sccp31, edge(sccp31, sccp505, "load_information"), sccp505)];
  fc.assert(
    fc.property(fc.array(report, { maxLength: 40 }), (events) => {
      expect(play(events).progress).toEqual({ at: "waiting", stage: 1 });
      const asked = cisco7940.named("P00305000500.bin");
      if (asked === undefined) throw new Error("no such name");
      const loading = step(
        fresh(cisco7940, cisco, "7960"),
        { is: "asked", file: asked },
        cisco,
        cisco7940,
        now,
      ).migration;
      for (const event of events) expect(step(loading, event, cisco, cisco7940, now).migration).toBe(loading);
    }),
  );
});

const naming = (model: string): ProgressEvent => ({ is: "named", model, by: "DHCP option 60" });

test("a phone that names itself as another model is held, with the remedy, and nothing more is published", () => {
  const held = step(fresh(polycom, stages, "SPIP650"), naming("SPIP335"), stages, polycom, now);
  expect(held.migration).toMatchObject({ wish: "pause", problem: { code: "E_OTHER_MODEL" } });
  expect(held.history.map((h) => h.event)).toEqual(["stage.problem"]);
  expect(step(held.migration, naming("SPIP335"), stages, polycom, now).migration).toBe(held.migration);
});

test("one that is writing flash is not left alone with half an image: it is held after its stage", () => {
  const loading = play([asksImage]);
  const held = step(loading, naming("SPIP335"), stages, polycom, now).migration;
  expect(held).toMatchObject({ progress: { at: "loading" }, wish: "pause", problem: { code: "E_OTHER_MODEL" } });
  const after = [tookImage, boots, settles].reduce((m, event) => step(m, event, stages, polycom, now).migration, held);
  expect(after).toMatchObject({ progress: second, wish: "pause", problem: { code: "E_OTHER_MODEL" } });
});

test("models that share every release of the way are no contradiction", () => {
  const cisco = [makeStage(cisco7940, 1, sccp31, edge(sccp31, sccp505, "load_information"), sccp505)];
  const phone = fresh(cisco7940, cisco, "7960");
  expect(step(phone, naming("7940"), cisco, cisco7940, now).migration).toBe(phone);
  expect(step(phone, naming("7941"), cisco, cisco7940, now).migration.problem?.code).toBe("E_OTHER_MODEL");
});
