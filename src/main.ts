#!/usr/bin/env node
import { runCommandLine } from "./cli/command-line.ts";
import { createOutlet } from "./cli/outlet.ts";

const asked = new Set<(signal: string) => void>();
const askToEnd = (signal: string) => {
  for (const end of asked) end(signal);
};
const outlet = createOutlet(process.stdout, () => askToEnd("SIGPIPE"));
// Nobody reads the log any more: that is no reason to leave the phones.
process.stderr.on("error", () => undefined);

const exitCode = await runCommandLine({
  argv: process.argv.slice(2),
  environment: process.env,
  cwd: process.cwd(),
  in: process.stdin,
  out: outlet.out,
  err: process.stderr,
  onSignal: (end) => {
    asked.add(end);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end(signal));
  },
});
process.exitCode = exitCode;
// What is written to a pipe may still be on its way, and an error is told a turn after the write that failed.
outlet.out.write("", () =>
  setImmediate(() => {
    const failed = outlet.failure();
    if (failed !== undefined) process.stderr.write(`${failed}\n`);
    process.stderr.write("", () => process.exit(failed === undefined ? exitCode : Math.max(1, exitCode)));
  }),
);
