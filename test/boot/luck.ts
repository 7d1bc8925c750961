import type { MigrationPlan } from "../../src/migration/migration.ts";
import { type EnrolOrder, enrol } from "../../src/provision/enrol.ts";
import { benchFor } from "../../src/sim/bench.ts";
import type { LogEntry } from "../../src/sim/phone.ts";
import { createRandom } from "../../src/sim/random.ts";
import type { Seat } from "../../src/sim/seat.ts";
import type { Ipv4 } from "../../src/wire/address.ts";
import { type Strike, travel, traveller } from "./journey.ts";
import { plannedPairs } from "./pairs.ts";
import { fullVault, partsOf, plannerOf, SERVER, tickOf, vendorFilesOf, type World } from "./world.ts";

/**
 * Goal R43: migrations with everything that goes wrong in a building. Power fails at instants drawn evenly from the whole
 * way, datagrams are lost, the server is killed, files and inventory are edited, two admins give orders at once, and the
 * DHCP server names another TFTP server, or none, for a while.
 */
export interface Luck {
  readonly migrations: number;
  readonly arrived: number;
  /** Not at the target, alive, and the status says that a person has to look. */
  readonly parked: number;
  /** Dead of a power cut in a write of their own that no phone survives, and no server can help: how many of which. */
  readonly lostToPower: Readonly<Record<string, number>>;
  readonly struck: Readonly<Record<Kind, number>>;
  /** Power cuts by what the phone was doing. */
  readonly cuts: Readonly<Record<"writing" | "fetching" | "else", number>>;
  /** The most often that one phone was given the same image for the same end and kept its power. */
  readonly mostOffers: number;
  /** Stories of what must not be. */
  readonly wrong: readonly string[];
}

type Kind = "cut" | "kill" | "edit" | "admins" | "dhcp";

/** One or two models of each series: the others of a series have the same releases and steps. */
export const models = [
  ...["7960", "7940", "7906", "7911", "7931", "7941", "7961", "7942", "7945", "7970", "7975"],
  ...["7902", "7905", "7912", "ATA186", "6941", "8945"],
  ...["SPIP301", "SPIP430", "SPIP330", "SPIP331", "SPIP650", "SSIP4000", "SSIP6000", "SSIP7000"],
  ...["VVX300", "VVX400", "VVX1500", "VVX411"],
];

const minute = 60_000;

/** When the phones of a journey are enrolled, milliseconds of virtual time. */
export const enrolledAt = 2 * minute;

/** A stage with the technician's minutes: from the first request to the proof, milliseconds. */
export const stageLasts = 4 * minute;

/** Fares migrations `first` to `first + count - 1` of those that `seed` fixes. */
export async function tryLuck(first: number, count: number, seed: number): Promise<Luck> {
  const tally = {
    struck: { cut: 0, kill: 0, edit: 0, admins: 0, dhcp: 0 },
    cuts: { writing: 0, fetching: 0, else: 0 },
    ...{ arrived: 0, parked: 0, mostOffers: 0 },
  };
  const lostToPower: Record<string, number> = {};
  const wrong: string[] = [];
  for (let number = first; number < first + count; number++) {
    const own = pairsOf(models[number % models.length] ?? "");
    const plan = own[Math.floor(createRandom(seed ^ number).next() * own.length)];
    if (plan === undefined) throw new Error("no plan");
    const fared = await fare(plan, number, seed, tally);
    tally.mostOffers = Math.max(tally.mostOffers, fared.offers);
    if (fared.end === "wrong" || fared.offers > 3) wrong.push(fared.story);
    else if (fared.end === "lostToPower") lostToPower[fared.died] = (lostToPower[fared.died] ?? 0) + 1;
    else tally[fared.end] += 1;
  }
  return { migrations: count, ...tally, lostToPower, wrong };
}

const pairs = new Map<string, readonly MigrationPlan[]>();

/** {@link plannedPairs}, planned once. */
export function pairsOf(model: string): readonly MigrationPlan[] {
  const known = pairs.get(model) ?? plannedPairs(model);
  pairs.set(model, known);
  return known;
}

/** The sum of what several processes had. */
export function together(parts: readonly Luck[]): Luck {
  const sum = <K extends string>(records: readonly Readonly<Record<K, number>>[]): Record<K, number> => {
    const keys = new Set(records.flatMap((one) => Object.keys(one)));
    return Object.fromEntries(
      [...keys].map((key) => [key, records.reduce((all, one) => all + (one[key as K] ?? 0), 0)]),
    ) as Record<K, number>;
  };
  const count = (of: (luck: Luck) => number) => parts.reduce((all, one) => all + of(one), 0);
  return {
    migrations: count((luck) => luck.migrations),
    arrived: count((luck) => luck.arrived),
    parked: count((luck) => luck.parked),
    lostToPower: sum(parts.map((luck) => luck.lostToPower)),
    struck: sum(parts.map((luck) => luck.struck)),
    cuts: sum(parts.map((luck) => luck.cuts)),
    mostOffers: Math.max(...parts.map((luck) => luck.mostOffers)),
    wrong: parts.flatMap((luck) => luck.wrong),
  };
}

interface Tally {
  readonly struck: Record<Kind, number>;
  readonly cuts: Record<"writing" | "fetching" | "else", number>;
}

interface Fared {
  readonly end: "arrived" | "parked" | "lostToPower" | "wrong";
  readonly offers: number;
  /** Of what it died; empty while it lives. */
  readonly died: string;
  readonly story: string;
}

async function fare(plan: MigrationPlan, number: number, seed: number, tally: Tally): Promise<Fared> {
  const { next } = createRandom(seed + number * 7919);
  const cutBoots = new Set<number>();
  const siteFiles = vendorFilesOf(plan);
  const vault = fullVault(plan.model);
  const scene = { plan, next, tally, cutBoots, siteFiles, vault, wrongs: [] as string[] };
  const strokes = Array.from({ length: 1 + Math.floor(next() * 4) }, () => strokesOf(scene)).flat();
  let ticked = 0;
  const { phone, world, arrived, story } = await travel({
    plan,
    loss: next() * 0.1,
    // An image of ten blocks then takes as long as one of a thousand on a real network.
    delay: 1 + next() * 250,
    seed: seed + number,
    parts: { siteFiles, vault },
    hours: 3,
    strokes,
    fate: async (now, _act, _phone, at) => {
      await enrolAgain(scene, at);
      if (now - ticked < minute) return;
      ticked = now;
      const migration = at.tracker.of(traveller)?.migration;
      if (migration !== undefined) await at.tracker.advance(traveller, tickOf(migration, now), now);
    },
  });
  const runs = plan.to.protocol === "none" || phone.running === benchFor(plan.model)?.running(plan.to.load);
  const stands = {
    arrived: arrived && runs,
    mood: phone.mood,
    problem: world.tracker.of(traveller)?.migration.problem,
  };
  const died = phone.log.findLast(({ what }) => what === "dies")?.text ?? "";
  return {
    end: scene.wrongs.length > 0 ? "wrong" : endOf(stands, died),
    died,
    offers: offersOf(phone.log, cutBoots),
    story: [
      `${number}: ${plan.model} ${plan.from?.load} > ${plan.to.load}: ${phone.mood} "${phone.screen}"`,
      ...scene.wrongs,
      story,
    ].join("\n"),
  };
}

function endOf(
  stands: { readonly arrived: boolean; readonly mood: Seat["mood"]; readonly problem: unknown },
  died: string,
): Fared["end"] {
  if (stands.arrived) return "arrived";
  if (stands.mood !== "dead") return stands.problem === undefined ? "wrong" : "parked";
  return died.startsWith("power cut") ? "lostToPower" : "wrong";
}

/**
 * How often one image was taken whole for one end: to be written, or to be refused. A boot that lost its power does not
 * count, nor one in which another file of the set could not be had. A list is no image.
 */
function offersOf(log: readonly LogEntry[], cutBoots: ReadonlySet<number>): number {
  const lacking = log.flatMap(({ what, text, boot }) => (what === "gets" && imageIn(text, "not-found") ? [boot] : []));
  const spoilt = new Set([...cutBoots, ...lacking]);
  const times = new Map<string, number>();
  for (const [i, { what, text, boot }] of log.entries()) {
    const file = imageIn(text, "whole");
    if (what !== "gets" || file === undefined || spoilt.has(boot)) continue;
    const end = log.slice(i).find((entry) => entry.what === "writes" || entry.boot !== boot);
    const key = `${file} ${end?.what === "writes" ? end.text : "refused"}`;
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  return Math.max(0, ...times.values());
}

function imageIn(text: string, outcome: "whole" | "not-found"): string | undefined {
  const [file = "", became] = text.split(" ");
  // That a BootROM finds no other is how most boots of a Polycom begin.
  if (became !== outcome || (outcome === "not-found" && file.endsWith("bootrom.ld"))) return undefined;
  return /\.(?:bin|sbn|sb2|zup|sbin|kxz|jar|sgn|zz|ld)$/.test(file) ? file : undefined;
}

interface Scene {
  readonly plan: MigrationPlan;
  readonly next: () => number;
  readonly tally: Tally;
  /** Boots that a power cut ended. */
  readonly cutBoots: Set<number>;
  readonly siteFiles: Map<string, Uint8Array>;
  readonly vault: ReturnType<typeof fullVault>;
  /** What the server did that it must not. */
  readonly wrongs: string[];
}

/** One misfortune with its end: nothing lasts. */
function strokesOf(scene: Scene): readonly Strike[] {
  const { plan, next, tally } = scene;
  const at = enrolledAt + next() * plan.stages.length * stageLasts;
  const lasts = 10_000 + next() * 5 * minute;
  const kinds: Readonly<Record<Kind, () => readonly Strike[]>> = {
    cut: () => powerCut(scene, at, next() < 0.5 ? 0 : next() * minute),
    kill: () => [{ at, falls: (_now, _act, _phone, world) => world.kill(next() < 0.5 ? 0 : next() * minute) }],
    edit: () => edit(scene, at, lasts),
    admins: () => admins(scene, at, lasts),
    dhcp: () => {
      const other = next() < 0.5 ? undefined : ("192.0.2.99" as Ipv4);
      return [leaseNames(at, other), leaseNames(at + lasts, SERVER)];
    },
  };
  const chosen = next();
  const kind = chosen < 0.5 ? "cut" : (["kill", "edit", "admins", "dhcp"] as const)[Math.floor(next() * 4)];
  if (kind === undefined) throw new Error("no misfortune");
  const [first, ...others] = kinds[kind]();
  if (first === undefined) return [];
  const counted: Strike = {
    at,
    falls: (...standing) => {
      tally.struck[kind] += 1;
      return first.falls(...standing);
    },
  };
  return [counted, ...others];
}

function powerCut({ tally, cutBoots }: Scene, at: number, off: number): readonly Strike[] {
  return [
    {
      at,
      falls: (_now, act, phone) => {
        if (phone.mood === "off" || phone.mood === "dead") return;
        const last = phone.log.at(-1)?.what;
        tally.cuts[last === "writes" ? "writing" : last === "asks" ? "fetching" : "else"] += 1;
        cutBoots.add(phone.boot);
        act.powerCut(phone);
      },
    },
    { at: at + off, falls: (_now, act, phone) => act.powerOn(phone) },
  ];
}

function leaseNames(at: number, server: Ipv4 | undefined): Strike {
  return {
    at,
    falls: (_now, _act, _phone, world) => {
      world.leaseNames = server;
    },
  };
}

/** Somebody works on the site's files, on the inventory, or imports firmware again. */
function edit({ plan, next, siteFiles, vault }: Scene, at: number, lasts: number): readonly Strike[] {
  const stage = plan.stages[Math.floor(next() * plan.stages.length)];
  const file = stage?.requires[Math.floor(next() * stage.requires.length)] ?? "";
  const named = new TextEncoder().encode(plan.from?.load ?? "");
  const edits: readonly (readonly Strike[])[] = [
    [
      { at, falls: () => void vault.damaged.add(file) },
      { at: at + lasts, falls: () => void vault.damaged.delete(file) },
    ],
    [
      { at, falls: () => void siteFiles.set("OS79XX.TXT", named) },
      { at: at + lasts, falls: () => void siteFiles.delete("OS79XX.TXT") },
    ],
    [
      {
        at,
        falls: async (_now, _act, _phone, { store }) => {
          const phone = await store.phone(traveller);
          if (phone !== undefined)
            await store.putPhones([{ ...phone, label: "moved", lines: [{ name: "200", password: "other" }] }]);
        },
      },
    ],
  ];
  return edits[Math.floor(next() * edits.length)] ?? [];
}

/** Two people give orders that do not fit together; in the end the phone may go. */
function admins(scene: Scene, at: number, lasts: number): readonly Strike[] {
  const wish = async (world: World, wanted: "go" | "pause" | "cancel") =>
    void (await world.tracker.advance(traveller, { is: "wish", wish: wanted }, world.now()));
  const resumed: Strike = { at: at + lasts, falls: (_now, _act, _phone, world) => wish(world, "go") };
  const quarrels: readonly (() => readonly Strike[])[] = [
    () => [{ at, falls: (_now, _act, _phone, world) => wish(world, "pause") }, resumed],
    () => [
      {
        at,
        falls: async (_now, _act, _phone, world) => void (await Promise.all([wish(world, "pause"), wish(world, "go")])),
      },
      resumed,
    ],
    () => [{ at, falls: (_now, _act, _phone, world) => otherOrder(scene, world) }],
    () => [{ at, falls: (_now, _act, _phone, world) => wish(world, "cancel") }],
  ];
  return quarrels[Math.floor(scene.next() * quarrels.length)]?.() ?? [];
}

/** A second admin wants the phone elsewhere while it is on its way: refused, and nothing changes. */
async function otherOrder({ plan, next, vault, wrongs }: Scene, world: World): Promise<void> {
  const before = world.tracker.of(traveller)?.migration;
  if (before === undefined || before.progress.at === "done" || before.progress.at === "cancelled") return;
  const others = pairsOf(plan.model).filter((other) => other.to.load !== plan.to.load);
  const to = others[Math.floor(next() * others.length)]?.to.load;
  const running = (await world.store.phone(traveller))?.running;
  // Arrived while the inventory was read, it is free to go elsewhere; arrived later, it no longer runs what was planned
  // from, unless the inventory had its arrival before the tracker: then it is free from one moment to the next.
  const arrives = running === plan.to.load || world.tracker.of(traveller)?.migration.progress.at === "done";
  if (to === undefined || arrives) return;
  const planned = plannerOf("strict", plan.model)(running ?? plan.from?.load ?? "", to);
  if (planned.kind !== "plan") return;
  const verdicts = await order(world, { mac: traveller, plan: planned.plan, running }, vault);
  const { is } = verdicts[0] ?? {};
  // Of a phone that has just arrived, a package that somebody has damaged is told first.
  if (is !== "busy" && is !== "firmware-missing")
    wrongs.push(`a second order was answered ${JSON.stringify(verdicts)}`);
  if (world.tracker.of(traveller)?.migration.job !== before.job) wrongs.push("a refused order changed a migration");
}

/** Whoever was cancelled is sent on its way again by the other admin, from where it was left. */
async function enrolAgain({ plan, vault, wrongs }: Scene, world: World): Promise<void> {
  const progress = world.tracker.of(traveller)?.migration.progress;
  if (progress?.at !== "cancelled") return;
  const running = (await world.store.phone(traveller))?.running;
  const planned = plannerOf("strict", plan.model)(running ?? plan.from?.load ?? "", plan.to.load);
  if (planned.kind !== "plan") return;
  const [verdict] = await order(world, { mac: traveller, plan: planned.plan, running }, vault);
  if (verdict?.is === "busy" && verdict.because.includes("since this was planned")) wrongs.push(verdict.because);
}

function order(world: World, going: EnrolOrder["phones"][number], vault: ReturnType<typeof fullVault>) {
  const phones = { phones: [going], job: "again", startAt: 0, acceptOneWay: true };
  return enrol({ ...partsOf(world), vault }, phones, world.now());
}
