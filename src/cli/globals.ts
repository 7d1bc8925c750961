import type { ConfigSources } from "../server/config.ts";
import type { Terminal } from "./terminal.ts";

/** Options that stand before or behind every command. */
export interface Globals {
  readonly config?: string;
  readonly json?: boolean;
}

/** Where this command line looks for its configuration; `flags` are values by dotted path. */
export function configSources(
  terminal: Terminal,
  options: Globals,
  flags: Readonly<Record<string, string | undefined>> = {},
): ConfigSources {
  return { file: options.config, environment: terminal.environment, cwd: terminal.cwd, flags };
}

/** Collects an option that may be given several times. */
export function several(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
