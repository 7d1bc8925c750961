import fc from "fast-check";
import { expect, test } from "vitest";
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

test("one phone goes first, then as many at a time as were asked for", () => {
  expect(wavesFor(6, 2)).toEqual([1, 2, 2, 3, 3, 4]);
  expect(wavesFor(3, undefined)).toEqual([1, 1, 1]);
});

test("a wave waits until the one before has arrived", () => {
  const second = phone(2, waiting);
  expect(turnOf(second, [phone(1, waiting), second], 1)).toMatchObject({ is: "later" });
  expect(turnOf(second, [phone(1, { at: "done" }), second], 1)).toEqual({ is: "now" });
});

test("a problem in an earlier wave stops the rest, even where that phone was ended", () => {
  const problem = { code: "E_STALLED", message: "silent", remedy: "look" };
  const second = phone(2, waiting);
  expect(turnOf(second, [phone(1, { at: "cancelled", running: undefined }, { problem }), second], 1)).toMatchObject({
    is: "later",
  });
});

test("before its hour no phone begins, and one that has begun is never held back", () => {
  expect(turnOf(phone(1, waiting, { startAt: 100 }), [], 99)).toMatchObject({ is: "later" });
  expect(turnOf(phone(1, waiting, { startAt: 100 }), [], 100)).toEqual({ is: "now" });
  const begun = phone(3, { at: "loading", stage: 1, images: { asked: ["x"], taken: [] }, trail: [] }, { startAt: 100 });
  expect(turnOf(begun, [phone(1, waiting), begun], 0)).toEqual({ is: "now" });
});

test("every phone has a wave, the waves are full but for the first and the last, and none is left out", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 50 }), (count, size) => {
      const waves = wavesFor(count, size);
      expect(waves).toHaveLength(count);
      expect(waves.filter((w) => w === 1)).toHaveLength(1);
      for (let w = 2; w < Math.max(...waves); w++) expect(waves.filter((x) => x === w)).toHaveLength(size);
    }),
  );
});
