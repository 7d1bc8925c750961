import { expect, test } from "vitest";
import { type EnrolOrder, enrol } from "../../src/provision/enrol.ts";
import { statusReport } from "../../src/provision/status.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { createFleet, type Fleet, oneStage, round, twoStages } from "../boot/fleet.ts";
import { createWorld, fullVault, partsOf, plannerOf, vendorFilesOf } from "../boot/world.ts";

const vault = fullVault();

function order(fleet: Fleet, plan: EnrolOrder["phones"][number]["plan"], running?: string) {
  const phones = fleet.phones.map(({ mac }) => ({ mac, plan, running }));
  const parts = { tracker: fleet.tracker(), store: fleet.store, siteFiles: fleet.siteFiles, vault };
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

test("a Polycom goes to a release before SIP 3.3 only where the vendor's own files of that release lie in the site's folder", async () => {
  const mac = "0004f2abcdef" as Mac;
  const old = plannerOf("strict", "SPIP301")("SPIP301.bootrom-4.1.4.0122", "SPIP301.3.1.8.0070");
  if (old.kind !== "plan") throw new Error(old.kind);
  const { plan } = old;
  const files = vendorFilesOf(plan);
  expect([...files.keys()]).toEqual(["phone1_318.cfg", "sip_318.cfg"]);
  const world = await createWorld({ vault: fullVault("SPIP301"), siteFiles: files });
  const parts = { ...partsOf(world), vault: fullVault("SPIP301") };
  const going = { phones: [{ mac, plan }], job: "old", startAt: 0, acceptOneWay: true };
  await world.store.putPhones([{ mac, model: "SPIP301", lines: [], settings: {} }]);

  files.delete("sip_318.cfg");
  const because = "the site's folder lacks sip_318.cfg";
  expect(await enrol(parts, going, 0)).toEqual([{ mac, is: "firmware-missing", because }]);
  expect(world.tracker.of(mac)).toBeUndefined();

  files.set("sip_318.cfg", new Uint8Array(1));
  expect(await enrol(parts, going, 0)).toMatchObject([{ is: "ready" }]);
  files.delete("phone1_318.cfg");
  const ask = (filename: string) => world.desk.answer({ by: "tftp", filename, ip: "192.0.2.77" as Ipv4, at: 0 });
  // Taken away afterwards: the stage waits, and the status says for what.
  expect(await ask("0004f2abcdef.cfg")).toMatchObject({ is: "refused" });
  expect(world.notes.at(-1)).toMatchObject({ event: "firmware.missing" });
  expect((await statusReport(parts))[0]?.problem).toMatchObject({
    code: "E_FIRMWARE_MISSING",
    message: "Stage 1 is not offered: the site's folder lacks phone1_318.cfg.",
    remedy: expect.stringContaining("TFTP folder"),
  });
  files.set("phone1_318.cfg", new Uint8Array(1));
  expect(await ask("0004f2abcdef.cfg")).toMatchObject({ is: "rendered" });
  expect((await statusReport(parts))[0]?.problem).toBeUndefined();
});

test("the canary is known before any phone of a later wave, wherever in the order it stands", async () => {
  const store = createMemoryStore();
  const waves: number[] = [];
  const fleet = await createFleet(250, {
    store: {
      ...store,
      async putMigration(migration, history) {
        waves.push(migration.wave);
        await store.putMigration(migration, history);
      },
    },
  });
  const phones = fleet.phones.map(({ mac }, i) => ({
    mac,
    plan: i === 249 ? twoStages : oneStage,
    running: undefined,
  }));
  const parts = { tracker: fleet.tracker(), store: fleet.store, siteFiles: fleet.siteFiles, vault };
  const verdicts = await enrol(parts, { phones, job: "j", startAt: 0, acceptOneWay: true }, fleet.now);
  expect(verdicts.at(-1)).toMatchObject({ is: "ready", wave: 1 });
  expect(waves[0]).toBe(1);
  expect(waves).toEqual([...waves].sort((a, b) => a - b));
  expect(new Set(waves).size).toBeGreaterThan(1);
});
