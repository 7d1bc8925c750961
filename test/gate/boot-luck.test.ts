import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Luck, together } from "../boot/luck.ts";
import { compiled } from "../compiled.ts";

const migrations = 100_000;
const seed = 43;
/** Half of the migrations each; a quarter of an hour on two cores. */
const shares = 2;

let half: ReturnType<typeof compiled>;

beforeAll(() => {
  half = compiled(join(import.meta.dirname, "..", "boot", "luck.process.ts"));
});

afterAll(() => rmSync(half.folder, { recursive: true }));

async function share(number: number): Promise<Luck> {
  const count = migrations / shares;
  const args = [half.script, number * count, count, seed].map(String);
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 28 });
  return JSON.parse(stdout) as Luck;
}

test(`R43: ${migrations} migrations under power cuts, loss, killed servers, edits, two admins and changed DHCP options: the server costs no phone, and every one arrives or waits for a person`, {
  timeout: 3_600_000,
}, async () => {
  const begun = performance.now();
  const { wrong, ...luck } = together(await Promise.all(Array.from({ length: shares }, (_, i) => share(i))));
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.log(`R43: ${JSON.stringify(luck)}, ${wrong.length} wrong, in ${seconds} s`);
  const lost = Object.values(luck.lostToPower).reduce((all, one) => all + one, 0);
  console.log(`R43: ${lost} phones died of power cuts in writes of their own: ${JSON.stringify(luck.lostToPower)}`);
  expect(wrong.slice(0, 3)).toEqual([]);
  expect(luck.mostOffers).toBeLessThanOrEqual(3);
  expect(luck.arrived + luck.parked + lost).toBe(migrations);
  expect(luck.parked).toBeLessThan(migrations / 1000);
});
