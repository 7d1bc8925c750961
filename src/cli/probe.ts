import { Command } from "commander";
import { failure } from "../server/failure.ts";
import { readMac } from "../server/inventory.ts";
import type { Run } from "./action.ts";
import { withAdministration } from "./admin.ts";
import type { Globals } from "./globals.ts";
import { printable, say, sayJson, type Terminal } from "./terminal.ts";

interface Options extends Globals {
  readonly mac?: string;
}

/** `provision probe`: asks a phone's own web page what it is and what it runs. */
export function probe(run: Run): Command {
  return new Command("probe")
    .description("ask a Cisco phone's own web page for its model and its load")
    .argument("[ip]", "its address, inside access.allow")
    .option("--mac <mac>", "the phone, at the address where it was seen last")
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExample:\n  provision probe 192.0.2.50\n  provision probe --mac 00:0e:84:c0:60:a6")
    .action(run(ask));
}

async function ask(terminal: Terminal, options: Options, ip?: string): Promise<number> {
  if (ip === undefined && options.mac === undefined) {
    throw failure("E_USAGE", 2, { where: "probe", message: "no phone is named", remedy: "give an address, or --mac" });
  }
  const request = {
    ...(ip === undefined ? {} : { ip }),
    ...(options.mac === undefined ? {} : { mac: readMac(options.mac) }),
  };
  const probed = await withAdministration(terminal, options, (admin) => admin.probe(request));
  if (options.json === true) sayJson(terminal, probed);
  else {
    const { mac, ip: at, model = "unknown model", load = "unknown load", contradicts, learned } = probed;
    say(terminal, printable(`${mac}  ${at}  ${model}  ${load}`));
    if (contradicts !== undefined) say(terminal, printable(`! ${contradicts}; nothing was changed`));
    if (learned) say(terminal, "The inventory knows its load now.");
  }
  return probed.contradicts === undefined ? 0 : 1;
}
