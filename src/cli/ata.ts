import { readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Command } from "commander";
import { ataKey, compileAtaProfile, decompileAtaProfile } from "../phones/ata-profile.ts";
import { Failure, failure, systemCode } from "../server/failure.ts";
import type { Run } from "./action.ts";
import { type Terminal, tell } from "./terminal.ts";

interface Options {
  readonly output?: string;
  readonly keyFile?: string;
}

const LARGEST = 1_048_576;

/** `provision ata compile|decompile`: profiles of the 7902, 7905, 7912 and ATA 186/188. */
export function ata(run: Run): Command {
  const group = new Command("ata")
    .description("profiles of the 7902, 7905, 7912 and ATA: compile, decompile")
    .addHelpText("after", "\nExample:\n  provision ata compile gkdefault.txt -o gkdefault.cfg");
  const withOptions = (command: Command) =>
    command
      .option("-o, --output <file>", "write there instead of standard output")
      .option("--key-file <file>", "hex digits of the RC4 key that encrypts the profile");
  withOptions(group.command("compile <file>"))
    .description("turn a text profile (#txt) into what the phone reads (#ata)")
    .addHelpText(
      "after",
      "\nA profile that one file cannot hold is split: with -o gk000e84c060a6 the second file is gk000e84c060a6.ex beside it.\n\nExample:\n  provision ata compile gkdefault.txt -o gkdefault.cfg",
    )
    .action(run(compile));
  withOptions(group.command("decompile <file>"))
    .description("turn a compiled profile back into text")
    .addHelpText("after", "\nExample:\n  provision ata decompile gk000e84c060a6")
    .action(run(decompile));
  return group;
}

async function compile(terminal: Terminal, options: Options, path = ""): Promise<number> {
  const key = keyOf(terminal, options);
  const compiled = compileAtaProfile(new TextDecoder().decode(read(terminal, path)), {
    ...(key === undefined ? {} : { key }),
    ...(options.output === undefined ? {} : { name: basename(options.output) }),
  });
  if (compiled.is === "refused") {
    const findings = compiled.problems.map(({ line, message, remedy }) => ({
      where: `${path}:${line}`,
      message,
      remedy,
    }));
    throw new Failure("E_ATA_PROFILE", 1, findings);
  }
  write(terminal, options, compiled.octets);
  if (compiled.extended !== undefined) {
    write(terminal, { output: join(dirname(options.output ?? ""), compiled.extended.name) }, compiled.extended.octets);
    tell(terminal, `The profile needs two files: ${compiled.extended.name} is the second.`);
  }
  return 0;
}

async function decompile(terminal: Terminal, options: Options, path = ""): Promise<number> {
  const octets = read(terminal, path);
  let text: string;
  try {
    text = decompileAtaProfile(octets, keyOf(terminal, options));
  } catch (error) {
    const message = error instanceof Error ? error.message : "it cannot be read";
    throw failure("E_ATA_FILE", 2, {
      where: path,
      message,
      remedy: "name a compiled profile; give --key-file where it is encrypted",
    });
  }
  write(terminal, options, new TextEncoder().encode(text));
  return 0;
}

/** The key stands in a file: on the command line every user of the machine could read it. */
function keyOf(terminal: Terminal, { keyFile }: Options): Uint8Array | undefined {
  if (keyFile === undefined) return undefined;
  const key = ataKey(new TextDecoder().decode(read(terminal, keyFile)).trim());
  if (key !== undefined) return key;
  throw failure("E_ATA_FILE", 2, {
    where: keyFile,
    message: "this is no key",
    remedy: "write 2 to 64 hex digits, an even number",
  });
}

function read(terminal: Terminal, path: string): Uint8Array {
  try {
    const octets = readFileSync(resolve(terminal.cwd, path));
    if (octets.length <= LARGEST) return octets;
  } catch (error) {
    const message = `the file cannot be read (${systemCode(error) ?? "unknown reason"})`;
    throw failure("E_ATA_FILE", 2, { where: path, message, remedy: "check path and mode" }, error);
  }
  throw failure("E_ATA_FILE", 2, {
    where: path,
    message: "the file is too large for a profile",
    remedy: "name a profile",
  });
}

function write(terminal: Terminal, { output }: Options, octets: Uint8Array): void {
  if (output === undefined) {
    terminal.out.write(octets);
    return;
  }
  try {
    writeFileSync(resolve(terminal.cwd, output), octets, { mode: 0o600 });
  } catch (error) {
    const message = `the file cannot be written (${systemCode(error) ?? "unknown reason"})`;
    throw failure("E_ATA_FILE", 2, { where: output, message, remedy: "check path and mode" }, error);
  }
}
