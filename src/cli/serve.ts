import { Command } from "commander";
import { loadConfig } from "../server/config.ts";
import { createLog, standardError } from "../server/log.ts";
import { start } from "../server/start.ts";
import type { Run } from "./action.ts";
import { configSources, type Globals } from "./globals.ts";
import { type Terminal, tell } from "./terminal.ts";

interface Options extends Globals {
  readonly data?: string;
  readonly tftpPort?: string;
  readonly httpPort?: string;
  readonly tftpRoot?: string;
  readonly logLevel?: string;
}

/** `provision serve`: DHCP where enabled, TFTP and HTTP, until SIGTERM or SIGINT. */
export function serve(run: Run): Command {
  return new Command("serve")
    .description("answer the phones: TFTP and HTTP, and DHCP where it is enabled")
    .option("--data <folder>", "database, vault and control socket (data)")
    .option("--tftp-port <port>", "UDP port of TFTP (tftp.port)")
    .option("--tftp-root <folder>", "the site's own files (tftp.root)")
    .option("--http-port <port>", "TCP port of HTTP (http.port)")
    .option("--log-level <level>", "trace, debug, info, warn or error (log.level)")
    .addHelpText(
      "after",
      "\nExample:\n  provision serve --config /etc/provision/provision.yaml\n  provision serve --tftp-port 6969",
    )
    .action(run(listen));
}

async function listen(terminal: Terminal, options: Options): Promise<number> {
  const config = loadConfig(
    configSources(terminal, options, {
      data: options.data,
      "tftp.port": options.tftpPort,
      "tftp.root": options.tftpRoot,
      "http.port": options.httpPort,
      "log.level": options.logLevel,
    }),
    true,
  );
  const log = createLog(config.log.level, standardError());
  const asked = new Promise<string>((resolve) => terminal.onSignal(resolve));
  const service = await start(config, log);
  if (terminal.err.isTTY === true) tell(terminal, "provision serves. Ctrl-C ends it.");
  await service.stop(await asked);
  return 0;
}
