import type { Migration, MigrationPlan } from "../../src/migration/migration.ts";
import { enrol } from "../../src/provision/enrol.ts";
import type { Vault } from "../../src/provision/ports.ts";
import { benchFor } from "../../src/sim/bench.ts";
import { createLink } from "../../src/sim/link.ts";
import { run } from "../../src/sim/run.ts";
import type { Seat } from "../../src/sim/seat.ts";
import type { Mac } from "../../src/wire/address.ts";
import { pairsOf } from "./luck.ts";
import { createWorld, fullVault, imageOf, partsOf, tickOf, vendorFilesOf } from "./world.ts";

/** A building full of phones of mixed models, moved in one job by a technician who does what the status says. */
export interface Building {
  readonly phones: number;
  readonly steps: number;
  readonly arrived: number;
  /** Phones that have begun. */
  readonly touched: number;
  /** Phones that run what they ran before. */
  readonly asBefore: number;
  readonly dead: number;
  /** Codes of the problems that the status shows. */
  readonly problems: readonly string[];
  /** The most phones of the job that were under way at once. */
  readonly most: number;
  readonly minutes: number;
}

const models = ["7960", "7940", "7911", "7961", "7975", "7912", "SPIP430", "SPIP650", "SSIP6000", "VVX400"];

const minute = 60_000;

interface Order {
  readonly phones: number;
  readonly wave: number;
  readonly loss: number;
  readonly seed: number;
  /** The model whose images are handed out with one octet changed, though the vault swears that they are whole. */
  readonly broken?: string;
  /** Hours of virtual time. */
  readonly hours: number;
}

export async function moveBuilding({ phones: count, wave, loss, seed, broken, hours }: Order): Promise<Building> {
  const plans = models.map((model, i): MigrationPlan => {
    const longest = [...pairsOf(model)].sort((a, b) => b.stages.length - a.stages.length);
    // Ways of a few stages, and not the same for each model.
    const plan = longest.filter(({ stages }) => stages.every(({ lever }) => lever !== "bootrom"))[i];
    return plan ?? longest[0] ?? none(model);
  });
  const desks = Array.from({ length: count }, (_, i) => {
    const plan = plans[i % plans.length] ?? none("");
    const mac = `000e84${(0xc00000 + i).toString(16)}` as Mac;
    const phone = benchFor(plan.model)?.seat(mac, plan.from?.load ?? "", seed + i);
    return phone ?? none(plan.model);
  });
  const planOf = new Map(desks.map(({ mac }, i) => [mac, plans[i % plans.length] ?? none("")]));
  const vault = vaultFor(plans, broken);
  const siteFiles = new Map(plans.flatMap((plan) => [...vendorFilesOf(plan)]));
  const world = await createWorld({ vault, siteFiles, addresses: count });
  const line = { name: "100", password: "secret" };
  await world.store.putPhones(
    [...planOf].map(([mac, { model, from }]) => {
      const phone = { mac, model, lines: [line], settings: {} };
      return from === undefined ? phone : { ...phone, running: from.load };
    }),
  );
  const before = new Map(desks.map((phone) => [phone, phone.running]));
  const going = [...planOf].map(([mac, plan]) => ({ mac, plan, running: plan.from?.load }));
  const order = { phones: going, job: "building", startAt: 0, acceptOneWay: true, wave };
  for (const verdict of await enrol({ ...partsOf(world), vault }, order, 0))
    if (verdict.is !== "ready") throw new Error(JSON.stringify(verdict));

  const restedSince = new Map<Seat, number>();
  let most = 0;
  const ran = await run({
    seats: desks,
    server: world,
    link: createLink({ loss, duplication: loss / 2, delay: 1, jitter: 20 }, seed),
    until: hours * 60 * minute,
    every: 10_000,
    operator: async (now, act) => {
      // In one breath: while the loop below waits, one phone arrives and another begins.
      const open = world.tracker.all().filter(({ migration }) => migration.progress.at !== "done");
      most = Math.max(most, open.filter(({ migration }) => migration.progress.at !== "waiting").length);
      for (const phone of desks) {
        const migration = world.tracker.of(phone.mac)?.migration;
        if (migration === undefined || migration.progress.at === "done") continue;
        await world.tracker.advance(phone.mac, tickOf(migration, now), now);
        const due = world.tracker.turn(migration, now).is === "now" && phone.mood !== "busy" && phone.mood !== "dead";
        if (!due) restedSince.delete(phone);
        else if (now - (restedSince.get(phone) ?? restedSince.set(phone, now).get(phone) ?? now) >= minute) {
          restedSince.delete(phone);
          act.powerCycle(phone);
        }
      }
      return open.length === 0;
    },
  });
  const tracked = desks.map(({ mac }) => world.tracker.of(mac)?.migration);
  return {
    phones: count,
    steps: new Set(plans.flatMap((p) => p.stages.map((s) => `${p.model} ${s.from?.load} ${s.release.load}`))).size,
    arrived: desks.filter(({ mac, running }, i) => {
      const plan = planOf.get(mac) ?? none("");
      return tracked[i]?.progress.at === "done" && running === benchFor(plan.model)?.running(plan.to.load);
    }).length,
    touched: tracked.filter((migration) => migration !== undefined && hasBegun(migration)).length,
    asBefore: desks.filter((phone) => phone.running === before.get(phone)).length,
    dead: desks.filter(({ mood }) => mood === "dead").length,
    problems: tracked.flatMap((migration) => migration?.problem?.code ?? []),
    most,
    minutes: Math.round(ran.now / minute),
  };
}

function hasBegun({ progress }: Migration): boolean {
  return progress.at !== "waiting" || progress.stage > 1;
}

function vaultFor(plans: readonly MigrationPlan[], broken: string | undefined): Vault {
  const modelOf = new Map(plans.flatMap(({ model, stages }) => stages.map(({ release }) => [release.load, model])));
  const vaults = new Map(plans.map(({ model }) => [model, fullVault(model)]));
  const of = (load: string) => vaults.get(modelOf.get(load) ?? "");
  return {
    async image(family, load, file) {
      const image = await of(load)?.image(family, load, file);
      if (image === undefined || modelOf.get(load) !== broken || file.endsWith(".loads")) return image;
      const octets = await image.read(0, image.size);
      const at = octets.length - 700;
      return imageOf(file, octets.with(at, (octets[at] ?? 0) ^ 1));
    },
    missing: async (family, load, files) => (await of(load)?.missing(family, load, files)) ?? files,
  };
}

function none(model: string): never {
  throw new Error(`nothing to do for a ${model}`);
}
