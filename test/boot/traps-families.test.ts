import { expect, test } from "vitest";
import type { Edge, Release } from "../../src/firmware/release.ts";
import type { MigrationPlan } from "../../src/migration/migration.ts";
import { makeStage } from "../../src/migration/stage.ts";
import { familyOf, modelOf } from "../../src/phones/families.ts";
import type { Vault } from "../../src/provision/ports.ts";
import { benchFor } from "../../src/sim/bench.ts";
import { createCiscoJava } from "../../src/sim/cisco-java/character.ts";
import { javaFlashWith } from "../../src/sim/cisco-java/flash.ts";
import { seat } from "../../src/sim/seat.ts";
import { type Journey, travel, traveller } from "./journey.ts";
import { fullVault, graphOf, imageOf, plannerOf } from "./world.ts";

// The traps of the other families, as test/boot/traps.test.ts has them of the 7940: with a guard of the product switched
// off a phone comes to the harm that the documents speak of, and with it on it arrives.

function strict(model: string, from: string, to: string): MigrationPlan {
  const planned = plannerOf("strict", model)(from, to);
  if (planned.kind !== "plan") throw new Error(`${from} to ${to}: ${planned.kind}`);
  return planned.plan;
}

/** A plan that no planner makes: straight from one load to the other. */
function reckless(model: string, from: string, to: string, lever: Edge["lever"]): MigrationPlan {
  const family = familyOf(modelOf(model)?.family ?? "");
  if (family === undefined) throw new Error(model);
  const release = (load: string): Release => {
    const found = graphOf(family.id).releases.get(load);
    if (found === undefined) throw new Error(load);
    return found;
  };
  const because = [{ reason: "the guard is off", source: "this test", grade: "D" as const }];
  const edge: Edge = { from, to, lever, policy: "strict", oneWay: false, rule: "off", typicalSeconds: 60, because };
  const stage = makeStage(family, 1, release(from), edge, release(to));
  const ends = { from: release(from), to: release(to) };
  return { model, family: family.id, policy: "strict", ...ends, oneWay: false, stages: [stage] };
}

/** A vault that gives one file from the package of another load under the same name. */
function mixedUp(model: string, file: RegExp, load: string): Vault {
  const honest = fullVault(model);
  const others = new Map(
    benchFor(model)
      ?.files(load, 5_000)
      .map((one) => [one.name, one.octets]),
  );
  return {
    image: async (family, own, name) => {
      const octets = file.test(name) ? others.get(name) : undefined;
      return octets === undefined ? honest.image(family, own, name) : imageOf(name, octets);
    },
    missing: async () => [],
  };
}

/** A technician who holds these keys once, after the phone was enrolled. */
function pressing(sequence: string): NonNullable<Journey["fate"]> {
  let pressed = false;
  return (now, act, phone) => {
    if (pressed || now < 180_000) return;
    pressed = true;
    act.keys(phone, sequence);
  };
}

const rest = { loss: 0, seed: 5, hours: 1 } satisfies Omit<Journey, "plan">;
const suspicious = () =>
  seat(createCiscoJava(traveller, "7941", 5), { ...javaFlashWith("SIP41.8-5-2S"), trustList: true });
const onward = strict("7941", "SIP41.8-5-2S", "SIP41.9-4-2SR3-1S");
const toSip812 = strict("7960", "P0030801SR02", "P0S3-8-12-00");
const byReset = strict("7941", "unknown", "SIP41.8-5-2S");

interface Trap {
  readonly name: string;
  readonly off: Journey;
  /** What the phone shows, or why it died. */
  readonly harm: RegExp;
  readonly on: Journey;
}

const traps: readonly Trap[] = [
  {
    name: "J1: a 7941 on 8.3(1) straight to 9.4(2), past the bridge",
    off: { ...rest, plan: reckless("7941", "SCCP41.8-3-1S", "SIP41.9-4-2SR3-1S", "load_information") },
    harm: /Auth Fail/,
    on: { ...rest, plan: strict("7941", "SCCP41.8-3-1S", "SIP41.9-4-2SR3-1S") },
  },
  {
    name: "J2: the default list of another package to a 7941 that was reset by its keys",
    off: {
      ...rest,
      plan: byReset,
      flash: "SCCP41.8-3-1S",
      fate: pressing("123456789*0#"),
      parts: { vault: mixedUp("7941", /^term41/, "SIP41.9-4-2SR3-1S") },
    },
    harm: /Auth Fail/,
    on: { ...rest, plan: byReset, flash: "SCCP41.8-3-1S", fate: pressing("123456789*0#") },
  },
  {
    name: "J7: the trust list of another CallManager left in a 7941",
    off: { ...rest, plan: onward, seat: suspicious() },
    harm: /TFTP Not Authorized/,
    on: { ...rest, plan: onward, seat: suspicious(), fate: pressing("erase trust list") },
  },
  {
    name: "J11: a load of another series named to a 7941",
    off: { ...rest, plan: reckless("7941", "SIP41.8-5-2S", "SIP70.8-5-2S", "load_information") },
    harm: /Load ID Incorrect/,
    on: { ...rest, plan: onward },
  },
  {
    name: "a load of the 894x named to a 6941",
    off: {
      ...rest,
      plan: strict("6941", "SIP69xx.9-4-1-3", "SIP69xx.9-4-1-3SR3"),
      parts: { vault: underName("SIP69xx.9-4-1-3SR3.zz.sgn", "6941", "SIP894x.9-4-2SR3-1") },
    },
    harm: /Auth Fail/,
    on: { ...rest, plan: strict("6941", "SIP69xx.9-4-1-3", "SIP69xx.9-4-1-3SR3") },
  },
  {
    name: "R3: an unsigned image to a 7960 on a signed load",
    off: { ...rest, plan: toSip812, parts: { vault: underName("P003-8-12-00.sbn", "7960", "P0S3-04-4-00") } },
    harm: /Image Authentication Failed/,
    on: { ...rest, plan: toSip812 },
  },
  {
    name: "P4: UC Software to an IP 7000 without the Updater",
    off: { ...rest, plan: reckless("SSIP7000", "SSIP7000.3.2.7.0198", "SSIP7000.4.0.15.1009", "master_config") },
    harm: /Updating/,
    on: { ...rest, plan: strict("SSIP7000", "SSIP7000.3.2.7.0198", "SSIP7000.4.0.15.1009") },
  },
  {
    name: "P4: a BootROM 2.5 straight to 4.1.4",
    off: { ...rest, plan: reckless("SPIP301", "SPIP301.bootrom-2.5", "SPIP301.bootrom-4.1.4.0122", "bootrom") },
    harm: /BootROM 2.5 cannot go to 4.1.4/,
    on: { ...rest, plan: strict("SPIP301", "SPIP301.bootrom-2.5", "SPIP301.3.1.8.0070") },
  },
  {
    name: "P5: a VVX 400 on 5.5.2 straight to 5.9.8",
    off: { ...rest, plan: reckless("VVX400", "VVX400.5.5.2.8571", "VVX400.5.9.8.5760", "master_config") },
    harm: /Container format is not supported/,
    on: { ...rest, plan: strict("VVX400", "VVX400.5.5.2.8571", "VVX400.5.9.8.5760") },
  },
];

/** A vault in which an image of another load stands under `file`. */
function underName(file: string, model: string, load: string): Vault {
  const honest = fullVault(model);
  const other = benchFor(load.startsWith("SIP894x") ? "8945" : model)?.files(load, 5_000)[0];
  return {
    image: async (family, own, name) =>
      name === file && other !== undefined ? imageOf(name, other.octets) : honest.image(family, own, name),
    missing: async () => [],
  };
}

test.each(traps.map((trap) => [trap.name, trap] as const))(
  "%s: harm without the guard, none with it",
  async (_, { off, harm, on }) => {
    const without = await travel(off);
    expect(without.arrived, without.story).toBe(false);
    const shown = without.phone.log.flatMap(({ what, text }) => (what === "dies" || what === "shows" ? [text] : []));
    expect(shown.join("\n"), without.story).toMatch(harm);

    const guarded = await travel(on);
    expect(guarded.arrived, guarded.story).toBe(true);
    expect(guarded.phone.running).toBe(benchFor(on.plan.model)?.running(on.plan.to.load));
  },
);
