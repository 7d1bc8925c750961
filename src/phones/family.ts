import type { Because } from "../firmware/because.ts";
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
  /** What its firmware is named after: `41` in `SCCP41.9-4-2-1S`, the part number in `2345-12600-001.sip.ld`. */
  readonly series?: string;
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
  /** The first request of a boot. */
  | { readonly is: "boot" }
  /** A protocol's application, or a loader, reads its configuration. */
  | { readonly is: "config"; readonly protocol: Protocol }
  /** The application has read its configuration and goes on to what only a running application wants. */
  | { readonly is: "settled"; readonly protocol: Protocol }
  /** An image or a list of images. */
  | { readonly is: "image" };

/** What a name answers to a phone of a stage. */
export type Publication =
  /** Rendered from the template `kind`, with `load` named in it. `brief`: with nothing but the load (rule N4, syncinfo.xml). */
  | { readonly kind: string; readonly answer: "rendered"; readonly load: string; readonly brief: boolean }
  /** Answered "file not found", so that the phone does not turn to the other protocol (rule N9). */
  | { readonly kind: string; readonly answer: "absent" };

/** What a phone is told, by file kind, and which images it may have, by exact name. */
export interface View {
  readonly publications: readonly Publication[];
  readonly images: readonly { readonly file: string; readonly load: string }[];
}

/** What a stage tells the phone until its lever is seen to work, and from then on. */
export interface StageView {
  readonly waiting: View;
  readonly installing: View;
}

/**
 * One thing that a phone under way did: asked for a kind of file, took a rendered file (naming `load`) or an image
 * whole, or reported the version it runs.
 */
export interface Trace {
  readonly did: "asked" | "took" | "reported";
  /** The file kind; of a report `version` (of the application), `bootrom-version` or `log-version`. */
  readonly kind: string;
  /** The load that a rendered file named, or that the phone reports. */
  readonly load?: string;
  /** The image's name. */
  readonly file?: string;
}

/** The image files of a stage that a phone asked for, and those of them that it acknowledged to the last octet. */
export interface Images {
  readonly asked: readonly string[];
  readonly taken: readonly string[];
}

/** A file that a phone writes, under the one name that it is kept by. */
export interface WrittenFile {
  readonly mac: Mac;
  readonly name: string;
  readonly existing: "append" | "replace";
}

/** What a person is told of one stage. */
export interface Instructions {
  /** What the technician does, in order. */
  readonly operator: readonly string[];
  /** What the technician does at the end, once the phone is back and quiet; absent where it shows by itself what it runs. */
  readonly proving?: string;
  /** What the phone shows meanwhile, in order, what its lights do, for how long, and what is normal though it looks dead. */
  readonly looks: readonly Because[];
  /** What the server sees when it goes well. */
  readonly expects: readonly string[];
}

/** Everything that differs between families, as data and pure functions; one file per family implements it. */
export interface Family {
  readonly id: string;
  readonly models: readonly Model[];
  /** The name of each file kind as a plan prints it, e.g. `SIP<MAC>.cnf`. */
  readonly printed: Readonly<Record<string, string>>;
  /** The same for a release whose models differ in it; an empty text is not printed. */
  printedFor?(kind: string, release: Release): string;
  /** What a DHCP server says, so that a phone of this family asks this server. */
  readonly ledBy: string;
  /** Where a person reads what the phone runs. */
  readonly reading: Because;
  /** What the first boot of a phone of which nothing is known shows of what it runs. */
  readonly observing: readonly Because[];
  /** Reads a requested name in any letter case; undefined when no phone of this family asks for such a name. */
  named(filename: string): NamedFile | undefined;
  /** Reads a name that a phone of this family may write; absent for a family that writes nothing. */
  writes?(filename: string): WrittenFile | undefined;
  /** What a phone sees while it is moved from `from` (undefined: not known) to `to` by `lever`. */
  view(from: Release | undefined, to: Release, lever: Lever): StageView;
  /** What a phone that stays on `release` sees. */
  atRest(release: Release): View;
  /** The files of `to` that a phone coming from `from` may ask for. */
  wanted(from: Release | undefined, to: Release): readonly string[];
  /** The vendor's configuration files that phones on `release` need beside what is rendered; absent: none. */
  siteFiles?(release: Release): readonly string[];
  /** What the technician does, and what the server waits to see, in words. */
  instructions(from: Release | undefined, to: Release, lever: Lever): Instructions;
  /**
   * Whether what the phone did since it first asked for an image of `release` proves that it runs `release`. Nothing
   * but proof counts: a wrong yes offers the phone a step that it may not survive.
   */
  arrived(trail: readonly Trace[], images: Images, release: Release, from: Release | undefined): boolean;
  /** Its phones open their image at every boot, whatever they are told: asking for one is no sign of a lever. */
  readonly looksAtImages?: true;
  /** Whether `arrived` weighs what a phone says of itself; absent: a report changes nothing. */
  readonly weighsReports?: true;
}
