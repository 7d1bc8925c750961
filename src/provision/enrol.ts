import type { HistoryEntry, Migration, MigrationPlan } from "../migration/migration.ts";
import { wavesFor } from "../migration/wave.ts";
import type { Store } from "../store/store.ts";
import type { Mac } from "../wire/address.ts";
import { mapInPieces } from "./in-pieces.ts";
import { type Lacking, type LackingParts, lackingFor, lackingWords, lacksNothing } from "./lacking.ts";
import type { Tracker } from "./tracker.ts";

/** One `migrate` command: who goes where, and how. */
export interface EnrolOrder {
  /** In the order in which they go; every plan has at least one stage. */
  readonly phones: readonly {
    readonly mac: Mac;
    readonly plan: MigrationPlan;
    /** What the inventory said that it runs when the plan was made; absent: nothing. */
    readonly running?: string | undefined;
  }[];
  /** Names the job; a fresh one for each command. */
  readonly job: string;
  /** Phones at a time after the canaries; all the others together where undefined. */
  readonly wave?: number;
  /** All in one wave, without a canary. */
  readonly together?: boolean;
  /** Not before this instant; milliseconds since the epoch, 0 for at once. */
  readonly startAt: number;
  readonly acceptOneWay: boolean;
  /** See {@link Migration}. */
  readonly hours?: Pick<Migration, "until" | "everyDay">;
  readonly stopAfter?: number;
  readonly transfers?: number;
  readonly restart?: boolean;
}

/** What would become, or became, of one phone of an order. */
export type Verdict = { readonly mac: Mac } & (
  | { readonly is: "ready"; readonly wave: number }
  /** On its way to the same load already: nothing to do. */
  | { readonly is: "on-its-way" }
  | { readonly is: "busy"; readonly because: string }
  | { readonly is: "one-way"; readonly load: string }
  | { readonly is: "firmware-missing"; readonly because: string }
);

/**
 * Looks at an order and changes nothing: every file of every stage must be there, and a step without a
 * way back needs the admin's word (design.md §6, laws 2 and 5). `agreed` are phones whose rule has it.
 */
export async function judge(
  parts: LackingParts & { readonly tracker: Tracker },
  order: EnrolOrder,
  agreed: ReadonlySet<Mac> = new Set(),
): Promise<readonly Verdict[]> {
  return verdictsOn(parts.tracker, order, await filesFor(parts, order), agreed);
}

/** What each plan of an order lacks. */
type LackingOf = ReadonlyMap<MigrationPlan, Lacking>;

/** Looks at each plan and at each package once, however many phones need it. */
async function filesFor(parts: LackingParts, order: EnrolOrder): Promise<LackingOf> {
  const packages = new Map<string, Lacking>();
  const plans = new Map<MigrationPlan, Lacking>();
  for (const { plan } of order.phones) {
    if (plans.has(plan)) continue;
    const vault = new Set<string>();
    const site = new Set<string>();
    for (const stage of plan.stages) {
      const key = `${plan.family} ${stage.release.load} ${stage.requires.join(" ")}`;
      const lacking = packages.get(key) ?? (await lackingFor(parts, plan.family, stage));
      packages.set(key, lacking);
      for (const file of lacking.vault) vault.add(file);
      for (const file of lacking.site) site.add(file);
    }
    plans.set(plan, { vault: [...vault], site: [...site] });
  }
  return plans;
}

async function verdictsOn(
  tracker: Tracker,
  order: EnrolOrder,
  lackingOf: LackingOf,
  agreed: ReadonlySet<Mac>,
): Promise<readonly Verdict[]> {
  const verdicts = await mapInPieces(order.phones, async ({ mac, plan }): Promise<Verdict> => {
    const present = tracker.of(mac)?.migration;
    const active = present !== undefined && present.progress.at !== "done" && present.progress.at !== "cancelled";
    if (active && present.target === plan.to.load) return { mac, is: "on-its-way" };
    if (active) return { mac, is: "busy", because: `it is on its way to ${present.target}; cancel that first` };
    const lacking = lackingOf.get(plan) as Lacking;
    if (!lacksNothing(lacking)) return { mac, is: "firmware-missing", because: lackingWords(lacking) };
    const final = plan.stages.find((stage) => stage.oneWay);
    if (final !== undefined && !order.acceptOneWay && !agreed.has(mac))
      return { mac, is: "one-way", load: final.release.load };
    return { mac, is: "ready", wave: 1 };
  });
  return inWaves(order, verdicts);
}

/** Waves of the phones that go: one that is left out must not be the canary of the others. */
function inWaves(order: EnrolOrder, verdicts: readonly Verdict[]): readonly Verdict[] {
  if (order.together === true) return verdicts;
  const steps = new Map<MigrationPlan, readonly string[]>();
  for (const { plan } of order.phones) if (!steps.has(plan)) steps.set(plan, stepsOf(plan));
  const ways = order.phones.flatMap(({ plan }, i) => (verdicts[i]?.is === "ready" ? [steps.get(plan) ?? []] : []));
  const waves = wavesFor(ways, order.wave)[Symbol.iterator]();
  return verdicts.map((verdict) => (verdict.is === "ready" ? { ...verdict, wave: waves.next().value ?? 1 } : verdict));
}

function stepsOf({ model, stages }: MigrationPlan): readonly string[] {
  return stages.map(({ from, release, lever }) => `${model} ${from?.load} ${lever} ${release.load}`);
}

/**
 * Enrols every phone that is ready, or none where any is not: an order is done whole or not at all. Phones already on
 * their way are passed over, so that the same order can be given again. A phone that has arrived somewhere since its
 * plan was made is `busy`: what the plan offers first is for another load. `now` is milliseconds since the epoch.
 */
export async function enrol(
  parts: LackingParts & { readonly tracker: Tracker; readonly store: Pick<Store, "phone"> },
  order: EnrolOrder,
  now: number,
  agreed: ReadonlySet<Mac> = new Set(),
): Promise<readonly Verdict[]> {
  const lacking = await filesFor(parts, order);
  const macs = order.phones.map(({ mac }) => mac);
  return parts.tracker.holding(macs, async (enrolOne) => {
    const judged = await verdictsOn(parts.tracker, order, lacking, agreed);
    const verdicts = await mapInPieces(judged, (verdict, i) => stillThere(parts.store, order.phones[i], verdict));
    if (verdicts.some((v) => v.is !== "ready" && v.is !== "on-its-way")) return verdicts;
    const going = order.phones.flatMap(({ mac, plan }, i) => {
      const verdict = verdicts[i];
      return verdict?.is === "ready" ? [{ mac, plan, wave: verdict.wave }] : [];
    });
    // The canaries first: while they are not known, a phone of a later wave would find nobody to wait for.
    going.sort((a, b) => a.wave - b.wave);
    await mapInPieces(going, ({ mac, plan, wave }) =>
      enrolOne(migrationOf(mac, plan, order, wave, now), [enrolledLine(mac, plan, now)]),
    );
    return verdicts;
  });
}

async function stillThere(
  store: Pick<Store, "phone">,
  going: EnrolOrder["phones"][number] | undefined,
  verdict: Verdict,
): Promise<Verdict> {
  if (verdict.is !== "ready" || going === undefined) return verdict;
  const running = (await store.phone(verdict.mac))?.running;
  if (running === going.running) return verdict;
  return {
    mac: verdict.mac,
    is: "busy",
    because: `it runs ${running ?? "an unknown load"} since this was planned; give the order again`,
  };
}

/** The migration of a phone that is about to begin. */
export function migrationOf(mac: Mac, plan: MigrationPlan, order: EnrolOrder, wave: number, now: number): Migration {
  return {
    mac,
    model: plan.model,
    family: plan.family,
    target: plan.to.load,
    stages: plan.stages.map((s) => ({ from: s.from?.load, to: s.release.load, lever: s.lever })),
    progress: { at: "waiting", stage: 1 },
    wish: "go",
    job: order.job,
    wave,
    startAt: order.startAt,
    ...order.hours,
    ...(order.stopAfter === undefined ? {} : { stopAfter: order.stopAfter }),
    ...(order.transfers === undefined ? {} : { transfers: order.transfers }),
    ...(order.restart === true ? { restart: true } : {}),
    enrolledAt: now,
    since: now,
  };
}

/** The history line that a migration begins with. */
export function enrolledLine(mac: Mac, plan: MigrationPlan, now: number): HistoryEntry {
  const way = plan.stages.map((s) => s.release.load).join(" > ");
  return { at: now, mac, event: "migration.enrolled", detail: `${plan.from?.load ?? "unknown"} > ${way}` };
}
