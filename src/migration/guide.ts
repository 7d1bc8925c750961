import { type Remedy, ranked, type Sign, seen } from "../firmware/remedy.ts";
import type { Problem, Stage } from "./migration.ts";

/** What is known of a phone when somebody stands before it. */
export interface GuidedPhone {
  readonly state: "waiting" | "loading" | "restarting" | "stalled" | "done" | "paused" | "cancelled";
  readonly stage: number;
  readonly stages: number;
  readonly target: string;
  /** What it did, newest first. */
  readonly evidence: readonly string[];
  readonly waitsFor: readonly string[];
  readonly problem?: Problem;
  readonly silentSeconds?: number;
  readonly noticed?: readonly { readonly words: string }[];
}

/** One thing that the phone may show, with the causes in the order that its last steps make likely. */
export interface Shown {
  readonly sees: string;
  readonly meaning: string;
  readonly causes: readonly string[];
  readonly do: string;
}

/** What a technician is told, in the order in which it matters. */
export interface Guidance {
  /** What the phone does now. */
  readonly now: string;
  readonly next: readonly string[];
  /** It may be writing flash: nobody takes its power. */
  readonly handsOff: boolean;
  /** What it might show, likeliest first by what it has just done. */
  readonly ifItShows: readonly Shown[];
  readonly over: boolean;
}

/** The most rows of the table of remedies that a person reads before a phone. */
const mostRemedies = 6;

/** A row of the table of remedies as it is shown. */
export function shown(remedy: Remedy): Shown {
  const { meaning, causes, next } = remedy;
  return { sees: seen(remedy), meaning, causes: causes.map(({ words }) => words), do: next };
}

/** What to do with a phone now. `stage` is the one it is in; `remedies` are those of that stage. */
export function guide(
  phone: GuidedPhone,
  stage: Stage | undefined,
  remedies: readonly Remedy[],
  signs: ReadonlySet<Sign>,
): Guidance {
  const over = phone.state === "done" || phone.state === "cancelled";
  const proves = stage?.proving !== undefined && phone.waitsFor[0] === stage.proving;
  return {
    now: nowOf(phone, stage),
    next: [...(phone.noticed ?? []).map(({ words }) => `Look: ${words}.`), ...nextOf(phone, stage, proves)],
    handsOff: (phone.state === "loading" || phone.state === "restarting") && !proves,
    ifItShows: over ? [] : ranked(remedies, signs).slice(0, mostRemedies).map(shown),
    over,
  };
}

function nowOf(
  { state, stage: number, stages, target, evidence, silentSeconds }: GuidedPhone,
  stage: Stage | undefined,
): string {
  const where = `Stage ${number} of ${stages}`;
  const load = stage?.release.load ?? target;
  const silence = silentSeconds === undefined ? "" : ` Nothing was heard for ${silentSeconds} seconds.`;
  const last = evidence[0] === undefined ? "Nothing was heard of it yet." : `Last: ${evidence[0]}.`;
  switch (state) {
    case "done":
      return `It has arrived: it runs ${target}.`;
    case "cancelled":
      return "Its migration was ended.";
    case "paused":
      return `${where}: held. ${last}`;
    case "waiting":
      return `${where}: it is to fetch ${load}, and has not begun. ${last}`;
    case "loading":
      return `${where}: it fetches ${load}, and may be writing flash. ${last}${silence}`;
    case "restarting":
      return `${where}: it took ${load} and starts again. ${last}${silence}`;
    case "stalled":
      return `${where}: it came to a stop on its way to ${load}. ${last}${silence}`;
  }
}

function nextOf(
  { state, problem, waitsFor }: GuidedPhone,
  stage: Stage | undefined,
  proves: boolean,
): readonly string[] {
  if (problem !== undefined) return [problem.message, problem.remedy];
  if (proves && state === "restarting") return waitsFor;
  const patience = "Leave it alone: do not unplug it, whatever it looks like.";
  switch (state) {
    case "done":
    case "cancelled":
      return [];
    case "paused":
      return ["Let it go on: provision resume."];
    case "loading":
    case "restarting":
      return [patience, ...expecting(waitsFor, stage)];
    case "stalled":
      return expecting(waitsFor, stage);
    case "waiting":
      return waitsFor;
  }
}

function expecting(waitsFor: readonly string[], stage: Stage | undefined): readonly string[] {
  const minutes =
    stage === undefined ? "" : ` This takes about ${Math.max(1, Math.round(stage.typicalSeconds / 60))} min.`;
  return [`Next is to be seen: ${waitsFor[0] ?? "its next start"}${minutes}`, ...waitsFor.slice(1)];
}
