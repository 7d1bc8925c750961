import { expect, test } from "vitest";
import type { Planned } from "../../src/migration/migration.ts";
import { latin1 } from "../../src/sim/octets.ts";
import { travel } from "./journey.ts";
import { plannerOf } from "./world.ts";

function planOf(planned: Planned) {
  if (planned.kind !== "plan") throw new Error(planned.kind);
  return planned.plan;
}

const climb = planOf(plannerOf()("P00303010102", "P0S3-8-12-00"));

test.each([0, 0.05, 0.2])(
  "a 7960 goes from SCCP 3.1 to SIP 8.12 through every stage, with %s of its datagrams lost",
  async (loss) => {
    const { phone, arrived, story } = await travel({ plan: climb, loss, seed: 7 });
    expect(arrived, story).toBe(true);
    expect(phone.running, story).toBe("P0S3-8-12-00");
  },
);

const xmlDefault = `<Default><callManagerGroup><members><member priority="0"><callManager><ports><ethernetPhonePort>2000</ethernetPhonePort></ports><processNodeName>10.0.0.1</processNodeName></callManager></member></members></callManagerGroup><loadInformation7 model="IP Phone 7960">P0030801SR02</loadInformation7></Default>`;

test("a phone on the same server that is not enrolled is sent the same octets before, during and after", async () => {
  const siteFiles = new Map([["XMLDefault.cnf.xml", latin1(xmlDefault)]]);
  const { arrived, boots, story } = await travel({
    plan: climb,
    loss: 0,
    seed: 3,
    parts: { siteFiles },
    beside: "P0030801SR02",
  });
  expect(arrived, story).toBe(true);
  const whole = boots.filter((boot) => boot !== undefined);
  expect(whole.length).toBeGreaterThan(4);
  expect(whole[0]).toContain("10.0.0.1");
  for (const boot of whole) expect(boot).toBe(whole[0]);
});

test("a server that is killed at any moment goes on where the evidence stands", async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const at = 120_000 + seed * 9_777;
    let killed = false;
    const { phone, arrived, story } = await travel({
      plan: climb,
      loss: 0.02,
      seed,
      fate: async (now, _act, _phone, world) => {
        if (killed || now < at) return;
        killed = true;
        await world.kill();
      },
    });
    expect(arrived, `seed ${seed}\n${story}`).toBe(true);
    expect(phone.running).toBe("P0S3-8-12-00");
  }
});

test("power cuts at any moment end at the target or with a phone that still answers its technician", async () => {
  for (let seed = 1; seed <= 50; seed++) {
    let next = 130_000 + seed * 3_333;
    const { phone, arrived, story } = await travel({
      plan: climb,
      loss: 0.02,
      seed,
      fate: (now, act, seat) => {
        if (now < next) return;
        act.powerCycle(seat);
        next = now + 40_000 + seed * 13_331;
      },
    });
    expect(phone.mood, `seed ${seed}\n${story}`).not.toBe("dead");
    expect(arrived, `seed ${seed}\n${story}`).toBe(true);
  }
});
