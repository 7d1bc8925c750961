import type { Mac } from "../wire/address.ts";
import type { Migration } from "./migration.ts";

/** What a phone's turn depends on beside itself: how the others of its job, and all phones together, stand. */
export interface Standing {
  /** Phones of earlier waves that have neither arrived nor come to a stop. */
  openBefore(wave: number): number;
  /** Phones of the job that came to a stop and that the admin has not given up. */
  readonly problems: readonly { readonly mac: Mac; readonly code: string }[];
  /** Phones of the job that have begun, are not at their end and have no problem. */
  readonly underWay: number;
  /** The same of every job. */
  readonly underWayInAll: number;
}

/** The standing of every job, kept up phone by phone: a boot storm asks for it thousands of times a second. */
export interface Ledger {
  /** Replaces what was known of this phone. */
  put(migration: Migration): void;
  of(job: string): Standing;
}

/** Whether a phone has begun and is still on its way. */
export function isUnderWay({ progress, problem }: Migration): boolean {
  if (progress.at === "done" || progress.at === "cancelled" || problem !== undefined) return false;
  return progress.at !== "waiting" || progress.stage > 1;
}

/** Giving a phone up (`cancel`) is the admin's word that the rest need not wait for it. */
function isStopped({ problem, wish }: Migration): boolean {
  return problem !== undefined && wish !== "cancel";
}

function isOpen({ progress, problem, wish }: Migration): boolean {
  return progress.at !== "done" && progress.at !== "cancelled" && problem === undefined && wish !== "cancel";
}

interface Job {
  readonly openIn: Map<number, number>;
  readonly problems: Map<Mac, string>;
  underWay: number;
}

/** A ledger that knows of no phone yet. */
export function createLedger(): Ledger {
  const phones = new Map<Mac, Migration>();
  const jobs = new Map<string, Job>();
  let inAll = 0;

  function jobOf(name: string): Job {
    const known = jobs.get(name) ?? { openIn: new Map(), problems: new Map(), underWay: 0 };
    jobs.set(name, known);
    return known;
  }

  function count(migration: Migration, by: 1 | -1): void {
    const job = jobOf(migration.job);
    if (isOpen(migration)) {
      const open = (job.openIn.get(migration.wave) ?? 0) + by;
      if (open === 0) job.openIn.delete(migration.wave);
      else job.openIn.set(migration.wave, open);
    }
    if (isUnderWay(migration)) {
      job.underWay += by;
      inAll += by;
    }
    if (isStopped(migration)) {
      if (by === 1) job.problems.set(migration.mac, migration.problem?.code ?? "");
      else job.problems.delete(migration.mac);
    }
  }

  return {
    put(migration) {
      const before = phones.get(migration.mac);
      if (before !== undefined) count(before, -1);
      phones.set(migration.mac, migration);
      count(migration, 1);
    },
    of(name) {
      const job = jobOf(name);
      return {
        openBefore(wave) {
          let open = 0;
          for (const [number, phonesIn] of job.openIn) if (number < wave) open += phonesIn;
          return open;
        },
        problems: [...job.problems].slice(0, 100).map(([mac, code]) => ({ mac, code })),
        underWay: job.underWay,
        underWayInAll: inAll,
      };
    },
  };
}
