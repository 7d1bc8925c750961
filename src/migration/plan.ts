import type { Because } from "../firmware/because.ts";
import { allowed } from "../firmware/graph.ts";
import type { Edge, Policy, Protocol, Release, UpdateGraph } from "../firmware/release.ts";
import { newestFirst, router } from "../firmware/route.ts";
import type { Planned, Stage } from "./migration.ts";

/** Builds the stage of a step: the migration's own `makeStage` with the phone's family already given. */
export type StageOf = (number: number, from: Release | undefined, edge: Edge, release: Release) => Stage;

/** What a planner may use. */
export interface PlannerChoice {
  readonly graph: UpdateGraph;
  /** A model id, e.g. `7960`. */
  readonly model: string;
  readonly policy: Policy;
  /** Ids of rules that the admin does not want used; `D` stands for every rule that rests on a deduction. */
  readonly switchedOff?: readonly string[];
  readonly stageOf: StageOf;
}

type Route = (from: string, to: string) => readonly Edge[] | undefined;

/** A load, or a protocol: then the newest release of it that the model can reach. */
export type Target = { readonly load: string } | { readonly protocol: Protocol };

/** What is asked of the planner. `from` is the load that the phone runs; undefined, `unknown` or a load that the
 * manifests do not have, where nobody knows. */
export interface PlanRequest extends PlannerChoice {
  readonly from: string | undefined;
  readonly to: Target;
}

/**
 * The stages that lead a phone to its target, or why there are none. Pure and deterministic: the same request gives the
 * same plan always. See {@link route} for which of several ways is taken.
 */
export function plan(request: PlanRequest): Planned {
  return planner(request)(request.from, request.to);
}

/** {@link plan} for many starts and targets of one model: the graph is cut down once. */
export function planner(choice: PlannerChoice): (from: string | undefined, to: Target) => Planned {
  const { graph, model, policy, switchedOff = [] } = choice;
  const within = allowed(graph, { model, policy, switchedOff });
  const route = router(within, policy);
  let wider: Route | undefined;
  const documented: Route = (from, to) => {
    wider ??= router(allowed(graph, { model, policy: "documented", switchedOff }), "documented");
    return wider(from, to);
  };
  return (running, to) => {
    const from = running === undefined ? undefined : graph.releases.get(running);
    const targets = targetsOf(within, to);
    for (const target of targets) {
      if (from?.load === target.load) return { kind: "already-there", release: target };
      const edges = from === undefined ? fromUnknown(within, route, target.load) : route(from.load, target.load);
      if (edges !== undefined) return planOf(choice, from, target, edges);
    }
    const [target] = targets;
    const shortcut =
      policy === "documented" || from === undefined || target === undefined
        ? []
        : otherPolicy(documented, from, target);
    return noPath(within, choice, from, to, target, shortcut);
  };
}

function targetsOf(within: UpdateGraph, to: PlanRequest["to"]): readonly Release[] {
  if ("load" in to) {
    const release = within.releases.get(to.load);
    return release === undefined ? [] : [release];
  }
  return [...within.releases.values()]
    .filter((release) => release.protocol === to.protocol && release.withdrawn === undefined)
    .sort(newestFirst);
}

/** Of the ways that begin with a first step for an unknown phone: the shortest, in the target's own protocol first. */
function fromUnknown(within: UpdateGraph, route: Route, to: string): readonly Edge[] | undefined {
  const protocol = within.releases.get(to)?.protocol;
  const foreign = (entry: Edge): number => Number(within.releases.get(entry.to)?.protocol !== protocol);
  return (within.entries ?? [])
    .flatMap((entry) => {
      const onward = entry.to === to ? [] : route(entry.to, to);
      return onward === undefined ? [] : [{ entry, steps: [entry, ...onward] }];
    })
    .sort(
      (a, b) =>
        a.steps.length - b.steps.length ||
        foreign(a.entry) - foreign(b.entry) ||
        (`${a.entry.rule} ${a.entry.to}` < `${b.entry.rule} ${b.entry.to}` ? -1 : 1),
    )[0]?.steps;
}

function planOf(choice: PlannerChoice, from: Release | undefined, to: Release, edges: readonly Edge[]): Planned {
  const stages: Stage[] = [];
  let start = from;
  for (const [at, edge] of edges.entries()) {
    const release = choice.graph.releases.get(edge.to) ?? to;
    stages.push(choice.stageOf(at + 1, start, edge, release));
    start = release;
  }
  const { model, policy, graph } = choice;
  const oneWay = edges.some((edge) => edge.oneWay);
  return { kind: "plan", plan: { model, family: graph.family, policy, from, to, oneWay, stages } };
}

type Refusal = Extract<Planned, { kind: "no-path" }>;

/** Where the way ends and which rules end it: those that forbid the last step, or that no rule gives one. */
function noPath(
  within: UpdateGraph,
  choice: PlannerChoice,
  from: Release | undefined,
  to: Target,
  target: Release | undefined,
  shortcut: readonly Because[],
): Refusal {
  if (target === undefined) return refusal(from, [absent(choice, to)]);
  if (target.withdrawn !== undefined) return refusal(from, [target.withdrawn]);
  if (from === undefined) {
    const first = within.releases.get(within.entries?.[0]?.to ?? "");
    return first === undefined
      ? refusal(undefined, [unknownStart(choice)])
      : noPath(within, choice, first, to, target, []);
  }
  if (from.deadEnd !== undefined) return refusal(from, [from.deadEnd]);
  // Where an admin could choose a documented way, what ends the strict one farther on is beside the point.
  const ends = shortcut.length > 0 ? [from.load] : reachable(within, from.load);
  for (const load of ends) {
    const blocks = within.blocked.filter((pair) => pair.from === load && pair.to === target.load);
    if (blocks.length === 0) continue;
    const because = blocks.map((block) => ({ ...block.because, reason: `${block.rule}: ${block.because.reason}` }));
    return refusal(within.releases.get(load), [...because, ...shortcut]);
  }
  return refusal(from, [noRule(choice, from, target), ...shortcut]);
}

function refusal(stoppedAt: Release | undefined, because: readonly Because[]): Refusal {
  return { kind: "no-path", stoppedAt, because };
}

/** Loads in the order in which steps reach them, the start first. */
function reachable(within: UpdateGraph, from: string): readonly string[] {
  const onward = new Map<string, string[]>();
  for (const { from: start, to, onlyLast } of within.edges) {
    if (onlyLast) continue;
    const known = onward.get(start);
    if (known === undefined) onward.set(start, [to]);
    else known.push(to);
  }
  const seen = new Set([from]);
  for (const load of seen) for (const next of onward.get(load) ?? []) seen.add(next);
  return [...seen];
}

function absent(choice: PlannerChoice, to: Target): Because {
  const wanted = "load" in to ? `the load ${to.load}` : `a ${to.protocol} release`;
  return manifestSays(choice, `No known path: no source leads a ${choice.model} to ${wanted}.`);
}

function unknownStart(choice: PlannerChoice): Because {
  return manifestSays(
    choice,
    "No first step is on record for a phone of which nothing is known: let it boot once, so that what it asks for shows what it runs.",
  );
}

function noRule(choice: PlannerChoice, from: Release, target: Release): Because {
  return manifestSays(
    choice,
    `No known path: no source gives a step from ${from.protocol} ${from.version} towards ${target.protocol} ${target.version} under the policy ${choice.policy}.`,
  );
}

function manifestSays(choice: PlannerChoice, reason: string): Because {
  return { reason, source: `firmware-manifests/${choice.graph.family}.yaml`, grade: "D" };
}

/** Says by name that the other policy has a way, so that an admin can choose it with open eyes. */
function otherPolicy(documented: Route, from: Release, target: Release): readonly Because[] {
  const edges = documented(from.load, target.load) ?? [];
  const shortcuts = edges.filter((edge) => edge.policy === "documented");
  const why = shortcuts[0]?.because[0];
  if (why === undefined) return [];
  const rules = shortcuts.map((edge) => edge.rule).join(", ");
  return [{ ...why, reason: `The policy \`documented\` has a way, by rule ${rules}: ${why.reason}` }];
}
