import fc from "fast-check";
import { expect, test } from "vitest";
import type { Migration } from "../../src/migration/migration.ts";
import { step } from "../../src/migration/progress.ts";
import { makeStage } from "../../src/migration/stage.ts";
import { createStageTimes } from "../../src/migration/stage-times.ts";
import { turnOf } from "../../src/migration/wave.ts";
import { cisco7940 } from "../../src/phones/cisco-7940.ts";
import type { Mac } from "../../src/wire/address.ts";
import { edge, sccp31, sccp505 } from "./releases.ts";

const stages = [makeStage(cisco7940, 1, sccp31, edge(sccp31, sccp505, "load_information"), sccp505)];
const deadline = 4 * (stages[0]?.typicalSeconds ?? 0) * 1000;
const images = { asked: ["P00305000500.bin"], taken: [] };
const loading: Migration = {
  mac: "000e84c060a6" as Mac,
  model: "7960",
  family: "cisco-7940",
  target: "P00305000500",
  stages: [{ from: "P00303010102", to: "P00305000500", lever: "load_information" }],
  progress: { at: "loading", stage: 1, images, trail: [] },
  wish: "go",
  job: "test",
  wave: 1,
  startAt: 0,
  enrolledAt: 0,
  since: 1_800_000_000_000,
};
const hour = 3_600_000;

/** Hours by which the date is set, up to ten years; time that passes, far less than an hour in all; a new image. */
const happening = fc.oneof(
  fc.integer({ min: -87_600, max: 87_600 }).map((hours) => ({ is: "set" as const, by: hours * hour })),
  fc.integer({ min: 1, max: 60_000 }).map((ms) => ({ is: "passes" as const, ms })),
  fc.constant({ is: "moves" as const }),
);

test("R26 a stage's time is what passed by the clock that nobody sets, however often the date is set meanwhile", () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 50 }), (happenings) => {
      let [date, elapsed, moved] = [loading.since, 7000.5, 7000.5];
      let migration = loading;
      const times = createStageTimes([migration], date, elapsed);
      for (const one of happenings) {
        if (one.is === "set") date += one.by;
        else if (one.is === "passes") {
          date += one.ms;
          elapsed += one.ms;
        } else {
          migration = { ...migration, since: ++date };
          moved = elapsed;
        }
        const tick = times.tick(migration, elapsed);
        expect(tick).toEqual({ is: "tick", since: migration.since, passed: elapsed - moved });
        const stalled = step(migration, tick, stages, cisco7940, date).migration.problem?.code === "E_STALLED";
        expect(stalled).toBe(elapsed - moved >= deadline);
      }
    }),
  );
});

test("R26 a process that begins believes the date, and never in a time before it", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -(10 ** 12), max: 10 ** 12 }),
      fc.nat(10 ** 9),
      fc.nat(10 ** 9),
      (down, began, later) => {
        const times = createStageTimes([loading], loading.since + down, began);
        expect(times.tick(loading, began + later).passed).toBe(Math.max(0, down) + later);
      },
    ),
  );
});

test("a tick that was measured before the phone moved on says nothing of where it is now", () => {
  const tick = createStageTimes([loading], loading.since, 0).tick(loading, 10 * deadline);
  const moved = { ...loading, since: loading.since + 1 };
  expect(step(moved, tick, stages, cisco7940, moved.since).migration).toBe(moved);
  expect(step(loading, tick, stages, cisco7940, moved.since).migration.problem?.code).toBe("E_STALLED");
});

test("the hours of a fleet follow the date", () => {
  const waiting: Migration = {
    ...loading,
    progress: { at: "waiting", stage: 1 },
    startAt: 22 * hour,
    until: 28 * hour,
  };
  const standing = { openBefore: () => 0, problems: [], underWay: 0, underWayInAll: 0 };
  const at = (date: number) => turnOf(waiting, standing, date).is;
  expect([at(21 * hour), at(22 * hour), at(29 * hour), at(23 * hour)]).toEqual(["later", "now", "later", "now"]);
});
