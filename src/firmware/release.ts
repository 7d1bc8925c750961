import type { Because } from "./because.ts";

/** `none` is a phone that has only its loader, or a boot ROM stage. */
export type Protocol = "SCCP" | "SIP" | "MGCP" | "none";

/** The parameter, or the file, that tells a phone of a family to change its load (contract.md §4). */
export type Lever =
  | "os79xx"
  | "image_version"
  | "load_information"
  | "term_default"
  | "upgradecode"
  | "master_config"
  | "bootrom";

/** One file of a release's package, by the exact name that the phone asks for. */
export interface ReleaseFile {
  readonly name: string;
  /** `loader`: installs the rest; `manifest`: a `.loads` list; `application`: the image; `component`: part of a set. */
  readonly role: "loader" | "manifest" | "application" | "component";
  /** Whether it opens with a signed header that repeats its name (cisco.md §4.4). */
  readonly signed: boolean;
  /** Octets, where a source measured them. */
  readonly size?: number;
}

/** One firmware release of a family: a node of the update graph. */
export interface Release {
  /** The name a phone is told, e.g. `P0S3-08-12-00`; unique in its family and never computed. */
  readonly load: string;
  readonly protocol: Protocol;
  /** As its vendor writes it, e.g. `8.12`, `5.0(5)`, `8.1(2)SR2`. */
  readonly version: string;
  readonly files: readonly ReleaseFile[];
  /** What a phone runs decides what it accepts: whether this release checks signatures. */
  readonly signed: boolean;
  /** The loader that this release's package installs and that later chooses between protocols, e.g. `P003-8-12-00`. */
  readonly loader?: string;
  /** Every older release must stop here on its way up. */
  readonly barrier?: Because;
  /** No step leads on from here. */
  readonly deadEnd?: Because;
  /** Kept because a phone may still run it; never a target. */
  readonly withdrawn?: Because;
  /** Models this release is for, where it is not for the whole family. */
  readonly models?: readonly string[];
  readonly because: readonly Because[];
}

/** One allowed step between two releases. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly lever: Lever;
  /** `documented`: a named shortcut that a source gives, but a stricter source contradicts. */
  readonly policy: Policy;
  /** No step, however long the way, leads back. */
  readonly oneWay: boolean;
  /** The rule's id, as printed in a plan and used to switch it off, e.g. `R7`. */
  readonly rule: string;
  /** A way home and not a way through: allowed as the last step of a plan alone. */
  readonly onlyLast?: true;
  /** Seconds the step usually takes, from publishing to the phone's next complete boot. */
  readonly typicalSeconds: number;
  readonly because: readonly Because[];
}

export type Policy = "strict" | "documented";

/** A pair of releases that no step may join, whatever else is known. */
export interface BlockedEdge {
  readonly from: string;
  readonly to: string;
  readonly rule: string;
  readonly because: Because;
}

/** Releases and the steps between them, for one family. */
export interface UpdateGraph {
  readonly family: string;
  readonly releases: ReadonlyMap<string, Release>;
  readonly edges: readonly Edge[];
  readonly blocked: readonly BlockedEdge[];
  /** First steps for a phone of which nothing is known; `from` is the word `unknown`. */
  readonly entries?: readonly Edge[];
}
