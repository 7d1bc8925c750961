import { expect, test } from "vitest";
import { statusReport } from "../../src/provision/status.ts";
import { count, createFleet, oneStage, round, twoStages } from "./fleet.ts";
import { stopButton } from "./fleet-stop.ts";
import { fullVault } from "./world.ts";

test("forty phones in waves of ten all arrive, never more than a wave at once", async () => {
  const fleet = await createFleet(40);
  await fleet.enrol({ wave: 10 });
  const arrived: number[] = [];
  for (let i = 0; i < 6; i++) {
    await round(fleet);
    arrived.push(count(fleet).done ?? 0);
  }
  expect(fleet.phones.every(({ running }) => running === oneStage.to.load)).toBe(true);
  expect(arrived.at(-1)).toBe(40);
});

test.each([1, 5, 49])("R45: a load that kills costs one phone of fifty, in waves of %i", async (wave) => {
  const fleet = await createFleet(50, { poisoned: oneStage.to.load });
  await fleet.enrol({ wave });
  for (let i = 0; i < 12; i++) await round(fleet);
  expect(fleet.phones.filter(({ dead }) => dead)).toHaveLength(1);
  expect(fleet.starts()).toBe(1);
  const report = await statusReport({
    store: fleet.store,
    siteFiles: fleet.siteFiles,
    tracker: fleet.tracker(),
    vault: fullVault(),
    now: () => fleet.now,
  });
  expect(report.filter(({ state }) => state === "stalled")).toHaveLength(1);
  const waiting = report.find(({ state }) => state === "waiting");
  expect(waiting?.waitsFor.join()).toContain("E_STALLED");
});

test("R45: without a size of waves one canary goes first and the others together, and only where it arrives", async () => {
  const fleet = await createFleet(50);
  await fleet.enrol({});
  for (const phone of fleet.phones) await fleet.boot(phone);
  expect(fleet.starts()).toBe(1);
  for (let i = 0; i < 3; i++) await round(fleet);
  expect(count(fleet)).toEqual({ done: 50 });

  const poisoned = await createFleet(50, { poisoned: oneStage.to.load });
  await poisoned.enrol({});
  for (let i = 0; i < 12; i++) await round(poisoned);
  expect(poisoned.phones.filter(({ dead }) => dead)).toHaveLength(1);
  expect(poisoned.starts()).toBe(1);
});

test("R45: a minute of silence of the canary stands in the status", async () => {
  const fleet = await createFleet(3, { poisoned: oneStage.to.load });
  await fleet.enrol({ wave: 2 });
  await round(fleet);
  fleet.now += 1_000;
  const report = await statusReport({
    store: fleet.store,
    siteFiles: fleet.siteFiles,
    tracker: fleet.tracker(),
    vault: fullVault(),
    now: () => fleet.now,
  });
  expect(report[0]?.silentSeconds).toBeGreaterThanOrEqual(60);
});

test("no more phones write at once than the order allows; the others are not told, and go later", async () => {
  const fleet = await createFleet(20);
  await fleet.enrol({ transfers: 4, together: true });
  for (const phone of fleet.phones) await fleet.boot(phone);
  expect(fleet.phones.filter(({ writing }) => writing !== undefined)).toHaveLength(4);
  for (const phone of fleet.phones) await fleet.finish(phone);
  for (const phone of fleet.phones) await fleet.boot(phone);
  expect(fleet.phones.filter(({ writing }) => writing !== undefined)).toHaveLength(4);
  for (let i = 0; i < 6; i++) await round(fleet);
  expect(count(fleet)).toEqual({ done: 20 });
});

test("a phone that was told its lever and did not act keeps its place for two minutes only", async () => {
  const fleet = await createFleet(2, { transfers: 1 });
  await fleet.enrol({ together: true });
  const [first, second] = fleet.phones;
  if (first === undefined || second === undefined) throw new Error("two phones");
  const { tracker } = fleet;
  const of = (phone: typeof first) => tracker().of(phone.mac)?.migration as never;
  expect(tracker().take(of(first), fleet.now)).toEqual({ is: "now" });
  expect(tracker().take(of(second), fleet.now + 1000)).toMatchObject({ is: "later" });
  expect(tracker().take(of(first), fleet.now + 2000)).toEqual({ is: "now" });
  expect(tracker().take(of(second), fleet.now + 121_999)).toMatchObject({ is: "later" });
  expect(tracker().take(of(second), fleet.now + 122_000)).toEqual({ is: "now" });
});

test("a clock that is set back by hours leaves no place taken for hours", async () => {
  const fleet = await createFleet(2, { transfers: 1 });
  await fleet.enrol({ together: true });
  const [first, second] = fleet.phones.map(({ mac }) => fleet.tracker().of(mac)?.migration as never);
  expect(fleet.tracker().take(first as never, fleet.now + 10 * 3_600_000)).toEqual({ is: "now" });
  expect(fleet.tracker().take(second as never, fleet.now)).toEqual({ is: "now" });
});

test("outside its hours no phone begins, and one under way is finished", async () => {
  const fleet = await createFleet(4);
  const open = fleet.now + 60_000;
  await fleet.enrol({ startAt: open, hours: { until: open + 60_000 } });
  const [first, ...rest] = fleet.phones;
  if (first === undefined) throw new Error("no phone");
  await fleet.boot(first);
  expect(fleet.starts()).toBe(0);
  fleet.now = open;
  await fleet.boot(first);
  expect(first.writing).toBe(oneStage.to.load);
  fleet.now = open + 60_000;
  for (const phone of rest) await fleet.boot(phone);
  expect(fleet.starts()).toBe(1);
  expect(await fleet.finish(first)).toBe(true);
  expect(first.running).toBe(oneStage.to.load);
  expect(count(fleet)).toEqual({ done: 1, waiting: 3 });
});

test("a broken file in the vault: not even the canary hears of its stage", async () => {
  const vault = fullVault();
  const fleet = await createFleet(10, { vault });
  await fleet.enrol({ wave: 3 });
  vault.damaged.add("P00305000500.bin");
  for (let i = 0; i < 3; i++) await round(fleet);
  expect(fleet.starts()).toBe(0);
  expect(fleet.phones.every(({ running }) => running === "P00303010102")).toBe(true);
});

test("giving the dead canary up lets the next one go, and only that one", async () => {
  const fleet = await createFleet(10, { poisoned: oneStage.to.load });
  await fleet.enrol({ wave: 1 });
  for (let i = 0; i < 12; i++) await round(fleet);
  const [canary] = fleet.phones;
  if (canary === undefined) throw new Error("no phone");
  await fleet.tracker().advance(canary.mac, { is: "wish", wish: "cancel" }, fleet.now);
  for (let i = 0; i < 12; i++) await round(fleet);
  expect(fleet.starts()).toBe(2);
});

test("R46: after the stop button nobody begins, and whoever is writing flash is served to the end, over a restart", async () => {
  const { milliseconds, newStarts, finished } = await stopButton({ writing: 20, waiting: 20 });
  expect(milliseconds).toBeLessThan(1_000);
  expect({ newStarts, finished }).toEqual({ newStarts: 0, finished: 20 });
});

test("the status of a phone that is held says how it goes on, and of one that was ended where it stands", async () => {
  const fleet = await createFleet(3);
  await fleet.enrol({ phones: fleet.phones.map(({ mac }) => ({ mac, plan: twoStages })), together: true });
  const [held, fresh, half] = fleet.phones;
  if (held === undefined || fresh === undefined || half === undefined) throw new Error("no phones");
  const { migration } = fleet.tracker().of(half.mac) ?? {};
  if (migration === undefined) throw new Error("not enrolled");
  await fleet
    .tracker()
    .holding([half.mac], (enrol) => enrol({ ...migration, progress: { at: "waiting", stage: 2 } }, []));
  const wish = (mac: typeof held.mac, wanted: "pause" | "cancel") =>
    fleet.tracker().advance(mac, { is: "wish", wish: wanted }, fleet.now);
  await wish(held.mac, "pause");
  await wish(fresh.mac, "cancel");
  await wish(half.mac, "cancel");
  const { store, siteFiles } = fleet;
  const report = await statusReport({ store, siteFiles, tracker: fleet.tracker(), vault: fullVault(), now: () => 0 });
  expect(report).toMatchObject([
    { state: "paused", stage: 1, waitsFor: ["It is held: provision resume --mac 00:0e:84:00:00:01"] },
    { state: "cancelled", stage: 1, stages: 2, release: "P00303010102", waitsFor: [] },
    { state: "cancelled", stage: 1, stages: 2, release: "P00305000500", waitsFor: [] },
  ]);
});
