import { createInterface } from "node:readline/promises";
import { Command, Option } from "commander";
import type { Administration } from "../server/administration.ts";
import type { Enrolled, MigrateAnswer } from "../server/enrolment.ts";
import { failure } from "../server/failure.ts";
import { readMac } from "../server/inventory.ts";
import type { Run } from "./action.ts";
import { withAdministration } from "./admin.ts";
import { type Globals, several } from "./globals.ts";
import { readInstant } from "./instant.ts";
import { policyOption } from "./plan.ts";
import { watch } from "./status.ts";
import { printable, say, sayJson, type Terminal, table, tell } from "./terminal.ts";

interface Options extends Globals {
  readonly model?: string;
  readonly to: string;
  readonly from?: string;
  readonly mac?: readonly string[];
  readonly group?: string;
  readonly policy: "strict" | "documented";
  readonly wave?: string;
  readonly at?: string;
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
    .requiredOption("--to <target>", "sip, sccp or a load")
    .option("--mac <mac>", "this phone; may be given several times", several)
    .option("--group <group>", "every phone of this group")
    .option("--from <release>", "what phones run of which the inventory does not know it")
    .addOption(policyOption())
    .option("--wave <n>", "one phone first, then n at a time, each wave after the one before has arrived")
    .option("--at <time>", "not before: 2026-11-21T02:00, 02:00 (the next one) or +90m")
    .option("--accept-one-way", "agree to steps that no way leads back from")
    .option("--yes", "do not ask")
    .option("--dry-run", "say what would happen, and change nothing")
    .option("--watch", "stay until every phone has arrived")
    .addOption(new Option("--json", "one JSON document; implies --yes unless --dry-run"))
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
  if (options.json === true) sayJson(terminal, answer);
  else tell(terminal, summary(answer, options.dryRun === true));
  if (answer.enrolled && options.watch === true) return watch(terminal, options);
  return exitCodeOf(answer);
}

const goes: ReadonlySet<Enrolled["verdict"]> = new Set(["ready", "on-its-way", "already-there"]);

function put(ask: Administration, request: ReturnType<typeof requestOf>): Promise<MigrateAnswer> {
  return ask.migrate({ ...request, enrol: true });
}

function requestOf(options: Options) {
  const { model, to, from, group, policy } = options;
  const wave = options.wave === undefined ? undefined : Number(options.wave);
  if (wave !== undefined && !(Number.isInteger(wave) && wave >= 1)) {
    throw failure("E_USAGE", 2, {
      where: `--wave ${options.wave}`,
      message: "this is no number of phones",
      remedy: "give 1 or more",
    });
  }
  return {
    to,
    policy,
    macs: (options.mac ?? []).map(readMac),
    acceptOneWay: options.acceptOneWay ?? false,
    startAt: options.at === undefined ? 0 : readInstant(options.at, Date.now()),
    ...(model === undefined ? {} : { model }),
    ...(from === undefined ? {} : { from }),
    ...(group === undefined ? {} : { group }),
    ...(wave === undefined ? {} : { wave }),
  };
}

function show(terminal: Terminal, { phones }: MigrateAnswer): void {
  const rows = phones.map(({ mac, verdict, wave, because, plan }) => [
    mac,
    plan.model,
    wave === undefined ? "-" : String(wave),
    verdict,
    because ?? wayOf(plan),
  ]);
  say(terminal, table(["MAC", "MODEL", "WAVE", "VERDICT", "WAY"], rows));
  const finals = phones.filter(({ plan }) => "oneWay" in plan && plan.oneWay);
  if (finals.length > 0)
    say(
      terminal,
      printable(`ONE-WAY for ${finals.length} phones: once begun, no way leads back to unsigned firmware.`),
    );
}

function wayOf(plan: Enrolled["plan"]): string {
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
    return /^y(es)?$/i.test((await asking.question(`Enrol ${ready} phones? [y/N] `)).trim());
  } finally {
    asking.close();
  }
}

function summary({ phones, enrolled }: MigrateAnswer, dryRun: boolean): string {
  const count = (verdict: Enrolled["verdict"]) => phones.filter((phone) => phone.verdict === verdict).length;
  if (enrolled && count("ready") > 0)
    return `${count("ready")} phones are enrolled. See them: provision status --watch`;
  if (phones.every(({ verdict }) => verdict === "already-there" || verdict === "on-its-way"))
    return "There is nothing to do.";
  const remedies = [
    count("firmware-missing") > 0 ? "Import the missing firmware: provision firmware import PATH…" : "",
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
