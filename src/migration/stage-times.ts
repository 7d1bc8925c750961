import type { Mac } from "../wire/address.ts";
import type { Migration } from "./migration.ts";
import type { ProgressEvent } from "./progress.ts";

/**
 * How long phones have been where they stand, by a clock that nobody can set: hours by which the date of the machine is
 * moved, either way, are no silence of a phone.
 */
export interface StageTimes {
  /**
   * What there is to say of this phone now. `elapsed` is in milliseconds since some moment and never goes back. What has
   * changed since the phone was last asked about counts from now on: ask every few seconds.
   */
  tick(migration: Migration, elapsed: number): Extract<ProgressEvent, { is: "tick" }>;
}

/**
 * Of the time before the process began the date is all there is, and it is believed: `now`, in milliseconds since the
 * epoch, is compared with the dates of `migrations`. One that lies in the future counts as now.
 */
export function createStageTimes(migrations: readonly Migration[], now: number, elapsed: number): StageTimes {
  const began = new Map<Mac, { readonly since: number; readonly at: number }>();
  for (const { mac, since } of migrations) began.set(mac, { since, at: elapsed - Math.max(0, now - since) });
  return {
    tick({ mac, since }, elapsed) {
      const known = began.get(mac);
      const stage = known?.since === since ? known : { since, at: elapsed };
      began.set(mac, stage);
      return { is: "tick", since, passed: elapsed - stage.at };
    },
  };
}
