import type { Edge, Release, UpdateGraph } from "../firmware/release.ts";
import type { Family } from "../phones/family.ts";
import type { Migration, Stage, StoredStage } from "./migration.ts";

/**
 * The stage that takes a phone over `edge` to `release`. `from` is undefined where the start is not known; then every
 * file of the release is required, whichever the phone turns out to ask for.
 */
export function makeStage(
  family: Family,
  number: number,
  from: Release | undefined,
  edge: Edge,
  release: Release,
): Stage {
  const view = family.view(from, release, edge.lever);
  const words = family.instructions(from, release, edge.lever);
  const rendered = view.waiting.publications.filter((p) => p.answer === "rendered");
  return {
    number,
    from,
    release,
    lever: edge.lever,
    view,
    publishes: rendered
      .map((p) => family.printedFor?.(p.kind, release) ?? family.printed[p.kind] ?? p.kind)
      .filter((name) => name !== ""),
    requires: family.wanted(from, release),
    siteFiles: family.siteFiles?.(release) ?? [],
    oneWay: edge.oneWay,
    operator: words.proving === undefined ? words.operator : [...words.operator, words.proving],
    ...(words.proving === undefined ? {} : { proving: words.proving }),
    looks: words.looks,
    expects: words.expects,
    typicalSeconds: edge.typicalSeconds,
    because: edge.because,
  };
}

/** A stored migration names a release or a step that the manifests no longer have. */
export interface Unknown {
  readonly unknown: string;
}

/** The stages of a stored migration, from today's manifests; a release may be withdrawn there, but never deleted. */
export function restoreStages(migration: Migration, graph: UpdateGraph, family: Family): readonly Stage[] | Unknown {
  const stages: Stage[] = [];
  for (const [index, stored] of migration.stages.entries()) {
    const release = graph.releases.get(stored.to);
    const from = stored.from === undefined ? undefined : graph.releases.get(stored.from);
    if (release === undefined) return { unknown: stored.to };
    if (stored.from !== undefined && from === undefined) return { unknown: stored.from };
    stages.push(makeStage(family, index + 1, from, edgeOf(stored, graph), release));
  }
  return stages;
}

/** A rule may have been switched off since the phone was enrolled; a phone half way still has to be brought home. */
function edgeOf(stored: StoredStage, graph: UpdateGraph): Edge {
  const known = graph.edges.find((e) => e.from === stored.from && e.to === stored.to && e.lever === stored.lever);
  return (
    known ?? {
      from: stored.from ?? "unknown",
      to: stored.to,
      lever: stored.lever,
      policy: "documented",
      oneWay: false,
      rule: "enrolled-before",
      typicalSeconds: 300,
      because: [],
    }
  );
}
