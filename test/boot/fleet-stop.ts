import type { Core } from "../../src/server/core.ts";
import { wish } from "../../src/server/enrolment.ts";
import type { Store } from "../../src/store/store.ts";
import { createFleet, twoStages } from "./fleet.ts";

/**
 * Presses stop while `writing` phones write flash and `waiting` ones have not begun; then the server dies and comes
 * back, the ones go on, and the others start again and again.
 */
export async function stopButton(parts: {
  readonly writing: number;
  readonly waiting: number;
  readonly store?: Store;
}): Promise<{ readonly milliseconds: number; readonly newStarts: number; readonly finished: number }> {
  const fleet = await createFleet(
    parts.writing + parts.waiting,
    parts.store === undefined ? {} : { store: parts.store },
  );
  await fleet.enrol({ phones: fleet.phones.map(({ mac }) => ({ mac, plan: twoStages })), together: true });
  const flashing = fleet.phones.slice(0, parts.writing);
  await Promise.all(flashing.map(fleet.boot));
  const before = fleet.starts();

  const began = performance.now();
  const core = { tracker: fleet.tracker(), now: () => fleet.now } as Core;
  await wish(core, { wish: "pause", all: true, macs: [], dryRun: false });
  const milliseconds = performance.now() - began;

  await fleet.restart();
  await Promise.all(fleet.phones.slice(parts.writing).map(fleet.boot));
  const served = await Promise.all(
    flashing.map(async (phone) => {
      const whole = (await fleet.finish(phone)) && phone.running === twoStages.stages[0]?.release.load;
      await fleet.boot(phone);
      return whole;
    }),
  );
  await Promise.all(fleet.phones.map(fleet.boot));
  const finished = served.filter((whole) => whole).length;
  return { milliseconds, newStarts: fleet.starts() - before, finished };
}
