import type { Grade } from "./because.ts";
import { stopsBetween, weakestGrade } from "./graph.ts";
import type { Edge, Policy, Release, UpdateGraph } from "./release.ts";
import { compareVersions } from "./version.ts";

/** A way to a node, with what it costs in weaker grades and one-way steps. */
interface Way {
  readonly edges: readonly Edge[];
  /** How often the phone changes between SCCP and SIP on the way. */
  readonly changes: number;
  readonly grades: Readonly<Record<Grade, number>>;
  readonly oneWays: number;
}

/**
 * The steps from one release to another, or undefined where the graph has no way. The shortest; of equals the one with
 * the fewest changes of protocol, then the fewest deductions, then single reports, then second-hand rules; then the
 * fewest one-way steps; then the newest releases on the way, the load name and the rule id deciding at last: the same
 * graph gives the same way always.
 * Under `strict` the way stops at each barrier between two releases of one protocol.
 */
export function route(graph: UpdateGraph, from: string, to: string, policy: Policy): readonly Edge[] | undefined {
  return router(graph, policy)(from, to);
}

/** {@link route} for many pairs of one graph: what the search looks up is laid out once. */
export function router(graph: UpdateGraph, policy: Policy): (from: string, to: string) => readonly Edge[] | undefined {
  const steps = leaving(graph);
  return (from, to) => {
    const edges: Edge[] = [];
    let at = from;
    for (const stop of [...stopsBetween(graph, from, to, policy), to]) {
      const leg = shortest(graph, steps, at, stop, stop === to);
      if (leg === undefined) return undefined;
      edges.push(...leg);
      at = stop;
    }
    return edges;
  };
}

interface Step {
  readonly edge: Edge;
  /** A step is as well founded as its rule and as the release it leads to, whose file names may be deduced. */
  readonly grade: Grade;
  readonly change: number;
}

function leaving(graph: UpdateGraph): ReadonlyMap<string, readonly Step[]> {
  const steps = new Map<string, Step[]>();
  for (const edge of graph.edges) {
    const from = graph.releases.get(edge.from);
    const to = graph.releases.get(edge.to);
    const grade = weakestGrade([...edge.because, ...(to?.because ?? [])]);
    const step = { edge, grade, change: Number(from?.protocol !== to?.protocol) };
    const known = steps.get(edge.from);
    if (known === undefined) steps.set(edge.from, [step]);
    else known.push(step);
  }
  return steps;
}

function shortest(
  graph: UpdateGraph,
  steps: ReadonlyMap<string, readonly Step[]>,
  from: string,
  to: string,
  last: boolean,
): readonly Edge[] | undefined {
  const done = new Set<string>([from]);
  let layer = new Map<string, Way>([[from, { edges: [], changes: 0, grades: { A: 0, B: 0, C: 0, D: 0 }, oneWays: 0 }]]);
  while (layer.size > 0) {
    const next = new Map<string, Way>();
    for (const [load, way] of layer) {
      for (const step of steps.get(load) ?? []) {
        const { edge } = step;
        if (done.has(edge.to) || (edge.onlyLast && !(last && edge.to === to))) continue;
        const longer = along(way, step);
        const known = next.get(edge.to);
        if (known === undefined || compareWays(graph, longer, known) < 0) next.set(edge.to, longer);
      }
    }
    const arrived = next.get(to);
    if (arrived !== undefined) return arrived.edges;
    for (const load of next.keys()) done.add(load);
    layer = next;
  }
  return undefined;
}

function along(way: Way, { edge, grade, change }: Step): Way {
  return {
    edges: [...way.edges, edge],
    changes: way.changes + change,
    grades: { ...way.grades, [grade]: way.grades[grade] + 1 },
    oneWays: way.oneWays + Number(edge.oneWay),
  };
}

function compareWays(graph: UpdateGraph, a: Way, b: Way): number {
  const cost =
    a.changes - b.changes ||
    a.grades.D - b.grades.D ||
    a.grades.C - b.grades.C ||
    a.grades.B - b.grades.B ||
    a.oneWays - b.oneWays;
  if (cost !== 0) return cost;
  for (const [at, edge] of a.edges.entries()) {
    const other = b.edges[at];
    if (other === undefined) return 1;
    const order = newestFirst(graph.releases.get(edge.to), graph.releases.get(other.to));
    if (order !== 0) return order;
    if (edge.rule !== other.rule) return edge.rule < other.rule ? -1 : 1;
  }
  return 0;
}

/** Newest first, and of one version by load name. */
export function newestFirst(a: Release | undefined, b: Release | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  return compareVersions(b.version, a.version) || (a.load < b.load ? -1 : a.load > b.load ? 1 : 0);
}
