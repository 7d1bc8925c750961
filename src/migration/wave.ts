import type { Standing } from "./ledger.ts";
import type { Migration } from "./migration.ts";

/** Whether a phone may be told its lever now, and if not, why. */
export type Turn = { readonly is: "now" } | { readonly is: "later"; readonly because: string };

/** How many phones may be told their levers at once. `reserved` were told, and have not asked for an image yet. */
export interface Room {
  /** Of every job together; absent: as many as there are. */
  readonly transfers?: number;
  readonly reserved: number;
}

const open: Room = { reserved: 0 };

/**
 * The turn of a phone within its job: inside its hours, while no more phones of the job than allowed have come to a
 * stop, after every earlier wave, and where fewer phones are under way than may be. A phone that has begun is never
 * held back. `now` is milliseconds since the epoch.
 */
export function turnOf(migration: Migration, standing: Standing, now: number, room = open): Turn {
  const { progress, wave, stopAfter = 1, transfers } = migration;
  if (progress.at !== "waiting" || progress.stage > 1) return { is: "now" };
  const closed = outOfHours(migration, now);
  if (closed !== undefined) return { is: "later", because: closed };
  const { problems } = standing;
  const [first] = problems;
  if (first !== undefined && problems.length >= stopAfter) {
    const count = problems.length === 1 ? "a phone has" : `${problems.length} phones have`;
    return { is: "later", because: `${count} a problem (${first.mac}: ${first.code}); the rest of the job waits` };
  }
  const before = standing.openBefore(wave);
  if (before > 0) {
    return {
      is: "later",
      because: `wave ${wave} begins when ${before} phone(s) of earlier waves have arrived`,
    };
  }
  const full = (most: number | undefined, busy: number) => most !== undefined && busy + room.reserved >= most;
  if (full(transfers, standing.underWay) || full(room.transfers, standing.underWayInAll))
    return { is: "later", because: "as many phones as may be are under way" };
  return { is: "now" };
}

const day = 86_400_000;

function outOfHours({ startAt, until, everyDay }: Migration, now: number): string | undefined {
  if (now < startAt) return `begins at ${new Date(startAt).toISOString()}`;
  if (until === undefined || now < until) return undefined;
  if (everyDay !== true) return `its hours were over at ${new Date(until).toISOString()}: give the order again`;
  const since = (now - startAt) % day;
  return since < until - startAt ? undefined : `begins again at ${new Date(now - since + day).toISOString()}`;
}

/**
 * The wave of each phone, from 1. `ways` names the steps of each phone's way, by model, start and end. Whoever takes a
 * step that no canary takes goes alone, one after the other, as the canary of that step, those with the longest ways
 * first; then all others, `size` at a time, or all together without a size.
 */
export function wavesFor(ways: readonly (readonly string[])[], size: number | undefined): readonly number[] {
  const tried = new Set<string>();
  const canaries = new Map<number, number>();
  const longestFirst = [...ways.entries()].sort(([, a], [, b]) => b.length - a.length);
  for (const [i, way] of longestFirst) {
    if (way.every((step) => tried.has(step))) continue;
    canaries.set(i, canaries.size + 1);
    for (const step of way) tried.add(step);
  }
  let others = 0;
  return ways.map((_, i) => canaries.get(i) ?? canaries.size + 1 + Math.floor(others++ / (size ?? ways.length)));
}
