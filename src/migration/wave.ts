import type { Migration } from "./migration.ts";

/** Whether a phone's first stage may be published now, and if not, why. */
export type Turn = { readonly is: "now" } | { readonly is: "later"; readonly because: string };

/**
 * The turn of a phone within its job: after its hour, and after every earlier wave has arrived without a problem. A
 * phone that has begun is never held back. `job` are the migrations of the same job.
 */
export function turnOf(migration: Migration, job: readonly Migration[], now: number): Turn {
  const { progress } = migration;
  if (progress.at !== "waiting" || progress.stage > 1) return { is: "now" };
  if (now < migration.startAt)
    return { is: "later", because: `begins at ${new Date(migration.startAt).toISOString()}` };
  const earlier = job.filter((m) => m.wave < migration.wave);
  const failed = earlier.find((m) => m.problem !== undefined);
  if (failed !== undefined) {
    return {
      is: "later",
      because: `wave ${failed.wave} has a problem (${failed.mac}: ${failed.problem?.code}); the rest waits`,
    };
  }
  const open = earlier.filter((m) => m.progress.at !== "done" && m.progress.at !== "cancelled");
  if (open.length === 0) return { is: "now" };
  return {
    is: "later",
    because: `wave ${migration.wave} begins when ${open.length} phone(s) of earlier waves have arrived`,
  };
}

/**
 * The wave of each of `count` phones, from 1: one phone first, the canary, then `size` at a time. Without a size all go
 * together.
 */
export function wavesFor(count: number, size: number | undefined): readonly number[] {
  return Array.from({ length: count }, (_, i) =>
    size === undefined ? 1 : i === 0 ? 1 : 2 + Math.floor((i - 1) / size),
  );
}
