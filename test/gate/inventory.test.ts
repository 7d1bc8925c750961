import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Administration, openAdministration } from "../../src/server/administration.ts";
import { compiled } from "../compiled.ts";
import { createSite } from "../server/site.ts";

const phones = Array.from({ length: 100_000 }, (_, i) => ({
  mac: (0x000e84000000 + i * 7).toString(16).padStart(12, "0"),
  model: i % 2 === 0 ? "CP-7960G" : "7975",
  running: i % 2 === 0 ? "SCCP 3.1" : "SCCP75.8-5-2S",
  group: `group${i % 50}`,
  label: `Room ${i}`,
  lines: [
    { name: `${100_000 + i}`, displayName: `Person ${i}`, authName: `auth${i}`, password: `s3cr3t-${i}` },
    { name: `line2-${i}`, password: `lx${i}` },
  ],
  settings: { phone_label: `0${i}` },
}));

/** Milliseconds; what was measured on two cores is a half of it and less. */
const LONGEST_HOLD = 120;

const site = createSite();
const served = compiled(join(import.meta.dirname, "inventory-served.process.ts"));
let server: ChildProcess;
let ask: Administration;

beforeAll(async () => {
  server = fork(served.script, [site.folder]);
  await once(server, "message");
  ({ ask } = await openAdministration(site.config, () => Date.now()));
});

afterAll(async () => {
  server.disconnect();
  await once(server, "exit");
  rmSync(served.folder, { recursive: true });
});

/** How long the event loop of the server was held at most while it did `work`, and for seconds after it. */
async function longestHold(work: () => Promise<unknown>): Promise<number> {
  await toldSince();
  const began = performance.now();
  await work();
  const took = performance.now() - began;
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const { longest, resident } = await toldSince();
  process.stdout.write(
    `took ${took.toFixed(0)} ms, held at most ${longest.toFixed(0)} ms, ${(resident / 1e6).toFixed(0)} MB\n`,
  );
  return longest;
}

/** What the server measured since it was asked last. */
async function toldSince(): Promise<{ longest: number; resident: number }> {
  const answer = once(server, "message");
  server.send({});
  return ((await answer) as [{ longest: number; resident: number }])[0];
}

test("an import of 100,000 phones, its dry run and its repetition leave the event loop to the phones", async () => {
  expect(await longestHold(() => ask.putPhones({ phones, dryRun: true }))).toBeLessThan(LONGEST_HOLD);
  expect(await longestHold(() => ask.putPhones({ phones }))).toBeLessThan(LONGEST_HOLD);
  expect(await longestHold(() => ask.putPhones({ phones }))).toBeLessThan(LONGEST_HOLD);
});

test("so do a list and an export of them", async () => {
  expect(await longestHold(() => ask.phones({}))).toBeLessThan(LONGEST_HOLD);
  expect(await longestHold(() => ask.exportPhones({ passwords: true }))).toBeLessThan(LONGEST_HOLD);
});
