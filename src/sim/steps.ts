import type { Ipv4 } from "../wire/address.ts";
import type { Hearing, Script, Self } from "./script.ts";
import type { Fetched, FileWish, TftpManner } from "./tftp-client.ts";

/** Where a phone asks for files, and how; `server` is undefined while nothing has named one. */
export interface Asking {
  readonly server: Ipv4 | undefined;
  /** Default 69. */
  readonly port?: number;
  /** The port on which this phone tries every file by HTTP before it asks by TFTP. */
  readonly web?: number | undefined;
  readonly manner: TftpManner;
}

/** Puts a line on the screen and goes on. */
export function show<F>(screen: string, next: () => Script<F>): Script<F> {
  return { does: "show", screen, next };
}

/** Takes `ms` milliseconds. */
export function pause<F>(ms: number, next: () => Script<F>): Script<F> {
  return { does: "pause", ms, next };
}

/** Takes between `low` and `high` milliseconds; which, is the phone's own die `label`. */
export function take<F>(
  { self }: { readonly self: Self },
  low: number,
  high: number,
  label: string,
  next: () => Script<F>,
): Script<F> {
  return pause(low + Math.floor(self.chance(label) * (high - low)), next);
}

/** Asks for one file; by TFTP, or where the phone tries HTTP first, by TFTP what HTTP did not give (cisco.md §2.2). */
export function ask<F>(asking: Asking, wish: FileWish | string, next: (fetched: Fetched) => Script<F>): Script<F> {
  const wishes = [typeof wish === "string" ? { name: wish } : wish];
  const { server, port = 69, manner, web } = asking;
  const tftp: Script<F> = {
    does: "fetch",
    wishes,
    server,
    port,
    manner,
    next: ([fetched]) => next(fetched as Fetched),
  };
  if (web === undefined) return tftp;
  const name = typeof wish === "string" ? wish : wish.name;
  return { does: "get", name, server, port: web, next: (got) => (got.is === "whole" ? next(got) : tftp) };
}

/** Asks for files one after the other and goes on, whatever comes of them. */
export function askEach<F>(asking: Asking, names: readonly string[], next: () => Script<F>): Script<F> {
  const [name, ...others] = names;
  return name === undefined ? next() : ask(asking, name, () => askEach(asking, others, next));
}

/** Shows a fault, waits half a minute, and starts the phone again: the state a technician finds. */
export function fault<F = never>(screen: string, next: () => Script<F> = again): Script<F> {
  return show(screen, () => ({ does: "stand", mood: "stuck", next: () => pause(30_000, next) }));
}

/** Stands ready for calls, and for what `hears` listens to. */
export function settle<F = never>(screen: string, hears?: Hearing<F>): Script<F> {
  const rest: Script<F> = hears === undefined ? { does: "rest" } : { does: "rest", hears };
  return show(screen, () => ({ does: "stand", mood: "settled", next: () => rest }));
}

/** Boots again. */
export function again(): Script<never> {
  return { does: "restart" };
}
