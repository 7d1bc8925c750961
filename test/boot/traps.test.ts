import { expect, test } from "vitest";
import type { Edge, Release } from "../../src/firmware/release.ts";
import type { MigrationPlan } from "../../src/migration/migration.ts";
import { makeStage } from "../../src/migration/stage.ts";
import { cisco7940 } from "../../src/phones/cisco-7940.ts";
import type { Family, Publication, View } from "../../src/phones/family.ts";
import { type Journey, travel } from "./journey.ts";
import { carelessVault, fullVault, graphOf, knowledge, plannerOf, SERVER } from "./world.ts";

/**
 * A simulator that never bricks a phone proves nothing. Here each guard of the product is switched off in turn and the
 * phone comes to the harm that the documents speak of; with the guard on, the same journey ends well or never begins.
 */
function strict(from: string, to: string): MigrationPlan {
  const planned = plannerOf()(from, to);
  if (planned.kind !== "plan") throw new Error(`${from} to ${to}: ${planned.kind}`);
  return planned.plan;
}

function release(load: string): Release {
  const found = graphOf("cisco-7940").releases.get(load);
  if (found === undefined) throw new Error(load);
  return found;
}

/** A plan that no planner makes: straight from one load to the other. */
function reckless(from: string, to: string, lever: Edge["lever"]): MigrationPlan {
  const because = [{ reason: "the guard is off", source: "this test", grade: "D" as const }];
  const edge: Edge = { from, to, lever, policy: "strict", oneWay: false, rule: "off", typicalSeconds: 60, because };
  const stage = makeStage(cisco7940, 1, release(from), edge, release(to));
  return {
    model: "7960",
    family: "cisco-7940",
    policy: "strict",
    from: release(from),
    to: release(to),
    oneWay: false,
    stages: [stage],
  };
}

/** The 7940 family with views that a guard no longer shapes. */
function unguarded(change: (view: View) => View): Family {
  return {
    ...cisco7940,
    view: (from, to, lever) => {
      const { waiting, installing } = cisco7940.view(from, to, lever);
      return { waiting: change(waiting), installing: change(installing) };
    },
    atRest: (at) => change(cisco7940.atRest(at)),
  };
}

function withKind(view: View, kind: string, publication: Publication): View {
  return { ...view, publications: [...view.publications.filter((p) => p.kind !== kind), publication] };
}

const hide = (kind: string): Publication => ({ kind, answer: "absent" });
const rest: Omit<Journey, "plan"> = { loss: 0, seed: 5, hours: 1 };

const withFamily = (family: Family) => ({ knowledge: { ...knowledge, families: [family] } });

interface Trap {
  readonly name: string;
  readonly off: Journey;
  /** What the phone shows, or why it died. */
  readonly harm: RegExp;
  readonly on: MigrationPlan;
}

const climb = strict("P00303010102", "P0S3-8-12-00");
const toSip812 = strict("P0030801SR02", "P0S3-8-12-00");

const traps: readonly Trap[] = [
  {
    name: "R1: SIP 4.4 straight to 7.4",
    off: { ...rest, plan: reckless("P0S3-04-4-00", "P0S3-07-4-00", "os79xx") },
    harm: /R1/,
    on: strict("P0S3-04-4-00", "P0S3-07-4-00"),
  },
  {
    name: "R4: SCCP 3.1 straight to a universal load",
    off: { ...rest, plan: reckless("P00303010102", "P00308000900", "load_information") },
    harm: /Protocol Application Invalid/,
    on: strict("P00303010102", "P00308000900"),
  },
  {
    name: "R6: SIP 3.2 straight to SCCP 5.0(5)",
    off: { ...rest, plan: reckless("P0S3-03-2-00", "P00305000500", "os79xx") },
    harm: /R6/,
    on: strict("P0S3-03-2-00", "P00305000500"),
  },
  {
    name: "R11: SIP 2.0 told a load name of more than eight characters",
    off: { ...rest, flash: "P0S30100", plan: reckless("P0S30203", "P0S3-04-4-00", "image_version") },
    harm: /Load name too long/,
    on: strict("P0S30100", "P0S3-04-4-00"),
  },
  {
    name: "law 2: an application image that was cut short, to a phone that checks nothing",
    off: {
      ...rest,
      plan: climb,
      parts: { vault: carelessVault((file, octets) => (file.endsWith(".bin") ? octets.subarray(0, 2_000) : octets)) },
    },
    harm: /cut short/,
    on: climb,
  },
  {
    name: "law 2: one bit of an unsigned image wrong",
    off: {
      ...rest,
      plan: climb,
      parts: {
        vault: carelessVault((file, octets) =>
          file.endsWith(".bin") ? octets.with(1_000, (octets[1_000] ?? 0) ^ 1) : octets,
        ),
      },
    },
    harm: /changed/,
    on: climb,
  },
  {
    name: "S11: a signed file under another name",
    off: {
      ...rest,
      plan: toSip812,
      parts: {
        vault: carelessVault((file, octets) =>
          file === "P003-8-12-00.sbn"
            ? new Uint8Array([...octets].map((o, i) => (i < 404 && o === 0x50 ? 0x51 : o)))
            : octets,
        ),
      },
    },
    harm: /Image Authentication Failed/,
    on: toSip812,
  },
  {
    name: "N6: a universal package without its application",
    off: {
      ...rest,
      plan: toSip812,
      parts: { vault: carelessVault((file, octets) => (file.endsWith(".sb2") ? undefined : octets)) },
    },
    harm: /Protocol Application Invalid/,
    on: toSip812,
  },
  {
    name: "N8: no configuration for the new protocol",
    off: {
      ...rest,
      plan: toSip812,
      parts: withFamily(unguarded((view) => withKind(view, "sip-config", hide("sip-config")))),
    },
    harm: /Unprovisioned/,
    on: toSip812,
  },
  {
    name: "N4: files of more than a block to a SIP 2.3",
    off: {
      ...rest,
      plan: strict("P0S30203", "P0S3-04-4-00"),
      parts: withFamily(
        unguarded((view) =>
          ["sip-default", "sip-config"].reduce(
            (whole, kind) => withKind(whole, kind, { kind, answer: "rendered", load: "P0S3-04-4-00", brief: false }),
            view,
          ),
        ),
      ),
    },
    harm: /W210/,
    on: strict("P0S30203", "P0S3-04-4-00"),
  },
  {
    name: "N7: a lease without a TFTP server after the loader was written",
    off: { ...rest, plan: strict("P00305000500", "P00308000900"), tftpByHand: SERVER, parts: { tftpServer: false } },
    harm: /Protocol Application Invalid/,
    on: strict("P00305000500", "P00308000900"),
  },
];

test.each(traps.map((trap) => [trap.name, trap] as const))(
  "%s: harm without the guard, none with it",
  async (_, { off, harm, on }) => {
    const without = await travel(off);
    expect(without.arrived, without.story).toBe(false);
    const died = without.phone.log
      .filter((line) => line.what === "dies" || line.what === "shows")
      .map((line) => line.text);
    expect(died.join("\n"), without.story).toMatch(harm);

    const guarded = await travel({ ...rest, plan: on });
    expect(guarded.arrived, guarded.story).toBe(true);
    expect(guarded.phone.running).toBe(on.to.load);
  },
);

test("with a damaged image in the vault the stage is not offered, and the phone stays what it is", async () => {
  const vault = fullVault();
  const { phone, arrived, world } = await travel({
    ...rest,
    hours: 1,
    plan: climb,
    parts: { vault },
    fate: () => void vault.damaged.add("P00305000500.bin"),
  });
  expect(arrived).toBe(false);
  expect(phone.running).toBe("P00303010102");
  expect(phone.mood).not.toBe("dead");
  expect(world.notes.some((note) => note.event === "firmware.missing")).toBe(true);
});

test("no plan leads from a signed load to an unsigned one, whatever the policy", () => {
  for (const policy of ["strict", "documented"] as const) {
    const planned = plannerOf(policy)("P0S3-8-12-00", "P0S30203");
    expect(planned.kind).toBe("no-path");
  }
});
