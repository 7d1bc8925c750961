import { Command } from "commander";
import { failure } from "../server/failure.ts";
import { readMac } from "../server/inventory.ts";
import type { Run } from "./action.ts";
import { withAdministration } from "./admin.ts";
import { type Globals, several } from "./globals.ts";
import { say, sayJson, type Terminal, table, tell } from "./terminal.ts";

interface Options extends Globals {
  readonly mac?: readonly string[];
  readonly all?: boolean;
  readonly dryRun?: boolean;
}

/** `provision pause`: no new stage is published; an installation under way is finished. */
export function pause(run: Run): Command {
  return wishCommand(
    "pause",
    "hold migrations: no new stage begins, an installation under way is finished",
    run,
    "pause",
  );
}

/** `provision resume`: goes on where it was held. */
export function resume(run: Run): Command {
  return wishCommand("resume", "continue migrations that are held", run, "go");
}

/** `provision cancel`: ends migrations; a phone that is writing flash finishes its stage first. */
export function cancel(run: Run): Command {
  return wishCommand(
    "cancel",
    "end migrations; a phone that may be writing flash finishes its stage first",
    run,
    "cancel",
  );
}

function wishCommand(name: string, description: string, run: Run, wish: "go" | "pause" | "cancel"): Command {
  return new Command(name)
    .description(description)
    .option("--mac <mac>", "this phone; may be given several times", several)
    .option("--all", "every phone that is under way")
    .option("--dry-run", "say which phones it would concern and where they stand, and change nothing")
    .option("--json", "one JSON document")
    .addHelpText("after", `\nExample:\n  provision ${name} --mac 00:0e:84:c0:60:a6\n  provision ${name} --all`)
    .action(run((terminal: Terminal, options: Options) => ask(terminal, options, wish)));
}

async function ask(terminal: Terminal, options: Options, wish: "go" | "pause" | "cancel"): Promise<number> {
  const macs = (options.mac ?? []).map(readMac);
  const all = options.all === true;
  if (all === macs.length > 0) {
    const message = all ? "both --all and --mac are given" : "no phone is named";
    throw failure("E_USAGE", 2, { where: "", message, remedy: "give --mac once or more, or --all" });
  }
  const dryRun = options.dryRun === true;
  const answer = await withAdministration(terminal, options, (admin) => admin.wish({ wish, macs, all, dryRun }));
  if (options.json === true) sayJson(terminal, answer);
  else if (answer.phones.length === 0) tell(terminal, "No phone is under way.");
  else
    say(
      terminal,
      table(
        ["MAC", "STATE"],
        answer.phones.map(({ mac, state }) => [mac, state]),
      ),
    );
  if (dryRun) tell(terminal, "Nothing was changed (--dry-run).");
  return 0;
}
