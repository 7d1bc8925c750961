import { Command } from "commander";
import { readMac } from "../server/inventory.ts";
import type { RestartAnswer } from "../server/restart.ts";
import type { Run } from "./action.ts";
import { withAdministration } from "./admin.ts";
import { type Globals, several } from "./globals.ts";
import { printable, say, sayJson, type Terminal, table, tell } from "./terminal.ts";

interface Options extends Globals {
  readonly mac?: readonly string[];
  readonly dryRun?: boolean;
}

/** `provision restart`: makes phones start again over the network, where they can. */
export function restart(run: Run): Command {
  return new Command("restart")
    .description("make phones start again: those that are named, or those that wait for a power-cycle")
    .option("--mac <mac>", "this phone; may be given several times", several)
    .option("--dry-run", "say what would be sent, and send nothing")
    .option("--json", "one JSON document")
    .addHelpText(
      "after",
      "\nA phone that may be writing flash is never restarted. Exit code 1 where a phone needs a hand.\n\nExample:\n  provision restart --mac 00:0e:84:c0:60:a6 --dry-run",
    )
    .action(run(ask));
}

async function ask(terminal: Terminal, options: Options): Promise<number> {
  const macs = (options.mac ?? []).map(readMac);
  const dryRun = options.dryRun === true;
  const answer = await withAdministration(terminal, options, (admin) => admin.restart({ macs, dryRun }));
  if (options.json === true) sayJson(terminal, answer);
  else showRestarts(terminal, answer);
  return answer.phones.every(({ is }) => is === "asked" || is === "would-ask") ? 0 : 1;
}

/** What became of each phone, and what is left to do by hand. */
function showRestarts(terminal: Terminal, { phones }: RestartAnswer): void {
  if (phones.length === 0) {
    tell(terminal, "No phone waits for a restart.");
    return;
  }
  say(
    terminal,
    table(
      ["MAC", "RESTART", "BY"],
      phones.map(({ mac, is, by }) => [mac, is, by ?? "-"]),
    ),
  );
  for (const { mac, words } of phones) for (const line of words) say(terminal, printable(`  ${mac}  ${line}`));
}
