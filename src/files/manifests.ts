import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Document, isNode, LineCounter, parseDocument } from "yaml";
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

/** No manifest is near this; a larger file is a wrong file. */
const largest = 4 * 1024 * 1024;

/**
 * Reads `<directory>/*.yaml` and `<directory>/remedies/*.yaml`. Every mistake of every file is returned with file, line,
 * reason and remedy; with one mistake anywhere nothing is loaded.
 */
export async function loadManifests(directory: string): Promise<LoadedManifests> {
  const findings: FileFinding[] = [];
  const manifests = new Map<string, Manifest>();
  const remedies = new Map<string, RemedyTable>();

  const families = await yamlFiles(directory, findings);
  if (families.length === 0 && findings.length === 0) {
    findings.push({
      file: directory,
      reason: "The directory holds no *.yaml.",
      remedy: "Point to the firmware-manifests directory of the installation.",
    });
  }
  for (const file of families) {
    const read = await readYaml(file);
    if (read.document === undefined) {
      findings.push(...read.findings);
      continue;
    }
    const { document, lines } = read;
    const parsed = parseManifest(plain(document));
    const problems = parsed.kind === "manifest" ? checkGraph(parsed.manifest) : parsed.findings;
    findings.push(...problems.map((finding) => placed(file, document, lines, finding)));
    if (parsed.kind === "findings") continue;
    if (manifests.has(parsed.manifest.family)) findings.push(secondOf(file, parsed.manifest.family));
    manifests.set(parsed.manifest.family, parsed.manifest);
  }
  const tables = await yamlFiles(join(directory, "remedies"), undefined);
  for (const file of tables) {
    const read = await readYaml(file);
    if (read.document === undefined) {
      findings.push(...read.findings);
      continue;
    }
    const { document, lines } = read;
    const parsed = parseRemedies(plain(document));
    if (parsed.kind === "findings") {
      findings.push(...parsed.findings.map((finding) => placed(file, document, lines, finding)));
      continue;
    }
    if (remedies.has(parsed.table.family)) findings.push(secondOf(file, parsed.table.family));
    remedies.set(parsed.table.family, parsed.table);
  }
  if (findings.length > 0) return { kind: "findings", findings };
  const graphs = new Map([...manifests].map(([family, manifest]) => [family, expand(manifest)]));
  return { kind: "knowledge", manifests, graphs, remedies };
}

/** The YAML files of a directory in the order of their names; a missing one is a finding where `findings` is given. */
async function yamlFiles(directory: string, findings: FileFinding[] | undefined): Promise<string[]> {
  try {
    const names = await readdir(directory);
    return names
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => join(directory, name));
  } catch (cause) {
    findings?.push({
      file: directory,
      reason: `The directory cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
      remedy: "Point to the firmware-manifests directory of the installation, and make it readable.",
    });
    return [];
  }
}

type ReadYaml =
  | { readonly document: Document.Parsed; readonly lines: LineCounter }
  | { readonly document: undefined; readonly findings: readonly FileFinding[] };

async function readYaml(file: string): Promise<ReadYaml> {
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > largest) {
      const reason = `The file has ${size} octets, more than the ${largest} that any manifest needs.`;
      return { document: undefined, findings: [{ file, reason, remedy: "Check that it is the right file." }] };
    }
    text = await readFile(file, "utf8");
  } catch (cause) {
    const reason = `The file cannot be read: ${cause instanceof Error ? cause.message : String(cause)}.`;
    return { document: undefined, findings: [{ file, reason, remedy: "Make it readable, or take it away." }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length === 0) return { document, lines };
  const findings = document.errors.map((error) => ({
    file,
    line: lines.linePos(error.pos[0]).line,
    reason: `Not YAML: ${error.message.split("\n")[0]}`,
    remedy: "Correct the YAML at this line.",
  }));
  return { document: undefined, findings };
}

/** Plain data; an alias bomb becomes a value that no schema accepts. */
function plain(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return "more aliases than a manifest may have";
  }
}

/** Finds the line of the deepest part of the path that exists. */
function placed(file: string, document: Document.Parsed, lines: LineCounter, finding: DataFinding): FileFinding {
  for (let depth = finding.path.length; depth > 0; depth--) {
    const node = document.getIn(finding.path.slice(0, depth), true);
    if (!isNode(node) || node.range == null) continue;
    return { file, line: lines.linePos(node.range[0]).line, ...said(finding) };
  }
  return { file, line: 1, ...said(finding) };
}

function said(finding: DataFinding): { reason: string; remedy: string } {
  const place = finding.path.length === 0 ? "" : `${finding.path.join(".")}: `;
  return { reason: `${place}${finding.reason}`, remedy: finding.remedy };
}

function secondOf(file: string, family: string): FileFinding {
  return {
    file,
    line: 1,
    reason: `Another file already speaks for the family ${family}.`,
    remedy: "Keep one file per family; merge the two or remove one.",
  };
}
