import { resolve } from "node:path";
import { Command } from "commander";
import { loadConfig } from "../server/config.ts";
import { failure } from "../server/failure.ts";
import { loadKnowledge } from "../server/knowledge.ts";
import { openFirmwareVault } from "../server/vault.ts";
import type { Run } from "./action.ts";
import { configSources, type Globals } from "./globals.ts";
import { printable, say, sayJson, type Terminal, table, tell } from "./terminal.ts";

/** `provision firmware …`: the vault of whole, checked packages. */
export function firmware(run: Run): Command {
  const group = new Command("firmware")
    .description("the firmware vault: import, list, check, show")
    .addHelpText("after", "\nExamples:\n  provision firmware import P0S3-8-12-00.zip\n  provision firmware list");
  group
    .command("import <path...>")
    .description("take in files, folders and zip archives: whole packages, or nothing")
    .option("--dry-run", "read and judge everything, and change nothing")
    .option("--replace", "put a file in the place of another of the same name")
    .option("--as <load>", "the load of files whose names fit several releases, as Polycom's do")
    .option("--json", "one JSON document")
    .addHelpText(
      "after",
      "\nExample:\n  provision firmware import P0S3-8-12-00.zip ~/cisco/P00305000500\n  provision firmware import --as SPIP650.4.0.15.1009 2345-12600-001.sip.ld",
    )
    .action(run(take));
  group
    .command("list")
    .description("the packages, and what each lacks")
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExample:\n  provision firmware list")
    .action(run(list));
  group
    .command("check")
    .description("read every stored octet again and compare")
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExit code 1 where a file is damaged.\n\nExample:\n  provision firmware check")
    .action(run(check));
  group
    .command("show <load>")
    .description("one package, file by file, with what its headers say")
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExample:\n  provision firmware show P0S3-8-12-00")
    .action(run(show));
  return group;
}

async function vaultOf(terminal: Terminal, options: Globals) {
  const config = loadConfig(configSources(terminal, options), false);
  return openFirmwareVault(config, await loadKnowledge());
}

interface ImportOptions extends Globals {
  readonly dryRun?: boolean;
  readonly replace?: boolean;
  readonly as?: string;
}

async function take(terminal: Terminal, options: ImportOptions, ...paths: string[]): Promise<number> {
  const vault = await vaultOf(terminal, options);
  const bar = progressLine(terminal);
  const report = await vault.importFirmware(
    paths.map((path) => resolve(terminal.cwd, path)),
    {
      dryRun: options.dryRun ?? false,
      replace: options.replace ?? false,
      ...(options.as === undefined ? {} : { as: options.as }),
      onProgress: bar.show,
    },
  );
  bar.clear();
  if (options.json === true) sayJson(terminal, report);
  else {
    for (const { load, protocol, version, complete, missing, added, replaced, unchanged } of report.packages) {
      const state = complete ? "complete" : `lacks ${missing.join(", ")}`;
      const change = `${added.length} new, ${replaced.length} replaced, ${unchanged.length} as before`;
      say(terminal, printable(`${load}  ${protocol} ${version}  ${state}  (${change})`));
    }
    for (const { place, reason } of report.passedOver) tell(terminal, printable(`passed over: ${place}: ${reason}`));
    for (const { severity, place, reason, remedy, code } of report.findings) {
      tell(terminal, printable(`${severity}: ${place}: ${reason}\n  ${remedy} (${code})`));
    }
    if (!report.accepted) tell(terminal, "Nothing was imported.");
    else if (report.packages.length === 0) tell(terminal, "There was no firmware of a known release in it.");
    else if (report.dryRun) tell(terminal, "Nothing was changed (--dry-run).");
  }
  return report.accepted && report.packages.length > 0 ? 0 : 1;
}

function progressLine({ err }: Terminal) {
  const width = Math.max(20, (err.columns ?? 80) - 1);
  const draws = err.isTTY === true;
  let drawn = 0;
  return {
    show: ({ place, files, octets }: { place: string; files: number; octets: number }) => {
      if (!draws || Date.now() - drawn < 100) return;
      drawn = Date.now();
      const text = `${files} files, ${(octets / 1e6).toFixed(1)} MB  ${printable(place)}`;
      err.write(`\r\u001b[K${text.slice(0, width)}`);
    },
    clear: () => {
      if (drawn > 0) err.write("\r\u001b[K");
    },
  };
}

async function list(terminal: Terminal, options: Globals): Promise<number> {
  const found = await (await vaultOf(terminal, options)).list();
  if (options.json === true) sayJson(terminal, found);
  else if (found.packages.length === 0) tell(terminal, "The vault is empty: provision firmware import PATH…");
  else {
    const rows = found.packages.map(({ load, family, protocol, version, complete, missing, files }) => [
      load,
      family,
      `${protocol} ${version}`.trim(),
      String(files.length),
      complete ? "complete" : `lacks ${missing.join(", ")}`,
    ]);
    say(terminal, table(["LOAD", "FAMILY", "RELEASE", "FILES", "STATE"], rows));
  }
  return 0;
}

async function check(terminal: Terminal, options: Globals): Promise<number> {
  const found = await (await vaultOf(terminal, options)).check();
  if (options.json === true) sayJson(terminal, found);
  else {
    for (const { load, file, remedy } of found.damaged)
      tell(terminal, printable(`damaged: ${file} of ${load}\n  ${remedy}`));
    say(
      terminal,
      `${found.files} files, ${found.octets} octets: ${found.damaged.length} damaged, ${found.orphans} unused`,
    );
  }
  return found.damaged.length === 0 ? 0 : 1;
}

async function show(terminal: Terminal, options: Globals, load = ""): Promise<number> {
  const found = await (await vaultOf(terminal, options)).show(load);
  if (found.length === 0) {
    throw failure("E_PACKAGE_UNKNOWN", 1, {
      where: load,
      message: "the vault has no package of this load",
      remedy: "provision firmware list shows those it has",
    });
  }
  if (options.json === true) {
    sayJson(terminal, { packages: found });
    return 0;
  }
  for (const { load: name, family, protocol, version, complete, missing, files, findings } of found) {
    say(
      terminal,
      `${name}  ${family}  ${protocol} ${version}  ${complete ? "complete" : `lacks ${missing.join(", ")}`}`,
    );
    const rows = files.map(({ name, size, sha256, signedName }) => [name, String(size), signedName ?? "-", sha256]);
    say(terminal, table(["FILE", "OCTETS", "SIGNED AS", "SHA-256"], rows));
    for (const { severity, file, reason, remedy } of findings) {
      say(terminal, printable(`${severity}: ${file}: ${reason}\n  ${remedy}`));
    }
  }
  return 0;
}
