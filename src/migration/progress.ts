import type { Release } from "../firmware/release.ts";
import type { Family, Images, NamedFile, Trace, View } from "../phones/family.ts";
import type { HistoryEntry, Migration, Problem, Progress, Stage } from "./migration.ts";

/**
 * Everything that moves an enrolled phone stands in this file (design.md §6): it advances on what the phone does, never
 * on time, and a phone that may be writing flash is told the same load until it shows where it arrived.
 */
export type ProgressEvent =
  /**
   * It asked for a file of its family. `member`: an image that the stage's own package holds because its list names it,
   * though the manifest does not.
   */
  | { readonly is: "asked"; readonly file: NamedFile; readonly member?: boolean }
  /** It acknowledged the last octet of a file: a rendered one that named `load`, or an image. */
  | { readonly is: "took"; readonly file: NamedFile; readonly load?: string; readonly member?: boolean }
  /** It said what it runs, by DHCP option 60 or its HTTP user agent; `log`: a log that it uploaded names an application. */
  | { readonly is: "reported"; readonly load: string; readonly of: "application" | "bootrom" | "log" }
  /** It said which model it is: a model id. */
  | { readonly is: "named"; readonly model: string; readonly by: string }
  /** The admin wants something else. */
  | { readonly is: "wish"; readonly wish: Migration["wish"] }
  /**
   * So many milliseconds have passed since `progress` changed at the date `since`; it can only make a silence visible, and
   * says nothing of a phone that has moved on.
   */
  | { readonly is: "tick"; readonly since: number; readonly passed: number };

export interface Moved {
  /** The same object where nothing changed. */
  readonly migration: Migration;
  readonly history: readonly HistoryEntry[];
  /** Why the file that was asked for must not be served, whatever the view says. */
  readonly refuse?: string;
}

/** How many steps a trail keeps: several boots of the longest boot order known. */
const trailLength = 96;

const reportsKept = 6;

/** A silence of this many typical times counts as a stall. */
const patience = 4;

/** A phone that asks for the same image in more rounds than this goes round in a circle: it refuses it, or cannot go on. */
const roundsExpected = 4;

/** A phone that was told its load in more starts and has asked for no image does not follow. */
const startsExpected = 4;

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
  if (event.is === "tick") return tick(migration, event, stage, now);
  if (event.is === "named") return named(migration, event, stages.slice(progress.stage - 1), family, now);
  if (event.is === "reported" && !isNews(event, progress, family)) return { migration, history: [] };

  const awake = migration.problem?.code === "E_STALLED" ? withoutProblem(migration) : migration;
  switch (progress.at) {
    case "waiting":
      if (event.is === "asked") return askedWhileWaiting(awake, progress, event.file, stage, now);
      return event.is === "took" && event.load === stage.release.load
        ? toldWhileWaiting(awake, progress, event.file, stage, now)
        : { migration: awake, history: [] };
    case "loading":
    case "restarting":
      return whileInstalling(awake, progress, event, stage, stages, family, now);
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

type Waiting = Extract<Progress, { at: "waiting" }>;
type Installing = Extract<Progress, { at: "loading" | "restarting" }>;

/** What a phone itself does, as opposed to the admin and the clock. */
type Sign = Extract<ProgressEvent, { is: "asked" | "took" | "reported" }>;

/** Whether a report can be evidence: only for a family that weighs it, and not the same again. */
function isNews(event: Extract<Sign, { is: "reported" }>, progress: Progress, family: Family): boolean {
  if (family.weighsReports !== true || !("trail" in progress)) return false;
  const last = progress.trail.at(-1);
  return last?.did !== "reported" || last.load !== event.load || last.kind !== traceOf(event).kind;
}

/**
 * The phone says that it is another model than the inventory does. What the rest of its way offers would not be for it,
 * so it is held; models that share every release of the way are no contradiction.
 */
function named(
  migration: Migration,
  { model, by }: Extract<ProgressEvent, { is: "named" }>,
  ahead: readonly Stage[],
  family: Family,
  now: number,
): Moved {
  if (model === migration.model || migration.problem?.code === "E_OTHER_MODEL") return { migration, history: [] };
  const isFor = (release: Release) => release.models?.includes(model) ?? family.models.some(({ id }) => id === model);
  if (ahead.every(({ release }) => isFor(release))) return { migration, history: [] };
  const problem: Problem = {
    code: "E_OTHER_MODEL",
    message: `The inventory says that it is a ${migration.model}; by ${by} it is a ${model}.`,
    remedy:
      "Look at the label under the phone. Cancel this migration, correct the inventory (provision phones add --replace), and enrol it again.",
  };
  const wish = migration.wish === "go" ? "pause" : migration.wish;
  const held: Migration = { ...migration, wish, problem };
  return { migration: held, history: [entry(held, "stage.problem", problem.message, now)] };
}

function askedWhileWaiting(migration: Migration, at: Waiting, file: NamedFile, stage: Stage, now: number): Moved {
  if (file.clue.is !== "image") return { migration, history: [] };
  const name = file.canonical;
  if (stage.requires.includes(name)) {
    const images = { asked: [name], taken: [] };
    const loading: Progress = { at: "loading", stage: at.stage, images, trail: [traceOf({ is: "asked", file })] };
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

/** It runs the load already, against the inventory, or its lever does not work: which of them, only its screen says. */
function toldWhileWaiting(migration: Migration, at: Waiting, file: NamedFile, stage: Stage, now: number): Moved {
  const { told = { kind: file.kind, times: 0 } } = at;
  if (file.kind !== told.kind || told.times > startsExpected) return { migration, history: [] };
  const times = told.times + 1;
  const next: Migration = { ...migration, progress: { ...at, told: { kind: told.kind, times } } };
  if (times <= startsExpected || next.problem !== undefined) return { migration: next, history: [] };
  const problem: Problem = {
    code: "E_NOT_FOLLOWING",
    message: `It was told ${stage.release.load} in ${times} starts and has asked for none of its images.`,
    remedy:
      "Read its load from its screen. Where it is not the one that the inventory says, cancel this migration and enrol it again with --from.",
  };
  const held: Migration = { ...next, problem };
  return { migration: held, history: [entry(held, "stage.problem", problem.message, now)] };
}

/**
 * The phone asked for the twin (`.bin` for `.sbn` or the other way round) of what the release it is thought to run would
 * ask for. It runs something else, and the step at hand was not planned for that.
 */
function contradiction(migration: Migration, at: Waiting, name: string, stage: Stage, now: number): Moved {
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

function whileInstalling(
  migration: Migration,
  at: Installing,
  event: Sign,
  stage: Stage,
  stages: readonly Stage[],
  family: Family,
  now: number,
): Moved {
  const name = event.is !== "reported" && event.file.clue.is === "image" ? event.file.canonical : undefined;
  const member = event.is !== "reported" && event.member === true;
  if (name !== undefined && !member && !stage.requires.includes(name)) {
    const allowed = stage.view.installing.images.some((i) => i.file === name);
    return {
      migration,
      history: [],
      ...(allowed ? {} : { refuse: `${name} is no file of the stage that this phone is in` }),
    };
  }
  const next: Installing = {
    at: phaseAfter(at.at, event, stage),
    stage: at.stage,
    images: name === undefined ? at.images : withImage(at.images, event.is === "took" ? "taken" : "asked", name),
    trail: longer(at.trail, traceOf(event)),
  };
  if (family.arrived(next.trail, next.images, stage.release, stage.from))
    return arrive(migration, at, stage, stages, now);
  return circling(wentOn(migration, at, next, event, now), next.trail, stage, now);
}

function wentOn(migration: Migration, at: Installing, next: Installing, event: Sign, now: number): Moved {
  if (next.at === at.at) return { migration: { ...migration, progress: next }, history: [] };
  const detail =
    event.is === "reported"
      ? `reports ${event.load}`
      : `${event.is === "took" ? "took" : "asked for"} ${event.file.canonical}`;
  return move(migration, next, next.at === "loading" ? "stage.loading" : "stage.restarting", detail, now);
}

/** A phone that never falls silent can get nowhere all the same: then a person has to look, and the rest of its job waits. */
function circling(moved: Moved, trail: readonly Trace[], stage: Stage, now: number): Moved {
  const { migration, history } = moved;
  if (migration.problem !== undefined) return moved;
  const lists = stage.release.files.filter((f) => f.role === "manifest").map((f) => f.name);
  const rounds = new Map<string, number>();
  for (const [i, { did, file }] of trail.entries()) {
    // Asked for twice in a row, it was not answered the first time.
    if (did !== "asked" || file === undefined || lists.includes(file) || trail[i - 1]?.file === file) continue;
    rounds.set(file, (rounds.get(file) ?? 0) + 1);
  }
  const [file, count] = [...rounds].find(([, times]) => times > roundsExpected) ?? [];
  if (file === undefined) return moved;
  const problem: Problem = {
    code: "E_LOOPING",
    message: `It has asked for ${file} in ${count} rounds, and nothing proves that it runs ${stage.release.load}.`,
    remedy:
      "Look at its screen (provision guide): it refuses the image or cannot read its configuration. Where it runs the load, its next start may prove it.",
  };
  const held: Migration = { ...migration, problem };
  return { ...moved, migration: held, history: [...history, entry(held, "stage.problem", problem.message, now)] };
}

/** A list of images writes no flash; an image asked for does; taking it whole, or starting again, ends the writing. */
function phaseAfter(at: Installing["at"], event: Sign, stage: Stage): Installing["at"] {
  if (event.is === "reported") return at;
  if (event.file.clue.is === "boot") return event.is === "asked" ? "restarting" : at;
  if (event.file.clue.is !== "image") return at;
  const isList = stage.release.files.some((f) => f.name === event.file.canonical && f.role === "manifest");
  return isList ? at : event.is === "asked" ? "loading" : "restarting";
}

function arrive(migration: Migration, at: Installing, stage: Stage, stages: readonly Stage[], now: number): Moved {
  const proof = `runs ${stage.release.load}: stage ${at.stage} of ${stages.length} is over`;
  const free = withoutProblem(migration);
  if (at.stage === stages.length) return move({ ...free, wish: "go" }, { at: "done" }, "migration.done", proof, now);
  if (migration.wish === "cancel") {
    const left: Progress = { at: "cancelled", running: stage.release.load };
    return move(free, left, "migration.cancelled", `${proof}; ended there as asked`, now);
  }
  // That it is another model than the inventory says is as true after a stage as before.
  const next = migration.problem?.code === "E_OTHER_MODEL" ? migration : free;
  return move(next, { at: "waiting", stage: at.stage + 1 }, "stage.arrived", proof, now);
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
  // Let go on, a phone with a problem begins to count anew.
  if (wanted === migration.wish && (wanted !== "go" || migration.problem === undefined))
    return { migration, history: [] };
  const words = { go: "goes on", pause: "held", cancel: "to be ended after the installation under way" }[wanted];
  const event = { go: "migration.resumed", pause: "migration.paused", cancel: "migration.cancelling" }[wanted];
  const free = progress.at === "waiting" ? { at: progress.at, stage: progress.stage } : progress;
  const next: Migration =
    wanted === "go" ? { ...withoutProblem(migration), progress: free, wish: wanted } : { ...migration, wish: wanted };
  return { migration: next, history: [entry(next, event, words, now)] };
}

function tick(
  migration: Migration,
  { since, passed }: Extract<ProgressEvent, { is: "tick" }>,
  stage: Stage,
  now: number,
): Moved {
  const { progress } = migration;
  if (progress.at === "waiting" || migration.problem !== undefined) return { migration, history: [] };
  if (since !== migration.since || passed < patience * stage.typicalSeconds * 1000) return { migration, history: [] };
  const problem: Problem = {
    code: "E_STALLED",
    message: `Nothing that proves an end of stage ${stage.number} since it ${progress.at === "loading" ? "asked for an image" : "took an image"}.`,
    remedy:
      "Look at its screen. If it shows nothing moving for ten minutes, power-cycle it; what it asks for next decides.",
  };
  const stalled = { ...migration, problem };
  return { migration: stalled, history: [entry(stalled, "stage.stalled", problem.message, now)] };
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

function traceOf(event: Sign): Trace {
  if (event.is === "reported") {
    const kind = { application: "version", bootrom: "bootrom-version", log: "log-version" }[event.of];
    return { did: "reported", kind, load: event.load };
  }
  const { file } = event;
  return {
    did: event.is,
    kind: file.kind,
    ...(file.clue.is === "image" ? { file: file.canonical } : {}),
    ...(event.is === "took" && event.load !== undefined ? { load: event.load } : {}),
  };
}

/** Anybody can say anything by DHCP: a trail keeps few reports, so that they never push out what the phone did. */
function longer(trail: readonly Trace[], next: Trace): readonly Trace[] {
  const reports = next.did === "reported" ? trail.filter((step) => step.did === "reported") : [];
  const oldest = reports.length < reportsKept ? undefined : reports[0];
  return [...trail.filter((step) => step !== oldest), next].slice(-trailLength);
}

function withImage(images: Images, list: keyof Images, name: string): Images {
  return images[list].includes(name) ? images : { ...images, [list]: [...images[list], name] };
}
