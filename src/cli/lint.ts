import { resolve } from "node:path";
import { Command } from "commander";
import { type LintReport, lintPaths } from "../server/lint.ts";
import type { Run } from "./action.ts";
import { counted, printable, say, sayJson, type Terminal, tell } from "./terminal.ts";

interface Options {
  readonly json?: boolean;
  readonly fix?: boolean;
}

/** `provision lint`: what a phone would trip over in files that are already there. */
export function lint(run: Run): Command {
  return new Command("lint")
    .description("check phone files: single ones, or a whole tftpboot directory")
    .argument("<path...>", "files and folders")
    .option("--fix", "correct what cannot be wrong: contents of OS79XX.TXT, letter O for zero, letter case of names")
    .option("--json", "one JSON document")
    .addHelpText(
      "after",
      "\nExit code 1 where something is found; docs/lint.md explains each code.\n\nExample:\n  provision lint /srv/tftpboot",
    )
    .action(run(print));
}

async function print(terminal: Terminal, options: Options, ...paths: string[]): Promise<number> {
  const { files, findings, fixed } = await lintPaths(
    paths.map((path) => resolve(terminal.cwd, path)),
    options.fix === true,
  );
  if (options.json === true) sayJson(terminal, { findings, fixed });
  else {
    for (const path of fixed) say(terminal, printable(`corrected  ${path}`));
    for (const finding of findings) sayFinding(terminal, finding);
    tell(terminal, `${counted(files, "file")}, ${counted(findings.length, "finding")}`);
  }
  return findings.length > 0 ? 1 : 0;
}

function sayFinding(
  terminal: Terminal,
  { file, line, severity, code, message, fix }: LintReport["findings"][number],
): void {
  say(terminal, printable(`${file}${line === undefined ? "" : `:${line}`}: ${severity} ${code}: ${message}`));
  say(terminal, printable(`    ${fix}`));
}
