import { createLedger } from "../migration/ledger.ts";
import type { HistoryEntry, Migration, Stage } from "../migration/migration.ts";
import { type Moved, type ProgressEvent, step, viewOf } from "../migration/progress.ts";
import { restoreStages } from "../migration/stage.ts";
import { type Turn, turnOf } from "../migration/wave.ts";
import type { Family, View } from "../phones/family.ts";
import type { Store } from "../store/store.ts";
import type { Mac } from "../wire/address.ts";
import type { Knowledge } from "./ports.ts";
import { ProvisionError } from "./refusal.ts";

/** An enrolled phone with everything that its state means. */
export interface Tracked {
  readonly migration: Migration;
  readonly stages: readonly Stage[];
  readonly family: Family;
  /** What it sees now; undefined: what it saw before. */
  readonly view: View | undefined;
}

/** The enrolled phones. Whatever it resolves with is already durable (design.md §6, law 7). */
export interface Tracker {
  of(mac: Mac): Tracked | undefined;
  all(): readonly Tracked[];
  /** Whether the phone's first stage may be published now. */
  turn(migration: Migration, now: number): Turn;
  /** {@link turn}, and keeps a place for the phone when it is its turn: it is about to be told. */
  take(migration: Migration, now: number): Turn;
  /** One step of one phone; steps of the same phone wait for each other. Undefined: not enrolled. */
  advance(mac: Mac, event: ProgressEvent, now: number): Promise<(Moved & { readonly tracked: Tracked }) | undefined>;
  /**
   * Does `work` while no step of these phones is taken, so that what it finds of them still holds when it enrols one.
   * It must not `advance` or hold any of them itself.
   */
  holding<T>(macs: readonly Mac[], work: (enrol: Enrol) => Promise<T>): Promise<T>;
}

/** Puts a phone that is held under a new migration, in place of an ended one. */
export type Enrol = (migration: Migration, history: readonly HistoryEntry[]) => Promise<void>;

/**
 * Takes up every stored migration where it stood. Throws {@link ProvisionError} `E_RELEASE_GONE` when the manifests no
 * longer know a release that an enrolled phone is on its way to.
 */
export async function createTracker(
  store: Store,
  knowledge: Knowledge,
  limits: { readonly transfers?: number } = {},
): Promise<Tracker> {
  const tracked = new Map<Mac, Tracked>();
  const turns = new Map<Mac, Promise<unknown>>();
  const ledger = createLedger();
  const places = createPlaces();
  const track = createTracks(knowledge);
  for (const migration of await store.migrations()) keep(track(migration));

  function keep(after: Tracked): void {
    tracked.set(after.migration.mac, after);
    ledger.put(after.migration);
    if (after.migration.progress.at !== "waiting") places.free(after.migration.mac);
  }

  function turn(migration: Migration, now: number): Turn {
    const reserved = places.taken(migration.mac, now);
    return turnOf(migration, ledger.of(migration.job), now, { ...limits, reserved });
  }

  function inTurn<T>(mac: Mac, work: () => Promise<T>): Promise<T> {
    const turn = (turns.get(mac) ?? Promise.resolve()).then(work, work);
    turns.set(mac, turn);
    const leave = () => turns.get(mac) === turn && turns.delete(mac);
    turn.then(leave, leave);
    return turn;
  }

  /** Resolves when every step begun before is over; no other begins before `release` is called. */
  function hold(mac: Mac): { readonly held: Promise<void>; readonly release: () => void } {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const held = new Promise<void>((resolve) => {
      void inTurn(mac, () => {
        resolve();
        return released;
      });
    });
    return { held, release };
  }

  async function put(migration: Migration, history: readonly HistoryEntry[]): Promise<void> {
    const next = track(migration);
    await store.putMigration(migration, history);
    keep(next);
  }

  return {
    of: (mac) => tracked.get(mac),
    all: () => [...tracked.values()],
    turn,
    take(migration, now) {
      const given = turn(migration, now);
      if (given.is === "now") places.take(migration.mac, now);
      return given;
    },
    advance: (mac, event, now) =>
      inTurn(mac, async () => {
        const before = tracked.get(mac);
        if (before === undefined) return undefined;
        const moved = step(before.migration, event, before.stages, before.family, now);
        if (moved.migration === before.migration) return { ...moved, tracked: before };
        await recordRunning(before, moved.migration, store);
        await store.putMigration(moved.migration, moved.history);
        const after = withView({ ...before, migration: moved.migration });
        keep(after);
        return { ...moved, tracked: after };
      }),
    async holding(macs, work) {
      // Every place in every queue is taken at once: two that hold the same phones cannot wait for each other.
      const holds = [...new Set(macs)].map(hold);
      try {
        await Promise.all(holds.map(({ held }) => held));
        return await work(put);
      } finally {
        for (const { release } of holds) release();
      }
    },
  };
}

/** Before the migration itself: whoever sees that a phone has arrived finds in the inventory what it runs. */
async function recordRunning({ migration, stages }: Tracked, next: Migration, store: Store): Promise<void> {
  const proved = provedLoad(next, stages);
  if (proved === undefined || proved === provedLoad(migration, stages)) return;
  const phone = await store.phone(next.mac);
  if (phone !== undefined && phone.running !== proved) await store.putPhones([{ ...phone, running: proved }]);
}

/** The load that evidence has proved last; undefined: none yet. */
function provedLoad({ progress, target }: Migration, stages: readonly Stage[]): string | undefined {
  if (progress.at === "done") return target;
  if (progress.at === "cancelled") return progress.running;
  return progress.stage > 1 ? stages[progress.stage - 1]?.from?.load : undefined;
}

/** How long, in milliseconds, a phone that was told its lever is expected to ask for its image. */
const expected = 120_000;

/** The phones that were told their levers and have not acted on them, by when they were told. */
function createPlaces() {
  const told = new Map<Mac, number>();
  return {
    take(mac: Mac, now: number): void {
      told.delete(mac);
      told.set(mac, now);
    },
    free: (mac: Mac): void => void told.delete(mac),
    /** By others than this phone. A clock that is set back frees what was taken before. */
    taken(mac: Mac, now: number): number {
      for (const [other, at] of told) {
        if (now >= at && now - at < expected) break;
        told.delete(other);
      }
      return told.size - (told.has(mac) ? 1 : 0);
    },
  };
}

/** Finds what a migration means. Phones that go the same way share its stages, which are made once. */
function createTracks(knowledge: Knowledge): (migration: Migration) => Tracked {
  const ways = new Map<string, readonly Stage[]>();
  return (migration) => {
    const family = knowledge.families.find((f) => f.id === migration.family);
    const graph = knowledge.graph(migration.family);
    if (family === undefined || graph === undefined) throw gone(migration, `family ${migration.family}`);
    const way = JSON.stringify([family.id, migration.stages]);
    const stages = ways.get(way) ?? restoreStages(migration, graph, family);
    if ("unknown" in stages) throw gone(migration, `release ${stages.unknown}`);
    ways.set(way, stages);
    return withView({ migration, stages, family });
  };
}

function gone({ mac }: Migration, what: string): ProvisionError {
  return new ProvisionError(
    "E_RELEASE_GONE",
    `Phone ${mac} is enrolled, but the firmware manifests no longer have ${what}.`,
    `Put ${what} back into firmware-manifests/ (a release can be marked withdrawn), or cancel that phone first.`,
  );
}

function withView(tracked: Omit<Tracked, "view">): Tracked {
  return { ...tracked, view: viewOf(tracked.migration, tracked.stages, tracked.family) };
}
