import type { Because, Grade } from "./because.ts";
import type { BlockRule, DataFinding, Manifest, Rule, Selector } from "./manifest.ts";
import type { BlockedEdge, Edge, Policy, Release, UpdateGraph } from "./release.ts";
import { compareVersions, inRange } from "./version.ts";

/** A graph in, a graph out: policies compose, and none changes what it was given. */
export type GraphPolicy = (graph: UpdateGraph) => UpdateGraph;

/** Every step that the rules of a manifest allow, minus what it blocks. `oneWay` is computed, not believed. */
export function expand(manifest: Manifest): UpdateGraph {
  const releases = new Map(manifest.releases.map((release) => [release.load, release]));
  const blocked = manifest.blocked.flatMap((rule) => blockedPairs(manifest.releases, rule));
  const refused = new Set(blocked.map((pair) => `${pair.from}>${pair.to}`));
  const edges = manifest.rules
    .flatMap((rule) => steps(manifest.releases, rule))
    .filter((edge) => !refused.has(`${edge.from}>${edge.to}`));
  const entries = manifest.rules.flatMap((rule) => entriesOf(manifest.releases, rule));
  return markOneWay("documented")({
    family: manifest.family,
    releases,
    edges,
    blocked,
    ...(entries.length === 0 ? {} : { entries }),
  });
}

/** The steps that an admin who chose a policy allows to one model of the family. */
export function allowed(
  graph: UpdateGraph,
  choice: { readonly model: string; readonly policy: Policy; readonly switchedOff?: readonly string[] },
): UpdateGraph {
  const policies: readonly GraphPolicy[] = [
    forModel(choice.model),
    withoutRules(choice.switchedOff ?? []),
    underPolicy(choice.policy),
    withoutDeadEnds,
    withoutWithdrawn,
    withBarriers,
    markOneWay(choice.policy),
  ];
  return policies.reduce((reached, policy) => policy(reached), graph);
}

/** Keeps the releases that a model can run, and the steps between them. */
export function forModel(model: string): GraphPolicy {
  return (graph) => {
    const releases = new Map([...graph.releases].filter(([, release]) => release.models?.includes(model) ?? true));
    const kept = (pair: { readonly from: string; readonly to: string }): boolean =>
      releases.has(pair.from) && releases.has(pair.to);
    return {
      ...graph,
      releases,
      edges: graph.edges.filter(kept),
      blocked: graph.blocked.filter(kept),
      ...(graph.entries === undefined ? {} : { entries: graph.entries.filter((edge) => releases.has(edge.to)) }),
    };
  };
}

/** Drops the rules named, and with the name `D` every rule that rests on a deduction. */
export function withoutRules(switchedOff: readonly string[]): GraphPolicy {
  const off = (edge: Edge): boolean =>
    switchedOff.includes(edge.rule) || (switchedOff.includes("D") && weakestGrade(edge.because) === "D");
  return (graph) => filterEdges(graph, (edge) => !off(edge));
}

/** `strict` keeps what no source contradicts; `documented` keeps everything that a source gives. */
export function underPolicy(policy: Policy): GraphPolicy {
  return (graph) => (policy === "documented" ? graph : filterEdges(graph, (edge) => edge.policy === "strict"));
}

/** A dead end keeps its reason and loses its outgoing steps. */
export function withoutDeadEnds(graph: UpdateGraph): UpdateGraph {
  return filterEdges(graph, (edge) => graph.releases.get(edge.from)?.deadEnd === undefined);
}

/** A withdrawn release may be left and never entered. */
export function withoutWithdrawn(graph: UpdateGraph): UpdateGraph {
  return filterEdges(graph, (edge) => graph.releases.get(edge.to)?.withdrawn === undefined);
}

/** Drops strict steps that pass a barrier by. A documented shortcut is the exception that an admin chose by name. */
export function withBarriers(graph: UpdateGraph): UpdateGraph {
  return filterEdges(
    graph,
    (edge) => edge.policy === "documented" || barriersBetween(graph, edge.from, edge.to).length === 0,
  );
}

/** The barriers of a protocol that stand between two of its releases on the way up, oldest first. */
export function barriersBetween(graph: UpdateGraph, from: string, to: string): readonly Release[] {
  const low = graph.releases.get(from);
  const high = graph.releases.get(to);
  if (low === undefined || high === undefined || low.protocol !== high.protocol) return [];
  return [...graph.releases.values()]
    .filter(
      (release) =>
        release.barrier !== undefined &&
        release.withdrawn === undefined &&
        release.protocol === low.protocol &&
        modelsMeet(release, low) &&
        modelsMeet(release, high) &&
        compareVersions(low.version, release.version) < 0 &&
        compareVersions(release.version, high.version) < 0,
    )
    .sort((a, b) => compareVersions(a.version, b.version) || (a.load < b.load ? -1 : 1));
}

/** Sets `oneWay` on each step from whose end no step, however long the way, leads back under that policy. */
export function markOneWay(policy: Policy): GraphPolicy {
  return (graph) => {
    const onward = new Map<string, string[]>();
    const last = new Map<string, string[]>();
    for (const edge of graph.edges) {
      if (edge.onlyLast) last.set(edge.to, [...(last.get(edge.to) ?? []), edge.from]);
      else onward.set(edge.from, [...(onward.get(edge.from) ?? []), edge.to]);
    }
    const reach = new Map<string, ReadonlySet<string>>();
    for (const load of graph.releases.keys()) reach.set(load, closure(onward, load));
    const leadsBack = (edge: Edge): boolean => {
      let at = edge.to;
      for (const stop of stopsBetween(graph, edge.to, edge.from, policy)) {
        if (reach.get(at)?.has(stop) !== true) return false;
        at = stop;
      }
      return [edge.from, ...(last.get(edge.from) ?? [])].some((load) => reach.get(at)?.has(load) === true);
    };
    return { ...graph, edges: graph.edges.map((edge) => ({ ...edge, oneWay: !leadsBack(edge) })) };
  };
}

/** The loads at which a policy makes a phone stop between two releases, in order. */
export function stopsBetween(graph: UpdateGraph, from: string, to: string, policy: Policy): readonly string[] {
  return policy === "strict" ? barriersBetween(graph, from, to).map((release) => release.load) : [];
}

/** A chain is as strong as its weakest link: the lowest grade among the reasons of a rule. */
export function weakestGrade(because: readonly Because[]): Grade {
  return (
    because
      .map((why) => why.grade)
      .sort()
      .at(-1) ?? "A"
  );
}

/** What the graph itself says against its manifest: rules that reach nothing, claims of one-way that do not hold. */
export function checkGraph(manifest: Manifest): readonly DataFinding[] {
  const graph = expand(manifest);
  const strict = allowedToAll(graph, "strict");
  const documented = allowedToAll(graph, "documented");
  const findings: DataFinding[] = [];
  for (const [at, rule] of manifest.rules.entries()) {
    if (rule.from === "unknown" ? entriesOf(manifest.releases, rule).length === 0 : !graph.edges.some(of(rule))) {
      findings.push({
        path: ["rules", at],
        reason: `Rule ${rule.id} joins no two releases.`,
        remedy: "Correct its selectors, or remove it; a blocked rule may also have taken all its steps.",
      });
    }
    const under = rule.policy === "strict" ? strict : documented;
    const wrong = under.edges.find(
      (edge) =>
        edge.rule === rule.id &&
        rule.oneWay !== undefined &&
        edge.oneWay !== rule.oneWay &&
        // What leads away from a withdrawn release never leads back, whatever its rule says of the others.
        graph.releases.get(edge.from)?.withdrawn === undefined,
    );
    if (wrong !== undefined) {
      findings.push({
        path: ["rules", at, "oneWay"],
        reason: `${wrong.from} to ${wrong.to} is ${wrong.oneWay ? "" : "not "}one-way by the rules of this file, against what is claimed here.`,
        remedy: wrong.oneWay
          ? "Add the way back with its source, or correct the claim."
          : "Block the way back with its reason, or correct the claim.",
      });
    }
  }
  for (const [at, rule] of manifest.blocked.entries()) {
    if (blockedPairs(manifest.releases, rule).length > 0) continue;
    findings.push({
      path: ["blocked", at],
      reason: `Rule ${rule.id} blocks no two releases.`,
      remedy: "Correct its selectors, or remove it.",
    });
  }
  return findings;
}

function allowedToAll(graph: UpdateGraph, policy: Policy): UpdateGraph {
  return markOneWay(policy)(withBarriers(withoutWithdrawn(withoutDeadEnds(underPolicy(policy)(graph)))));
}

function of(rule: Rule): (edge: Edge) => boolean {
  return (edge) => edge.rule === rule.id;
}

function filterEdges(graph: UpdateGraph, keep: (edge: Edge) => boolean): UpdateGraph {
  return {
    ...graph,
    edges: graph.edges.filter(keep),
    ...(graph.entries === undefined ? {} : { entries: graph.entries.filter((edge) => keep(edge)) }),
  };
}

function steps(releases: readonly Release[], rule: Rule): Edge[] {
  const { from } = rule;
  if (from === "unknown") return [];
  return pairs(releases, from, rule.to, rule.direction).map(([start, end]) => edgeOf(rule, start.load, end.load));
}

function entriesOf(releases: readonly Release[], rule: Rule): Edge[] {
  if (rule.from !== "unknown") return [];
  return releases.filter((release) => fits(release, rule.to)).map((release) => edgeOf(rule, "unknown", release.load));
}

function edgeOf(rule: Rule, from: string, to: string): Edge {
  return {
    from,
    to,
    lever: rule.lever,
    policy: rule.policy,
    oneWay: true,
    rule: rule.id,
    typicalSeconds: rule.typicalSeconds,
    because: rule.because,
    ...(rule.onlyLast === undefined ? {} : { onlyLast: rule.onlyLast }),
  };
}

function blockedPairs(releases: readonly Release[], rule: BlockRule): BlockedEdge[] {
  return pairs(releases, rule.from, rule.to, rule.direction).map(([start, end]) => ({
    from: start.load,
    to: end.load,
    rule: rule.id,
    because: rule.because,
  }));
}

function pairs(
  releases: readonly Release[],
  from: Selector,
  to: Selector,
  direction: "up" | "down" | undefined,
): [Release, Release][] {
  const ends = releases.filter((release) => fits(release, to));
  return releases
    .filter((release) => fits(release, from))
    .flatMap((start) =>
      ends
        .filter((end) => end.load !== start.load && modelsMeet(start, end) && goes(start, end, direction))
        .map((end): [Release, Release] => [start, end]),
    );
}

function fits(release: Release, selector: Selector): boolean {
  return (
    (selector.protocol === undefined || release.protocol === selector.protocol) &&
    (selector.signed === undefined || release.signed === selector.signed) &&
    (selector.loader === undefined || (selector.loader === "universal") === (release.loader !== undefined)) &&
    (selector.loads === undefined || selector.loads.includes(release.load)) &&
    (selector.except === undefined || !selector.except.includes(release.load)) &&
    (selector.model === undefined || release.models === undefined || release.models.includes(selector.model)) &&
    (selector.version === undefined || inRange(release.version, selector.version))
  );
}

function modelsMeet(a: Release, b: Release): boolean {
  return a.models === undefined || b.models === undefined || a.models.some((model) => b.models?.includes(model));
}

function goes(start: Release, end: Release, direction: "up" | "down" | undefined): boolean {
  if (direction === undefined) return true;
  const rises = compareVersions(start.version, end.version);
  return start.protocol === end.protocol && (direction === "up" ? rises < 0 : rises > 0);
}

/** Everything that can be reached from a load, itself included. */
function closure(onward: ReadonlyMap<string, readonly string[]>, start: string): ReadonlySet<string> {
  const seen = new Set([start]);
  const open = [start];
  for (let load = open.pop(); load !== undefined; load = open.pop()) {
    for (const next of onward.get(load) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return seen;
}
