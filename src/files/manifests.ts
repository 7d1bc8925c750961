import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { isNode, LineCounter, parseDocument } from "yaml";
import { checkGraph, expand } from "../firmware/graph.ts";
import { type DataFinding, type Manifest, parseManifest } from "../firmware/manifest.ts";
import type { UpdateGraph } from "../firmware/release.ts";
import { parseRemedies, type RemedyTable } from "../firmware/remedy.ts";

/** Everything the manifests say, by family id. */
export interface FirmwareKnowledge {
  readonly manifests: ReadonlyMap<string, Manifest>;
  readonly graphs: ReadonlyMap<string, UpdateGraph>;
  readonly remedies: ReadonlyMap<string, RemedyTable>;
}

/** A mistake in a data file, with its place for an editor. */
export interface FileFinding {
  readonly file: string;
  readonly line?: number;
  readonly reason: string;
  readonly remedy: string;
}

export type LoadedManifests =
  | ({ readonly kind: "knowledge" } & FirmwareKnowledge)
  | { readonly kind: "findings"; readonly findings: readonly FileFinding[] };

/** Octets. No manifest is near this; a larger file is a wrong file. */
const largest = 4 * 1024 * 1024;

/**
 * Reads `<directory>/<family>.yaml` and `<directory>/remedies/<family>.yaml`, of every family or of those named. Every
 * mistake of every file is returned with file, line, reason and remedy; with one mistake anywhere nothing is loaded.
 */
export async function loadManifests(directory: string, families?: readonly string[]): Promise<LoadedManifests> {
  const findings: FileFinding[] = [];
  const manifests = new Map<string, Manifest>();
  const remedies = new Map<string, RemedyTable>();
  for (const file of await listed(directory, families, findings)) {
    const read = await readYaml(file, findings);
    if (read === undefined) continue;
    const parsed = parseManifest(read.data);
    const problems = parsed.kind === "manifest" ? checkGraph(parsed.manifest) : parsed.findings;
    findings.push(...problems.map(read.place));
    if (parsed.kind === "findings") continue;
    if (familyIn(file) !== parsed.manifest.family) findings.push(read.place(misnamed(parsed.manifest.family)));
    manifests.set(parsed.manifest.family, parsed.manifest);
  }
  for (const file of await listed(join(directory, "remedies"), families, undefined)) {
    const read = await readYaml(file, findings);
    if (read === undefined) continue;
    const parsed = parseRemedies(read.data);
    if (parsed.kind === "findings") findings.push(...parsed.findings.map(read.place));
    else if (familyIn(file) !== parsed.table.family) findings.push(read.place(misnamed(parsed.table.family)));
    else remedies.set(parsed.table.family, parsed.table);
  }
  if (findings.length > 0) return { kind: "findings", findings };
  const graphs = new Map([...manifests].map(([family, manifest]) => [family, expand(manifest)]));
  return { kind: "knowledge", manifests, graphs, remedies };
}

/** The YAML files of a directory by name; none, or none readable, is a finding where `findings` is given. */
async function listed(
  directory: string,
  families: readonly string[] | undefined,
  findings: FileFinding[] | undefined,
): Promise<string[]> {
  const remedy = "Point to the firmware-manifests directory of the installation, and make it readable.";
  try {
    const files = (await readdir(directory))
      .filter((name) => name.endsWith(".yaml") && (families?.includes(familyIn(name)) ?? true))
      .sort()
      .map((name) => join(directory, name));
    if (files.length === 0) findings?.push({ file: directory, reason: "No manifest (*.yaml) is here.", remedy });
    return files;
  } catch (cause) {
    findings?.push({ file: directory, reason: `The directory cannot be read: ${message(cause)}.`, remedy });
    return [];
  }
}

function familyIn(file: string): string {
  return basename(file, ".yaml");
}

function misnamed(family: string): DataFinding {
  return {
    path: ["family"],
    reason: `The file speaks for ${family}, and its name says otherwise.`,
    remedy: `Name it ${family}.yaml: one file per family.`,
  };
}

/** The file's data, and the way from a finding in it to its line; undefined, and findings, where it is no YAML. */
async function readYaml(
  file: string,
  findings: FileFinding[],
): Promise<{ readonly data: unknown; readonly place: (finding: DataFinding) => FileFinding } | undefined> {
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > largest) {
      const reason = `The file has ${size} octets, more than the ${largest} that any manifest needs.`;
      findings.push({ file, reason, remedy: "Check that it is the right file." });
      return undefined;
    }
    text = await readFile(file, "utf8");
  } catch (cause) {
    findings.push({
      file,
      reason: `The file cannot be read: ${message(cause)}.`,
      remedy: "Make it readable, or take it away.",
    });
    return undefined;
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  for (const error of document.errors) {
    findings.push({
      file,
      line: lines.linePos(error.pos[0]).line,
      reason: `Not YAML: ${error.message.split("\n")[0]}`,
      remedy: "Correct the YAML at this line.",
    });
  }
  if (document.errors.length > 0) return undefined;
  const lineOf = (path: DataFinding["path"]): number => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true);
      if (isNode(node) && node.range != null) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  const place = ({ path, reason, remedy }: DataFinding): FileFinding => ({
    file,
    line: lineOf(path),
    reason: path.length === 0 ? reason : `${path.join(".")}: ${reason}`,
    remedy,
  });
  try {
    return { data: document.toJS({ maxAliasCount: 100 }), place };
  } catch (cause) {
    findings.push({
      file,
      line: 1,
      reason: `The aliases of the file grow beyond bounds: ${message(cause)}.`,
      remedy: "Write the values out.",
    });
    return undefined;
  }
}

function message(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
