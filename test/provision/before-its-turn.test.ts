import { expect, test } from "vitest";
import type { Migration, MigrationPlan } from "../../src/migration/migration.ts";
import { migrationOf } from "../../src/provision/enrol.ts";
import type { BootFile } from "../../src/provision/ports.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { createWorld, fullVault, plannerOf, type World } from "../boot/world.ts";

/** A Polycom looks at its image at every boot, under one name in every release: that is no sign that it was told. */
const mac = "0004f2abcdef" as Mac;
const canary = "0004f2abcd00" as Mac;
const image = "2345-12600-001.sip.ld";
const now = 1_000_000;

const vault = fullVault("SPIP650");
const plan = planned("SPIP650.4.0.11", "SPIP650.4.0.15.1009");
const throughBootRom = planned("SPIP650.3.2.7.0198", "SPIP650.4.0.15.1009");

function planned(from: string, to: string): MigrationPlan {
  const found = plannerOf("strict", "SPIP650")(from, to);
  if (found.kind !== "plan") throw new Error(found.kind);
  return found.plan;
}

async function enrolled(way: MigrationPlan, running: string, change: Partial<Migration>): Promise<World> {
  const world = await createWorld({ vault });
  await world.store.putPhones(
    [mac, canary].map((each) => ({ mac: each, model: "SPIP650", running, lines: [{ name: "1" }], settings: {} })),
  );
  const order = { phones: [], job: "job", startAt: 0, acceptOneWay: true };
  await world.tracker.holding([mac, canary], async (enrol) => {
    await enrol(migrationOf(canary, way, order, 1, now), []);
    await enrol({ ...migrationOf(mac, way, order, 1, now), ...change }, []);
  });
  return world;
}

const ask = (world: World, filename: string) =>
  world.desk.answer({ by: "tftp", filename, ip: "192.0.2.77" as Ipv4, at: now });

/** The load whose octets were given; undefined: none. */
async function loadOf(file: BootFile): Promise<string | undefined> {
  if (file.is !== "image") return undefined;
  for (const load of ["SPIP650.4.0.11", "SPIP650.4.0.15.1009"]) {
    const own = await vault.image("polycom", load, image);
    if (own?.key === file.image.key) return load;
  }
  return "another";
}

async function boots(world: World): Promise<BootFile> {
  await ask(world, `${mac}.cfg`);
  return ask(world, image);
}

const stillWaiting = (stage: number) => ({ progress: { at: "waiting", stage } });

test.each<[string, Partial<Migration>]>([
  ["an earlier wave is open", { wave: 2 }],
  ["its hours have not begun", { startAt: now + 1 }],
  ["its hours are over", { until: now }],
  ["it is paused", { wish: "pause" }],
  ["as many phones as may be are under way", { transfers: 0 }],
])(
  "a Polycom that starts while %s gets the image that it runs, at every start, and has not begun",
  async (_, change) => {
    const world = await enrolled(plan, "SPIP650.4.0.11", change);
    for (let start = 0; start < 6; start++) expect(await loadOf(await boots(world))).toBe("SPIP650.4.0.11");
    const migration = world.tracker.of(mac)?.migration;
    expect(migration).toMatchObject(stillWaiting(1));
    expect(migration?.problem).toBeUndefined();
  },
);

test("a Polycom whose stage is not whole in the vault gets the image that it runs", async () => {
  const world = await enrolled(plan, "SPIP650.4.0.11", {});
  vault.damaged.add(image);
  // The vault of the test holds every release's file under one name: all of them are damaged together.
  expect(await loadOf(await boots(world))).toBeUndefined();
  vault.damaged.clear();
  expect(world.tracker.of(mac)?.migration).toMatchObject(stillWaiting(1));
});

test("a Polycom that is paused between two stages is not given the next one's image, and has not begun it", async () => {
  const between = { progress: { at: "waiting", stage: 2 }, wish: "pause" } as const;
  const world = await enrolled(throughBootRom, "SPIP650.bootrom-4.4.0B", between);
  for (let start = 0; start < 6; start++) expect(await loadOf(await boots(world))).toBeUndefined();
  expect(world.tracker.of(mac)?.migration).toMatchObject(stillWaiting(2));
  await world.tracker.advance(mac, { is: "wish", wish: "go" }, now);
  expect(await loadOf(await boots(world))).toBe("SPIP650.4.0.15.1009");
  expect(world.tracker.of(mac)?.migration.progress).toMatchObject({ at: "loading", stage: 2 });
});

test("a Polycom whose turn it is gets the next image, and has begun", async () => {
  const world = await enrolled(plan, "SPIP650.4.0.11", {});
  expect(await loadOf(await boots(world))).toBe("SPIP650.4.0.15.1009");
  expect(world.tracker.of(mac)?.migration.progress).toMatchObject({ at: "loading", stage: 1 });
});
