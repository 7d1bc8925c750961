import { Command } from "commander";
import type { StatusReport } from "../server/administration.ts";
import type { Run } from "./action.ts";
import { withAdministration } from "./admin.ts";
import type { Globals } from "./globals.ts";
import { printable, say, sayJson, type Terminal, table, tell } from "./terminal.ts";

/** `provision status`: where every enrolled phone stands. */
export function status(run: Run): Command {
  return new Command("status")
    .description("every enrolled phone: its stage, the evidence, what it waits for, what went wrong")
    .option("--json", "one JSON document")
    .option(
      "--watch",
      "again every two seconds, until every phone has arrived or Ctrl-C; with --json, the last state alone",
    )
    .addHelpText("after", "\nExit code 1 where a phone has a problem.\n\nExample:\n  provision status --watch")
    .action(run(print));
}

async function print(terminal: Terminal, options: Globals & { watch?: boolean }): Promise<number> {
  if (options.watch !== true) {
    const report = await withAdministration(terminal, options, (ask) => ask.status({}));
    if (options.json === true) sayJson(terminal, report);
    else show(terminal, report);
    return hasProblem(report) ? 1 : 0;
  }
  const report = await watch(terminal, options);
  if (options.json === true) sayJson(terminal, report);
  return hasProblem(report) ? 1 : 0;
}

/** Shows the state until every phone has come to an end, with `--json` in silence. Resolves with the last report. */
export async function watch(terminal: Terminal, options: Globals): Promise<StatusReport> {
  let ended = false;
  const asked = new Promise<void>((resolve) => {
    terminal.onSignal(() => {
      ended = true;
      resolve();
    });
  });
  let before = "";
  for (;;) {
    const report = await withAdministration(terminal, options, (ask) => ask.status({}));
    const now = JSON.stringify(report);
    if (now !== before && options.json !== true) show(terminal, report);
    before = now;
    const open = report.phones.filter(({ state }) => state !== "done" && state !== "cancelled");
    if (ended || open.length === 0) return report;
    await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 2000))]);
  }
}

function show(terminal: Terminal, { phones }: StatusReport): void {
  if (phones.length === 0) {
    tell(terminal, "No phone is enrolled: provision migrate --model 7960 --to sip");
    return;
  }
  const rows = phones.map((phone) => [
    phone.mac,
    phone.model,
    phone.state,
    `${phone.stage}/${phone.stages}`,
    phone.release ?? "unknown",
    phone.target,
    phone.ip ?? "-",
    phone.evidence[0] ?? "-",
  ]);
  say(terminal, table(["MAC", "MODEL", "STATE", "STAGE", "RUNS", "TARGET", "ADDRESS", "LAST EVIDENCE"], rows));
  for (const phone of phones) {
    for (const { words } of phone.noticed ?? []) say(terminal, printable(`? ${phone.mac}  ${words}`));
    if (phone.silentSeconds !== undefined)
      say(terminal, printable(`  ${phone.mac}  silent for ${phone.silentSeconds} s`));
    if (phone.problem !== undefined) {
      const { code, message, remedy } = phone.problem;
      say(terminal, printable(`! ${phone.mac}  ${code}: ${message}\n  ${remedy}`));
    } else if (phone.state !== "done" && phone.state !== "cancelled") {
      for (const line of phone.waitsFor) say(terminal, printable(`  ${phone.mac}  ${line}`));
    }
  }
}

/** Whether any phone has a problem, which is exit code 1. */
export function hasProblem({ phones }: StatusReport): boolean {
  return phones.some((phone) => phone.problem !== undefined);
}
