import { rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { failure, systemCode } from "../server/failure.ts";
import { exampleConfiguration } from "../server/shipped.ts";
import type { Run } from "./action.ts";
import { type Terminal, tell } from "./terminal.ts";

/** `provision init`: a commented provision.yaml, on standard output or into a file that does not exist yet. */
export function init(run: Run): Command {
  return new Command("init")
    .description("print a commented provision.yaml")
    .option("--write [file]", "write it to a file, which must not exist (default: provision.yaml)")
    .addHelpText("after", "\nExample:\n  provision init > provision.yaml\n  provision init --write")
    .action(run(print));
}

async function print(terminal: Terminal, options: { write?: string | true }): Promise<number> {
  const text = exampleConfiguration();
  if (options.write === undefined) {
    terminal.out.write(text);
    return 0;
  }
  const file = resolve(terminal.cwd, options.write === true ? "provision.yaml" : options.write);
  try {
    writeFileSync(file, text, { flag: "wx", mode: 0o644 });
  } catch (error) {
    const exists = systemCode(error) === "EEXIST";
    // What a full disk left of it would be taken for a configuration.
    if (systemCode(error) === "ENOSPC") rmSync(file, { force: true });
    const message = exists ? "it exists already" : `it cannot be written (${systemCode(error)})`;
    const remedy = exists ? "give another name, or move it away first" : "check the folder and its mode";
    throw failure("E_INIT_WRITE", 1, { where: file, message, remedy }, error);
  }
  tell(terminal, `${file} is written. Set site.serverAddress, then: provision check`);
  return 0;
}
