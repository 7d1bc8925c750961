import type { Ipv4 } from "../wire/address.ts";

/** What holds for every phone of the site: the `site` part of provision.yaml (contract.md §2). */
export interface Site {
  readonly name: string;
  /** The address that options 66, 150 and siaddr carry. */
  readonly serverAddress: Ipv4;
  /** IANA name, e.g. `Europe/Berlin`. */
  readonly timeZone: string;
  /** Addresses or host names. */
  readonly ntp: readonly string[];
  readonly sip?: { readonly proxy: string; readonly port: number; readonly transport: "udp" | "tcp" | "tls" };
  readonly sccp?: { readonly callManagers: readonly string[]; readonly port: number };
}

/**
 * Settings for the phones that `select` fits. All given selectors must fit; the group with the most selectors wins a
 * setting, and of equals the one whose name sorts first.
 */
export interface Group {
  readonly name: string;
  readonly select: {
    readonly model?: string;
    readonly family?: string;
    /** The beginning of a MAC, lower-case hex, e.g. an OUI `000e84`. */
    readonly macPrefix?: string;
    /** The phone's own `group` column. */
    readonly group?: string;
    readonly label?: string;
  };
  /** Of equal names a group's own setting wins over its profile's. */
  readonly settings: Readonly<Record<string, string>>;
  /** A set of settings that several groups share. */
  readonly profile?: { readonly name: string; readonly settings: Readonly<Record<string, string>> };
}
