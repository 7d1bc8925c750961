import { expect, test } from "vitest";
import { type EnrolOrder, enrol } from "../../src/provision/enrol.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { createFleet, type Fleet, oneStage, round, twoStages } from "../boot/fleet.ts";
import { fullVault, plannerOf } from "../boot/world.ts";

const vault = fullVault();

function order(fleet: Fleet, plan: EnrolOrder["phones"][number]["plan"], running?: string) {
  const phones = fleet.phones.map(({ mac }) => ({ mac, plan, running }));
  const parts = { tracker: fleet.tracker(), store: fleet.store, vault };
  return enrol(parts, { phones, job: plan.to.load, startAt: 0, acceptOneWay: true }, fleet.now);
}

const onward = plannerOf()("P00305000500", "P00308000900");

test("of two orders at the same moment one is carried out, whole, and the other is not, at all", async () => {
  const fleet = await createFleet(20);
  const verdicts = await Promise.all([order(fleet, oneStage), order(fleet, twoStages)]);
  const ready = verdicts.filter((phones) => phones.every(({ is }) => is === "ready"));
  const busy = verdicts.filter((phones) => phones.every(({ is }) => is === "busy"));
  expect([ready.length, busy.length]).toEqual([1, 1]);
  expect(
    new Set(
      fleet
        .tracker()
        .all()
        .map(({ migration }) => migration.job),
    ).size,
  ).toBe(1);
});

test("an order planned before a phone arrived is not carried out after it has: its first step is for another load", async () => {
  const fleet = await createFleet(1);
  expect(await order(fleet, oneStage)).toMatchObject([{ is: "ready" }]);
  for (let i = 0; i < 3; i++) await round(fleet);
  expect(fleet.tracker().all()[0]?.migration.progress).toEqual({ at: "done" });
  expect(await order(fleet, twoStages)).toMatchObject([
    { is: "busy", because: expect.stringContaining("P00305000500") },
  ]);
  expect(fleet.tracker().all()[0]?.migration.progress).toEqual({ at: "done" });
  if (onward.kind !== "plan") throw new Error(onward.kind);
  expect(await order(fleet, onward.plan, "P00305000500")).toMatchObject([{ is: "ready" }]);
});

test("the inventory knows what an arrived phone runs before anybody can see that it has arrived", async () => {
  const store = createMemoryStore();
  const known: (string | undefined)[] = [];
  const fleet = await createFleet(1, {
    store: {
      ...store,
      async putMigration(migration, history) {
        if (migration.progress.at === "done") known.push((await store.phone(migration.mac))?.running);
        await store.putMigration(migration, history);
      },
    },
  });
  await order(fleet, oneStage);
  for (let i = 0; i < 3; i++) await round(fleet);
  expect(known).toEqual(["P00305000500"]);
});

test("a phone that begins under one order is not taken by another that was looked at before", async () => {
  const store = createMemoryStore();
  const waits: (() => void)[] = [];
  let slow = true;
  const fleet = await createFleet(1, {
    store: {
      ...store,
      async putMigration(migration, history) {
        if (slow) await new Promise<void>((resolve) => waits.push(resolve));
        await store.putMigration(migration, history);
      },
    },
  });
  const [phone] = fleet.phones;
  if (phone === undefined) throw new Error("no phone");
  const first = order(fleet, oneStage);
  const second = order(fleet, twoStages);
  await expect.poll(() => waits.length).toBe(1);
  slow = false;
  waits[0]?.();
  expect(await first).toMatchObject([{ is: "ready" }]);
  expect(await second).toMatchObject([{ is: "busy" }]);
  await fleet.boot(phone);
  expect(fleet.tracker().of(phone.mac)?.migration).toMatchObject({ job: "P00305000500", progress: { at: "loading" } });
});
