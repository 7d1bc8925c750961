import { type Migration, type Problem, type Stage, stageNumber } from "../migration/migration.ts";
import { isBack } from "../migration/signs.ts";
import type { Store } from "../store/store.ts";
import { type Mac, macWithColons } from "../wire/address.ts";
import { mapInPieces } from "./in-pieces.ts";
import { type LackingParts, lackingFor, lackingWords, lacksNothing } from "./lacking.ts";
import { type Noticed, type Places, readPlaces } from "./recognise.ts";
import type { Tracked, Tracker } from "./tracker.ts";

/** One enrolled phone, as `provision status --json` prints it (contract.md §4). */
export interface PhoneStatus {
  readonly mac: string;
  readonly model: string;
  readonly ip: string | null;
  readonly state: "waiting" | "loading" | "restarting" | "stalled" | "done" | "paused" | "cancelled";
  /** Counts from 1; the last one for a phone that has arrived, the one it ended in for one that was cancelled. */
  readonly stage: number;
  readonly stages: number;
  /** The load it is known, or was said, to run. */
  readonly release: string | null;
  readonly target: string;
  /** ISO 8601. */
  readonly since: string;
  /** What it did last, newest first. */
  readonly evidence: readonly string[];
  /** What the technician does next, or what the server waits to see. */
  readonly waitsFor: readonly string[];
  readonly problem?: Problem;
  /** A phone that moved to another address, or another one that stands in its place. */
  readonly noticed?: readonly Noticed[];
  /** Seconds since it was last heard, of a phone under way that has been silent for a minute or more. */
  readonly silentSeconds?: number;
}

/** What the status of phones is made from. */
export interface StatusParts extends LackingParts {
  readonly store: Store;
  readonly tracker: Tracker;
  /** Milliseconds since the epoch; without it no silence is told. */
  readonly now?: () => number;
}

/** How far back a move to another address is looked for, in sightings. */
const lookedBack = 40;

/** Where every enrolled phone stands, by MAC. `sightings` is how much evidence of each is told. */
export async function statusReport(parts: StatusParts, sightings = 5): Promise<readonly PhoneStatus[]> {
  const all = [...parts.tracker.all()].sort((a, b) => (a.migration.mac < b.migration.mac ? -1 : 1));
  const places = all.some(({ migration }) => isOpen(migration)) ? await readPlaces(parts.store) : undefined;
  return mapInPieces(all, (one) => statusOf(parts, one, sightings, places));
}

/** Where one enrolled phone stands; undefined: it is not enrolled. */
export async function phoneStatus(parts: StatusParts, mac: Mac, sightings = 5): Promise<PhoneStatus | undefined> {
  const tracked = parts.tracker.of(mac);
  return tracked && statusOf(parts, tracked, sightings, await readPlaces(parts.store));
}

async function statusOf(
  parts: StatusParts,
  tracked: Tracked,
  count: number,
  places: Places | undefined,
): Promise<PhoneStatus> {
  const { migration, stages } = tracked;
  const open = isOpen(migration);
  const seen = await parts.store.sightings(migration.mac, open ? Math.max(count, lookedBack) : count);
  const noticed = open ? await places?.noticed(migration.mac, seen) : undefined;
  const silent = silence(migration, seen[0]?.at ?? 0, parts.now?.());
  const number = stageNumber(migration);
  const stage = stages[number - 1];
  const problem = migration.problem ?? (await missingFirmware(parts, tracked));
  const ip = seen[0]?.ip ?? (await parts.store.phone(migration.mac))?.ip ?? null;
  return {
    mac: macWithColons(migration.mac),
    model: migration.model,
    ip,
    state: stateOf(migration),
    stage: number,
    stages: stages.length,
    release: runningOf(tracked),
    target: migration.target,
    since: new Date(migration.since).toISOString(),
    evidence: seen.slice(0, count).map((s) => s.evidence),
    waitsFor: waitsFor(parts, migration, stage, silent !== undefined),
    ...(problem === undefined ? {} : { problem }),
    ...(noticed === undefined || noticed.length === 0 ? {} : { noticed }),
    ...(silent === undefined ? {} : { silentSeconds: silent }),
  };
}

function waitsFor(
  parts: StatusParts,
  migration: Migration,
  stage: Stage | undefined,
  quiet: boolean,
): readonly string[] {
  if (!isOpen(migration)) return [];
  if (stage?.proving !== undefined && quiet && isBack(stage, migration.progress)) return [stage.proving];
  if (migration.progress.at !== "waiting") return stage?.expects ?? [];
  if (migration.wish === "pause") return [`It is held: provision resume --mac ${macWithColons(migration.mac)}`];
  const turn = parts.now === undefined ? undefined : parts.tracker.turn(migration, parts.now());
  return turn?.is === "later" ? [`Its turn has not come: ${turn.because}.`] : (stage?.operator ?? []);
}

function isOpen({ progress }: Migration): boolean {
  return progress.at !== "done" && progress.at !== "cancelled";
}

function silence({ progress, since }: Migration, heard: number, now: number | undefined): number | undefined {
  if (now === undefined || (progress.at !== "loading" && progress.at !== "restarting")) return undefined;
  const seconds = Math.floor((now - Math.max(heard, since)) / 1000);
  return seconds < 60 ? undefined : seconds;
}

function stateOf(migration: Migration): PhoneStatus["state"] {
  const { at } = migration.progress;
  if (migration.problem?.code === "E_STALLED" || migration.problem?.code === "E_LOOPING") return "stalled";
  return at === "waiting" && migration.wish === "pause" ? "paused" : at;
}

function runningOf(tracked: Tracked): string | null {
  const { migration, stages } = tracked;
  const { progress } = migration;
  if (progress.at === "done") return migration.target;
  if (progress.at === "cancelled") return progress.running ?? stages[0]?.from?.load ?? null;
  return stages[progress.stage - 1]?.from?.load ?? null;
}

async function missingFirmware(parts: StatusParts, tracked: Tracked): Promise<Problem | undefined> {
  const { progress } = tracked.migration;
  if (progress.at !== "waiting") return undefined;
  const stage = tracked.stages[progress.stage - 1];
  if (stage === undefined) return undefined;
  const lacking = await lackingFor(parts, tracked.family.id, stage);
  if (lacksNothing(lacking)) return undefined;
  const { load } = stage.release;
  return {
    code: "E_FIRMWARE_MISSING",
    message: `Stage ${stage.number} is not offered: ${lackingWords(lacking)}.`,
    remedy: [
      ...(lacking.vault.length === 0 ? [] : [`Import the package of ${load}: provision firmware import PATH`]),
      ...(lacking.site.length === 0
        ? []
        : [`Put the vendor's files of ${load} into the site's TFTP folder, renamed as they are called here`]),
    ].join(". "),
  };
}
