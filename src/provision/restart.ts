import type { UpdateGraph } from "../firmware/release.ts";
import { familyOf, modelOf } from "../phones/families.ts";
import type { Phone } from "../phones/phone.ts";
import { powerCycle, type RestartWay, restartWay } from "../phones/restart.ts";
import type { Store } from "../store/store.ts";
import { type Ipv4, type Mac, macWithColons } from "../wire/address.ts";
import type { Tracker } from "./tracker.ts";

/** A NOTIFY, as whoever sends it needs it. */
export interface Notify {
  readonly user: string;
  readonly to: { readonly address: Ipv4; readonly port: number };
  readonly event: "check-sync" | "service-control";
  readonly body?: readonly string[];
}

export type NotifyOutcome =
  | { readonly is: "answered"; readonly status: number }
  | { readonly is: "silent" }
  | { readonly is: "failed"; readonly because: string };

/** Sends a NOTIFY straight to a phone. Never rejects. */
export type SendNotify = (notify: Notify) => Promise<NotifyOutcome>;

/** Asks a PBX that holds the phone's registration to send it. Never rejects; what it says carries no secret. */
export type AskPbx = (
  endpoint: string,
  notify: Pick<Notify, "event" | "body">,
) => Promise<{ readonly is: "sent" } | { readonly is: "refused"; readonly because: string }>;

/** What became of one phone. */
export interface Restarted {
  readonly mac: string;
  /** `asked`: it, or its PBX, took the request. `would-ask`: nothing was sent (dry run). */
  readonly is: "asked" | "would-ask" | "power-cycle" | "writing-flash" | "unknown";
  readonly by?: "pbx" | "sip";
  /** In words: how, or why not and what to do instead. */
  readonly words: readonly string[];
}

export interface RestartParts {
  readonly store: Store;
  readonly tracker: Tracker;
  readonly graph: (family: string) => UpdateGraph | undefined;
  /** Addresses that may be sent to. */
  readonly allows: (ip: Ipv4) => boolean;
  readonly sipPort: number;
  readonly send?: SendNotify;
  readonly askPbx?: AskPbx;
}

/**
 * Makes a phone start again, where its family and what it runs allow it. Never one that may be writing flash, and
 * never an address outside `allows`.
 */
export async function restartPhone(parts: RestartParts, mac: Mac, dryRun: boolean): Promise<Restarted> {
  const told = { mac: macWithColons(mac) };
  const phone = await parts.store.phone(mac);
  const model = modelOf(phone?.model ?? parts.tracker.of(mac)?.migration.model ?? "");
  const family = model && familyOf(model.family);
  if (family === undefined) return { ...told, is: "unknown", words: ["Nobody knows its model.", ...powerCycle] };
  const at = parts.tracker.of(mac)?.migration.progress.at;
  if (at === "loading" || at === "restarting") {
    const words = ["It may be writing flash, and starts again by itself. Never take its power now."];
    return { ...told, is: "writing-flash", words };
  }
  const way = restartWay(family.id, protocolOf(parts, mac, phone, family.id));
  if (way.by === "power-cycle") return { ...told, is: "power-cycle", words: [`${way.because.reason}.`, ...powerCycle] };
  return { ...told, ...(await notify(parts, mac, phone, way, dryRun)) };
}

type NotifyWay = Extract<RestartWay, { by: "notify" }>;

async function notify(
  parts: RestartParts,
  mac: Mac,
  phone: Phone | undefined,
  way: NotifyWay,
  dryRun: boolean,
): Promise<Omit<Restarted, "mac">> {
  const [line] = phone?.lines ?? [];
  const words: string[] = [];
  const content = { event: way.event, ...(way.body === undefined ? {} : { body: way.body }) };
  if (parts.askPbx !== undefined && line !== undefined) {
    if (dryRun)
      return { is: "would-ask", by: "pbx", words: [`The PBX sends ${way.event} to ${line.name}.`, way.caution] };
    const answer = await parts.askPbx(line.name, content);
    if (answer.is === "sent") return { is: "asked", by: "pbx", words: [`The PBX sent ${way.event}.`, way.caution] };
    words.push(`The PBX did not send it: ${answer.because}.`);
  }
  const ip = (await parts.store.sightings(mac, 1))[0]?.ip ?? phone?.ip;
  if (parts.send === undefined || ip === undefined || !parts.allows(ip)) {
    const why =
      parts.send === undefined
        ? "restart.sip is off"
        : ip === undefined
          ? "its address is not known"
          : `${ip} is outside access.allow`;
    return { is: "power-cycle", words: [...words, `Nothing was sent to it: ${why}.`, ...powerCycle] };
  }
  if (dryRun) return { is: "would-ask", by: "sip", words: [...words, `${way.event} goes to ${ip}.`, way.caution] };
  const user = line?.name ?? mac.toUpperCase();
  const outcome = await parts.send({ user, to: { address: ip, port: parts.sipPort }, ...content });
  if (outcome.is === "answered" && outcome.status < 300)
    return { is: "asked", by: "sip", words: [...words, `${ip} took ${way.event}.`, way.caution] };
  const said =
    outcome.is === "silent"
      ? "it did not answer"
      : outcome.is === "failed"
        ? outcome.because
        : outcome.status === 401 || outcome.status === 407
          ? "it wants its PBX's password: restart it from there"
          : `it answered ${outcome.status}`;
  return { is: "power-cycle", words: [...words, `${ip}: ${said}.`, ...powerCycle] };
}

/** What it runs by the evidence, or by the inventory. */
function protocolOf(parts: RestartParts, mac: Mac, phone: Phone | undefined, family: string) {
  const tracked = parts.tracker.of(mac);
  const progress = tracked?.migration.progress;
  const load =
    progress?.at === "done"
      ? tracked?.migration.target
      : progress?.at === "waiting"
        ? tracked?.stages[progress.stage - 1]?.from?.load
        : undefined;
  return parts.graph(family)?.releases.get(load ?? phone?.running ?? "")?.protocol;
}
