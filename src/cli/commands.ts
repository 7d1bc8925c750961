import type { Command } from "commander";
import type { Action } from "./command-line.ts";
import { init } from "./init.ts";

/** Turns a command's work into what commander calls. */
export type Run = <Options>(action: Action<Options>) => (...given: unknown[]) => Promise<void>;

/** Every command, in the order of `--help`. */
export const commands: readonly ((run: Run) => Command)[] = [init];
