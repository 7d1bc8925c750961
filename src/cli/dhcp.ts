import { Command } from "commander";
import { loadConfig } from "../server/config.ts";
import { listenForPhones, snippetFor } from "../server/dhcp-beside.ts";
import { failure } from "../server/failure.ts";
import { parseDuration } from "../server/notations.ts";
import type { Run } from "./action.ts";
import { configSources, type Globals, several } from "./globals.ts";
import { printable, say, type Terminal, tell } from "./terminal.ts";

/** `provision dhcp …`: beside the DHCP server that is there already. */
export function dhcp(run: Run): Command {
  const group = new Command("dhcp")
    .description("beside the DHCP server that is there already: snippet, listen")
    .addHelpText("after", "\nExample:\n  provision dhcp snippet --for isc");
  group
    .command("snippet")
    .description("options 66, 150 and 160 for somebody else's DHCP server")
    .requiredOption("--for <server>", "isc, kea, dnsmasq, ios, windows or mikrotik")
    .option("--mac <mac>", "only for this phone; may be given several times", several)
    .addHelpText(
      "after",
      "\nExamples:\n  provision dhcp snippet --for dnsmasq > /etc/dnsmasq.d/phones.conf\n  provision dhcp snippet --for isc --mac 00:0e:84:c0:60:a6",
    )
    .action(run(snippet));
  group
    .command("listen")
    .description("hear phones ask for addresses, answer nobody, and enter them into the inventory")
    .option("--interface <name>", "where to listen (dhcp.interface)")
    .option("--for <time>", "end by itself after so long: 600, 10m, 1h")
    .option("--json", "one JSON document for each phone")
    .addHelpText("after", "\nExample:\n  provision dhcp listen --interface eth1 --for 600")
    .action(run(listen));
  return group;
}

interface SnippetOptions extends Globals {
  readonly for: string;
  readonly mac?: readonly string[];
}

async function snippet(terminal: Terminal, options: SnippetOptions): Promise<number> {
  const config = loadConfig(configSources(terminal, options), true);
  terminal.out.write(snippetFor(config, options.for, options.mac ?? []));
  return 0;
}

interface ListenOptions extends Globals {
  readonly interface?: string;
  readonly for?: string;
}

async function listen(terminal: Terminal, options: ListenOptions): Promise<number> {
  const config = loadConfig(configSources(terminal, options, { "dhcp.interface": options.interface }), true);
  const seconds = options.for === undefined ? undefined : secondsOf(options.for);
  const asked = new Promise<void>((resolve) => {
    terminal.onSignal(() => resolve());
    if (seconds !== undefined) setTimeout(resolve, seconds * 1000);
  });
  const listening = await listenForPhones(config, ({ mac, identity, ip }) => {
    const { vendor, named, model, part, application, bootRom } = identity;
    if (options.json === true)
      return say(terminal, JSON.stringify({ mac, ip, vendor, named, model, part, application, bootRom }));
    const words = [mac, ip ?? "no address yet", vendor, named, part, application, bootRom];
    say(terminal, printable(words.filter((word) => word !== undefined).join("  ")));
  });
  tell(terminal, `Listening on ${listening.interface}, answering nobody. Ctrl-C ends it.`);
  await asked;
  await listening.stop();
  return 0;
}

/** A timer of Node.js runs 2³¹−1 ms at most, which is 24 days. */
const longestListening = 24 * 86_400;

function secondsOf(text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined && seconds <= longestListening) return seconds;
  const remedy = "write it like 600, 10m or 1h; 24 days at most";
  throw failure("E_USAGE", 2, { where: `--for ${text}`, message: "this is no duration", remedy });
}
