import type { ProgressEvent } from "../migration/progress.ts";
import { readPolycomLog, readUserAgent } from "../phones/polycom-versions.ts";
import type { DhcpIdentity } from "../phones/vendor-class.ts";
import type { Store } from "../store/store.ts";
import type { Ipv4, Mac } from "../wire/address.ts";
import type { Note } from "./ports.ts";
import type { Tracker } from "./tracker.ts";

/** Who said something, from where and when (milliseconds since the epoch). */
export interface Speaker {
  readonly mac: Mac;
  readonly ip: Ipv4;
  readonly at: number;
}

/**
 * What a phone says of itself beside the files it asks for. None of it is authenticated: it can name a contradiction,
 * and it is weighed by families that weigh it, but nothing advances on it alone (see `arrived` of the family).
 */
export interface Evidence {
  /** Option 60 of a DHCP message; undefined: one that no phone sends. */
  dhcp(identity: DhcpIdentity | undefined, who: Speaker): Promise<void>;
  /** The user agent of a request for a phone's file. */
  userAgent(text: string, who: Speaker): Promise<void>;
  /** A request for a file. */
  seen(who: Speaker, filename: string): Promise<void>;
  /** A log that the phone uploaded, whole or its end. */
  log(octets: Uint8Array, who: Speaker): Promise<void>;
}

export interface EvidenceParts {
  readonly store: Store;
  readonly tracker: Tracker;
  readonly note: (note: Note) => void;
  /** Told of every phone that is seen, with the model that it names. */
  readonly newcomers?: {
    leased(who: Speaker, model: string | undefined): Promise<void>;
    seen(who: Speaker, model?: string, asked?: string): Promise<void>;
    stranger(who: Speaker): void;
  };
}

/** Turns what phones say into events of their migrations. Never rejects: a report that is lost costs nothing. */
export function createEvidence(parts: EvidenceParts): Evidence {
  async function tell(who: Speaker, events: readonly ProgressEvent[]): Promise<void> {
    for (const event of events) {
      try {
        const moved = await parts.tracker.advance(who.mac, event, who.at);
        for (const { event: name, detail } of moved?.history ?? [])
          parts.note({ event: name, detail, mac: who.mac, ip: who.ip });
      } catch (error) {
        const detail = error instanceof Error ? error.message : "unknown failure";
        parts.note({ event: "store.failed", detail, mac: who.mac });
      }
    }
  }

  return {
    async dhcp(identity, who) {
      if (identity === undefined) return parts.newcomers?.stranger(who);
      const { model, named: spelling, application, bootRom } = identity;
      // A name that no family has, a damaged one for example, speaks against whatever else is said.
      if (model === undefined && spelling !== undefined) parts.newcomers?.stranger(who);
      await tell(who, [
        ...(model === undefined ? [] : [named(model, "DHCP option 60")]),
        ...(bootRom === undefined ? [] : [reported(bootRom, "bootrom")]),
        ...(application === undefined ? [] : [reported(application, "application")]),
      ]);
      await parts.newcomers?.leased(who, model);
    },
    async seen(who, filename) {
      await parts.newcomers?.seen(who, undefined, filename);
    },
    async userAgent(text, who) {
      const said = readUserAgent(text);
      // A serial number that is not the asker's: a proxy, or somebody who plays another phone.
      if (said === undefined || (said.mac !== undefined && said.mac !== who.mac)) return;
      if (said.model === undefined) parts.newcomers?.stranger(who);
      await tell(who, [
        ...(said.model === undefined ? [] : [named(said.model, "its HTTP user agent")]),
        ...(said.bootRom === undefined ? [] : [reported(said.bootRom, "bootrom")]),
        ...(said.application === undefined ? [] : [reported(said.application, "application")]),
      ]);
      await parts.newcomers?.seen(who, said.model);
    },
    async log(octets, who) {
      const { application } = readPolycomLog(octets);
      if (application === undefined) return;
      const words = `its log names application ${application}`;
      await parts.store.putSighting({ at: who.at, mac: who.mac, ip: who.ip, by: "tftp", evidence: words }).catch(noop);
      await tell(who, [reported(application, "log")]);
    },
  };
}

function named(model: string, by: string): ProgressEvent {
  return { is: "named", model, by };
}

function reported(load: string, of: "application" | "bootrom" | "log"): ProgressEvent {
  return { is: "reported", load, of };
}

function noop(): void {}
