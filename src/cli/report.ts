import { Command, Option } from "commander";
import { jobCsv, jobHtml } from "../migration/job-report.ts";
import { failure } from "../server/failure.ts";
import type { Run } from "./action.ts";
import { withAdministration } from "./admin.ts";
import type { Globals } from "./globals.ts";
import { printable, say, sayJson, type Terminal, table, tell } from "./terminal.ts";

interface Options extends Globals {
  readonly format: "text" | "csv" | "html";
}

/** `provision report`: what became of the phones of a job, wave by wave. */
export function report(run: Run): Command {
  return new Command("report")
    .description("what became of the phones of a job, wave by wave; without a job: the list of jobs")
    .argument("[job]", "the job's name as `provision migrate` printed it, or its beginning")
    .addOption(new Option("--format <format>", "how to print it").choices(["text", "csv", "html"]).default("text"))
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExample:\n  provision report\n  provision report 4f1c --format html > wave.html")
    .action(run(print));
}

async function print(terminal: Terminal, options: Options, job?: string): Promise<number> {
  if (job === undefined && options.format !== "text") {
    const remedy = "name the job: `provision report` lists them";
    throw failure("E_USAGE", 2, { where: `--format ${options.format}`, message: "this is for one job", remedy });
  }
  const answer = await withAdministration(terminal, options, (ask) => ask.report(job === undefined ? {} : { job }));
  if (options.json === true) {
    sayJson(terminal, answer);
  } else if ("jobs" in answer) {
    if (answer.jobs.length === 0) tell(terminal, "There is no job: provision migrate --model 7960 --to sip");
    const rows = answer.jobs.map((one) => [one.job, one.enrolled, `${one.done}/${one.phones}`, String(one.problems)]);
    if (rows.length > 0) say(terminal, table(["JOB", "ENROLLED", "ARRIVED", "PROBLEMS"], rows));
  } else if (options.format === "csv") {
    terminal.out.write(jobCsv(answer));
  } else if (options.format === "html") {
    terminal.out.write(jobHtml(answer));
  } else {
    const sums = answer.waves.map((sum) =>
      [sum.wave, sum.phones, sum.done, sum.underWay, sum.waiting, sum.cancelled, sum.problems].map(String),
    );
    say(terminal, table(["WAVE", "PHONES", "ARRIVED", "UNDER WAY", "WAITING", "ENDED", "PROBLEMS"], sums));
    for (const { mac, label, problem } of answer.phones)
      if (problem !== undefined)
        say(terminal, printable(`! ${mac} ${label}  ${problem.code}: ${problem.message}\n  ${problem.remedy}`));
  }
  return "phones" in answer && answer.phones.some(({ problem }) => problem !== undefined) ? 1 : 0;
}
