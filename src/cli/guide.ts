import { Command } from "commander";
import type { StatusReport } from "../server/administration.ts";
import { failure } from "../server/failure.ts";
import { readMac } from "../server/inventory.ts";
import type { Run } from "./action.ts";
import { withAdministration } from "./admin.ts";
import type { Globals } from "./globals.ts";
import { printable, say, sayJson, type Terminal } from "./terminal.ts";

type PhoneStatus = StatusReport["phones"][number];

interface Options extends Globals {
  readonly mac: string;
  readonly watch?: boolean;
}

/** `provision guide`: one phone, for the person who stands before it: what to do now, and what happens next. */
export function guide(run: Run): Command {
  return new Command("guide")
    .description("one phone, for the person who stands before it: what to do now, what to wait for")
    .requiredOption("--mac <mac>", "of which phone")
    .option("--watch", "go on, step by step, until the phone has arrived or Ctrl-C")
    .option("--json", "one JSON document")
    .addHelpText(
      "after",
      "\nExit code 1 while the phone has a problem.\n\nExample:\n  provision guide --mac 00:0e:84:c0:60:a6 --watch",
    )
    .action(run(lead));
}

async function lead(terminal: Terminal, options: Options): Promise<number> {
  const mac = readMac(options.mac);
  let ended = options.watch !== true;
  terminal.onSignal(() => {
    ended = true;
  });
  let before = "";
  for (;;) {
    const phone = await find(terminal, options, mac);
    if (options.json === true) {
      sayJson(terminal, phone);
      return phone.problem === undefined ? 0 : 1;
    }
    const text = words(phone).join("\n");
    if (text !== before) say(terminal, `${before === "" ? "" : "\n"}${printable(text)}`);
    before = text;
    if (ended || phone.state === "done" || phone.state === "cancelled") return phone.problem === undefined ? 0 : 1;
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

async function find(terminal: Terminal, options: Options, mac: string): Promise<PhoneStatus> {
  const { phones } = await withAdministration(terminal, options, (ask) => ask.status({}));
  const phone = phones.find((one) => one.mac.replaceAll(":", "") === mac);
  if (phone !== undefined) return phone;
  throw failure("E_NOT_ENROLLED", 1, {
    where: options.mac,
    message: "this phone is not enrolled",
    remedy: `enrol it: provision migrate --mac ${options.mac} --to sip`,
  });
}

function words({
  mac,
  model,
  state,
  stage,
  stages,
  release,
  target,
  evidence,
  waitsFor,
  problem,
}: PhoneStatus): readonly string[] {
  const head = `${model} ${mac}: stage ${stage} of ${stages}, from ${release ?? "an unknown load"} to ${target}`;
  const last = evidence[0] === undefined ? [] : [`  It last ${evidence[0]}.`];
  if (problem !== undefined) return [head, `  PROBLEM: ${problem.message}`, `  ${problem.remedy}`, ...last];
  switch (state) {
    case "done":
      return [`${model} ${mac}: done. It runs ${target}, and what it asked for proves it.`];
    case "cancelled":
      return [`${model} ${mac}: cancelled. It stays on ${release ?? "the load it runs"}.`];
    case "paused":
      return [head, "  Held. Nothing to do: provision resume", ...last];
    case "waiting":
      return [head, "  Do now:", ...waitsFor.map((line, i) => `    ${i + 1}. ${line}`), ...last];
    default:
      return [head, "  DO NOT UNPLUG IT. Wait for:", ...waitsFor.map((line) => `    - ${line}`), ...last];
  }
}
