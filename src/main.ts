#!/usr/bin/env node
import { runCommandLine } from "./cli/command-line.ts";

const exitCode = await runCommandLine({
  argv: process.argv.slice(2),
  environment: process.env,
  cwd: process.cwd(),
  in: process.stdin,
  out: process.stdout,
  err: process.stderr,
  onSignal: (end) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end(signal));
  },
});
// What is written to a pipe may still be on its way: leave only when it is through.
process.exitCode = exitCode;
process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)));
