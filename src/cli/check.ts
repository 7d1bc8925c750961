import { Command } from "commander";
import { checkEverything } from "../server/check.ts";
import { loadConfig } from "../server/config.ts";
import { masked } from "../server/masked.ts";
import type { Run } from "./action.ts";
import { configSources, type Globals } from "./globals.ts";
import { printable, say, sayJson, type Terminal } from "./terminal.ts";

/** `provision check`: what would fail if it were served now. */
export function check(run: Run): Command {
  return new Command("check")
    .description(
      "look at configuration, manifests, templates, vault, inventory and ports: what would fail if served now",
    )
    .option("--json", "one JSON document, with the configuration as it was understood")
    .addHelpText(
      "after",
      "\nExit code 1 where something would fail.\n\nExample:\n  provision check --config provision.yaml",
    )
    .action(run(print));
}

async function print(terminal: Terminal, options: Globals): Promise<number> {
  const config = loadConfig(configSources(terminal, options), true);
  const checks = await checkEverything(config, () => Date.now());
  if (options.json === true) sayJson(terminal, { config: masked(config), checks });
  else {
    say(terminal, `configuration   ok       ${config.file}`);
    for (const { what, is, message, remedy } of checks) {
      say(terminal, printable(`${what.padEnd(15)} ${is.padEnd(8)} ${message}`));
      if (remedy) say(terminal, printable(`${" ".repeat(25)}${remedy}`));
    }
  }
  return checks.some(({ is }) => is === "error") ? 1 : 0;
}
