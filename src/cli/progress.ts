import type { StatusReport } from "../server/administration.ts";
import { printable, type Terminal } from "./terminal.ts";

/** What is known of a happening: an event of docs/events.md and its words. */
interface Happening {
  readonly event: string;
  readonly detail: string;
  readonly mac?: string;
}

/** Live progress on standard error: bars where it is a terminal, a line for every change elsewhere. */
export interface Progress {
  show(report: StatusReport): void;
  note(happening: Happening): void;
  end(): void;
}

const barWidth = 24;
const mostBars = 20;

export function createProgress({ err }: Terminal): Progress {
  return err.isTTY === true ? bars(err) : lines(err);
}

function lines(err: Terminal["err"]): Progress {
  return {
    show: () => undefined,
    note: ({ event, detail, mac }) => {
      if (mac === undefined || !/^(?:stage|migration)\./.test(event)) return;
      err.write(`${printable(`${mac.replace(/..(?=.)/g, "$&:")}  ${event}  ${detail}`)}\n`);
    },
    end: () => undefined,
  };
}

function bars(err: Terminal["err"]): Progress {
  let drawn = 0;
  const clear = () => {
    if (drawn > 0) err.write(`\u001b[${drawn}A\u001b[J`);
    drawn = 0;
  };
  let before = "";
  return {
    show(report) {
      const text = barLines(report, (err.columns ?? 100) - 1);
      if (text.join("\n") === before) return;
      clear();
      before = text.join("\n");
      err.write(`${before}\n`);
      drawn = text.length;
    },
    note: () => undefined,
    end: () => {
      drawn = 0;
    },
  };
}

/** A line for each phone that is under way, as many as a screen holds, and the sum of the others. */
export function barLines({ phones }: StatusReport, width: number): readonly string[] {
  const shown = phones.slice(0, mostBars).map(({ mac, state, stage, stages, evidence }) => {
    const within = state === "waiting" ? 0 : state === "loading" ? 0.4 : state === "restarting" ? 0.8 : 1;
    const share = state === "done" ? 1 : (stage - 1 + within) / Math.max(1, stages);
    const full = Math.round(share * barWidth);
    const bar = `${"#".repeat(full)}${".".repeat(barWidth - full)}`;
    return printable(`${mac}  [${bar}] ${stage}/${stages} ${state.padEnd(10)} ${evidence[0] ?? ""}`).slice(0, width);
  });
  const rest = phones.length - shown.length;
  const done = phones.filter(({ state }) => state === "done").length;
  return [...shown, `${done} of ${phones.length} phones have arrived${rest > 0 ? ` (${rest} not shown)` : ""}`];
}
