import { factsOf } from "../firmware/package.ts";
import { type FileSays, lintFile } from "./files.ts";
import { baseName, Findings, type LintEdit, type LintFile, type LintFinding } from "./finding.ts";
import type { NamedLoad } from "./loads.ts";
import type { WantedFile } from "./polycom.ts";

/** What was found, in the order of files and lines, and the corrections that cannot be wrong. */
export interface Linted {
  readonly findings: readonly LintFinding[];
  readonly edits: readonly LintEdit[];
}

/**
 * Checks phone files: each by itself, and all of them against each other. Loads are compared with the images only where
 * there are images among the files. Never throws for anything that a file can hold.
 */
export function lint(files: readonly LintFile[]): Linted {
  const findings = new Findings();
  const said = files.map((file) => ({ file, says: lintFile(findings, file) }));
  const images = imagesIn(files);
  for (const file of files) lintImage(findings, file, images);
  if (images.size > 0) for (const { says } of said) for (const load of says.loads) lintLoad(findings, load, images);
  lintTerm(
    findings,
    files,
    said.flatMap(({ says }) => says.loads),
  );
  lintPhones(findings, said);
  lintOs79xxPackage(
    findings,
    said.flatMap(({ says }) => says.loads),
  );
  lintWanted(findings, files, said);
  const order = (a: LintFinding, b: LintFinding) =>
    a.file < b.file ? -1 : a.file > b.file ? 1 : (a.line ?? 0) - (b.line ?? 0);
  return { findings: [...findings.list].sort(order), edits: findings.edits };
}

const IMAGE = /\.(?:bin|sbn|sb2|loads|zup|sbin|sgn)$/i;

/** Lower-case name to the names as they stand. */
function imagesIn(files: readonly LintFile[]): ReadonlyMap<string, readonly string[]> {
  const images = new Map<string, string[]>();
  for (const { path } of files) {
    const name = baseName(path);
    if (!IMAGE.test(name)) continue;
    const same = images.get(name.toLowerCase()) ?? [];
    images.set(name.toLowerCase(), [...same, name]);
  }
  return images;
}

function lintImage(findings: Findings, file: LintFile, images: ReadonlyMap<string, readonly string[]>): void {
  const name = baseName(file.path);
  if (!IMAGE.test(name) || file.size === 0) return;
  const { header, loads } = factsOf(name, file.size, file.octets);
  if (header.kind === "damaged") {
    findings.add(file.path, "signed-damaged", header.why, "Take the file from the vendor's package again.");
  } else if (header.kind === "signed" && header.name !== name) {
    const message = `inside it is called ${header.name}: a phone refuses it under another name`;
    findings.add(file.path, "signed-renamed", message, `Rename it to ${header.name}.`);
  }
  if (loads?.kind !== "list") return;
  for (const member of loads.members) {
    const present = images.get(member.toLowerCase());
    if (present === undefined) {
      findings.add(file.path, "package-incomplete", `${member} is not there`, "Unpack the whole package again.");
    } else if (!present.includes(member)) {
      findings.add(
        file.path,
        "package-incomplete",
        `${member} is there as ${present.join(", ")} alone`,
        `Rename it to ${member}.`,
      );
    }
  }
}

function lintLoad(
  findings: Findings,
  { file, line, load, by }: NamedLoad,
  images: ReadonlyMap<string, readonly string[]>,
): void {
  const stem = load.toLowerCase();
  if ([".loads", ".bin", ".sbn", ".zup", ".sbin"].some((extension) => images.has(`${stem}${extension}`))) return;
  findings.add(
    file,
    "load-missing",
    `${by} names ${load}, and none of its files is there`,
    "Unpack its package, or name another load.",
    line,
  );
}

/** The package of a load of the 7940/7960: `07-4-00` of P003-07-4-00 and P0S3-07-4-00; an older load is one by itself. */
function packageOf(load: string): string {
  return /^P0[0S]3-(.+)$/i.exec(load)?.[1] ?? load;
}

/**
 * OS79XX.TXT has the loader or the application of the package that image_version names; a phone without a loader that is
 * told two different ones goes back and forth between them (cisco.md §2.1, §5.1).
 */
function lintOs79xxPackage(findings: Findings, loads: readonly NamedLoad[]): void {
  const first = loads.find(({ by }) => by === "OS79XX.TXT");
  const told = loads.find(({ by, file }) => by === "image_version" && /SIPDefault\.cnf$/i.test(file));
  if (first === undefined || told === undefined || !/^P0[0S]3/i.test(first.load)) return;
  // An SCCP load before the loaders says that phones are to leave SIP, whatever SIPDefault.cnf still names.
  if (/^P003(?!-)/i.test(first.load) || packageOf(first.load) === packageOf(told.load)) return;
  const message = `it names ${first.load}, and SIPDefault.cnf names ${told.load} of another package`;
  findings.add(first.file, "os79xx-other-load", message, "Name the loads of one package in both.", first.line);
}

/** What master files name must be there; said where this is a phone's root, with images or with others of the list. */
function lintWanted(findings: Findings, files: readonly LintFile[], said: readonly Said[]): void {
  if (!said.some(({ says }) => (says.wants?.length ?? 0) > 0)) return;
  const paths = new Set(files.map(({ path }) => path));
  const images = files.map(({ path }) => path).filter((path) => /\.ld$/i.test(path));
  const isThere = (folder: string, { name, is }: WantedFile) => {
    const path = `${folder}${name.replace(/^\.?\//, "")}`;
    if (paths.has(path)) return true;
    const [within, base] = [path.slice(0, path.length - baseName(path).length), baseName(path)];
    return is === "image" && images.some((one) => one.startsWith(within) && baseName(one).endsWith(`.${base}`));
  };
  for (const one of said) {
    const folder = folderOf(one);
    const wants = one.says.wants ?? [];
    const configs = wants.some((wanted) => wanted.is === "config" && isThere(folder, wanted));
    for (const wanted of wants) {
      if (isThere(folder, wanted) || !(images.length > 0 || (wanted.is === "config" && configs))) continue;
      const fix =
        wanted.is === "image" ? "Put the image there, or leave it out." : "Put the file there, or leave it out.";
      findings.add(one.file.path, "polycom-missing", `${wanted.name} is not there`, fix, wanted.line);
    }
  }
}

/** A term file must be of the package that the phones of its series are told (rule J2). */
function lintTerm(findings: Findings, files: readonly LintFile[], loads: readonly NamedLoad[]): void {
  const lists = new Map(
    files.filter(({ path }) => /\.loads$/i.test(path)).map((file) => [baseName(file.path).toLowerCase(), file]),
  );
  for (const [name, file] of lists) {
    const series = /^term(\d\d)\.default\.loads$/.exec(name)?.[1];
    if (series === undefined) continue;
    const own = componentsOf(file);
    const told = [...new Set(loads.map(({ load }) => load))].filter((load) =>
      new RegExp(`^(?:SIP|SCCP)${series}\\.`).test(load),
    );
    const others = told.filter((load) => {
      const list = lists.get(`${load.toLowerCase()}.loads`);
      return list !== undefined && componentsOf(list) !== own;
    });
    if (told.length > 0 && others.length === told.length) {
      const message = `it lists other components than ${others.join(", ")}, which phones are told`;
      findings.add(
        file.path,
        "term-other-package",
        message,
        "Unpack the package of that load last, or keep packages apart.",
      );
    }
  }
}

function componentsOf(file: LintFile): string {
  const { loads } = factsOf(baseName(file.path), file.size, file.octets);
  return loads?.kind === "list" ? [...loads.members].sort().join("\n") : "";
}

interface Said {
  readonly file: LintFile;
  readonly says: FileSays;
}

/** Files of one phone that differ in spelling alone, or that say different things. */
function lintPhones(findings: Findings, said: readonly Said[]): void {
  const byMac = new Map<string, { readonly said: Said; readonly kind: string; readonly family: string }[]>();
  for (const one of said) {
    const [first] = one.says.named;
    if (first?.file.mac === undefined) continue;
    const same = byMac.get(first.file.mac) ?? [];
    same.push({ said: one, kind: first.file.kind, family: first.family });
    byMac.set(first.file.mac, same);
  }
  for (const [mac, files] of byMac) {
    for (const [index, { said: one, kind, family }] of files.entries()) {
      const earlier = files.slice(0, index);
      const twin = earlier.find((other) => other.kind === kind && folderOf(other.said) === folderOf(one));
      if (twin !== undefined) {
        const message = `${baseName(twin.said.file.path)} is for the same phone`;
        findings.add(one.file.path, "mac-twice", message, "Keep one of them.");
      }
      const stranger = earlier.find((other) => (other.family === "polycom") !== (family === "polycom"));
      if (stranger !== undefined) {
        const message = `${mac} is in ${baseName(stranger.said.file.path)} too, the file of another family`;
        findings.add(one.file.path, "two-families", message, "Correct the MAC in one of the names.");
      }
    }
    lintProtocols(
      findings,
      files.map(({ said: one, kind }) => ({ ...one, kind })),
    );
  }
}

function folderOf({ file }: Said): string {
  return file.path.slice(0, file.path.length - baseName(file.path).length);
}

/** With the loader SEP<MAC>.cnf.xml is read before SIP<MAC>.cnf: an SCCP one keeps the phone from its SIP file. */
function lintProtocols(findings: Findings, files: readonly (Said & { readonly kind: string })[]): void {
  const sip = files.find(({ kind }) => kind === "sip-config");
  const sep = files.find(({ kind, says }) => kind === "sep-config" && says.protocol === "SCCP");
  if (sip === undefined || sep === undefined) return;
  const message = `${baseName(sip.file.path)} is there too, and phones with a loader read this file first`;
  findings.add(sep.file.path, "two-protocols", message, "Remove the file of the protocol that is not wanted.");
}
