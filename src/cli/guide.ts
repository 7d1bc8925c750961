import { Command } from "commander";
import { everyRemedy, lookUp, ranked } from "../firmware/remedy.ts";
import { type Shown, shown } from "../migration/guide.ts";
import { failure } from "../server/failure.ts";
import type { Guided } from "../server/guide.ts";
import { readMac } from "../server/inventory.ts";
import { loadKnowledge, readModel } from "../server/knowledge.ts";
import type { Run } from "./action.ts";
import { withAdministration } from "./admin.ts";
import type { Globals } from "./globals.ts";
import { printable, say, sayJson, type Terminal, tell } from "./terminal.ts";

interface Options extends Globals {
  readonly mac?: string;
  readonly model?: string;
  readonly shows?: string;
  readonly watch?: boolean;
}

/** `provision guide`: stands beside the technician until the phone has arrived. */
export function guide(run: Run): Command {
  return new Command("guide")
    .description("walk through the migration of one phone: what it does now, what to do next")
    .option("--mac <mac>", "the phone")
    .option("--shows <words>", "look up what a phone shows: its words, or a code such as W310")
    .option("--model <model>", "with --shows: for a phone of this model, whether enrolled or not")
    .option("--watch", "go on, step by step, until the phone has arrived or Ctrl-C")
    .option("--json", "one JSON document")
    .addHelpText(
      "after",
      '\nExit code 1 while the phone has a problem, or where nothing is known of the words.\n\nExamples:\n  provision guide --mac 00:0e:84:c0:60:a6 --watch\n  provision guide --model 7960 --shows "Protocol Application Invalid"',
    )
    .action(run(follow));
}

async function follow(terminal: Terminal, options: Options): Promise<number> {
  if (options.shows !== undefined) return explain(terminal, options, options.shows);
  if (options.mac === undefined) throw unnamed("name the phone: --mac, or with --shows --model");
  const mac = readMac(options.mac);
  let ended = options.watch !== true || options.json === true;
  let wake = () => {};
  terminal.onSignal(() => {
    ended = true;
    wake();
  });
  let before = "";
  for (;;) {
    const told = await withAdministration(terminal, options, (ask) => ask.guide({ mac }));
    if (options.json === true) sayJson(terminal, { ...told.phone, guidance: told.guidance });
    else before = show(terminal, told, before, options.watch === true);
    if (ended || told.guidance.over) return told.phone.problem === undefined ? 0 : 1;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 2000);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** What is known of words that a phone shows; of an enrolled phone with the likeliest cause by what it has just done. */
async function explain(terminal: Terminal, options: Options, words: string): Promise<number> {
  const { mac, model } = options;
  if (mac === undefined && model === undefined) throw unnamed("say which phone shows it: --mac or --model");
  const known = await loadKnowledge();
  const told =
    mac === undefined
      ? undefined
      : await withAdministration(terminal, options, (ask) => ask.guide({ mac: readMac(mac) }));
  const { id, family } = readModel(told?.phone.model ?? model ?? "");
  const found = lookUp(everyRemedy(known.remedies(family), id), words);
  // The exact words come first, whatever is likely; each with its likeliest cause first.
  const rows = found.flatMap((remedy) => ranked([remedy], new Set(told?.signs))).map(shown);
  if (options.json === true) sayJson(terminal, { model: id, shows: words, found: rows });
  else if (rows.length === 0) tell(terminal, printable(`Nothing is known of "${words}" on a ${id}.`));
  else for (const line of rows.flatMap(shownLines)) say(terminal, printable(line));
  return rows.length === 0 ? 1 : 0;
}

function unnamed(remedy: string): Error {
  return failure("E_USAGE", 2, { where: "", message: "no phone is named", remedy });
}

function shownLines({ sees, meaning, causes, do: next }: Shown): readonly string[] {
  return [
    `"${sees}": ${meaning}`,
    ...causes.map((cause, at) => `  ${at === 0 ? "Likeliest" : "Or"}: ${cause}`),
    `  Do: ${next}`,
  ];
}

/** A screen that is drawn anew on a terminal; elsewhere only the lines, and only when they have changed. */
function show(terminal: Terminal, told: Guided, before: string, drawn: boolean): string {
  const lines = guideLines(told).map(printable);
  // Seconds that run are no news.
  const now = lines.join("\n").replace(/ Nothing was heard for \d+ seconds\./g, "");
  if (drawn && terminal.out.isTTY === true) terminal.out.write(`\u001b[H\u001b[2J${lines.join("\n")}\n`);
  else if (now !== before) terminal.out.write(`${lines.join("\n")}\n\n`);
  return now;
}

/** The whole of what is said of a phone, line by line. */
function guideLines({ phone, guidance }: Guided): readonly string[] {
  const { model, mac, stage, stages, release, target, state, ip } = phone;
  const way = `stage ${stage} of ${stages}, from ${release ?? "an unknown load"} to ${target}`;
  const { now, next, handsOff, ifItShows } = guidance;
  return [
    `${model} ${mac}${ip === null ? "" : ` at ${ip}`}: ${way}, ${state}`,
    ...(next.length === 0 ? [] : [handsOff ? "  DO NOT UNPLUG IT." : "  Do now:"]),
    ...next.map((line, at) => (handsOff ? `    - ${line}` : `    ${at + 1}. ${line}`)),
    `  ${now}`,
    ...(ifItShows.length === 0 ? [] : ["  If it shows:"]),
    ...ifItShows.flatMap((row) => shownLines(row).map((line) => `    ${line}`)),
  ];
}
