import { type FileFacts, factsOf, HEAD_OCTETS, judgeFile, judgePackage, membersOf } from "../firmware/package.ts";
import { readSignedHeader } from "../firmware/signed-file.ts";
import { LIMITS, type Limits } from "./archive.ts";
import { type Assignment, assign, type KnownRelease, type ReleaseNames } from "./assignment.ts";
import { openPinned } from "./pinned-file.ts";
import { ImportRefused } from "./refusal.ts";
import { type IncomingFile, readIncoming } from "./vault-incoming.ts";
import {
  readIndex,
  type StoredFile,
  type StoredPackage,
  VaultError,
  type VaultIndex,
  writeIndex,
} from "./vault-index.ts";
import { objectIsWhole, objectPath, openStaging, type StagedObject, type Staging, sweep } from "./vault-objects.ts";

export interface ImportOptions {
  /** Reads and judges everything, and writes nothing. */
  readonly dryRun?: boolean;
  /** Puts a file in the place of another of its name whose content differs and is whole. Refused otherwise. */
  readonly replace?: boolean;
  /** The load that files belong to whose names fit several releases and whose contents do not tell. */
  readonly as?: string;
  /** Called as octets come in. */
  readonly onProgress?: (progress: ImportProgress) => void;
  readonly limits?: Limits;
}

export interface ImportProgress {
  /** The file being read. */
  readonly place: string;
  /** Files read so far, this one among them. */
  readonly files: number;
  /** Octets read so far. */
  readonly octets: number;
}

/** What is wrong, where, and what to do. One `error` and nothing is imported. */
export interface ImportFinding {
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly place: string;
  readonly reason: string;
  readonly remedy: string;
}

/** What an import made, or with `dryRun` would make, of one package. */
export interface ImportedPackage {
  readonly family: string;
  readonly load: string;
  readonly protocol: string;
  readonly version: string;
  readonly complete: boolean;
  readonly missing: readonly string[];
  readonly added: readonly string[];
  readonly replaced: readonly string[];
  readonly unchanged: readonly string[];
}

export interface ImportReport {
  /** False when a finding is an error: then the vault is what it was. */
  readonly accepted: boolean;
  readonly dryRun: boolean;
  readonly packages: readonly ImportedPackage[];
  readonly findings: readonly ImportFinding[];
  /** Files that are no firmware of any known release, and why each was left out. */
  readonly passedOver: readonly { readonly place: string; readonly reason: string }[];
}

/**
 * Takes the files under `paths` into the vault at `folder`: all of them or, where one is wrong, none. A kill at any
 * moment leaves the vault as it was.
 * @throws VaultError when the disk fails: `E_VAULT_FULL`, `E_VAULT_WRITE`, `E_VAULT_INDEX`.
 */
export async function importFirmware(
  folder: string,
  names: ReleaseNames,
  paths: readonly string[],
  options: ImportOptions = {},
): Promise<ImportReport> {
  let staging: Staging | undefined;
  try {
    staging = await openStaging(folder, options.dryRun === true);
    return await importThrough(staging, folder, names, paths, options);
  } catch (error) {
    if (!(error instanceof ImportRefused)) throw diskError(folder, error);
    const { code, place, message, remedy } = error;
    return {
      accepted: false,
      dryRun: options.dryRun === true,
      packages: [],
      findings: [{ severity: "error", code, place, reason: message, remedy }],
      passedOver: [],
    };
  } finally {
    await staging?.clear();
  }
}

/** A file that was read in whole. */
interface ReadFile {
  readonly facts: FileFacts;
  readonly group: string;
  readonly place: string;
  readonly object: Omit<StagedObject, "head">;
}

interface Reading {
  readonly files: readonly ReadFile[];
  readonly findings: ImportFinding[];
  readonly passedOver: { place: string; reason: string }[];
}

/** Two imports at once both end well: the slower one builds on what the quicker one wrote. */
const TRIES = 100;

async function importThrough(
  staging: Staging,
  folder: string,
  names: ReleaseNames,
  paths: readonly string[],
  options: ImportOptions,
): Promise<ImportReport> {
  const reading = await readAll(staging, names, paths, options);
  const assigned = assignAll(reading, names, options.as);
  if (reading.files.length === 0 && reading.findings.length === 0) {
    const place = paths.join(", ");
    const remedy =
      "Name the folder or the zip of a vendor package; `provision manifests edges MODEL` shows what is known.";
    reading.findings.push({
      severity: "error",
      code: "nothing",
      place,
      reason: "no firmware of a known release is there",
      remedy,
    });
  }
  for (let tries = 0; tries < TRIES; tries++) {
    const index = await readIndex(folder);
    const merged = await merge(folder, index, assigned, names, options.replace === true);
    const findings = [...reading.findings, ...merged.findings];
    const accepted = findings.every((finding) => finding.severity !== "error");
    const dryRun = options.dryRun === true;
    const report = { accepted, dryRun, packages: merged.packages, findings, passedOver: reading.passedOver };
    if (!accepted || dryRun) return report;
    if (tries === 0) await staging.keep(reading.files.filter((file) => assigned.has(file)).map((file) => file.object));
    if (merged.changed && !(await writeIndex(folder, merged.index))) continue;
    await sweep(folder, merged.index.objects);
    return report;
  }
  throw new VaultError("E_VAULT_BUSY", `Other imports keep changing the vault ${folder}. Try again.`);
}

async function readAll(
  staging: Staging,
  names: ReleaseNames,
  paths: readonly string[],
  options: ImportOptions,
): Promise<Reading> {
  const limits = options.limits ?? LIMITS;
  const files: ReadFile[] = [];
  const findings: ImportFinding[] = [];
  const passedOver: { place: string; reason: string }[] = [];
  let octets = 0;
  let count = 0;
  const passOver = (place: string, reason: string) => void passedOver.push({ place, reason });
  for await (const file of readIncoming(paths, passOver, limits)) {
    count++;
    if (file.size > limits.fileOctets && names.spellingOf(file.name) !== undefined) {
      throw new ImportRefused("too-large", file.place, "it is larger than any firmware", "Look what it is.");
    }
    const read = await readOne(staging, names, file, (fileOctets, more) => {
      octets += more;
      if (fileOctets > limits.fileOctets || octets > limits.totalOctets) {
        throw new ImportRefused("too-large", file.place, "it is larger than any firmware", "Name the package alone.");
      }
      options.onProgress?.({ place: file.place, files: count, octets });
    });
    if (typeof read === "string") {
      passOver(file.place, read);
      continue;
    }
    files.push(read);
    if (read.facts.name !== file.name && names.spellingOf(file.name) === read.facts.name) {
      const reason = `its name differs in letter case from ${read.facts.name}`;
      const remedy = `It is kept as ${read.facts.name}, the name that phones ask for.`;
      findings.push({ severity: "warning", code: "letter-case", place: file.place, reason, remedy });
    }
  }
  return { files, findings, passedOver };
}

/** Reads a file whose name or signed header says that it is firmware; for any other the reason to leave it. */
async function readOne(
  staging: Staging,
  names: ReleaseNames,
  file: IncomingFile,
  count: (fileOctets: number, more: number) => void,
): Promise<ReadFile | string> {
  const spelled = names.spellingOf(file.name);
  const pieces = file.octets()[Symbol.asyncIterator]();
  let size = 0;
  const limit = (more: number) => {
    size += more;
    count(size, more);
  };
  try {
    const opening = spelled === undefined ? await readOpening(pieces) : [];
    if (spelled === undefined && readSignedHeader(Buffer.concat(opening)).kind !== "signed") {
      return "no release of the manifests has a file of this name";
    }
    const { head, ...object } = await staging.stage(resumed(opening, pieces), limit);
    return {
      facts: factsOf(spelled ?? file.name, object.size, head),
      group: file.group,
      place: file.place,
      object,
    };
  } finally {
    await pieces.return?.();
  }
}

async function readOpening(pieces: AsyncIterator<Uint8Array>): Promise<Uint8Array[]> {
  const opening: Uint8Array[] = [];
  let size = 0;
  while (size < HEAD_OCTETS) {
    const next = await pieces.next();
    if (next.done === true) break;
    opening.push(next.value);
    size += next.value.length;
  }
  return opening;
}

async function* resumed(opening: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* opening;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** The files that have a release; of the others, those that are wrong become findings and the rest is passed over. */
function assignAll(
  reading: Reading,
  names: ReleaseNames,
  as: string | undefined,
): ReadonlyMap<ReadFile, readonly KnownRelease[]> {
  const result = new Map<ReadFile, readonly KnownRelease[]>();
  for (const [file, assignment] of assign(reading.files, names, as)) {
    const read = file as ReadFile;
    if (assignment.kind === "assigned") result.set(read, assignment.to);
    else unassigned(read, assignment, reading, names);
  }
  return result;
}

function unassigned(file: ReadFile, assignment: Assignment, reading: Reading, names: ReleaseNames): void {
  const { place, facts } = file;
  if (assignment.kind === "ambiguous") {
    const loads = assignment.among.map(({ release }) => release.load).join(", ");
    const reason = `it may belong to any of ${loads}`;
    const remedy = "Import it together with the other files of its package, or say which load it is: --as LOAD.";
    reading.findings.push({ severity: "error", code: "ambiguous", place, reason, remedy });
    return;
  }
  const known = facts.header.kind === "signed" && names.ownersOf(facts.header.name).length > 0;
  const [finding] = known ? judgeFile(facts, undefined) : [];
  // A stray copy takes no file's place, so it keeps nothing else out.
  if (finding !== undefined) reading.findings.push({ ...finding, severity: "warning", place });
  else {
    const reason =
      "it is signed firmware of a release that the manifests do not know; describe the release there first";
    reading.passedOver.push({ place, reason });
  }
}

interface Merged {
  readonly index: VaultIndex;
  readonly changed: boolean;
  readonly packages: readonly ImportedPackage[];
  readonly findings: readonly ImportFinding[];
}

/** What the vault becomes when the files that were read join those it has. */
async function merge(
  folder: string,
  index: VaultIndex,
  assigned: ReadonlyMap<ReadFile, readonly KnownRelease[]>,
  names: ReleaseNames,
  replace: boolean,
): Promise<Merged> {
  const targets = new Map<KnownRelease, ReadFile[]>();
  for (const [file, releases] of assigned) {
    for (const known of releases) targets.set(known, [...(targets.get(known) ?? []), file]);
  }
  const packages = new Map(index.packages.map((one) => [keyOf(one.family, one.load), one]));
  const objects = new Map(index.objects);
  const findings: ImportFinding[] = [];
  const imported: ImportedPackage[] = [];
  for (const [known, files] of targets) {
    const key = keyOf(known.family, known.release.load);
    const joined = await joinPackage(folder, index, packages.get(key), known, files, names, replace);
    findings.push(...joined.findings);
    imported.push(joined.report);
    packages.set(key, joined.stored);
    for (const { object } of files) {
      objects.set(object.sha256, { sha256: object.sha256, size: object.size, chunks: object.chunks });
    }
  }
  const sorted = [...packages.values()].sort((a, b) => compareText(keyOf(a.family, a.load), keyOf(b.family, b.load)));
  const used = new Set(sorted.flatMap((one) => one.files.map((file) => file.sha256)));
  return {
    index: {
      generation: index.generation,
      packages: sorted,
      objects: new Map([...objects].filter(([sha256]) => used.has(sha256))),
    },
    changed: imported.some((one) => one.added.length > 0 || one.replaced.length > 0),
    packages: imported,
    findings,
  };
}

async function joinPackage(
  folder: string,
  index: VaultIndex,
  before: StoredPackage | undefined,
  { family, release }: KnownRelease,
  files: readonly ReadFile[],
  names: ReleaseNames,
  replace: boolean,
): Promise<{ stored: StoredPackage; report: ImportedPackage; findings: readonly ImportFinding[] }> {
  const findings: ImportFinding[] = [];
  const fresh = new Map<string, ReadFile>();
  for (const file of files) {
    const other = fresh.get(file.facts.name);
    if (other !== undefined && other.object.sha256 !== file.object.sha256) {
      const reason = `it differs from ${other.place}, which has the same name and belongs to ${release.load} too`;
      const remedy = "Import the folder or the zip of one package only.";
      findings.push({ severity: "error", code: "two-different", place: file.place, reason, remedy });
    }
    fresh.set(file.facts.name, file);
  }
  const kept = (before?.files ?? []).filter((file) => !fresh.has(file.name));
  const change = { added: [] as string[], replaced: [] as string[], unchanged: [] as string[] };
  for (const [name, file] of fresh) {
    const old = before?.files.find((one) => one.name === name);
    if (old === undefined) change.added.push(name);
    else if (old.sha256 === file.object.sha256) change.unchanged.push(name);
    else {
      change.replaced.push(name);
      const whole = await objectIsWhole(folder, index.objects.get(old.sha256));
      if (replace || !whole) continue;
      const reason = `the vault has another ${name} of ${release.load}, and it is whole`;
      const remedy =
        "One of the two is not the vendor's. Compare them; to put this one in its place, import with --replace.";
      findings.push({ severity: "error", code: "differs", place: file.place, reason, remedy });
    }
  }
  const keptFacts = (await Promise.all(kept.map((file) => factsOfStored(folder, file)))).filter(
    (facts) => facts !== undefined,
  );
  const facts = [...keptFacts, ...[...fresh.values()].map((file) => file.facts)];
  const verdict = judgePackage(release, facts, (name) => names.ownersOf(name).map((owner) => owner.release.load));
  for (const finding of verdict.findings) {
    const file = fresh.get(finding.file);
    // What was in the vault before does not keep new files out.
    if (file !== undefined) findings.push({ ...finding, place: file.place });
    else findings.push({ ...finding, severity: "warning", place: `${release.load}: ${finding.file}` });
  }
  const stored = [...kept, ...[...fresh.values()].map(storedFileOf)].sort((a, b) => compareText(a.name, b.name));
  const { complete, missing } = verdict;
  const { load, protocol, version } = release;
  return {
    stored: { family, load, files: stored },
    report: { family, load, protocol, version, complete, missing, ...change },
    findings,
  };
}

async function factsOfStored(folder: string, file: StoredFile): Promise<FileFacts | undefined> {
  const opened = await openPinned(objectPath(folder, file.sha256));
  try {
    return opened === undefined ? undefined : factsOf(file.name, opened.size, await opened.read(0, HEAD_OCTETS));
  } finally {
    await opened?.close();
  }
}

function storedFileOf({ facts, object }: ReadFile): StoredFile {
  const lists = membersOf(facts);
  return {
    name: facts.name,
    size: object.size,
    sha256: object.sha256,
    ...(facts.header.kind === "signed" ? { signedName: facts.header.name } : {}),
    ...(lists.length === 0 ? {} : { lists }),
  };
}

/** A space is in no family and no load. */
function keyOf(family: string, load: string): string {
  return `${family} ${load}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function diskError(folder: string, error: unknown): VaultError {
  if (error instanceof VaultError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const full = ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "");
  return full
    ? new VaultError("E_VAULT_FULL", `No room in the vault ${folder} (${text}). Free space; nothing was imported.`, {
        cause: error,
      })
    : new VaultError("E_VAULT_WRITE", `The vault ${folder} cannot be written (${text}). Nothing was imported.`, {
        cause: error,
      });
}
