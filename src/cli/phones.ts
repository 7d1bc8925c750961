import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { text as wholeText } from "node:stream/consumers";
import { Command } from "commander";
import { modelOf } from "../phones/families.ts";
import { readInventory, writeInventory } from "../phones/inventory-csv.ts";
import { isSecretName } from "../phones/secret-name.ts";
import { Failure, failure, systemCode } from "../server/failure.ts";
import { gatherFrom } from "../server/gather.ts";
import { type PhoneStory, readMac } from "../server/inventory.ts";
import type { Run } from "./action.ts";
import { withAdministration } from "./admin.ts";
import { type Globals, several } from "./globals.ts";
import { colons, counted, printable, say, sayJson, type Terminal, table, tell } from "./terminal.ts";

/** `provision phones …`: the inventory. */
export function phones(run: Run): Command {
  const group = new Command("phones")
    .description("the inventory: list, show, add, remove, import, gather, export")
    .addHelpText("after", "\nExamples:\n  provision phones import phones.csv\n  provision phones list");
  group
    .command("list")
    .description("every phone of the inventory")
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExample:\n  provision phones list")
    .action(run(list));
  group
    .command("show <mac>")
    .description("one phone: what is known, what it did, what was decided")
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExample:\n  provision phones show 00:0e:84:c0:60:a6")
    .action(run(show));
  group
    .command("add")
    .description("put one phone into the inventory")
    .requiredOption("--mac <mac>", "in any notation")
    .option("--model <model>", "e.g. 7960")
    .option("--running <load>", 'the load it runs, from its screen, e.g. P00303010102 or "SCCP 3.1"')
    .option("--group <group>")
    .option("--label <label>")
    .option("--line <name>", "the number of a line; several for several lines", several)
    .option(
      "--password-file <file>",
      "the passwords of the lines, one in each line of the file; - reads standard input",
    )
    .option("--set <name=value>", "a template setting; may be given several times", several)
    .option("--set-file <name=file>", "a setting that is secret, read from a file; may be given several times", several)
    .option("--replace", "write over a phone that is there")
    .option("--dry-run", "judge it, and change nothing")
    .addHelpText(
      "after",
      '\nExample:\n  provision phones add --mac 000E84C060A6 --model 7960 --running "SCCP 3.1" --line 1001',
    )
    .action(run(add));
  group
    .command("remove <mac>")
    .description("take one phone out of the inventory; its history stays")
    .option("--dry-run", "say whether it could be, and change nothing")
    .addHelpText("after", "\nExample:\n  provision phones remove 00:0e:84:c0:60:a6")
    .action(run(remove));
  group
    .command("import <file>")
    .description("take in a CSV inventory, all of it or nothing; - reads standard input")
    .option("--dry-run", "read and judge, and change nothing")
    .addHelpText(
      "after",
      "\nExample:\n  provision phones import phones.csv\n\nFirst line: mac,model,running,group,label,line1,line1_name,line1_auth,line1_password,… Other columns become settings.",
    )
    .action(run(importFile));
  group
    .command("gather <path...>")
    .description("print as CSV the phones that other systems' files describe; changes nothing")
    .option("--passwords", "with the passwords of the lines")
    .addHelpText(
      "after",
      "\nReads SIP<MAC>.cnf, SEP<MAC>.cnf.xml, Polycom <mac>.cfg, pjsip.conf, sip.conf, and CSV exports of CUCM (BAT), FreePBX and FusionPBX.\n\nExample:\n  provision phones gather /srv/tftpboot /etc/asterisk --passwords > phones.csv",
    )
    .action(run(gather));
  group
    .command("export")
    .description("print the inventory as CSV")
    .option("--passwords", "with the passwords of the lines")
    .addHelpText("after", "\nExample:\n  provision phones export > phones.csv")
    .action(run(exportFile));
  return group;
}

async function list(terminal: Terminal, options: Globals): Promise<number> {
  const phones = await withAdministration(terminal, options, (ask) => ask.phones({}));
  if (options.json === true) {
    sayJson(terminal, { phones });
    return 0;
  }
  if (phones.length === 0) tell(terminal, "The inventory is empty: provision phones import FILE.csv");
  else {
    const rows = phones.map((phone) => [
      phone.mac,
      phone.model ?? "-",
      phone.running ?? "-",
      phone.ip ?? "-",
      phone.group ?? "-",
      phone.label ?? phone.lines[0]?.name ?? "-",
    ]);
    say(terminal, table(["MAC", "MODEL", "RUNS", "ADDRESS", "GROUP", "LABEL"], rows));
  }
  return 0;
}

async function show(terminal: Terminal, options: Globals, macText = ""): Promise<number> {
  const mac = readMac(macText);
  const story = await withAdministration(terminal, options, (ask) => ask.phone({ mac }));
  if (options.json === true) sayJson(terminal, story);
  else for (const line of storyLines(story)) say(terminal, printable(line));
  return 0;
}

function storyLines({ phone, history, sightings }: PhoneStory): readonly string[] {
  const { mac, model, running, ip, group, label, lines, settings } = phone;
  return [
    `${mac}  ${model ?? "model unknown"}${label === undefined ? "" : `  ${label}`}`,
    `runs ${running ?? "unknown"}, last seen at ${ip ?? sightings[0]?.ip ?? "no address"}${group === undefined ? "" : `, group ${group}`}`,
    ...lines.map((line, i) => `line ${i + 1}: ${line.name}${line.hasPassword ? " (with a password)" : ""}`),
    ...Object.entries(settings).map(([name, value]) => `${name} = ${value}`),
    "",
    "What was decided and why:",
    ...(history.length === 0
      ? ["  nothing yet"]
      : history.map(({ at, event, detail }) => `  ${at}  ${event}  ${detail}`)),
    "",
    "What it did, newest first:",
    ...(sightings.length === 0
      ? ["  nothing yet"]
      : sightings.map(({ at, by, ip: from, evidence }) => `  ${at}  ${by} ${from}  ${evidence}`)),
  ];
}

interface AddOptions extends Globals {
  readonly mac: string;
  readonly model?: string;
  readonly running?: string;
  readonly group?: string;
  readonly label?: string;
  readonly line?: readonly string[];
  readonly passwordFile?: string;
  readonly set?: readonly string[];
  readonly setFile?: readonly string[];
  readonly replace?: boolean;
  readonly dryRun?: boolean;
}

async function add(terminal: Terminal, options: AddOptions): Promise<number> {
  const { model, running, group, label } = options;
  const mac = readMac(options.mac);
  const phone = {
    mac,
    ...(model === undefined ? {} : { model }),
    ...(running === undefined ? {} : { running }),
    ...(group === undefined ? {} : { group }),
    ...(label === undefined ? {} : { label }),
    lines: await linesOf(terminal, options),
    settings: Object.fromEntries([
      ...(options.set ?? []).map(settingOf),
      ...(await Promise.all((options.setFile ?? []).map((text) => settingIn(terminal, text)))),
    ]),
  };
  const dryRun = options.dryRun === true;
  const request = { phones: [phone], replace: options.replace ?? false, dryRun };
  await withAdministration(terminal, options, (ask) => ask.putPhones(request));
  tell(terminal, dryRun ? `${colons(mac)} would be taken in.` : `${colons(mac)} is in the inventory.`);
  return 0;
}

/** Passwords come from a file: every user of a machine can read what stands in a command line. */
async function linesOf(terminal: Terminal, { line = [], passwordFile }: AddOptions) {
  const passwords =
    passwordFile === undefined ? [] : (await textOf(terminal, passwordFile)).replace(/\r?\n$/, "").split(/\r?\n/);
  if (passwords.length > line.length) {
    const message = `${passwordFile} has ${passwords.length} lines, and the phone ${line.length}`;
    throw failure("E_USAGE", 2, { where: "--password-file", message, remedy: "give --line for each of them" });
  }
  return line.map((name, index) => ({ name, ...(passwords[index] ? { password: passwords[index] } : {}) }));
}

function settingOf(text: string): [string, string] {
  const [name, value] = namedText("--set", text, "--set phone_label=Lobby");
  if (!isSecretName(name)) return [name, value];
  throw failure("E_USAGE", 2, {
    where: `--set ${name}`,
    message: "this setting is secret, and every user of this machine can read a command line",
    remedy: `write the value into a file that you alone can read, and give --set-file ${name}=FILE`,
  });
}

async function settingIn(terminal: Terminal, text: string): Promise<[string, string]> {
  const [name, file] = namedText("--set-file", text, "--set-file phone_password=./password");
  return [name, (await textOf(terminal, file)).replace(/\r?\n$/, "")];
}

function namedText(option: string, text: string, example: string): [string, string] {
  const [, name, value] = /^([\w.-]{1,64})=(.*)$/s.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw failure("E_USAGE", 2, { where: option, message: "this is not name=value", remedy: `write it like ${example}` });
}

async function remove(terminal: Terminal, options: Globals & { dryRun?: boolean }, macText = ""): Promise<number> {
  const mac = readMac(macText);
  const dryRun = options.dryRun === true;
  await withAdministration(terminal, options, (ask) => ask.removePhone({ mac, dryRun }));
  tell(terminal, dryRun ? `${colons(mac)} would be taken out.` : `${colons(mac)} is out of the inventory.`);
  return 0;
}

async function importFile(terminal: Terminal, options: Globals & { dryRun?: boolean }, file = ""): Promise<number> {
  const inventory = readInventory(await textOf(terminal, file), (text) => modelOf(text)?.id);
  if (inventory.is === "refused") {
    throw new Failure(
      "E_INVENTORY",
      1,
      inventory.problems.map(({ line, message, remedy }) => ({ where: `${file}:${line}`, message, remedy })),
    );
  }
  const dryRun = options.dryRun === true;
  const phones = inventory.phones.map((phone) => ({ ...phone, lines: [...phone.lines] }));
  const request = { phones, replace: true, dryRun };
  const { put } = await withAdministration(terminal, options, (ask) => ask.putPhones(request));
  const taken = counted(put, "phone");
  tell(
    terminal,
    `${taken} ${dryRun ? "would be taken in" : put === 1 ? "is in the inventory" : "are in the inventory"}.`,
  );
  return 0;
}

/** A file's text; `-` is standard input, to its end, however slowly it comes. */
async function textOf(terminal: Terminal, file: string): Promise<string> {
  try {
    return file === "-" ? await wholeText(terminal.in) : readFileSync(resolve(terminal.cwd, file), "utf8");
  } catch (error) {
    const message = `it cannot be read (${systemCode(error)})`;
    throw failure("E_INVENTORY_FILE", 2, { where: file, message, remedy: "check the path and its mode" }, error);
  }
}

async function gather(
  terminal: Terminal,
  options: { readonly passwords?: boolean },
  ...paths: string[]
): Promise<number> {
  const { files, phones, notes } = await gatherFrom(paths.map((path) => resolve(terminal.cwd, path)));
  for (const { file, message } of notes) tell(terminal, printable(`${file}: ${message}`));
  if (phones.length === 0) {
    throw failure("E_NO_PHONES", 1, {
      where: paths.join(", "),
      message: files === 0 ? "there is no file to read" : `none of ${counted(files, "file")} describes a phone`,
      remedy:
        "name a folder or file with SIP<MAC>.cnf, SEP<MAC>.cnf.xml, Polycom <mac>.cfg, pjsip.conf, sip.conf or an export as CSV; their names are what they are known by",
    });
  }
  terminal.out.write(writeInventory(phones, { passwords: options.passwords ?? false }));
  tell(terminal, `${counted(phones.length, "phone")}. Read them over, then: provision phones import phones.csv`);
  return 0;
}

async function exportFile(terminal: Terminal, options: Globals & { passwords?: boolean }): Promise<number> {
  const request = { passwords: options.passwords ?? false };
  const { lines } = await withAdministration(terminal, options, (ask) => ask.exportPhones(request));
  terminal.out.write(lines.join(""));
  return 0;
}
