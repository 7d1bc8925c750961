import type { Ipv4 } from "../wire/address.ts";
import type { DhcpManner, Network } from "./dhcp-client.ts";
import type { Fetched, FileWish, TftpManner } from "./tftp-client.ts";

/**
 * What a phone does next, and what it does after that. A boot reads downwards as a chain of these values; each holds
 * the rest of the story as a function of what came out, so that a phone's state can be kept, compared and stepped again.
 * `F` is what the family keeps in flash.
 */
export type Script<F> =
  /** Puts a line on the screen. */
  | { readonly does: "show"; readonly screen: string; readonly next: () => Script<F> }
  /** Looks for an address by DHCP, for ever. */
  | { readonly does: "lease"; readonly manner: DhcpManner; readonly next: (network: Network) => Script<F> }
  /** Takes an address that was set by hand. */
  | { readonly does: "address"; readonly ip: Ipv4; readonly next: () => Script<F> }
  /** Asks for files, all at once. `server` undefined: the phone knows none, and every file ends as `no-server`. */
  | {
      readonly does: "fetch";
      readonly wishes: readonly FileWish[];
      readonly server: Ipv4 | undefined;
      /** Default 69. */
      readonly port?: number;
      readonly manner: TftpManner;
      readonly next: (fetched: readonly Fetched[]) => Script<F>;
    }
  /** Asks for one file by HTTP. `server` undefined: the phone knows none, and the file ends as `no-server`. */
  | {
      readonly does: "get";
      readonly name: string;
      readonly server: Ipv4 | undefined;
      readonly port: number;
      readonly next: (fetched: Fetched) => Script<F>;
    }
  /** Is busy with itself for `ms` milliseconds. */
  | { readonly does: "pause"; readonly ms: number; readonly next: () => Script<F> }
  /** Writes flash for `ms` milliseconds: `torn` is what a power cut leaves behind, `whole` what a finished write does. */
  | {
      readonly does: "write";
      readonly ms: number;
      readonly torn: F;
      readonly whole: F;
      readonly next: () => Script<F>;
    }
  /** Says how it stands, for whoever watches; the story goes on. */
  | { readonly does: "stand"; readonly mood: "busy" | "settled" | "stuck"; readonly next: () => Script<F> }
  /** Boots again. */
  | { readonly does: "restart" }
  /** Does nothing more until somebody acts on it, or a datagram to a port it listens on moves it. */
  | { readonly does: "rest"; readonly hears?: Hearing<F> }
  /** Never does anything again, whatever is done to it. */
  | { readonly does: "die"; readonly why: string };

/** A GET under way. Each is an object of its own, so that a late answer to an earlier one is known as such. */
export interface WebGet {
  readonly server: Ipv4;
  readonly port: number;
  /** The path without its first slash. */
  readonly name: string;
}

/** What came of a GET: the body of a 200, any other status, or nobody who listens there. */
export type WebAnswer = Uint8Array | "not-found" | "refused";

/** What a phone at rest listens to, e.g. SIP on port 5060. */
export interface Hearing<F> {
  readonly port: number;
  /** What it answers, and what it turns to; without `next` it goes on resting. */
  hear(octets: Uint8Array): { readonly answer?: Uint8Array; readonly next?: () => Script<F> };
}

/** What a boot script may know of the phone it runs in. */
export interface Self {
  /** Counts from 1 at the first power-on. */
  readonly boot: number;
  /** A number in 0 .. 1 (exclusive) that is the same for the same phone, boot and `label`. */
  chance(label: string): number;
}

/** Everything that makes a phone the phone it is. */
export interface Character<F> {
  /** The story of one boot. */
  boot(flash: F, self: Self): Script<F>;
  /** The load that flash holds, for whoever watches; undefined when it holds none. */
  running(flash: F): string | undefined;
  /** What keys held at power-on do to flash; undefined when they do nothing on this phone. */
  keys?(flash: F, sequence: string): F | undefined;
}
