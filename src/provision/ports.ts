import type { UpdateGraph } from "../firmware/release.ts";
import type { Family } from "../phones/family.ts";
import type { BootRequest } from "../phones/phone.ts";
import type { Ipv4, Mac } from "../wire/address.ts";

/** Octets of a file that is not rendered: read in pieces, so that one copy serves every phone that asks. */
export interface Image {
  readonly name: string;
  readonly size: number;
  /** Changes whenever the octets do: the content's hash, or inode and time. Equal keys may share one cached copy. */
  readonly key: string;
  /**
   * Reads exactly `length` octets at `offset`, fewer only at the end. Rejects when the file cannot be read or is no
   * longer the file it was: a short answer must never look like the end of the file.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Frees what the image holds open. */
  close(): Promise<void>;
}

/** The site's own files (`tftp.root`): what a phone sees that is not enrolled. */
export interface SiteFiles {
  /** Exact spelling first, then any letter case when exactly one file fits. Never leaves the root. */
  find(name: string): Promise<Image | undefined>;
}

/** The firmware vault: whole, checked packages, by load and by file name. */
export interface Vault {
  /** An image of the package of `load`. */
  image(family: string, load: string, file: string): Promise<Image | undefined>;
  /** Those of `files` that the package of `load` lacks or that are damaged. */
  missing(family: string, load: string, files: readonly string[]): Promise<readonly string[]>;
}

/** What is known about phones: families and their graphs, read once at start. */
export interface Knowledge {
  readonly families: readonly Family[];
  graph(family: string): UpdateGraph | undefined;
}

/** What a requested name answers to the phone that asked. */
export type BootFile =
  | { readonly is: "rendered"; readonly name: string; readonly octets: Uint8Array; readonly contentType: string }
  | { readonly is: "image"; readonly image: Image }
  | { readonly is: "refused"; readonly why: "not-found" | "not-yours" | "not-now"; readonly because: string };

/** A request for a file, by TFTP or HTTP. */
export type FileRequest = BootRequest & { readonly filename: string };

/** The one brain that TFTP and HTTP ask: who is it, what may it have, what does the request prove. */
export interface FileDesk {
  /** Never rejects for anything a phone can send; what is refused is a value. */
  answer(request: FileRequest): Promise<BootFile>;
  /**
   * What became of an answer: `whole` when the phone acknowledged its last octet. `request` is the very object that
   * was given to `answer`.
   */
  delivered(request: FileRequest, outcome: "whole" | "broken-off"): void;
}

/** Who is at an address, as far as the network itself says so. */
export interface Neighbourhood {
  /** The holder of the binding that our own DHCP service gave out for this address. */
  leaseHolder(ip: Ipv4, now: number): Mac | undefined;
  /** The station that answers for this address on a directly attached segment (ARP); undefined beyond a router. */
  neighbour(ip: Ipv4): Mac | undefined;
}

/** Something worth a line in the log: `event` is from docs/events.md. Never carries a secret. */
export interface Note {
  readonly event: string;
  readonly detail: string;
  readonly mac?: Mac;
  readonly ip?: Ipv4;
  readonly file?: string;
}

/** What a phone that wants to write a file is told. */
export type UploadAnswer =
  | {
      readonly is: "accepted";
      /** The most octets it may send. */
      readonly limit: number;
      /** Keeps the whole file, durably, before it resolves. Rejects when the disk fails; then nothing has changed. */
      store(octets: Uint8Array): Promise<"stored" | "no-room">;
    }
  | {
      readonly is: "refused";
      readonly why: "not-allowed" | "exists" | "too-large" | "no-room";
      /** For the log, never for the wire. */
      readonly because: string;
    };

/** Who may write what. Without one every upload is refused. */
export interface UploadDesk {
  /** Never rejects for anything a phone can send. `size` is what the phone announces, if it does. */
  offer(request: FileRequest, size: number | undefined): Promise<UploadAnswer>;
}
