import { loadManifests } from "../files/manifests.ts";
import { forModel } from "../firmware/graph.ts";
import { type Named, readRelease as namedRelease } from "../firmware/named.ts";
import type { Policy, Release, UpdateGraph } from "../firmware/release.ts";
import type { RemedyTable } from "../firmware/remedy.ts";
import type { Planned } from "../migration/migration.ts";
import { plan, type Target } from "../migration/plan.ts";
import type { MigrationRule } from "../migration/rules.ts";
import { makeStage } from "../migration/stage.ts";
import { families, familyOf, modelOf } from "../phones/families.ts";
import type { Family, Model } from "../phones/family.ts";
import type { Knowledge } from "../provision/ports.ts";
import { Failure, failure } from "./failure.ts";
import { nearest } from "./near.ts";
import { shipped } from "./shipped.ts";

/** What the product knows about phones and their firmware, and the planner over it. */
export interface Known extends Knowledge {
  remedies(family: string): RemedyTable | undefined;
}

let shippedKnowledge: Promise<Known> | undefined;

/**
 * The knowledge that is shipped, read once: it cannot change while the program runs. Throws `E_MANIFEST` with every
 * mistake, its file and its line.
 */
export function loadKnowledge(): Promise<Known> {
  shippedKnowledge ??= knowledgeIn(shipped("firmware-manifests"));
  return shippedKnowledge;
}

/** Reads the manifests of any folder, as {@link loadKnowledge} does. */
export async function knowledgeIn(directory: string): Promise<Known> {
  const loaded = await loadManifests(directory);
  if (loaded.kind === "findings") {
    throw new Failure(
      "E_MANIFEST",
      1,
      loaded.findings.map(({ file, line, reason, remedy }) => ({
        where: line === undefined ? file : `${file}:${line}`,
        message: reason,
        remedy,
      })),
    );
  }
  return {
    families,
    graph: (family) => loaded.graphs.get(family),
    remedies: (family) => loaded.remedies.get(family),
  };
}

/** What a person asks of the planner, in words as they write them. */
export interface PlanQuestion {
  readonly model: string;
  /** A load, `protocol version`, or `unknown`; undefined is unknown. */
  readonly from?: string | undefined;
  /** `sip`, `sccp` or a load. */
  readonly to: string;
  readonly policy: Policy;
}

/** The plan, with the words read. Throws `E_MODEL_UNKNOWN`, `E_RELEASE_UNKNOWN` with what was probably meant. */
export function planFor(known: Known, question: PlanQuestion): { readonly model: Model; readonly planned: Planned } {
  const { model, family, graph } = surroundingsOf(known, question.model);
  // Two series of one family have releases of one version; only the model's own are meant.
  const own = forModel(model.id)(graph);
  const from = question.from === undefined ? undefined : readStart(question.from, own);
  const to = readTarget(question.to, own);
  const stageOf: Parameters<typeof plan>[0]["stageOf"] = (number, start, edge, release) =>
    makeStage(family, number, start, edge, release);
  return { model, planned: plan({ graph, model: model.id, policy: question.policy, stageOf, from, to }) };
}

/** {@link planFor}, where phones of one model that run the same and go to the same have one plan, which is made once. */
export type Planner = (question: PlanQuestion) => ReturnType<typeof planFor>;

/** A planner that has made no plan yet. It keeps as many as there are ways between the loads that are known. */
export function createPlanner(known: Known): Planner {
  const made = new Map<string, ReturnType<typeof planFor>>();
  return ({ model, from, to, policy }) => {
    const key = JSON.stringify([model, from, to, policy]);
    const planned = made.get(key) ?? planFor(known, { model, from, to, policy });
    made.set(key, planned);
    return planned;
  };
}

/** The way of a phone that nobody asked for in person; undefined where the rule's words name nothing. */
export function planUnderRule(
  planner: Planner,
  { model, running }: { readonly model: string; readonly running?: string },
  { target, policy }: MigrationRule,
): Planned | undefined {
  try {
    return planner({ model, from: running, to: target, policy }).planned;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** The model that a person means. Throws `E_MODEL_UNKNOWN`. */
export function readModel(text: string): Model {
  const model = modelOf(text);
  if (model !== undefined) return model;
  const every = families.flatMap((family) => family.models.map((one) => one.id));
  const meant = nearest(
    text,
    families.flatMap((family) => family.models.flatMap((one) => [one.id, ...one.aliases])),
  );
  throw failure("E_MODEL_UNKNOWN", 2, {
    where: `model ${JSON.stringify(text)}`,
    message: "no phone of this name is known",
    remedy: meant === undefined ? `known: ${every.join(", ")}` : `did you mean ${meant}? Known: ${every.join(", ")}`,
  });
}

/** Everything known about the model that a person means. Throws `E_MODEL_UNKNOWN`. */
export function surroundingsOf(known: Known, text: string): { model: Model; family: Family; graph: UpdateGraph } {
  const model = readModel(text);
  const family = familyOf(model.family);
  const graph = known.graph(model.family);
  if (family !== undefined && graph !== undefined) return { model, family, graph };
  throw failure("E_MANIFEST", 1, {
    where: `firmware-manifests/${model.family}.yaml`,
    message: `there is no manifest for the ${model.id}`,
    remedy: "reinstall the package: its firmware-manifests folder is incomplete",
  });
}

function readTarget(text: string, graph: UpdateGraph): Target {
  const named = namedRelease(graph, /^skinny$/i.test(text) ? "sccp" : text);
  return named.kind === "protocol" ? { protocol: named.protocol } : { load: releaseOf(named, text, graph).load };
}

function readStart(text: string, graph: UpdateGraph): string | undefined {
  const named = namedRelease(graph, text);
  return named.kind === "unknown" ? undefined : releaseOf(named, text, graph).load;
}

/** A release by its load or by `protocol version`. Cut the graph to the phone's model before. Throws `E_RELEASE_UNKNOWN`. */
export function readRelease(text: string, graph: UpdateGraph): Release {
  return releaseOf(namedRelease(graph, text), text, graph);
}

function releaseOf(named: Named, text: string, graph: UpdateGraph): Release {
  if (named.kind === "release") return named.release;
  const miss =
    named.kind === "miss"
      ? named
      : { reason: "A release is wanted here, and this names none.", suggestions: [...graph.releases.keys()] };
  throw failure("E_RELEASE_UNKNOWN", 2, {
    where: `release ${JSON.stringify(text)}`,
    message: miss.reason,
    remedy:
      miss.suggestions.length === 0
        ? `known: ${[...graph.releases.keys()].join(", ")}`
        : `did you mean ${miss.suggestions.join(", or ")}?`,
  });
}
