import { expect, test } from "vitest";
import { createCisco7940 } from "../../src/sim/cisco-7940/character.ts";
import { flashWith } from "../../src/sim/cisco-7940/flash.ts";
import { createLink } from "../../src/sim/link.ts";
import { run } from "../../src/sim/run.ts";
import { seat } from "../../src/sim/seat.ts";
import type { Mac } from "../../src/wire/address.ts";
import { createWorld, enrolAll, planFor } from "./world.ts";

const mac = "000e84c060a6" as Mac;

test.each([0, 0.05, 0.2])(
  "a 7960 goes from SCCP 3.1 to SIP 8.12 through every stage, with %s of its datagrams lost",
  async (loss) => {
    const planned = planFor("P00303010102", "P0S3-8-12-00");
    if (planned.kind !== "plan") throw new Error(planned.kind);
    const world = await createWorld();
    await enrolAll(world, [mac], planned.plan);
    const phone = seat(createCisco7940({ mac, model: "7960", seed: 3 }), flashWith("P00303010102"));
    let idleSince = 0;
    const ran = await run({
      seats: [phone],
      server: world,
      link: createLink({ loss, duplication: loss / 2, delay: 1, jitter: loss * 50 }, 7),
      until: 12 * 3600_000,
      every: 5_000,
      operator: (now, act) => {
        if (world.tracker.of(mac)?.migration.progress.at === "done") return true;
        if (phone.mood === "busy") idleSince = now;
        else if (now - idleSince > 60_000) {
          act.powerCycle(phone);
          idleSince = now;
        }
        return false;
      },
    });
    const history = await world.store.history(mac);
    expect(
      ran.ended,
      `${JSON.stringify(history, null, 1)}\n${phone.log
        .slice(-40)
        .map((l) => `${l.at} ${l.what} ${l.text}`)
        .join("\n")}`,
    ).toBe("stopped");
    expect(phone.running).toBe("P0S3-8-12-00");
  },
);
