import type { Lever, Protocol, Release } from "../firmware/release.ts";
import type { Mac } from "../wire/address.ts";

/** One orderable model. */
export interface Model {
  /** What a person calls it, e.g. `7960`. */
  readonly id: string;
  readonly family: string;
  /** Other spellings, matched without regard to case, blanks and hyphens, e.g. `CP-7960G`. */
  readonly aliases: readonly string[];
  /** Line keys, which bounds the lines that a template may render. */
  readonly lines: number;
  /** The number that CallManager files use, e.g. 7 in `loadInformation7` (cisco.md §7.1). */
  readonly code?: number;
}

/**
 * What a file name, as a phone of this family asked for it, is about. The words are the family's own file kinds;
 * `stage` evidence is in {@link Clue}.
 */
export interface NamedFile {
  /** The kind, e.g. `os79xx`, `sep-config`, `sip-default`: the name of the template that answers it. */
  readonly kind: string;
  /** The MAC the name carries. */
  readonly mac?: Mac;
  /** The exact spelling the vendor uses, e.g. `SIP000E84C060A6.cnf`. */
  readonly canonical: string;
  readonly clue: Clue;
}

/** What asking for a file proves about what the phone runs at this moment (cisco.md §3). */
export type Clue =
  | { readonly is: "nothing" }
  /** The first request of a boot from power-on or reset. */
  | { readonly is: "boot"; readonly stage: "loader" | "application" | "either" }
  /** A protocol's application reads its configuration. */
  | { readonly is: "config"; readonly protocol: Protocol; readonly stage: "loader" | "application" | "either" }
  /** The application has read its configuration and found the load it runs to be the load it is told. */
  | { readonly is: "settled"; readonly protocol: Protocol }
  /** An image, or a list of images, of some load. `signed`: only a phone that checks signatures asks so. */
  | {
      readonly is: "image";
      readonly load: string;
      readonly role: "loader" | "manifest" | "application";
      readonly signed: boolean;
    };

/** What a name answers to a phone of a stage. */
export type Publication =
  /** Rendered from the template `kind`, with `load` named in it. */
  | { readonly kind: string; readonly answer: "rendered"; readonly load: string; readonly brief?: boolean }
  /** Answered "file not found", so that the phone does not turn to the other protocol (rule N9). */
  | { readonly kind: string; readonly answer: "absent" };

/** What a stage tells the phone, once while the lever waits to be seen and once while the phone installs. */
export interface StageView {
  readonly waiting: readonly Publication[];
  readonly installing: readonly Publication[];
  /** Image files that may be asked for, by exact name. */
  readonly images: readonly string[];
}

/** Everything that differs between families, as data and pure functions; one file per family implements it. */
export interface Family {
  readonly id: string;
  readonly models: readonly Model[];
  /** Reads a requested name (prefixes already normalised); undefined when no phone of this family asks for such a name. */
  named(filename: string): NamedFile | undefined;
  /** What a phone sees while it is moved from `from` (undefined: not known) to `to` by `lever`. */
  view(from: Release | undefined, to: Release, lever: Lever): StageView;
  /** What the technician does and what the server waits to see, in words. */
  instructions(
    from: Release | undefined,
    to: Release,
    lever: Lever,
  ): { operator: readonly string[]; expects: readonly string[] };
  /** The template kinds of a phone at rest on `release`. */
  atRest(release: Release): StageView;
}
