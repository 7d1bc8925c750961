import { type JobReport, jobReport } from "../migration/job-report.ts";
import { mapInPieces } from "../store/turns.ts";
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
  const names = [...new Set(all.map(({ job }) => job))];
  if (wanted === undefined) return { jobs: names.map(lineOf).sort((a, b) => (a.enrolled < b.enrolled ? 1 : -1)) };
  const fitting = names.includes(wanted) ? [wanted] : names.filter((name) => name.startsWith(wanted));
  const [job] = fitting;
  if (job === undefined || fitting.length > 1 || wanted === "") {
    const message = job === undefined ? "no job of an enrolled phone has this name" : "several jobs begin so";
    throw failure("E_JOB_UNKNOWN", 1, { where: JSON.stringify(wanted), message, remedy: "see them: provision report" });
  }
  const labels = new Map((await core.store.phones()).map(({ mac, label }) => [mac, label]));
  const own = all.filter((migration) => migration.job === job);
  const phones = await mapInPieces(own, async (migration) => {
    const label = labels.get(migration.mac);
    const history = await core.store.history(migration.mac);
    return { migration, history, ...(label === undefined ? {} : { label }) };
  });
  return jobReport(job, phones);

  function lineOf(name: string): JobLine {
    const own = all.filter((migration) => migration.job === name);
    return {
      job: name,
      enrolled: new Date(Math.min(...own.map(({ enrolledAt }) => enrolledAt))).toISOString(),
      phones: own.length,
      done: own.filter(({ progress }) => progress.at === "done").length,
      problems: own.filter(({ problem }) => problem !== undefined).length,
    };
  }
}
