import { afterAll, beforeAll, expect, test } from "vitest";
import { type Administration, openAdministration } from "../../src/server/administration.ts";
import { createSite, stock } from "../server/site.ts";
import { type Held, LONGEST_HOLD, serveHeld } from "./held.ts";

const phones = Array.from({ length: 30_000 }, (_, i) => ({
  mac: (0x000e84000000 + i * 7).toString(16).padStart(12, "0"),
  model: "7960",
  running: "P00303010102",
  label: `Room ${i}`,
  lines: [{ name: `${100_000 + i}`, password: `s3cr3t-${i}` }],
}));
const order = { model: "7960", to: "sip", acceptOneWay: true };

const site = createSite();
let served: Held;
let ask: Administration;

beforeAll(async () => {
  await stock(site.config, ["P00308000900", "P00305000500", "P0S3-8-12-00"]);
  served = await serveHeld(site.folder);
  ({ ask } = await openAdministration(site.config, () => Date.now()));
  await ask.putPhones({ phones });
});

afterAll(() => served.close());

test("one order for 30,000 phones, looked at and given, leaves the event loop to the phones", async () => {
  const looked = await served.during(() => ask.migrate(order));
  expect(looked.told.phones).toHaveLength(phones.length);
  expect(looked.told.plans).toHaveLength(1);
  expect(looked.longest).toBeLessThan(LONGEST_HOLD);
  const given = await served.during(() => ask.migrate({ ...order, enrol: true }));
  expect(given.told.enrolled).toBe(true);
  // All of them are held at once, so that no step of any comes between.
  expect(given.longest).toBeLessThan(3 * LONGEST_HOLD);
});

test("so do their status, their report, and a stop of all", async () => {
  const status = await served.during(() => ask.status({}));
  expect(status.told.phones).toHaveLength(phones.length);
  expect(status.longest).toBeLessThan(LONGEST_HOLD);
  const jobs = await served.during(() => ask.report({}));
  const job = "jobs" in jobs.told ? (jobs.told.jobs[0]?.job ?? "") : "";
  expect((await served.during(() => ask.report({ job }))).longest).toBeLessThan(LONGEST_HOLD);
  const stopped = await served.during(() => ask.wish({ wish: "pause", all: true }));
  expect(stopped.told.phones.filter(({ state }) => state === "paused")).toHaveLength(phones.length);
  expect(stopped.longest).toBeLessThan(LONGEST_HOLD);
});
