import { Command } from "commander";
import type { Guided } from "../server/guide.ts";
import { readMac } from "../server/inventory.ts";
import type { Run } from "./action.ts";
import { withAdministration } from "./admin.ts";
import type { Globals } from "./globals.ts";
import { printable, sayJson, type Terminal } from "./terminal.ts";

interface Options extends Globals {
  readonly mac: string;
  readonly watch?: boolean;
}

/** `provision guide`: stands beside the technician until the phone has arrived. */
export function guide(run: Run): Command {
  return new Command("guide")
    .description("walk through the migration of one phone: what it does now, what to do next")
    .requiredOption("--mac <mac>", "the phone")
    .option("--watch", "go on, step by step, until the phone has arrived or Ctrl-C")
    .option("--json", "one JSON document")
    .addHelpText(
      "after",
      "\nExit code 1 while the phone has a problem.\n\nExample:\n  provision guide --mac 00:0e:84:c0:60:a6 --watch",
    )
    .action(run(follow));
}

async function follow(terminal: Terminal, options: Options): Promise<number> {
  const mac = readMac(options.mac);
  let ended = options.watch !== true || options.json === true;
  let wake = () => {};
  terminal.onSignal(() => {
    ended = true;
    wake();
  });
  let before = "";
  for (;;) {
    const told = await withAdministration(terminal, options, (ask) => ask.guide({ mac }));
    if (options.json === true) sayJson(terminal, { ...told.phone, guidance: told.guidance });
    else before = show(terminal, told, before, options.watch === true);
    if (ended || told.guidance.over) return told.phone.problem === undefined ? 0 : 1;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 2000);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** A screen that is drawn anew on a terminal; elsewhere only the lines, and only when they have changed. */
function show(terminal: Terminal, told: Guided, before: string, drawn: boolean): string {
  const lines = guideLines(told).map(printable);
  // Seconds that run are no news.
  const now = lines.join("\n").replace(/ Nothing was heard for \d+ seconds\./g, "");
  if (drawn && terminal.out.isTTY === true) terminal.out.write(`\u001b[H\u001b[2J${lines.join("\n")}\n`);
  else if (now !== before) terminal.out.write(`${lines.join("\n")}\n\n`);
  return now;
}

/** The whole of what is said of a phone, line by line. */
function guideLines({ phone, guidance }: Guided): readonly string[] {
  const { model, mac, stage, stages, release, target, state, ip } = phone;
  const way = `stage ${stage} of ${stages}, from ${release ?? "an unknown load"} to ${target}`;
  const busy = state === "loading" || state === "restarting";
  const { now, next, ifItShows } = guidance;
  return [
    `${model} ${mac}${ip === null ? "" : ` at ${ip}`}: ${way}, ${state}`,
    ...(next.length === 0 ? [] : [busy ? "  DO NOT UNPLUG IT." : "  Do now:"]),
    ...next.map((line, at) => (busy ? `    - ${line}` : `    ${at + 1}. ${line}`)),
    `  ${now}`,
    ...(ifItShows.length === 0 ? [] : ["  If it shows:"]),
    ...ifItShows.map((row) => `    - "${row.sees}": ${row.do}`),
  ];
}
