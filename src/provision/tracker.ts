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
  /** Puts a phone under a new migration, in place of an ended one. */
  enrol(migration: Migration, history: readonly HistoryEntry[]): Promise<void>;
}

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
  for (const migration of await store.migrations()) keep(track(migration, knowledge));

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
        await store.putMigration(moved.migration, moved.history);
        const after = withView({ ...before, migration: moved.migration });
        keep(after);
        return { ...moved, tracked: after };
      }),
    enrol: (migration, history) =>
      inTurn(migration.mac, async () => {
        const next = track(migration, knowledge);
        await store.putMigration(migration, history);
        keep(next);
      }),
  };
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
    /** By others than this phone. */
    taken(mac: Mac, now: number): number {
      for (const [other, at] of told) {
        if (now - at < expected) break;
        told.delete(other);
      }
      return told.size - (told.has(mac) ? 1 : 0);
    },
  };
}

function track(migration: Migration, knowledge: Knowledge): Tracked {
  const family = knowledge.families.find((f) => f.id === migration.family);
  const graph = knowledge.graph(migration.family);
  const stages = family && graph && restoreStages(migration, graph, family);
  if (family === undefined || stages === undefined || "unknown" in stages) {
    const gone =
      stages === undefined ? `family ${migration.family}` : `release ${(stages as { unknown: string }).unknown}`;
    throw new ProvisionError(
      "E_RELEASE_GONE",
      `Phone ${migration.mac} is enrolled, but the firmware manifests no longer have ${gone}.`,
      `Put ${gone} back into firmware-manifests/ (a release can be marked withdrawn), or cancel that phone first.`,
    );
  }
  return withView({ migration, stages, family });
}

function withView(tracked: Omit<Tracked, "view">): Tracked {
  return { ...tracked, view: viewOf(tracked.migration, tracked.stages, tracked.family) };
}
