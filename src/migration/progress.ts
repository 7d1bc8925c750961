import type { Family, NamedFile, Trace, View } from "../phones/family.ts";
import type { HistoryEntry, Migration, Problem, Progress, Stage } from "./migration.ts";

/**
 * Everything that moves an enrolled phone stands in this file (design.md §6): it advances on what the phone does, never
 * on time, and a phone that may be writing flash is told the same load until it shows where it arrived.
 */
export type ProgressEvent =
  /** It asked for a file of its family. */
  | { readonly is: "asked"; readonly file: NamedFile }
  /** It acknowledged the last octet of a file: a rendered one that named `load`, or an image. */
  | { readonly is: "took"; readonly file: NamedFile; readonly load?: string }
  /** The admin wants something else. */
  | { readonly is: "wish"; readonly wish: Migration["wish"] }
  /** Time has passed; it can only make a silence visible. */
  | { readonly is: "tick" };

export interface Moved {
  /** The same object where nothing changed. */
  readonly migration: Migration;
  readonly history: readonly HistoryEntry[];
  /** Why the file that was asked for must not be served, whatever the view says. */
  readonly refuse?: string;
}

/** How many steps a trail keeps: several boots of the longest boot order known. */
const trailLength = 64;

/** A silence of this many typical times counts as a stall. */
const patience = 4;

/** One step of an enrolled phone. `now` is milliseconds since the epoch; `stages` are the migration's, in order. */
export function step(
  migration: Migration,
  event: ProgressEvent,
  stages: readonly Stage[],
  family: Family,
  now: number,
): Moved {
  const { progress } = migration;
  if (event.is === "wish") return wish(migration, event.wish, stages, now);
  if (progress.at === "done" || progress.at === "cancelled") return { migration, history: [] };
  const stage = stages[progress.stage - 1];
  if (stage === undefined) return { migration, history: [] };
  if (event.is === "tick") return tick(migration, stage, now);

  const awake = migration.problem?.code === "E_STALLED" ? withoutProblem(migration) : migration;
  switch (progress.at) {
    case "waiting":
      return event.is === "asked"
        ? askedWhileWaiting(awake, progress, event.file, stage, now)
        : { migration: awake, history: [] };
    case "loading":
      return event.is === "asked"
        ? askedWhileLoading(awake, progress, event.file, stage, now)
        : tookWhileLoading(awake, progress, event.file, stage, now);
    case "restarting":
      return whileRestarting(awake, progress, event, stage, stages, family, now);
  }
}

/** What an enrolled phone sees now. Undefined: what it saw before it was enrolled. */
export function viewOf(migration: Migration, stages: readonly Stage[], family: Family): View | undefined {
  const { progress } = migration;
  const last = stages.at(-1);
  if (progress.at === "done") return last && family.atRest(last.release);
  if (progress.at === "cancelled") {
    const left = stages.find((s) => s.release.load === progress.running);
    return left && family.atRest(left.release);
  }
  const stage = stages[progress.stage - 1];
  if (stage === undefined) return undefined;
  if (progress.at !== "waiting") return stage.view.installing;
  if (migration.wish === "go") return stage.view.waiting;
  return stage.number > 1 && stage.from !== undefined ? family.atRest(stage.from) : undefined;
}

type At<K extends Progress["at"]> = Extract<Progress, { at: K }>;

function askedWhileWaiting(migration: Migration, at: At<"waiting">, file: NamedFile, stage: Stage, now: number): Moved {
  if (file.clue.is !== "image") return { migration, history: [] };
  const name = file.canonical;
  if (stage.requires.includes(name)) {
    const loading: Progress = { at: "loading", stage: at.stage, images: { asked: [name], taken: [] } };
    return move(
      withoutProblem(migration),
      loading,
      "stage.loading",
      `asked for ${name}: the lever of stage ${at.stage} works`,
      now,
    );
  }
  if (stage.release.files.some((f) => f.name === name)) return contradiction(migration, at, name, stage, now);
  return { migration, history: [], refuse: `${name} is no file of the stage that this phone is in` };
}

/**
 * The phone asked for the twin (`.bin` for `.sbn` or the other way round) of what the release it is thought to run would
 * ask for. It runs something else, and the step at hand was not planned for that.
 */
function contradiction(migration: Migration, at: At<"waiting">, name: string, stage: Stage, now: number): Moved {
  const believed = stage.from?.load ?? "its first load";
  const refuse = `${name} is not what a phone on ${believed} asks for`;
  if (at.stage > 1 && name.toLowerCase().endsWith(".bin")) {
    const back: Progress = { at: "waiting", stage: at.stage - 1 };
    const detail = `asked for ${name}, which a phone on ${believed} never does: stage ${at.stage - 1} is offered again`;
    return { ...move(migration, back, "stage.doubted", detail, now), refuse };
  }
  const problem: Problem = {
    code: "E_NOT_WHERE_PLANNED",
    message: `The phone asked for ${name}, which a phone on ${believed} never does.`,
    remedy:
      "Read its load from the screen (Settings > Status > Firmware Versions), cancel, and enrol it again with --from that load.",
  };
  const held: Migration = { ...migration, wish: "pause", problem };
  return { migration: held, history: [entry(held, "stage.problem", problem.message, now)], refuse };
}

function askedWhileLoading(migration: Migration, at: At<"loading">, file: NamedFile, stage: Stage, now: number): Moved {
  if (file.clue.is === "image") return askedForImage(migration, at, file, stage, now);
  if (file.clue.is !== "boot") return { migration, history: [] };
  const next: Progress = { at: "restarting", stage: at.stage, images: at.images, trail: [traceOf(file)] };
  return move(migration, next, "stage.restarted", `asked for ${file.canonical}: it has started again`, now);
}

function askedForImage(
  migration: Migration,
  at: At<"loading"> | At<"restarting">,
  file: NamedFile,
  stage: Stage,
  now: number,
): Moved {
  const name = file.canonical;
  if (!stage.requires.includes(name)) {
    const allowed = stage.view.installing.images.some((i) => i.file === name);
    return {
      migration,
      history: [],
      ...(allowed ? {} : { refuse: `${name} is no file of the stage that this phone is in` }),
    };
  }
  const isList = stage.release.files.some((f) => f.name === name && f.role === "manifest");
  if (isList) {
    if (at.at === "loading") return { migration, history: [] };
    return settle(migration, { ...at, trail: grown(at.trail, traceOf(file)) });
  }
  const images = { asked: including(at.images.asked, name), taken: at.images.taken };
  const next: Progress = { at: "loading", stage: at.stage, images };
  if (at.at === "loading" && at.images.asked.includes(name)) return { migration, history: [] };
  return move(migration, next, "stage.loading", `asked for ${name}`, now);
}

function tookWhileLoading(migration: Migration, at: At<"loading">, file: NamedFile, stage: Stage, now: number): Moved {
  const name = file.canonical;
  const role = stage.release.files.find((f) => f.name === name)?.role;
  if (role === undefined || role === "manifest") return { migration, history: [] };
  const images = { asked: at.images.asked, taken: including(at.images.taken, name) };
  const next: Progress = { at: "restarting", stage: at.stage, images, trail: [] };
  return move(migration, next, "stage.image-taken", `took ${name} whole`, now);
}

function whileRestarting(
  migration: Migration,
  at: At<"restarting">,
  event: Extract<ProgressEvent, { is: "asked" | "took" }>,
  stage: Stage,
  stages: readonly Stage[],
  family: Family,
  now: number,
): Moved {
  if (event.is === "asked" && event.file.clue.is === "image")
    return askedForImage(migration, at, event.file, stage, now);
  const trace: Trace = {
    ...traceOf(event.file),
    did: event.is,
    ...(event.is === "took" && event.load ? { load: event.load } : {}),
  };
  const trail = grown(at.trail, trace);
  if (!family.arrived(trail, at.images, stage.release)) return settle(migration, { ...at, trail });
  return arrive(migration, at, stage, stages, now);
}

function arrive(
  migration: Migration,
  at: At<"restarting">,
  stage: Stage,
  stages: readonly Stage[],
  now: number,
): Moved {
  const proof = `runs ${stage.release.load}: stage ${at.stage} of ${stages.length} is over`;
  const free = withoutProblem(migration);
  if (at.stage === stages.length) return move({ ...free, wish: "go" }, { at: "done" }, "migration.done", proof, now);
  if (migration.wish === "cancel") {
    const left: Progress = { at: "cancelled", running: stage.release.load };
    return move(free, left, "migration.cancelled", `${proof}; ended there as asked`, now);
  }
  return move(free, { at: "waiting", stage: at.stage + 1 }, "stage.arrived", proof, now);
}

function wish(migration: Migration, wanted: Migration["wish"], stages: readonly Stage[], now: number): Moved {
  const { progress } = migration;
  if (progress.at === "done" || progress.at === "cancelled") return { migration, history: [] };
  if (wanted === "cancel" && progress.at === "waiting") {
    const running = progress.stage > 1 ? stages[progress.stage - 1]?.from?.load : undefined;
    return move(
      withoutProblem(migration),
      { at: "cancelled", running },
      "migration.cancelled",
      "ended by the admin",
      now,
    );
  }
  if (wanted === migration.wish) return { migration, history: [] };
  const words = { go: "goes on", pause: "held", cancel: "to be ended after the installation under way" }[wanted];
  const event = { go: "migration.resumed", pause: "migration.paused", cancel: "migration.cancelling" }[wanted];
  const next: Migration = { ...(wanted === "go" ? withoutProblem(migration) : migration), wish: wanted };
  return { migration: next, history: [entry(next, event, words, now)] };
}

function tick(migration: Migration, stage: Stage, now: number): Moved {
  const { progress } = migration;
  if (progress.at === "waiting" || migration.problem !== undefined) return { migration, history: [] };
  if (now - migration.since < patience * stage.typicalSeconds * 1000) return { migration, history: [] };
  const problem: Problem = {
    code: "E_STALLED",
    message: `Nothing that proves an end of stage ${stage.number} since it ${progress.at === "loading" ? "asked for an image" : "took an image"}.`,
    remedy:
      "Look at its screen. If it shows nothing moving for ten minutes, power-cycle it; what it asks for next decides.",
  };
  const stalled = { ...migration, problem };
  return { migration: stalled, history: [entry(stalled, "stage.stalled", problem.message, now)] };
}

/** A step that adds to the trail but proves nothing yet. */
function settle(migration: Migration, progress: At<"restarting">): Moved {
  return { migration: { ...migration, progress }, history: [] };
}

function move(migration: Migration, progress: Progress, event: string, detail: string, now: number): Moved {
  const next: Migration = { ...migration, progress, since: now };
  return { migration: next, history: [entry(next, event, detail, now)] };
}

function entry(migration: Migration, event: string, detail: string, now: number): HistoryEntry {
  return { at: now, mac: migration.mac, event, detail };
}

function withoutProblem(migration: Migration): Migration {
  if (migration.problem === undefined) return migration;
  const { problem: _, ...rest } = migration;
  return rest;
}

function traceOf(file: NamedFile): Trace {
  return { did: "asked", kind: file.kind, ...(file.clue.is === "image" ? { file: file.canonical } : {}) };
}

function grown(trail: readonly Trace[], next: Trace): readonly Trace[] {
  return [...trail, next].slice(-trailLength);
}

function including(names: readonly string[], name: string): readonly string[] {
  return names.includes(name) ? names : [...names, name];
}
