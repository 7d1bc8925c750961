import { type LoadsList, readLoads } from "./loads.ts";
import type { Release, ReleaseFile } from "./release.ts";
import { readSignedHeader, type SignedHeader } from "./signed-file.ts";

/** Everything that a file itself says about what it is. */
export interface FileFacts {
  readonly name: string;
  /** Octets. */
  readonly size: number;
  readonly header: SignedHeader;
  /** Of a `.loads` file alone. */
  readonly loads?: LoadsList;
  /** The name that an unsigned 7940/7960 image carries at octet 0x20 (cisco.md §4.4); undefined where none is there. */
  readonly embeddedName?: string;
}

/** What is wrong with a file of a package, and what to do. An `error` keeps the package from being offered. */
export interface PackageFinding {
  readonly severity: "error" | "warning";
  readonly code:
    | "damaged"
    | "renamed"
    | "not-signed"
    | "signed"
    | "cut-short"
    | "size"
    | "pair"
    | "damaged-list"
    | "other-release"
    | "absent-member";
  readonly file: string;
  readonly reason: string;
  readonly remedy: string;
}

export interface PackageVerdict {
  /** Every file that the release and its `.loads` name is here, and none of them is wrong. */
  readonly complete: boolean;
  /** Names of files that are needed and not here. */
  readonly missing: readonly string[];
  readonly findings: readonly PackageFinding[];
}

/** How many of a file's first octets {@link factsOf} needs to see. */
export const HEAD_OCTETS = 65_536;

/** Reads what a file says of itself. `head` are its first {@link HEAD_OCTETS} octets, or all of it when it is shorter. */
export function factsOf(name: string, size: number, head: Uint8Array): FileFacts {
  const header = readSignedHeader(head);
  const loads = /\.loads$/i.test(name) && header.kind !== "damaged" ? readLoads(bodyOf(head, header)) : undefined;
  const embeddedName = header.kind === "unsigned" ? nameAt0x20(head) : undefined;
  return {
    name,
    size,
    header,
    ...(loads === undefined ? {} : { loads }),
    ...(embeddedName === undefined ? {} : { embeddedName }),
  };
}

/**
 * Judges the files of one release together. `ownersOf` says which loads, of any family, have a file of that name: a
 * `.loads` that names another release's parts is in the wrong place.
 */
export function judgePackage(
  release: Release,
  files: readonly FileFacts[],
  ownersOf: (name: string) => readonly string[],
): PackageVerdict {
  const here = new Map(files.map((file) => [file.name, file]));
  const expected = new Map(release.files.map((file) => [file.name, file]));
  const findings = files.flatMap((file) => [
    ...judgeFile(file, expected.get(file.name)),
    ...judgeMembers(file, release, expected, here, ownersOf),
    ...judgePair(file, here),
  ]);
  const needed = new Set([...expected.keys(), ...files.flatMap(membersOf)]);
  const missing = [...needed].filter((name) => !here.has(name) && !liesHere(here, name));
  return {
    complete: missing.length === 0 && findings.every((finding) => finding.severity !== "error"),
    missing,
    findings,
  };
}

/**
 * Whether a file of that name, in any letter case, is among these: the lists of 8.2(2) name `Jar41sip…`, and the file of
 * the vendor's package is `jar41sip…` (cisco.md §2.2).
 */
function liesHere(here: ReadonlyMap<string, FileFacts>, name: string): boolean {
  return here.has(name) || [...here.keys()].some((one) => sameName(one, name));
}

/** Whether two names differ in nothing but the case of their letters. */
export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** The names in a `.loads` file; none for any other file. */
export function membersOf(file: FileFacts): readonly string[] {
  return file.loads?.kind === "list" ? file.loads.members : [];
}

/** What is wrong with one file by itself; `expected` is what the release says of it, undefined for a mere member. */
export function judgeFile(file: FileFacts, expected: ReleaseFile | undefined): PackageFinding[] {
  const { header, name } = file;
  if (file.size === 0) return [found("error", "cut-short", name, "it is empty", COPY_AGAIN)];
  if (header.kind === "damaged") return [found("error", "damaged", name, header.why, COPY_AGAIN)];
  // No source gives the layout of a Polycom image's signature: there is nothing in it to hold it to.
  if (POLYCOM_IMAGE.test(name)) return [];
  const mustBeSigned = expected?.signed ?? SIGNED_NAME.test(name);
  if (header.kind === "signed") {
    if (header.name !== name) {
      return [
        found(
          "error",
          "renamed",
          name,
          `its signed header says that it is ${header.name}, and a phone refuses a signed file under another name`,
          `Give it the name ${header.name} again, or find the real ${name}.`,
        ),
      ];
    }
    if (!mustBeSigned) {
      return [
        found("error", "signed", name, "it is signed, and the phones that ask for it read no signed file", FIND_REAL),
      ];
    }
    if (file.size <= header.headerLength) {
      return [found("error", "cut-short", name, "it ends after its signed header", COPY_AGAIN)];
    }
  } else if (mustBeSigned) {
    return [
      found(
        "error",
        "not-signed",
        name,
        "it has no signed header, and the phones that ask for it take nothing unsigned",
        FIND_REAL,
      ),
    ];
  } else if (file.embeddedName !== undefined && file.embeddedName !== stemOf(name)) {
    return [
      found(
        "error",
        "renamed",
        name,
        `the name inside it is ${file.embeddedName}`,
        `Give it the name ${file.embeddedName}.bin again, or find the real ${name}.`,
      ),
    ];
  }
  return [...judgeList(file), ...judgeSize(file, expected)];
}

const SIGNED_NAME = /\.(?:sbn|sb2|sbin|loads|sgn)$/i;
const POLYCOM_IMAGE = /\.ld$/i;
const COPY_AGAIN = "Copy it again from the vendor's package.";
const FIND_REAL = "Take the file of that name from the vendor's package.";

function judgeList(file: FileFacts): PackageFinding[] {
  if (file.loads?.kind !== "damaged") return [];
  return [found("error", "damaged-list", file.name, file.loads.why, COPY_AGAIN)];
}

/** An unsigned image that lost its end is taken by the phone as it is: nothing but its size can tell. */
function judgeSize(file: FileFacts, expected: ReleaseFile | undefined): PackageFinding[] {
  if (expected?.size === undefined || expected.size === file.size) return [];
  const reason = `it has ${file.size} octets, and the real one was measured with ${expected.size}`;
  if (!expected.signed && file.size < expected.size) {
    return [found("error", "cut-short", file.name, reason, COPY_AGAIN)];
  }
  return [found("warning", "size", file.name, reason, "Compare it with the vendor's package.")];
}

function judgeMembers(
  file: FileFacts,
  release: Release,
  expected: ReadonlyMap<string, ReleaseFile>,
  here: ReadonlyMap<string, FileFacts>,
  ownersOf: (name: string) => readonly string[],
): PackageFinding[] {
  return membersOf(file).flatMap((member) => {
    if (expected.has(member)) return [];
    const owners = ownersOf(member).filter((load) => load !== release.load);
    if (owners.length > 0) {
      const reason = `it names ${member}, which belongs to ${owners.join(" and ")} and not to ${release.load}`;
      return [found("error", "other-release", file.name, reason, FIND_REAL)];
    }
    if (liesHere(here, member)) return [];
    const reason = `it names ${member}, which is not here`;
    return [found("warning", "absent-member", file.name, reason, `Import ${member} together with it.`)];
  });
}

/** A `.sbn` is the `.bin` of its name behind a signed header (cisco.md §4.3). */
function judgePair(file: FileFacts, here: ReadonlyMap<string, FileFacts>): PackageFinding[] {
  const plain = here.get(`${stemOf(file.name)}.bin`);
  if (!file.name.endsWith(".sbn") || file.header.kind !== "signed" || plain?.header.kind !== "unsigned") return [];
  if (file.size - file.header.headerLength === plain.size) return [];
  const reason = `without its header it has ${file.size - file.header.headerLength} octets, and ${plain.name} has ${plain.size}`;
  return [found("warning", "pair", file.name, reason, "Compare both with the vendor's package.")];
}

function bodyOf(head: Uint8Array, header: SignedHeader): Uint8Array {
  return header.kind === "signed" ? head.subarray(header.headerLength) : head;
}

function nameAt0x20(head: Uint8Array): string | undefined {
  let text = "";
  for (let at = 0x20; at < Math.min(head.length, 0x60) && head[at] !== 0; at++) {
    text += String.fromCharCode(head[at] as number);
  }
  const stem = text.trim().replace(/\.bin$/i, "");
  return /^P0[0-9A-Z]\d[A-Za-z0-9-]{2,24}$/.test(stem) ? stem : undefined;
}

function stemOf(name: string): string {
  return name.replace(/\.[^.]*$/, "");
}

function found(
  severity: "error" | "warning",
  code: PackageFinding["code"],
  file: string,
  reason: string,
  remedy: string,
): PackageFinding {
  return { severity, code, file, reason, remedy };
}
