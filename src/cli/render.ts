import { Command } from "commander";
import { failure } from "../server/failure.ts";
import { readMac } from "../server/inventory.ts";
import type { Run } from "./action.ts";
import { withAdministration } from "./admin.ts";
import type { Globals } from "./globals.ts";
import { say, sayJson, type Terminal, table, tell } from "./terminal.ts";

interface Options extends Globals {
  readonly mac: string;
  readonly stage?: string;
  readonly explain?: boolean;
}

/** `provision render`: the exact octets that a phone would get for a name. */
export function render(run: Run): Command {
  return new Command("render")
    .description("print the exact octets that a phone would get for a name")
    .argument("<name>", "as the phone asks for it, e.g. SIPDefault.cnf")
    .requiredOption("--mac <mac>", "of which phone")
    .option("--stage <n>", "as in stage n of its migration")
    .option("--explain", "print instead each setting of the phone and who set it: the phone, a group or the site")
    .option("--json", "with --explain: one JSON document")
    .addHelpText("after", "\nExample:\n  provision render SIP000E84C060A6.cnf --mac 00:0e:84:c0:60:a6 --stage 2")
    .action(run(print));
}

async function print(terminal: Terminal, options: Options, name = ""): Promise<number> {
  if (options.explain === true) return await explain(terminal, options);
  const stage = stageOf(options.stage);
  const request = { name, mac: readMac(options.mac), ...(stage === undefined ? {} : { stage }) };
  const { octets, notes } = await withAdministration(terminal, options, (ask) => ask.render(request));
  terminal.out.write(Buffer.from(octets, "base64"));
  for (const { where, message, remedy } of notes) tell(terminal, `note: ${where}: ${message}. ${remedy}`);
  return 0;
}

async function explain(terminal: Terminal, options: Options): Promise<number> {
  const mac = readMac(options.mac);
  const settings = await withAdministration(terminal, options, (ask) => ask.explain({ mac }));
  if (options.json === true) sayJson(terminal, { settings });
  else {
    const rows = settings.map(({ setting, value, from, over }) => [setting, value, from, over.join(", ")]);
    say(terminal, table(["SETTING", "VALUE", "FROM", "OVER"], rows));
  }
  return 0;
}

function stageOf(text: string | undefined): number | undefined {
  if (text === undefined || /^[1-9]\d?$/.test(text)) return text === undefined ? undefined : Number(text);
  throw failure("E_USAGE", 2, {
    where: `--stage ${text}`,
    message: "this is no stage",
    remedy: "give a number from 1 on",
  });
}
