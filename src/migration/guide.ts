import { type Remedy, seen } from "../firmware/remedy.ts";
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

/** What a technician is told, in the order in which it matters. */
export interface Guidance {
  /** What the phone does now. */
  readonly now: string;
  readonly next: readonly string[];
  /** What it might show, likeliest first by what it has just done. */
  readonly ifItShows: readonly { readonly sees: string; readonly meaning: string; readonly do: string }[];
  readonly over: boolean;
}

/** The most rows of the table of remedies that a person reads before a phone. */
const mostRemedies = 6;

/** What to do with a phone now. `stage` is the one it is in; `remedies` are those of that stage. */
export function guide(phone: GuidedPhone, stage: Stage | undefined, remedies: readonly Remedy[]): Guidance {
  const over = phone.state === "done" || phone.state === "cancelled";
  return {
    now: nowOf(phone, stage),
    next: [...(phone.noticed ?? []).map(({ words }) => `Look: ${words}.`), ...nextOf(phone, stage)],
    ifItShows: over
      ? []
      : ranked(phone, remedies)
          .slice(0, mostRemedies)
          .map((remedy) => ({ sees: seen(remedy), meaning: remedy.meaning, do: remedy.next })),
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

function nextOf({ state, problem, waitsFor }: GuidedPhone, stage: Stage | undefined): readonly string[] {
  if (problem !== undefined) return [problem.message, problem.remedy];
  const patience = "Leave it alone: do not unplug it, whatever it looks like.";
  switch (state) {
    case "done":
    case "cancelled":
      return [];
    case "paused":
      return ["Let it go on: provision resume."];
    case "loading":
      return [patience, ...expecting(waitsFor, stage)];
    case "restarting":
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

/** What a phone's last steps make likely, and the words of a remedy that speaks of it. */
const signs: readonly { readonly when: (phone: GuidedPhone) => boolean; readonly speaksOf: RegExp }[] = [
  { when: ({ evidence }) => evidence.length === 0, speaksOf: /\b(?:DHCP|TFTP server|150|66|address|VLAN)\b/i },
  {
    when: ({ evidence }) => imagesAsked(evidence) >= 2,
    speaksOf: /signature|damaged|package|incomplete|renamed|auth|checksum|compression|size error/i,
  },
  {
    when: ({ state, evidence }) => state === "waiting" && evidence.length > 0 && imagesAsked(evidence) === 0,
    speaksOf: /no load|OS79XX|configuration|unprovisioned|buffer full|not found|parsing/i,
  },
  { when: ({ silentSeconds = 0 }) => silentSeconds >= 60, speaksOf: /\b(?:black|dead|lights?|LEDs?|flash|power)\b/i },
  { when: ({ state }) => state === "stalled", speaksOf: /invalid|fail|rejected|loop|error/i },
];

function imagesAsked(evidence: readonly string[]): number {
  return evidence.filter((line) => /\.(?:bin|sbn|sb2|loads|ld|zup|kxz|sgn)$/i.test(line.trim())).length;
}

/** Likeliest first; of equals the order of the table. What is harmless comes last. */
function ranked(phone: GuidedPhone, remedies: readonly Remedy[]): readonly Remedy[] {
  const present = signs.filter(({ when }) => when(phone));
  const score = (remedy: Remedy) => {
    const words = [remedy.sees, remedy.meaning, ...remedy.causes].join(" ");
    const fits = present.filter(({ speaksOf }) => speaksOf.test(words)).length;
    return remedy.harmless === true ? fits - 100 : fits;
  };
  return remedies
    .map((remedy, at) => ({ remedy, at, score: score(remedy) }))
    .sort((a, b) => b.score - a.score || a.at - b.at)
    .map(({ remedy }) => remedy);
}
