import { textOf } from "../../src/sim/octets.ts";
import { createRandom } from "../../src/sim/random.ts";
import { travel, traveller } from "./journey.ts";
import { enrolledAt, models, pairsOf, stageLasts } from "./luck.ts";
import { vendorFilesOf, type World } from "./world.ts";

/** Goal R47: phones that start again at any instant of their stages. */
export interface Reboots {
  readonly reboots: number;
  /** Files that were asked for while the server knew of the phone's stage. */
  readonly asked: number;
  /** Those of the phone's own stage, images and rendered files, that were answered "file not found". */
  readonly notFound: readonly string[];
  readonly arrived: number;
}

/** `journeys` migrations of every series in turn, each with ten starts at instants drawn evenly from its way. */
export async function reboot(journeys: number, seed: number): Promise<Reboots> {
  const sum = { reboots: 0, asked: 0, arrived: 0 };
  const notFound: string[] = [];
  for (let number = 0; number < journeys; number++) {
    const { next } = createRandom(seed + number * 7919);
    const own = pairsOf(models[number % models.length] ?? "").filter(({ stages }) =>
      // A phone that loses its power while it writes its boot ROM is dead, and asks for nothing.
      stages.every(({ lever }) => lever !== "bootrom"),
    );
    const plan = own[Math.floor(next() * own.length)];
    if (plan === undefined) continue;
    const askedFrom = new Map<number, string>();
    const { arrived } = await travel({
      plan,
      loss: next() * 0.05,
      delay: 1 + next() * 250,
      seed: seed + number,
      parts: { siteFiles: vendorFilesOf(plan) },
      strokes: Array.from({ length: 10 }, () => ({
        at: enrolledAt + next() * 2 * plan.stages.length * stageLasts,
        falls: (_now, act, phone) => {
          sum.reboots += 1;
          act.powerCycle(phone);
        },
      })),
      watch: ({ from, to, octets }, world) => {
        if (to.port === 69 && octets[1] === 1) {
          askedFrom.set(from.port, textOf(octets.subarray(2)).split("\0")[0] ?? "");
          sum.asked += 1;
        }
        const name = octets[1] === 5 && octets[3] === 1 ? askedFrom.get(to.port) : undefined;
        if (name !== undefined && belongsToStage(name, world))
          notFound.push(`${plan.model} > ${plan.to.load}: ${name}`);
      },
    });
    if (arrived) sum.arrived += 1;
  }
  return { ...sum, notFound };
}

function belongsToStage(name: string, world: World): boolean {
  const tracked = world.tracker.of(traveller);
  const progress = tracked?.migration.progress;
  if (tracked === undefined || progress === undefined || progress.at === "cancelled") return false;
  const stage = progress.at === "done" ? tracked.stages.at(-1) : tracked.stages[progress.stage - 1];
  const file = tracked.family.named(name);
  if (file === undefined || stage === undefined) return false;
  // What an application asks for once it runs, a ring list for one, is there only where the site has settings for it.
  const leads = file.clue.is === "boot" || file.clue.is === "config";
  const told = tracked.view?.publications.some(({ kind, answer }) => kind === file.kind && answer === "rendered");
  return (leads && told === true) || stage.requires.includes(file.canonical);
}
