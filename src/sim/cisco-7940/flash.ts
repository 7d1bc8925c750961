import type { Ipv4, Mac } from "../../wire/address.ts";
import { readLoad } from "./loads.ts";

/** What a 7940/7960 keeps without power. */
export interface Flash7940 {
  /** The universal application loader, by the stem of its `.sbn`; absent before SIP 7.x and SCCP 6.x. */
  readonly loader?: { readonly load: string; readonly sound: boolean };
  /** The application; absent after a loader was written or a write was torn. */
  readonly application?: string;
  /** A write that a power cut tore, on a phone without a loader: the file it goes on asking for. */
  readonly torn?: { readonly load: string; readonly file: string };
  /** The next start goes straight into the application that was just written (cisco.md §2.4, steps 3 and 4). */
  readonly straightOn?: boolean;
  /** Set by hand in the menus; a loader that is written wipes them (cisco.md §5.1 R15). */
  readonly settings: { readonly ip?: Ipv4; readonly tftp?: Ipv4 };
}

/** Habits on which phones differ or the sources are silent; every default is the commonest observation. */
export interface Habits {
  /** Takes another address at every boot, by another client identifier (cisco.md §2.4 saw the change, not its cause). */
  readonly changesAddress: boolean;
  /** Asks for `xmlDefault.CNF.XML`, as some 7940 loads do (cisco.md §2.1). */
  readonly shoutsXmlDefault: boolean;
  /** Hunts for its load again after the application was written, instead of starting it at once (grade D). */
  readonly huntsTwice: boolean;
  /** A power cut while the loader is being written ends the phone, instead of leaving the old loader (grade D). */
  readonly fragileLoader: boolean;
  /**
   * Lives through the one step on which two vendor documents disagree: SCCP 3.x to SIP 7.x without SCCP 5.x between
   * (S13: `5455` against `CME-inst`). Off, the stricter document is right.
   */
  readonly livesThroughB: boolean;
}

/** One 7940 or 7960. */
export interface Identity7940 {
  readonly mac: Mac;
  readonly model: "7940" | "7960";
  readonly habits: Habits;
}

/** The number of the model in CallManager files (cisco.md §7.1). */
export function codeOf(identity: Identity7940): number {
  return identity.model === "7960" ? 7 : 8;
}

/** A phone that has run `load` for years: with its loader, where that release has one. Throws for a name of no 7940. */
export function flashWith(load: string, settings: Flash7940["settings"] = {}): Flash7940 {
  const read = readLoad(load);
  if (read === undefined) throw new RangeError(`${load} is not the name of a 7940/7960 load`);
  if (!read.universal) return { application: load, settings };
  return { loader: { load: loaderOf(load), sound: true }, application: load, settings };
}

/** The loader in the package of a UAL load: its own stem for SCCP, `P003` for `P0S3` (cisco.md §4.1). */
export function loaderOf(load: string): string {
  return load.replace(/^P0[SM]3/, "P003");
}

/** Whether the phone checks signatures: it runs a signed load, or has the universal loader (cisco.md §5.1 R3). */
export function checksSignatures(flash: Flash7940): boolean {
  return flash.loader !== undefined || readLoad(flash.application ?? "")?.signed === true;
}
