import { createInterface } from "node:readline/promises";
import { Command, Option } from "commander";
import type { PlanJson } from "../migration/plan-document.ts";
import type { Administration } from "../server/administration.ts";
import type { Enrolled, MigrateAnswer } from "../server/enrolment.ts";
import { failure } from "../server/failure.ts";
import { readMac } from "../server/inventory.ts";
import type { Run } from "./action.ts";
import { withAdministration } from "./admin.ts";
import { type Globals, several } from "./globals.ts";
import { readInstant } from "./instant.ts";
import { policyOption } from "./plan.ts";
import { hasProblem, watch } from "./status.ts";
import { counted, printable, say, sayJson, type Terminal, table, tell } from "./terminal.ts";

interface Options extends Globals {
  readonly model?: string;
  readonly to?: string;
  readonly from?: string;
  readonly mac?: readonly string[];
  readonly group?: string;
  readonly policy: "strict" | "documented";
  readonly wave?: string;
  readonly together?: boolean;
  readonly at?: string;
  readonly until?: string;
  readonly everyDay?: boolean;
  readonly stopAfter?: string;
  readonly transfers?: string;
  readonly restart?: boolean;
  readonly acceptOneWay?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly watch?: boolean;
}

/** `provision migrate`: puts phones of the inventory on their way, all that were named or none. */
export function migrate(run: Run): Command {
  return new Command("migrate")
    .description("enrol phones of the inventory: each is led to the target, stage by stage")
    .option("--model <model>", "every phone of this model")
    .option("--to <target>", "sip, sccp or a load; without it, where the rules of provision.yaml (migrations) say")
    .option("--mac <mac>", "this phone; may be given several times", several)
    .option("--group <group>", "every phone of this group")
    .option("--from <release>", "what phones run of which the inventory does not know it")
    .addOption(policyOption())
    .option(
      "--wave <n>",
      "n at a time after the canaries, each wave after the one before has arrived; without it all the others",
    )
    .option("--together", "all at once, without canaries")
    .option("--at <time>", "not before: 2026-11-21T02:00, 02:00 (the next one) or +90m")
    .option("--until <time>", "no phone begins from then on; one under way is finished")
    .option("--every-day", "the hours from --at to --until come again every day")
    .option("--stop-after <n>", "so many phones with a problem hold the rest of the job (default 1)")
    .option("--transfers <n>", "at most so many phones under way at once")
    .option("--accept-one-way", "agree to steps that no way leads back from")
    .option("--restart", "restart each phone over the network when its turn comes, where it can be")
    .option("--yes", "do not ask")
    .option("--dry-run", "say what would happen, and change nothing")
    .option("--watch", "stay until every phone has arrived; with --json, the document then holds their status")
    .addOption(new Option("--json", "one JSON document; implies --yes unless --dry-run"))
    .addHelpText(
      "after",
      [
        "",
        "One phone for each step that any of them takes goes first and alone: the canary of that step. The others begin when",
        "every canary has arrived, and none of them does where one has a problem.",
      ].join("\n"),
    )
    .addHelpText("after", "\nExample:\n  provision migrate --model 7960 --to sip --wave 10 --accept-one-way --watch")
    .action(run(enrol));
}

async function enrol(terminal: Terminal, options: Options): Promise<number> {
  const request = requestOf(options);
  const answer = await withAdministration(terminal, options, async (ask, served) => {
    const judged = await ask.migrate({ ...request, enrol: false });
    const willing = judged.phones.every(({ verdict }) => goes.has(verdict));
    const ready = judged.phones.some(({ verdict }) => verdict === "ready");
    if (options.json !== true) show(terminal, judged);
    if (options.dryRun === true || !willing || !ready || !(await agreed(terminal, options, judged))) return judged;
    if (!served) tell(terminal, "No server runs: the phones are enrolled, and wait for `provision serve`.");
    return put(ask, request);
  });
  if (options.json !== true) tell(terminal, summary(answer, options.dryRun === true));
  const status = answer.enrolled && options.watch === true ? await watch(terminal, options) : undefined;
  if (options.json === true) {
    // An entry is a plan, and says besides what becomes of it (contract of `plan --format json`).
    const phones = answer.phones.map((entry) => {
      const plan = planIn(answer, entry);
      return { ...plan, ...entry, plan };
    });
    const { enrolled, job } = answer;
    sayJson(terminal, { enrolled, job, phones, ...(status === undefined ? {} : { status }) });
  }
  if (status !== undefined) return hasProblem(status) ? 1 : 0;
  return exitCodeOf(answer);
}

const goes: ReadonlySet<Enrolled["verdict"]> = new Set(["ready", "on-its-way", "already-there"]);

function put(ask: Administration, request: ReturnType<typeof requestOf>): Promise<MigrateAnswer> {
  return ask.migrate({ ...request, enrol: true });
}

function requestOf(options: Options) {
  const { model, to, from, group, policy } = options;
  const now = Date.now();
  const startAt = options.at === undefined ? 0 : readInstant(options.at, now);
  const until = options.until === undefined ? undefined : readInstant(options.until, now, "--until");
  if (options.everyDay === true && (options.at === undefined || until === undefined)) {
    const remedy = "give both: --at 22:00 --until +10h --every-day";
    throw failure("E_USAGE", 2, { where: "--every-day", message: "there are no hours to come again", remedy });
  }
  return {
    policy,
    macs: (options.mac ?? []).map(readMac),
    acceptOneWay: options.acceptOneWay ?? false,
    startAt,
    ...(options.restart === true ? { restart: true } : {}),
    ...(options.together === true ? { together: true } : {}),
    // Hours like 22:00 to 05:00, asked for in the evening: the end lies behind the beginning.
    ...defined({ until: until !== undefined && until <= startAt ? until + 86_400_000 : until }),
    ...(options.everyDay === true ? { everyDay: true } : {}),
    ...defined({ model, to, from, group }),
    ...defined({
      wave: countOf("--wave", options.wave),
      stopAfter: countOf("--stop-after", options.stopAfter),
      transfers: countOf("--transfers", options.transfers),
    }),
  };
}

function countOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw failure("E_USAGE", 2, {
    where: `${flag} ${text}`,
    message: "this is no number of phones",
    remedy: "give 1 or more",
  });
}

function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as never;
}

function planIn({ plans }: MigrateAnswer, { plan }: Enrolled): PlanJson {
  return plans[plan] as PlanJson;
}

function show(terminal: Terminal, answer: MigrateAnswer): void {
  const rows = answer.phones.map((phone) => {
    const { mac, verdict, wave, because } = phone;
    const plan = planIn(answer, phone);
    return [mac, plan.model, wave === undefined ? "-" : String(wave), verdict, because ?? wayOf(plan)];
  });
  say(terminal, table(["MAC", "MODEL", "WAVE", "VERDICT", "WAY"], rows));
  const finals = answer.phones.filter((phone) => {
    const plan = planIn(answer, phone);
    return "oneWay" in plan && plan.oneWay;
  });
  if (finals.length > 0)
    say(
      terminal,
      printable(`ONE-WAY for ${counted(finals.length, "phone")}: no way leads back behind a step that is marked =>.`),
    );
}

function wayOf(plan: PlanJson): string {
  if (!("stages" in plan)) return "-";
  const start = plan.from === null ? "unknown" : plan.from.load;
  return [start, ...plan.stages.map((stage) => `${stage.oneWay ? "=>" : "->"} ${stage.to.load}`)].join(" ");
}

async function agreed(terminal: Terminal, options: Options, { phones }: MigrateAnswer): Promise<boolean> {
  if (options.yes === true || options.json === true) return true;
  if (terminal.in.isTTY !== true) {
    throw failure("E_USAGE", 2, {
      where: "migrate",
      message: "there is nobody to ask",
      remedy: "give --yes where no terminal is, or --dry-run to look only",
    });
  }
  const ready = phones.filter(({ verdict }) => verdict === "ready").length;
  const asking = createInterface({ input: terminal.in, output: terminal.err });
  try {
    return /^y(es)?$/i.test((await asking.question(`Enrol ${counted(ready, "phone")}? [y/N] `)).trim());
  } finally {
    asking.close();
  }
}

function summary({ phones, enrolled, job }: MigrateAnswer, dryRun: boolean): string {
  const count = (verdict: Enrolled["verdict"]) => phones.filter((phone) => phone.verdict === verdict).length;
  if (enrolled && count("ready") > 0)
    return `${counted(count("ready"), "phone")} enrolled. See: provision status --watch, provision report ${job.slice(0, 8)}`;
  if (phones.every(({ verdict }) => verdict === "already-there" || verdict === "on-its-way"))
    return "There is nothing to do.";
  const remedies = [
    count("firmware-missing") > 0
      ? "Bring what is missing. What the vault lacks: provision firmware import PATH…; what the site's folder lacks: the vendor's own files, into tftp.root"
      : "",
    count("one-way") > 0 ? "Agree to the steps without a way back: --accept-one-way" : "",
    count("busy") > 0 ? "End the other migrations first: provision cancel --mac …" : "",
    count("no-path") > 0 ? "See why there is no path: provision plan --model … --from … --to …" : "",
  ].filter((line) => line !== "");
  return [`No phone was enrolled${dryRun ? " (--dry-run)" : ""}.`, ...remedies].join("\n");
}

function exitCodeOf({ phones }: MigrateAnswer): number {
  const has = (verdict: Enrolled["verdict"]) => phones.some((phone) => phone.verdict === verdict);
  if (has("no-path") || has("one-way")) return 3;
  return has("firmware-missing") || has("busy") ? 1 : 0;
}
