import { weakestGrade } from "./graph.ts";
import type { Edge, Release, UpdateGraph } from "./release.ts";
import { compareVersions } from "./version.ts";

/** Releases that no rule of a graph tells apart, oldest first. */
export interface Kind {
  readonly id: string;
  readonly releases: readonly Release[];
}

/** All steps of one rule from one kind of release to another. */
export interface Arrow {
  readonly from: Kind;
  readonly to: Kind;
  readonly edge: Edge;
}

/**
 * Every step of a graph, for `manifests edges`: one block per release with the steps that leave it, then the first steps
 * for an unknown phone. Cut the graph to a model and a policy before (`allowed`). Ends in a newline.
 */
export function edgesText(graph: UpdateGraph): string {
  const blocks = [...graph.releases.values()].sort(byProtocolAndAge).map((release) => {
    const notes = [
      ...(release.barrier === undefined ? [] : ["barrier"]),
      ...(release.deadEnd === undefined ? [] : ["dead end"]),
      ...(release.withdrawn === undefined ? [] : ["withdrawn"]),
    ];
    const leaving = graph.edges.filter((edge) => edge.from === release.load);
    return [
      `${titled(release)}${notes.length === 0 ? "" : `  [${notes.join(", ")}]`}`,
      ...leaving.map((e) => stepLine(graph, e)),
    ];
  });
  const entries = (graph.entries ?? []).map((edge) => stepLine(graph, edge));
  return [...blocks, ...(entries.length === 0 ? [] : [["unknown", ...entries]])]
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
}

/**
 * The same as a Mermaid flowchart. Releases that no rule tells apart stand in one box, so that the picture stays exact
 * and can be read; a rule that joins each of several boxes with each of several others is a point that they share. `==>` is
 * one-way, `-.->` rests on the documented policy. Ends in a newline.
 */
export function edgesMermaid(graph: UpdateGraph): string {
  const kinds = kindsOf(graph);
  const lines = ["flowchart LR"];
  for (const kind of kinds) lines.push(`  ${kind.id}["${label(kind)}"]`);
  for (const [at, arrows] of bundlesOf(arrowsOf(graph, kinds)).entries()) lines.push(...bundleLines(arrows, at + 1));
  const entered = new Map<string, Edge>();
  for (const edge of graph.entries ?? []) {
    const kind = kinds.find((k) => k.releases.some((release) => release.load === edge.to));
    if (kind !== undefined) entered.set(kind.id, edge);
  }
  if (entered.size > 0) lines.push('  unknown(("unknown"))');
  for (const [id, edge] of entered) lines.push(`  unknown ==>|"${edge.rule} ${weakestGrade(edge.because)}"| ${id}`);
  return `${lines.join("\n")}\n`;
}

function stepLine(graph: UpdateGraph, edge: Edge): string {
  const to = graph.releases.get(edge.to);
  const notes = [
    edge.lever,
    edge.policy,
    `grade ${weakestGrade(edge.because)}`,
    ...(edge.onlyLast ? ["only as the last step"] : []),
  ];
  return `  ${edge.oneWay ? "=>" : "->"} ${to === undefined ? edge.to : titled(to)}  ${edge.rule}: ${notes.join(", ")}`;
}

function titled(release: Release): string {
  return `${release.protocol === "none" ? "BootROM" : release.protocol} ${release.version} (${release.load})`;
}

/** Two releases are of one kind when the same rules lead to and from them, in whichever direction. */
export function kindsOf(graph: UpdateGraph): readonly Kind[] {
  const marks = new Map<string, Set<string>>();
  for (const load of graph.releases.keys()) marks.set(load, new Set());
  for (const edge of [...graph.edges, ...(graph.entries ?? [])]) {
    marks.get(edge.from)?.add(`from ${edge.rule}`);
    marks.get(edge.to)?.add(`to ${edge.rule}`);
  }
  const kinds = new Map<string, Release[]>();
  for (const release of [...graph.releases.values()].sort(byProtocolAndAge)) {
    const special = release.barrier ?? release.deadEnd ?? release.withdrawn;
    const signature = [
      release.protocol,
      special === undefined ? "" : release.load,
      ...[...(marks.get(release.load) ?? [])].sort(),
    ];
    const key = signature.join("\n");
    kinds.set(key, [...(kinds.get(key) ?? []), release]);
  }
  return [...kinds.values()].map((releases, at) => ({ id: `k${at + 1}`, releases }));
}

export function arrowsOf(graph: UpdateGraph, kinds: readonly Kind[]): readonly Arrow[] {
  const home = new Map(kinds.flatMap((kind) => kind.releases.map((release) => [release.load, kind] as const)));
  const arrows = new Map<string, Arrow>();
  for (const edge of graph.edges) {
    const from = home.get(edge.from);
    const to = home.get(edge.to);
    if (from === undefined || to === undefined) continue;
    const key = `${from.id} ${to.id} ${edge.rule}`;
    const known = arrows.get(key);
    // A step of the kind that can be undone makes the arrow one that can.
    if (known === undefined || (known.edge.oneWay && !edge.oneWay)) arrows.set(key, { from, to, edge });
  }
  return [...arrows.values()];
}

/** The arrows of one rule that are alike in being one-way, together. */
export function bundlesOf(arrows: readonly Arrow[]): readonly (readonly Arrow[])[] {
  const bundles = new Map<string, Arrow[]>();
  for (const arrow of arrows) {
    const key = `${arrow.edge.rule} ${arrow.edge.oneWay}`;
    bundles.set(key, [...(bundles.get(key) ?? []), arrow]);
  }
  return [...bundles.values()];
}

/** The two ends of a bundle. `shared`: each box of the one is joined with each of the other, and a point between saves lines. */
export function endsOf(arrows: readonly Arrow[]): {
  readonly froms: readonly Kind[];
  readonly tos: readonly Kind[];
  readonly shared: boolean;
} {
  const froms = [...new Set(arrows.map((a) => a.from))];
  const tos = [...new Set(arrows.map((a) => a.to))];
  const joins = (from: Kind, to: Kind): boolean => arrows.some((a) => a.from === from && a.to === to);
  const all = froms.every((from) => tos.every((to) => joins(from, to) || (from === to && from.releases.length === 1)));
  return { froms, tos, shared: all && froms.length * tos.length > froms.length + tos.length };
}

function bundleLines(arrows: readonly Arrow[], number: number): string[] {
  const [first] = arrows;
  if (first === undefined) return [];
  const { edge } = first;
  const arrow = edge.policy === "documented" ? "-.->" : edge.oneWay ? "==>" : "-->";
  const named = `"${edge.rule} ${weakestGrade(edge.because)}"`;
  const { froms, tos, shared } = endsOf(arrows);
  if (!shared) {
    return arrows.map(({ from, to }) => `  ${from.id} ${arrow}|${named}| ${to.id}`);
  }
  return [
    `  r${number}{{${named}}}`,
    `  ${froms.map((kind) => kind.id).join(" & ")} --- r${number}`,
    `  r${number} ${arrow} ${tos.map((kind) => kind.id).join(" & ")}`,
  ];
}

function label(kind: Kind): string {
  return labelOf(kind).join("<br/>");
}

/** At most a line of versions, the ends where there are many; below it what is special about them. */
export function labelOf(kind: Kind): readonly string[] {
  const versions = [...new Set(kind.releases.map((release) => release.version))];
  const protocol = kind.releases[0]?.protocol === "none" ? "BootROM" : (kind.releases[0]?.protocol ?? "");
  const listed =
    versions.length <= 4 ? versions.join(", ") : `${versions.slice(0, 2).join(", ")} to ${versions.at(-1)}`;
  const notes = [
    ...(kind.releases[0]?.barrier === undefined ? [] : ["barrier"]),
    ...(kind.releases[0]?.deadEnd === undefined ? [] : ["dead end"]),
    ...(kind.releases[0]?.withdrawn === undefined ? [] : ["withdrawn"]),
  ];
  return [`${protocol} ${listed}`, ...notes];
}

function byProtocolAndAge(a: Release, b: Release): number {
  if (a.protocol !== b.protocol) return a.protocol < b.protocol ? -1 : 1;
  return compareVersions(a.version, b.version) || (a.load < b.load ? -1 : 1);
}
