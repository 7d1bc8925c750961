import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { interruptImports } from "../files/interrupted.ts";
import { flipBits } from "../store/flipped.ts";
import { killWriters } from "../store/killed.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "provision-gate-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("R20 100 kills lose nothing that was acknowledged", async () => {
  let state = 20;
  const acknowledged = await killWriters(folder, 100, () => {
    state = (state * 48271) % 2147483647;
    return state % 250;
  });
  console.log(`R20: 100 kills, ${acknowledged} writes acknowledged, none lost`);
});

test("R25 2,000 flipped bits are refused, found, or harmless", async () => {
  const outcomes = await flipBits(folder, 2000);
  console.log(`R25: ${JSON.stringify(outcomes)}`);
  expect(outcomes.refused + outcomes.found).toBeGreaterThan(200);
});

test("S43 R23 40 kills and 40 full disks during an import leave no half package", async () => {
  const kills = Array.from({ length: 40 }, (_, i) => ({ killAfter: i * 4 }));
  const fullDisks = Array.from({ length: 40 }, (_, i) => ({ fileKilobytes: i * 18 }));
  const counts = await interruptImports(folder, [...kills, ...fullDisks]);
  console.log(`S43: ${JSON.stringify(counts)}`);
  expect(counts.failed).toBeGreaterThan(30);
});
