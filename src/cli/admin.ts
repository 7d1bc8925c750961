import { type Administration, openAdministration } from "../server/administration.ts";
import { loadConfig } from "../server/config.ts";
import { configSources, type Globals } from "./globals.ts";
import type { Terminal } from "./terminal.ts";

/** Does `work` with the running server, or with the data folder where none runs, and closes it again. */
export async function withAdministration<T>(
  terminal: Terminal,
  options: Globals,
  work: (ask: Administration, served: boolean) => Promise<T>,
): Promise<T> {
  const config = loadConfig(configSources(terminal, options), true);
  const { ask, served, close } = await openAdministration(config, () => Date.now());
  try {
    return await work(ask, served);
  } finally {
    await close();
  }
}
