import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadManifests } from "../../src/files/manifests.ts";
import { expand } from "../../src/firmware/graph.ts";
import type { Rule } from "../../src/firmware/manifest.ts";
import type { Policy, Release, UpdateGraph } from "../../src/firmware/release.ts";
import type { MigrationPlan } from "../../src/migration/migration.ts";
import { planner } from "../../src/migration/plan.ts";
import { makeStage } from "../../src/migration/stage.ts";
import { families } from "../../src/phones/families.ts";
import type { Family, Model } from "../../src/phones/family.ts";

const loaded = await loadManifests(join(import.meta.dirname, "../../firmware-manifests"));
if (loaded.kind === "findings") throw new Error(JSON.stringify(loaded.findings, null, 2));
const knowledge = loaded;

/** Every plan that a model may get, from every release it can run, and from none known, to every other. */
function everyPlan(
  graph: UpdateGraph,
  family: Family,
  model: Model,
  policy: Policy,
  each: (plan: MigrationPlan) => void,
): number {
  const ask = planner({
    graph,
    model: model.id,
    policy,
    stageOf: (...stage) => makeStage(family, ...stage),
  });
  const loads = [...graph.releases.values()]
    .filter((release) => release.models?.includes(model.id) ?? true)
    .map((release) => release.load);
  let count = 0;
  for (const from of ["unknown", ...loads]) {
    for (const load of loads) {
      const planned = ask(from, { load });
      if (planned.kind !== "plan") continue;
      count++;
      each(planned.plan);
    }
  }
  return count;
}

const cases = families
  .filter((family) => knowledge.graphs.has(family.id))
  .flatMap((family) => family.models.map((model) => [model.id, family, model] as const));

/** The series in a Java load, the number in a 79xx profile image, the part of a Polycom file: what hardware a file is for. */
function belongs(family: Family, model: Model, file: string): boolean {
  switch (family.id) {
    case "cisco-7940":
      return /^P0[0SM]3/.test(file);
    case "cisco-java":
      return /^term\d\d\.default\.loads$/.test(file)
        ? new RegExp(`^term(?:${termNumbers[model.series ?? ""]})`).test(file)
        : new RegExp(`^[A-Za-z]+${model.series}(?:sip|sccp)?\\.`).test(file);
    case "cisco-ata":
      return file.startsWith(model.id.startsWith("ATA") ? "ATA" : `CP${model.id}`);
    case "cisco-69xx":
      return /^(?:SIP|SCCP)69xx\./.test(file);
    case "cisco-894x":
      return /^(?:SIP|SCCP)894x\./.test(file);
    default:
      return file === `${model.series}.sip.ld` || file === `${model.series}.bootrom.ld` || model.series === undefined;
  }
}

const termNumbers: Readonly<Record<string, string>> = {
  "11": "06|11",
  "31": "31",
  "41": "41|61",
  "42": "42|62",
  "45": "45|65",
  "70": "70|71",
  "75": "75",
};

/** Says what is wrong with a plan, or nothing: thousands of plans are looked at, and the wrong ones alone are shown. */
type Law = (plan: MigrationPlan, way: readonly Release[]) => string | undefined;

function broken(
  family: Family,
  model: Model,
  policy: Policy,
  law: Law,
  graph = knowledge.graphs.get(family.id) as UpdateGraph,
): string[] {
  const wrong: string[] = [];
  const count = everyPlan(graph, family, model, policy, (plan) => {
    const way = [...(plan.from === undefined ? [] : [plan.from]), ...plan.stages.map((stage) => stage.release)];
    const said = law(plan, way);
    if (said !== undefined) wrong.push(`${policy}: ${way.map((release) => release.load).join(" ")}: ${said}`);
  });
  return count === 0 ? ["no plan at all was seen"] : wrong;
}

/** The first pair of neighbours on a way that a law forbids. */
function forbidden(way: readonly Release[], law: (from: Release, to: Release) => boolean): string | undefined {
  for (const [at, from] of way.entries()) {
    const to = way[at + 1];
    if (to !== undefined && law(from, to)) return `${from.load} to ${to.load}`;
  }
  return undefined;
}

function ownHardware(family: Family, model: Model): Law {
  return (plan, way) => {
    for (const { requires, because } of plan.stages) {
      const foreign = requires.find((file) => !belongs(family, model, file));
      if (foreign !== undefined) return `${foreign} is for other hardware`;
      if (requires.length === 0) return "a stage without a file";
      if (because.length === 0) return "a stage without a reason";
    }
    return forbidden(way, (from, to) => from.signed && !to.signed);
  };
}

const mandatoryStops: Law = ({ to }, way) => {
  const loads = way.map((release) => release.load);
  const [from] = way;
  const must = [
    ...(from?.protocol === "SCCP" && !from.signed && to.loader !== undefined ? ["P00305000500"] : []),
    ...(from?.protocol === "SIP" && !from.signed && (to.loader !== undefined || /^6/.test(to.version))
      ? ["P0S3-04-4-00", "P0S3-05-3-00"]
      : []),
  ];
  const left = must.find((load) => !loads.includes(load));
  if (left !== undefined) return `${left} is passed by`;
  return forbidden(
    way,
    (before, after) =>
      // Nothing enters the universal loader but SIP 6.x, SCCP 5.x and what has one already.
      (after.loader !== undefined &&
        before.loader === undefined &&
        !/^(?:SIP 6|SCCP 5)\./.test(`${before.protocol} ${before.version}`)) ||
      // A SIP 2.1 or older takes no name of more than eight characters.
      (before.protocol === "SIP" && /^[12]\.[01]/.test(before.version) && after.load.length > 8),
  );
};

const keyWindow: Law = ({ from }, way) => {
  const age = (release: Release): "old" | "window" | "new" => {
    const [major = 0, minor = 0, patch = 0] = (release.version.match(/\d+/g) ?? []).map(Number);
    if (major < 8 || (major === 8 && (minor < 3 || (minor === 3 && patch < 3)))) return "old";
    const bridge = minor < 5 || (minor === 5 && patch <= 2 && !release.version.includes("SR"));
    return major === 8 && bridge ? "window" : "new";
  };
  const [first] = way;
  if (from === undefined && first !== undefined && age(first) !== "window") return "an unknown phone is not bridged";
  return forbidden(way, (a, b) => (age(a) === "old" && age(b) === "new") || (age(a) === "new" && age(b) === "old"));
};

const polycomStations: Law = (_plan, way) =>
  forbidden(
    way,
    (a, b) =>
      (a.protocol === "SIP" && /^[123]\./.test(a.version) && b.protocol === "SIP" && !/^[123]\./.test(b.version)) ||
      (/^5\.5/.test(a.version) && !/^5\.7\.3/.test(b.version)) ||
      (a.version === "2.5" && b.version !== "2.6.2"),
  );

function caseOf(id: string): readonly [Family, Model] {
  const found = cases.find(([known]) => known === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return [found[1], found[2]];
}

describe("every plan of every model (R42)", () => {
  test.each(cases)(
    "%s gets files of its own hardware, and never an unsigned load after a signed one",
    (_, family, model) => {
      for (const policy of ["strict", "documented"] as const) {
        expect(broken(family, model, policy, ownHardware(family, model))).toEqual([]);
      }
    },
  );

  test("a 7960 under strict makes every mandatory stop", () => {
    expect(broken(...caseOf("7960"), "strict", mandatoryStops)).toEqual([]);
  });

  test.each(cases.filter(([, family]) => family.id === "cisco-java"))(
    "a %s never passes the key window by",
    (_, family, model) => {
      for (const policy of ["strict", "documented"] as const)
        expect(broken(family, model, policy, keyWindow)).toEqual([]);
    },
  );

  test.each(cases.filter(([, family]) => family.id === "polycom"))(
    "a %s never enters UC Software without its loader, nor 5.9 from an old container",
    (_, family, model) => {
      expect(broken(family, model, "documented", polycomStations)).toEqual([]);
    },
  );
});

/** A manifest without some of its rules, and with one that nobody should have written. */
function spoiled(family: string, without: readonly string[], rule: Pick<Rule, "from" | "to">): UpdateGraph {
  const manifest = knowledge.manifests.get(family);
  if (manifest === undefined) throw new Error(`no ${family}`);
  const bad: Rule = {
    id: "bad",
    lever: "load_information",
    policy: "strict",
    typicalSeconds: 1,
    because: [{ reason: "A rule that is wrong.", source: "test", grade: "A" }],
    ...rule,
  };
  return expand({
    ...manifest,
    releases: manifest.releases.map(({ barrier, ...release }) => release),
    rules: [...manifest.rules, bad],
    blocked: manifest.blocked.filter((block) => !without.includes(block.id)),
  });
}

describe("each law catches the mistake that it is for: with the rule's guard taken away it is broken", () => {
  test.each([
    ["7960", ["R3"], { from: { signed: true }, to: { loads: ["P00303010102"] } }, "hardware"],
    ["7960", ["R1-direct"], { from: { loads: ["P0S3-04-0-00"] }, to: { loads: ["P0S3-8-12-00"] } }, "stops"],
    ["7960", [], { from: { loads: ["P00303010102"] }, to: { loads: ["P00308000900"] } }, "stops"],
    ["7960", [], { from: { loads: ["P0S30100"] }, to: { loads: ["P0S3-04-4-00"] } }, "stops"],
    ["7961", ["J1-key"], { from: { loads: ["SCCP41.8-3-1S"] }, to: { loads: ["SCCP41.9-4-2SR3-1S"] } }, "window"],
    ["7961", ["J1-old-key"], { from: { loads: ["SCCP41.9-4-2SR3-1S"] }, to: { loads: ["SCCP41.8-3-1S"] } }, "window"],
    [
      "SSIP7000",
      ["P4-loop"],
      { from: { loads: ["SSIP7000.3.2.7.0198"] }, to: { loads: ["SSIP7000.4.0.15.1009"] } },
      "stations",
    ],
    [
      "VVX410",
      ["P5-container"],
      { from: { loads: ["VVX410.5.5.2.8571"] }, to: { loads: ["VVX410.5.9.8.5760"] } },
      "stations",
    ],
    [
      "SPIP301",
      ["P4-2.5"],
      { from: { loads: ["SPIP301.bootrom-2.5"] }, to: { loads: ["SPIP301.bootrom-4.1.4.0122"] } },
      "stations",
    ],
  ] as const)("%s without %j", (id, without, rule, which) => {
    const [family, model] = caseOf(id);
    const laws = {
      hardware: ownHardware(family, model),
      stops: mandatoryStops,
      window: keyWindow,
      stations: polycomStations,
    };
    const graph = spoiled(family.id, without, rule);
    expect(broken(family, model, "strict", laws[which], graph).length).toBeGreaterThan(0);
  });

  test("a file of another series is seen", () => {
    const [family, model] = caseOf("7961");
    const graph = knowledge.graphs.get(family.id) as UpdateGraph;
    const foreign = { name: "jar42sip.9-4-2ES26.sbn", role: "component", signed: true } as const;
    const releases = new Map(
      [...graph.releases].map(([load, release]) => [load, { ...release, files: [...release.files, foreign] }]),
    );
    expect(broken(family, model, "strict", ownHardware(family, model), { ...graph, releases }).length).toBeGreaterThan(
      0,
    );
  });
});
