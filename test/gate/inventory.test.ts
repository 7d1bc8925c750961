import { afterAll, beforeAll, expect, test } from "vitest";
import { type Administration, openAdministration } from "../../src/server/administration.ts";
import { createSite } from "../server/site.ts";
import { type Held, LONGEST_HOLD, serveHeld } from "./held.ts";

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

const site = createSite();
let served: Held;
let ask: Administration;

beforeAll(async () => {
  served = await serveHeld(site.folder);
  ({ ask } = await openAdministration(site.config, () => Date.now()));
});

afterAll(() => served.close());

async function longestHold(work: () => Promise<unknown>): Promise<number> {
  return (await served.during(work)).longest;
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
