import { Command } from "commander";
import type { Release } from "../firmware/release.ts";
import { planJson, planText } from "../migration/plan-document.ts";
import type { Model } from "../phones/family.ts";
import { failure } from "../server/failure.ts";
import { loadKnowledge, planFor, readModel } from "../server/knowledge.ts";
import { wayBack } from "../server/plan-report.ts";
import type { Run } from "./action.ts";
import type { Globals } from "./globals.ts";
import { policyOption } from "./plan.ts";
import { createProgress } from "./progress.ts";
import { type Outcome, perform } from "./rehearsal-run.ts";
import { printable, say, sayJson, type Terminal, tell } from "./terminal.ts";

interface Options extends Globals {
  readonly model: string;
  readonly to: string;
  readonly from?: string;
  readonly policy: "strict" | "documented";
  readonly phones: string;
  readonly loss: string;
  readonly seed: string;
  readonly speed: string;
}

/** `provision rehearse`: the same migration against simulated phones on loopback. Touches nothing of the site. */
export function rehearse(run: Run): Command {
  return new Command("rehearse")
    .description(
      "run a migration with simulated phones on loopback: the real service, no phone, no root, no configuration",
    )
    .requiredOption("--model <model>", "e.g. 7960")
    .requiredOption("--to <target>", "sip, sccp or a load")
    .option("--from <load>", "what the phones run (default: the oldest release of the other protocol that has a way)")
    .addOption(policyOption())
    .option("--phones <n>", "how many, 1 to 500", "4")
    .option("--loss <share>", "share of datagrams that are lost, 0 to 0.3", "0")
    .option("--seed <n>", "fixes what the network loses and how the phones dawdle", "1")
    .option("--speed <n>", "how many times faster than real phones they live, 1 to 100", "40")
    .option("--json", "one JSON document")
    .addHelpText(
      "after",
      "\nExit code 0 only if every phone arrived and the evidence says so.\n\nExample:\n  provision rehearse --model 7960 --to sip --phones 20 --loss 0.05",
    )
    .action(run(play));
}

async function play(terminal: Terminal, options: Options): Promise<number> {
  const scale = {
    phones: number("--phones", options.phones, 1, 500, true),
    loss: number("--loss", options.loss, 0, 0.3, false),
    seed: number("--seed", options.seed, 0, 2 ** 31, true),
    speed: number("--speed", options.speed, 1, 100, false),
  };
  const known = await loadKnowledge();
  const model = readModel(options.model);
  const from = options.from ?? usualStart(known, model, options);
  if (from.toLowerCase() === "unknown") {
    const remedy = 'name a load, e.g. --from P00303010102, or a release: --from "SCCP 3.1"';
    throw failure("E_USAGE", 2, { where: "--from unknown", message: "a simulated phone has to run something", remedy });
  }
  const { planned } = planFor(known, { model: model.id, from, to: options.to, policy: options.policy });
  const back = wayBack(known, planned);
  const setting = { model: model.id, family: model.family, missing: [], ...(back === undefined ? {} : { back }) };
  if (options.json !== true) say(terminal, planText(planned, setting));
  if (planned.kind !== "plan") {
    if (options.json === true) sayJson(terminal, planJson(planned, setting));
    return planned.kind === "no-path" ? 3 : 0;
  }
  const progress = createProgress(terminal);
  const interruption = new AbortController();
  terminal.onSignal((signal) => interruption.abort(signal));
  const outcome = await perform(
    {
      plan: planned.plan,
      from: planned.plan.from?.load ?? from,
      to: options.to,
      policy: options.policy,
      ...scale,
    },
    progress,
    interruption.signal,
  );
  progress.end();
  if (options.json === true) sayJson(terminal, outcome);
  else show(terminal, outcome);
  return outcome.arrived === outcome.phones.length && outcome.bystander.untouched ? 0 : 1;
}

/**
 * The oldest release of the other protocol that the model can run; where no way leads from one to the other, or the
 * family has one protocol, the oldest at all that has a way.
 */
function usualStart(known: Awaited<ReturnType<typeof loadKnowledge>>, model: Model, { to, policy }: Options): string {
  const leads = ({ load }: Release): boolean =>
    planFor(known, { model: model.id, from: load, to, policy }).planned.kind === "plan";
  const releases = [...(known.graph(model.family)?.releases.values() ?? [])].filter(
    ({ withdrawn, models }) => withdrawn === undefined && (models?.includes(model.id) ?? true),
  );
  const target = releases.find(({ load }) => load.toLowerCase() === to.toLowerCase())?.protocol ?? to.toUpperCase();
  const others = releases.filter(({ protocol }) => protocol !== target && protocol !== "none");
  return ([...others, ...releases].find(leads) ?? others[0] ?? releases[0])?.load ?? "unknown";
}

function number(flag: string, text: string, least: number, most: number, whole: boolean): number {
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  const remedy = `give ${whole ? "a whole number" : "a number"} from ${least} to ${most}`;
  throw failure("E_USAGE", 2, { where: `${flag} ${text}`, message: "this is out of range", remedy });
}

function show(terminal: Terminal, outcome: Outcome): void {
  say(terminal);
  for (const { mac, arrived, runs, stages, boots, problem } of outcome.phones) {
    const end = arrived ? `arrived: runs ${runs}` : `did not arrive: runs ${runs ?? "nothing"}`;
    say(
      terminal,
      printable(`${mac}  ${end}, ${stages} stages, ${boots} boots${problem === undefined ? "" : `; ${problem}`}`),
    );
  }
  const { bystander, seconds, minutes, datagrams } = outcome;
  const beside = bystander.untouched ? "saw the same octets before and after" : "DID NOT SEE WHAT IT SAW BEFORE";
  say(terminal, `${bystander.mac}  not enrolled, runs ${bystander.runs ?? "nothing"}: ${beside}`);
  say(
    terminal,
    `${outcome.arrived} of ${outcome.phones.length} phones arrived in ${seconds.toFixed(1)} s (${minutes.toFixed(0)} min of the phones' time, ${datagrams} datagrams)`,
  );
  if (outcome.arrived < outcome.phones.length) tell(terminal, "The rehearsal failed: do not do this with real phones.");
}
