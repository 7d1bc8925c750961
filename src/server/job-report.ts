import { groupedBy, type JobReport, jobReport, jobRow } from "../migration/job-report.ts";
import type { Migration } from "../migration/migration.ts";
import { mapInPieces } from "../provision/in-pieces.ts";
import type { Core } from "./core.ts";
import { failure } from "./failure.ts";

/** A job in a line: its phones and how far they are. */
export interface JobLine {
  readonly job: string;
  readonly enrolled: string;
  readonly phones: number;
  readonly done: number;
  readonly problems: number;
}

/** Without a name, every job, the newest first; else the report of the one whose name begins so. Throws `E_JOB_UNKNOWN`. */
export async function report(
  core: Core,
  wanted: string | undefined,
): Promise<{ readonly jobs: readonly JobLine[] } | JobReport> {
  const all = core.tracker.all().map(({ migration }) => migration);
  const jobs = groupedBy(all, ({ job }) => job);
  const names = [...jobs.keys()];
  if (wanted === undefined)
    return { jobs: Array.from(jobs, lineOf).sort((a, b) => (a.enrolled < b.enrolled ? 1 : -1)) };
  const fitting = names.includes(wanted) ? [wanted] : names.filter((name) => name.startsWith(wanted));
  const [job] = fitting;
  if (job === undefined || fitting.length > 1 || wanted === "") {
    const message = job === undefined ? "no job of an enrolled phone has this name" : "several jobs begin so";
    throw failure("E_JOB_UNKNOWN", 1, { where: JSON.stringify(wanted), message, remedy: "see them: provision report" });
  }
  const labels = new Map((await core.store.phones()).map(({ mac, label }) => [mac, label]));
  const phones = await mapInPieces(jobs.get(job) ?? [], async (migration) => {
    const label = labels.get(migration.mac);
    const history = await core.store.history(migration.mac);
    return jobRow({ migration, history, ...(label === undefined ? {} : { label }) });
  });
  return jobReport(job, phones);
}

function lineOf([job, own]: readonly [string, readonly Migration[]]): JobLine {
  return {
    job,
    enrolled: new Date(own.reduce((first, { enrolledAt }) => Math.min(first, enrolledAt), Infinity)).toISOString(),
    phones: own.length,
    done: own.filter(({ progress }) => progress.at === "done").length,
    problems: own.filter(({ problem }) => problem !== undefined).length,
  };
}
