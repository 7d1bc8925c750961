import type { Terminal } from "./terminal.ts";

/** A command's work; resolves with its exit code: 0 done, 1 findings, 2 wrong usage, 3 forbidden by the phones' rules. */
export type Action<Options> = (terminal: Terminal, options: Options, ...operands: string[]) => Promise<number>;

/** Turns a command's work into what commander calls. */
export type Run = <Options>(action: Action<Options>) => (...given: unknown[]) => Promise<void>;
