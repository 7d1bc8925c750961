import fc from "fast-check";
import { expect, test } from "vitest";
import { createLedger, type Standing } from "../../src/migration/ledger.ts";
import type { Migration, Progress } from "../../src/migration/migration.ts";
import { turnOf, wavesFor } from "../../src/migration/wave.ts";
import type { Mac } from "../../src/wire/address.ts";

function phone(wave: number, progress: Progress, more: Partial<Migration> = {}): Migration {
  return {
    mac: `00000000000${wave}` as Mac,
    model: "7960",
    family: "cisco-7940",
    target: "P0S3-8-12-00",
    stages: [{ from: "P0030801SR02", to: "P0S3-8-12-00", lever: "load_information" }],
    progress,
    wish: "go",
    job: "j",
    wave,
    startAt: 0,
    enrolledAt: 0,
    since: 0,
    ...more,
  };
}

const waiting: Progress = { at: "waiting", stage: 1 };
const loading: Progress = { at: "loading", stage: 1, images: { asked: ["x"], taken: [] }, trail: [] };
const problem = { code: "E_STALLED", message: "silent", remedy: "look" };

function standing(job: readonly Migration[]): Standing {
  const ledger = createLedger();
  for (const [i, migration] of job.entries()) ledger.put({ ...migration, mac: `0000000000${i + 10}` as Mac });
  return ledger.of("j");
}

/** Ways by the letters of their steps. */
const ways = (...steps: readonly string[]) => steps.map((letters) => [...letters]);

test("the first phone of each kind goes alone, then as many at a time as were asked for, or all", () => {
  expect(wavesFor(ways("a", "a", "a", "a", "a", "a"), 2)).toEqual([1, 2, 2, 3, 3, 4]);
  expect(wavesFor(ways("a", "a", "b", "a", "b"), 2)).toEqual([1, 3, 2, 3, 4]);
  expect(wavesFor(ways("a", "b", "a", "a", "b"), undefined)).toEqual([1, 2, 3, 3, 3]);
  expect(wavesFor(ways("a"), undefined)).toEqual([1]);
});

test("a phone whose steps a canary with a longer way takes needs no canary; one step of its own makes it one", () => {
  expect(wavesFor(ways("b", "ab", "b", "ab"), undefined)).toEqual([2, 1, 2, 2]);
  expect(wavesFor(ways("cb", "ab", "b"), undefined)).toEqual([1, 2, 3]);
});

test("a wave waits until the one before has arrived", () => {
  const second = phone(2, waiting);
  expect(turnOf(second, standing([phone(1, waiting), second]), 1)).toMatchObject({ is: "later" });
  expect(turnOf(second, standing([phone(1, { at: "done" }), second]), 1)).toEqual({ is: "now" });
});

test("a problem stops the rest of the job, its own wave too, until the admin gives that phone up", () => {
  const second = phone(2, waiting);
  for (const wave of [1, 2, 3]) {
    const stopped = phone(wave, { at: "cancelled", running: undefined }, { problem });
    expect(turnOf(second, standing([stopped, second]), 1)).toMatchObject({ is: "later" });
    expect(turnOf(second, standing([{ ...stopped, wish: "cancel" }, second]), 1)).toEqual({ is: "now" });
  }
});

test("as many problems as the order allows do not hold the rest, and do not hold the next wave", () => {
  const second = phone(2, waiting, { stopAfter: 3 });
  const stopped = phone(1, loading, { problem });
  expect(turnOf(second, standing([stopped, stopped, second]), 1)).toEqual({ is: "now" });
  expect(turnOf(second, standing([stopped, stopped, stopped, second]), 1)).toMatchObject({ is: "later" });
});

test("before its hour no phone begins, and one that has begun is never held back", () => {
  expect(turnOf(phone(1, waiting, { startAt: 100 }), standing([]), 99)).toMatchObject({ is: "later" });
  expect(turnOf(phone(1, waiting, { startAt: 100 }), standing([]), 100)).toEqual({ is: "now" });
  const begun = phone(3, loading, { startAt: 100, until: 200 });
  expect(turnOf(begun, standing([phone(1, waiting), begun]), 0)).toEqual({ is: "now" });
  const next = phone(3, { at: "waiting", stage: 2 }, { startAt: 100, until: 200, stopAfter: 1 });
  expect(turnOf(next, standing([phone(1, loading, { problem }), next]), 300)).toEqual({ is: "now" });
});

test("after its hours no phone begins; where they come again every day, the next night", () => {
  const hour = 3_600_000;
  const night = { startAt: 100 * hour, until: 103 * hour };
  const at = (now: number, more: Partial<Migration> = {}) =>
    turnOf(phone(1, waiting, { ...night, ...more }), standing([]), now).is;
  expect([at(100 * hour), at(103 * hour - 1), at(103 * hour), at(125 * hour)]).toEqual([
    "now",
    "now",
    "later",
    "later",
  ]);
  const every = { everyDay: true } as const;
  expect([at(103 * hour, every), at(124 * hour, every), at(127 * hour - 1, every), at(127 * hour, every)]).toEqual([
    "later",
    "now",
    "now",
    "later",
  ]);
});

test("no more phones are told their lever than may be under way; the one that was told keeps its place", () => {
  const job = [phone(1, loading), phone(1, { at: "waiting", stage: 2 }), phone(1, waiting)];
  const next = phone(1, waiting, { transfers: 3 });
  expect(turnOf(next, standing(job), 1)).toEqual({ is: "now" });
  expect(turnOf(next, standing(job), 1, { reserved: 1 })).toMatchObject({ is: "later" });
  expect(turnOf(phone(1, waiting), standing(job), 1, { reserved: 0, transfers: 2 })).toMatchObject({ is: "later" });
});

test("the ledger kept up step by step is the one counted afresh", () => {
  const progress = fc.constantFrom<Progress>(waiting, loading, { at: "waiting", stage: 2 }, { at: "done" });
  const change = fc.record({
    mac: fc.integer({ min: 10, max: 15 }),
    wave: fc.integer({ min: 1, max: 3 }),
    progress,
    wish: fc.constantFrom("go" as const, "pause" as const, "cancel" as const),
    ill: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const ledger = createLedger();
      const last = new Map<Mac, Migration>();
      for (const { mac: number, wave, progress: at, wish, ill } of changes) {
        const mac = `0000000000${number}` as Mac;
        const migration = phone(wave, at, { mac, wish, ...(ill ? { problem } : {}) });
        ledger.put(migration);
        last.set(mac, migration);
      }
      const afresh = createLedger();
      for (const migration of last.values()) afresh.put(migration);
      const told = ({ problems, ...rest }: Standing) => ({
        ...rest,
        problems: [...problems].sort((a, b) => (a.mac < b.mac ? -1 : 1)),
        open: [1, 2, 3, 4].map(rest.openBefore),
        openBefore: undefined,
      });
      expect(told(ledger.of("j"))).toEqual(told(afresh.of("j")));
    }),
  );
});

test("every phone has a wave, the waves are full but for the canaries and the last, and none is left out", () => {
  const kinds = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(kinds, fc.integer({ min: 1, max: 50 }), (of, size) => {
      const waves = wavesFor(ways(...of), size);
      const canaries = new Set(of).size;
      expect(waves).toHaveLength(of.length);
      for (let w = 1; w <= canaries; w++) expect(waves.filter((x) => x === w)).toHaveLength(1);
      expect(new Set(of.filter((_, i) => (waves[i] ?? 0) <= canaries)).size).toBe(canaries);
      for (let w = canaries + 1; w < Math.max(...waves); w++) expect(waves.filter((x) => x === w)).toHaveLength(size);
    }),
    { numRuns: 50 },
  );
});
