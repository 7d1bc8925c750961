import { loadManifests } from "../files/manifests.ts";
import type { Policy, Protocol, Release, UpdateGraph } from "../firmware/release.ts";
import type { RemedyTable } from "../firmware/remedy.ts";
import { compareVersions, parseVersion } from "../firmware/version.ts";
import type { Planned } from "../migration/migration.ts";
import { plan, type Target } from "../migration/plan.ts";
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

async function knowledgeIn(directory: string): Promise<Known> {
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
  const from = question.from === undefined ? undefined : readStart(question.from, graph);
  const to = readTarget(question.to, graph);
  const stageOf: Parameters<typeof plan>[0]["stageOf"] = (number, start, edge, release) =>
    makeStage(family, number, start, edge, release);
  return { model, planned: plan({ graph, model: model.id, policy: question.policy, stageOf, from, to }) };
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

function surroundingsOf(known: Known, text: string): { model: Model; family: Family; graph: UpdateGraph } {
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

const protocols: Readonly<Record<string, Protocol>> = { sip: "SIP", sccp: "SCCP", skinny: "SCCP", mgcp: "MGCP" };

function readTarget(text: string, graph: UpdateGraph): Target {
  const protocol = protocols[text.toLowerCase()];
  return protocol === undefined ? { load: readRelease(text, graph).load } : { protocol };
}

function readStart(text: string, graph: UpdateGraph): string | undefined {
  return text.toLowerCase() === "unknown" ? undefined : readRelease(text, graph).load;
}

/** A release by its load or by `protocol version`. Throws `E_RELEASE_UNKNOWN`. */
export function readRelease(text: string, graph: UpdateGraph): Release {
  const wanted = text.trim().replace(/\.(?:bin|sbn|sb2|loads)$/i, "");
  const releases = [...graph.releases.values()];
  const named = releases.find((release) => release.load.toLowerCase() === wanted.toLowerCase());
  const found = named ?? releases.find((release) => isCalled(release, wanted));
  if (found !== undefined) return found;
  const loads = releases.map((release) => release.load);
  const meant = nearest(wanted, [...loads, ...releases.map((release) => `${release.protocol} ${release.version}`)]);
  const zero = /^PO[0SM]3/i.test(wanted) ? "Cisco's load names begin P0, with a digit zero. " : "";
  throw failure("E_RELEASE_UNKNOWN", 2, {
    where: `release ${JSON.stringify(text)}`,
    message: `firmware-manifests/${graph.family}.yaml has no such load or version`,
    remedy: `${zero}${meant === undefined ? `known: ${loads.join(", ")}` : `did you mean ${meant}?`}`,
  });
}

function isCalled(release: Release, wanted: string): boolean {
  const [, protocol, version] = /^(sccp|sip|mgcp|skinny)[\s:/-]+v?(\S+)$/i.exec(wanted) ?? [];
  if (protocol === undefined || version === undefined) return false;
  if (protocols[protocol.toLowerCase()] !== release.protocol || parseVersion(version) === undefined) return false;
  return compareVersions(version, release.version) === 0;
}
