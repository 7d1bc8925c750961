import fc from "fast-check";
import { expect, test } from "vitest";
import type { Release } from "../../src/firmware/release.ts";
import type { Migration, Progress, Stage } from "../../src/migration/migration.ts";
import { type ProgressEvent, step, viewOf } from "../../src/migration/progress.ts";
import { makeStage } from "../../src/migration/stage.ts";
import { cisco7940 } from "../../src/phones/cisco-7940.ts";
import type { Mac } from "../../src/wire/address.ts";
import { edge, sccp31, sccp505, sccp809, sip23, sip44, sip812 } from "./releases.ts";

const mac = "000e84c060a6" as Mac;
const now = 1_000_000;

const climb: readonly Stage[] = [
  makeStage(cisco7940, 1, sccp31, edge(sccp31, sccp505, "load_information"), sccp505),
  makeStage(cisco7940, 2, sccp505, edge(sccp505, sccp809, "load_information"), sccp809),
  makeStage(cisco7940, 3, sccp809, edge(sccp809, sip812, "load_information"), sip812),
];

const fresh: Migration = {
  mac,
  model: "7960",
  family: "cisco-7940",
  target: "P0S3-8-12-00",
  stages: climb.map((s) => ({ from: s.from?.load, to: s.release.load, lever: s.lever })),
  progress: { at: "waiting", stage: 1 },
  wish: "go",
  job: "test",
  wave: 1,
  startAt: 0,
  enrolledAt: now,
  since: now,
};

function asked(name: string): ProgressEvent {
  const file = cisco7940.named(name);
  if (file === undefined) throw new Error(`no phone asks for ${name}`);
  return { is: "asked", file };
}

function took(name: string, load?: string): ProgressEvent {
  const file = cisco7940.named(name);
  if (file === undefined) throw new Error(`no phone takes ${name}`);
  return { is: "took", file, ...(load === undefined ? {} : { load }) };
}

function play(migration: Migration, events: readonly ProgressEvent[], stages: readonly Stage[] = climb): Migration {
  return events.reduce((m, event) => step(m, event, stages, cisco7940, now).migration, migration);
}

/** What a classic phone asks for at a boot that tells it `release`, up to the end of its configuration. */
function classicBoot(release: Release): ProgressEvent[] {
  const head = [asked("OS79XX.TXT"), took("OS79XX.TXT", release.load)];
  if (release.protocol === "SCCP") {
    return [
      ...head,
      asked("SEP000E84C060A6.cnf.xml"),
      asked("XMLDefault.cnf.xml"),
      took("XMLDefault.cnf.xml", release.load),
    ];
  }
  const sip = ["SIPDefault.cnf", "SIP000E84C060A6.cnf"].flatMap((name) => [asked(name), took(name, release.load)]);
  return [...head, ...sip];
}

const loaderNames = ["CTLSEP000E84C060A6.tlv", "SEP000E84C060A6.cnf.xml", "SIP000E84C060A6.cnf", "MGC000E84C060A6.cnf"];

/** One pass of the universal loader over its six names (cisco.md §2.4). */
function loaderPass(release: Release): ProgressEvent[] {
  return [
    ...loaderNames.map(asked),
    asked("XMLDefault.cnf.xml"),
    took("XMLDefault.cnf.xml", release.load),
    asked(`${release.load}.loads`),
    took(`${release.load}.loads`),
  ];
}

function fetched(name: string): ProgressEvent[] {
  return [asked(name), took(name)];
}

test("a phone on its way from SCCP 3.1 to SIP 8.12 passes every stage on evidence alone", () => {
  const one = play(fresh, [...classicBoot(sccp505), ...fetched("P00305000500.bin")]);
  expect(one.progress.at).toBe("restarting");
  const booted = play(one, classicBoot(sccp505));
  expect(booted.progress).toMatchObject({ at: "restarting", stage: 1 });
  const two = play(booted, [asked("OS79XX.TXT"), took("OS79XX.TXT", sccp505.load)]);
  expect(two.progress).toEqual({ at: "waiting", stage: 2 });

  const loader = play(two, fetched("P00308000900.sbn"));
  const application = play(loader, [...loaderPass(sccp809), ...fetched("P00308000900.sb2")]);
  expect(application.progress).toMatchObject({ at: "restarting", stage: 2 });
  const idle = play(application, [
    ...loaderPass(sccp809),
    asked("CTLSEP000E84C060A6.tlv"),
    asked("SEP000E84C060A6.cnf.xml"),
    asked("XMLDefault.cnf.xml"),
    took("XMLDefault.cnf.xml", sccp809.load),
  ]);
  expect(idle.progress).toEqual({ at: "waiting", stage: 3 });

  const done = play(idle, [
    ...loaderPass(sip812),
    ...fetched("P003-8-12-00.sbn"),
    ...loaderPass(sip812),
    ...fetched("P0S3-8-12-00.sb2"),
    ...loaderPass(sip812),
    ...["SIPDefault.cnf", "SIP000E84C060A6.cnf"].flatMap((name) => [asked(name), took(name, sip812.load)]),
    asked("RINGLIST.DAT"),
  ]);
  expect(done.progress).toEqual({ at: "done" });
});

test("a loader that starts again after reading its list is not taken for the SCCP application", () => {
  const loading: Progress = {
    at: "loading",
    stage: 2,
    images: { asked: ["P00308000900.sb2"], taken: ["P00308000900.sb2"] },
    trail: [],
  };
  const twice = play({ ...fresh, progress: loading }, [...loaderPass(sccp809), ...loaderPass(sccp809)]);
  expect(twice.progress.at).toBe("restarting");
});

test("a phone whose power went between its configuration and its image does not seem to have arrived", () => {
  const cut = play(fresh, [
    ...classicBoot(sccp505),
    asked("P00305000500.bin"),
    ...classicBoot(sccp505),
    asked("OS79XX.TXT"),
    took("OS79XX.TXT", sccp505.load),
  ]);
  expect(cut.progress).toMatchObject({ at: "restarting", stage: 1 });
});

test("where the last ACK of an SCCP image was lost, a second boot without a request for it is the proof", () => {
  const unsure = play(fresh, [
    ...classicBoot(sccp505),
    asked("P00305000500.bin"),
    ...classicBoot(sccp505),
    ...classicBoot(sccp505),
  ]);
  expect(unsure.progress.at).toBe("restarting");
  expect(play(unsure, [asked("OS79XX.TXT"), took("OS79XX.TXT", sccp505.load)]).progress).toEqual({
    at: "waiting",
    stage: 2,
  });
});

test("a phone that asks for an unsigned image where a signed one is expected is offered the stage before again", () => {
  const wrong = step(
    { ...fresh, progress: { at: "waiting", stage: 2 } },
    asked("P00308000900.bin"),
    climb,
    cisco7940,
    now,
  );
  expect(wrong.refuse).toContain("P00308000900.bin");
  expect(wrong.migration.progress).toEqual({ at: "waiting", stage: 1 });
  expect(wrong.history[0]?.event).toBe("stage.doubted");
});

test("a phone that proves to be signed where the plan begins unsigned is held, with the remedy", () => {
  const wrong = step(fresh, asked("P00305000500.sbn"), climb, cisco7940, now);
  expect(wrong.refuse).toBeDefined();
  expect(wrong.migration).toMatchObject({ wish: "pause", problem: { code: "E_NOT_WHERE_PLANNED" } });
});

test("an image of no stage is refused to a phone under way", () => {
  expect(step(fresh, asked("P0S3-8-12-00.sb2"), climb, cisco7940, now).refuse).toBeDefined();
});

test("a SIP phone arrives when it goes on to its rings after it was told the load it runs", () => {
  const stages = [makeStage(cisco7940, 1, sip23, edge(sip23, sip44, "image_version"), sip44)];
  const start = { ...fresh, stages: [{ from: sip23.load, to: sip44.load, lever: "image_version" as const }] };
  const same = play(start, [...classicBoot(sip44), ...fetched("P0S3-04-4-00.bin"), asked("RINGLIST.DAT")], stages);
  expect(same.progress.at).toBe("restarting");
  expect(play(same, [...classicBoot(sip44), asked("RINGLIST.DAT")], stages).progress).toEqual({ at: "done" });
});

test("cancelling a phone that installs lets it finish and then leaves it on that release", () => {
  const loading = play(fresh, [...classicBoot(sccp505), ...fetched("P00305000500.bin")]);
  const asking = step(loading, { is: "wish", wish: "cancel" }, climb, cisco7940, now).migration;
  expect(asking.progress.at).toBe("restarting");
  const ended = play(asking, [...classicBoot(sccp505), asked("OS79XX.TXT"), took("OS79XX.TXT", sccp505.load)]);
  expect(ended.progress).toEqual({ at: "cancelled", running: sccp505.load });
});

test("cancelling a phone that has not begun gives it back exactly what it saw before", () => {
  const ended = step(fresh, { is: "wish", wish: "cancel" }, climb, cisco7940, now).migration;
  expect(viewOf(ended, climb, cisco7940)).toBeUndefined();
});

test("a paused phone that waits between stages sees the release it runs", () => {
  const held: Migration = { ...fresh, progress: { at: "waiting", stage: 2 }, wish: "pause" };
  const told = viewOf(held, climb, cisco7940)?.publications.flatMap((p) => (p.answer === "rendered" ? [p.load] : []));
  expect(new Set(told)).toEqual(new Set([sccp505.load]));
});

test("silence makes a stall visible and moves nothing; the next sign of life clears it", () => {
  const loading = play(fresh, [...classicBoot(sccp505), asked("P00305000500.bin")]);
  const hour = 60 * 60 * 1000;
  const stalled = step(
    loading,
    { is: "tick", since: loading.since, passed: hour },
    climb,
    cisco7940,
    now + hour,
  ).migration;
  expect(stalled.problem?.code).toBe("E_STALLED");
  expect(stalled.progress).toEqual(loading.progress);
  expect(play(stalled, [asked("OS79XX.TXT")]).problem).toBeUndefined();
});

test("a phone that is told its load in five starts and asks for no image is shown to a person, until it asks", () => {
  const start = classicBoot(sccp505);
  const patient = play(fresh, Array(4).fill(start).flat());
  expect(patient.problem).toBeUndefined();
  const shown = play(patient, start);
  expect(shown).toMatchObject({ progress: { at: "waiting", stage: 1 }, problem: { code: "E_NOT_FOLLOWING" } });
  expect(play(shown, start)).toBe(shown);
  const again = play(shown, [{ is: "wish", wish: "go" }]);
  expect(again.problem).toBeUndefined();
  expect(play(again, start).problem).toBeUndefined();
  const loading = play(shown, [asked("P00305000500.bin")]);
  expect(loading.progress).toMatchObject({ at: "loading", stage: 1 });
  expect(loading.problem).toBeUndefined();
});

test("a phone that goes round in a circle is shown to a person, though it never falls silent", () => {
  const round = [...classicBoot(sccp505), asked("P00305000500.bin"), asked("P00305000500.bin")];
  const patient = play(fresh, Array(4).fill(round).flat());
  expect(patient.problem).toBeUndefined();
  const shown = play(patient, round);
  expect(shown.problem?.code).toBe("E_LOOPING");
  expect(shown.problem?.message).toContain("P00305000500.bin in 5 rounds");
  const arrived = play(shown, [took("P00305000500.bin"), ...classicBoot(sccp505), took("OS79XX.TXT", sccp505.load)]);
  expect(arrived.progress).toMatchObject({ at: "waiting", stage: 2 });
  expect(arrived.problem).toBeUndefined();
});

const names = [
  "OS79XX.TXT",
  ...loaderNames,
  "XMLDefault.cnf.xml",
  "SIPDefault.cnf",
  "RINGLIST.DAT",
  "dialplan.xml",
  "SCCP-dictionary.xml",
  ...climb.flatMap((s) => s.release.files.map((f) => f.name)),
];

const anyEvent: fc.Arbitrary<ProgressEvent> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...names).map(asked) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(...names), fc.constantFrom(...climb.map((s) => s.release.load)))
      .map(([n, l]) => took(n, l)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<ProgressEvent>(
      { is: "wish", wish: "pause" },
      { is: "wish", wish: "go" },
      { is: "tick", since: now, passed: 3_600_000 },
    ),
  },
);

test("whatever a phone does, it is never told two loads while it installs, and moves by one stage at most", () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 120 }), (events) => {
      let current = fresh;
      for (const event of events) {
        const next = step(current, event, climb, cisco7940, now).migration;
        const [before, after] = [current.progress, next.progress];
        if (before.at !== "done" && after.at !== "done" && before.at !== "cancelled" && after.at !== "cancelled") {
          expect(Math.abs(after.stage - before.stage)).toBeLessThanOrEqual(1);
        }
        if (after.at === "loading" || after.at === "restarting") {
          const stage = climb[after.stage - 1];
          const told = viewOf(next, climb, cisco7940)?.publications.flatMap((p) =>
            p.answer === "rendered" ? [p.load] : [],
          );
          for (const load of told ?? []) expect([stage?.release.load, stage?.release.loader]).toContain(load);
        }
        current = next;
      }
    }),
    { numRuns: 500 },
  );
});

test("nothing moves a phone that has arrived or was ended", () => {
  for (const progress of [{ at: "done" }, { at: "cancelled", running: undefined }] as const) {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const ended = { ...fresh, progress };
        expect(step(ended, event, climb, cisco7940, now).migration).toBe(ended);
      }),
    );
  }
});
