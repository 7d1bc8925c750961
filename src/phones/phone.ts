import type { Ipv4, Mac } from "../wire/address.ts";

/** One registration of a phone. `password` is a secret: it is rendered into the phone's own file and shown nowhere else. */
export interface Line {
  readonly name: string;
  readonly label?: string;
  readonly displayName?: string;
  readonly authName?: string;
  readonly password?: string;
}

/** A phone of the inventory. */
export interface Phone {
  readonly mac: Mac;
  /** A model id of `phones/`, e.g. `7960`; absent while nothing has named it. */
  readonly model?: string;
  readonly group?: string;
  readonly label?: string;
  readonly lines: readonly Line[];
  /** Template settings of this phone alone: CSV columns the inventory does not know, kept as they came. */
  readonly settings: Readonly<Record<string, string>>;
  /** The load that evidence, or the admin, says it runs. */
  readonly running?: string;
  /** The last address it was seen with. */
  readonly ip?: Ipv4;
}

/** One request of a phone, before anyone has said what it means. `at` is milliseconds since the epoch. */
export interface BootRequest {
  readonly by: "dhcp" | "tftp" | "http";
  readonly ip: Ipv4;
  readonly mac?: Mac;
  readonly filename?: string;
  readonly vendorClass?: Uint8Array;
  /** The HTTP header, as it came. */
  readonly userAgent?: string;
  readonly at: number;
}

/** What one request proves about a phone. */
export interface Sighting {
  readonly at: number;
  readonly mac: Mac;
  readonly ip: Ipv4;
  readonly by: BootRequest["by"];
  /** Plain words for the history, e.g. `asked for OS79XX.TXT`. */
  readonly evidence: string;
  readonly model?: string;
}
