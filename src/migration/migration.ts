import type { Because } from "../firmware/because.ts";
import type { Lever, Policy, Release } from "../firmware/release.ts";
import type { Images, StageView, Trace } from "../phones/family.ts";
import type { Mac } from "../wire/address.ts";

/** One step of a plan: what is published, who does what, and what proves that it is over. */
export interface Stage {
  readonly number: number;
  /** Undefined when the start is not known. */
  readonly from: Release | undefined;
  readonly release: Release;
  readonly lever: Lever;
  readonly view: StageView;
  /** Canonical names, as printed in the plan. */
  readonly publishes: readonly string[];
  /** Image files that must be whole in the vault before the stage is offered. */
  readonly requires: readonly string[];
  /** The vendor's own configuration files that the release reads, and that must lie in the site's folder. */
  readonly siteFiles: readonly string[];
  readonly oneWay: boolean;
  /** All that the technician does, `proving` at the end of it. */
  readonly operator: readonly string[];
  /** What is left to be done once the phone is back and quiet; absent where it shows by itself what it runs. */
  readonly proving?: string;
  /** What the phone shows meanwhile, and what is normal though it looks dead. */
  readonly looks: readonly Because[];
  readonly expects: readonly string[];
  readonly typicalSeconds: number;
  readonly because: readonly Because[];
}

export interface MigrationPlan {
  readonly model: string;
  readonly family: string;
  readonly policy: Policy;
  readonly from: Release | undefined;
  readonly to: Release;
  readonly oneWay: boolean;
  readonly stages: readonly Stage[];
}

/** The answer to "how does this phone get there". */
export type Planned =
  | { readonly kind: "plan"; readonly plan: MigrationPlan }
  | { readonly kind: "already-there"; readonly release: Release }
  | { readonly kind: "no-path"; readonly stoppedAt: Release | undefined; readonly because: readonly Because[] };

/** One step of an enrolled phone's plan, as stored: names only, so that it outlives a change of the manifests. */
export interface StoredStage {
  /** Load, or undefined when the start was not known. */
  readonly from: string | undefined;
  readonly to: string;
  readonly lever: Lever;
}

/** The stage that a phone is in, or in which its migration ended; counts from 1. */
export function stageNumber({ progress, stages }: Pick<Migration, "progress" | "stages">): number {
  if (progress.at === "done") return stages.length;
  if (progress.at !== "cancelled") return progress.stage;
  return Math.max(1, stages.findIndex(({ to }) => to === progress.running) + 1);
}

/** What went wrong, for people. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/**
 * Where an enrolled phone stands. `stage` counts from 1. The whole of it is stored before any answer leaves that
 * depends on it (design.md §6, law 7).
 */
export type Progress =
  /**
   * The stage is published; the phone has not acted on it. `told`: how many files of one kind it took that name the
   * stage's load.
   */
  | {
      readonly at: "waiting";
      readonly stage: number;
      readonly told?: { readonly kind: string; readonly times: number };
    }
  /**
   * It asked for an image of the stage (`loading`: it may be writing flash), and has then taken it whole or started
   * again (`restarting`). `trail` is what it did since its first request for an image of the stage.
   */
  | {
      readonly at: "loading" | "restarting";
      readonly stage: number;
      readonly images: Images;
      readonly trail: readonly Trace[];
    }
  | { readonly at: "done" }
  /** Ended by the admin. `running`: the load it was left on, undefined when it never left its first. */
  | { readonly at: "cancelled"; readonly running: string | undefined };

export interface Migration {
  readonly mac: Mac;
  readonly model: string;
  readonly family: string;
  readonly target: string;
  readonly stages: readonly StoredStage[];
  readonly progress: Progress;
  /** What the admin wants. Only a phone that waits obeys at once: an installation under way is finished first. */
  readonly wish: "go" | "pause" | "cancel";
  readonly problem?: Problem;
  /** One `migrate` command; its phones go in waves. */
  readonly job: string;
  /** Counts from 1; a wave begins when the one before has arrived without a problem. */
  readonly wave: number;
  /** Not before this instant; milliseconds since the epoch, 0 for at once. */
  readonly startAt: number;
  /** No phone begins from this instant on; one under way is finished. Absent: any time. */
  readonly until?: number;
  /** The hours from `startAt` to `until` come again every 24 hours. */
  readonly everyDay?: true;
  /** So many phones of the job with a problem hold the rest of it; 1 where absent. */
  readonly stopAfter?: number;
  /** The server restarts the phone over the network when its turn comes. */
  readonly restart?: true;
  /** At most so many phones of the job are under way at once. */
  readonly transfers?: number;
  readonly enrolledAt: number;
  /** When `progress` last changed; milliseconds since the epoch. */
  readonly since: number;
}

/** One line of a phone's history; never changed, never deleted (design.md §6, law 8). */
export interface HistoryEntry {
  readonly at: number;
  readonly mac: Mac;
  /** An event of docs/events.md, e.g. `stage.entered`. */
  readonly event: string;
  readonly detail: string;
}
