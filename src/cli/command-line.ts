import { Command, CommanderError } from "commander";
import type { Finding } from "../server/failure.ts";
import { version } from "../server/shipped.ts";
import type { Action } from "./action.ts";
import { commands } from "./commands.ts";
import { reportFailure } from "./report-failure.ts";
import { sayJson, type Terminal } from "./terminal.ts";

/** Runs one command line and resolves with its exit code. Nothing it does ends the process or prints a stack trace. */
export async function runCommandLine(terminal: Terminal): Promise<number> {
  let exitCode = 0;
  const program = new Command("provision")
    .description("Provisioning server for Cisco and Polycom IP phones, and the planner of their firmware migrations")
    .version(version())
    .option("--config <file>", "the configuration (default: ./provision.yaml, then /etc/provision/provision.yaml)")
    .addHelpText(
      "after",
      '\nExample:\n  provision plan --model 7960 --from "SCCP 3.1" --to sip\n\nExit codes: 0 done, 1 findings or failure, 2 wrong usage, 3 forbidden by the phones\' rules.',
    )
    .showHelpAfterError("(see --help)");
  for (const command of commands) program.addCommand(command(run));
  settle(program, terminal);

  function run<Options>(action: Action<Options>): (...given: unknown[]) => Promise<void> {
    return async (...given) => {
      const command = given.at(-1) as Command;
      const operands = given.slice(0, -2).flat() as string[];
      exitCode = await action(terminal, command.optsWithGlobals() as Options, ...operands);
    };
  }

  try {
    await program.parseAsync([...terminal.argv], { from: "user" });
    return exitCode;
  } catch (error) {
    const json = terminal.argv.includes("--json");
    if (!(error instanceof CommanderError)) return reportFailure(terminal, error, json);
    if (error.exitCode === 0) return 0;
    if (json) sayJson(terminal, { error: usage(error) });
    return 2;
  }
}

/** What commander has told on standard error, for a script that reads one document. */
function usage({ message }: CommanderError): { code: string; findings: readonly Finding[] } {
  const finding = { where: "", message: message.replace(/^error: /, ""), remedy: "see the command's --help" };
  return { code: "E_USAGE", findings: [finding] };
}

/** Help, errors and the end of parsing are the terminal's, for every command below as well. */
function settle(command: Command, terminal: Terminal): void {
  command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
      getOutHelpWidth: () => terminal.out.columns ?? 100,
      getErrHelpWidth: () => terminal.err.columns ?? 100,
    })
    .configureHelp({ showGlobalOptions: true });
  for (const sub of command.commands) settle(sub, terminal);
}
