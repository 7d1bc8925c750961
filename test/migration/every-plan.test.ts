import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadManifests } from "../../src/files/manifests.ts";
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
function everyPlan(family: Family, model: Model, policy: Policy, each: (plan: MigrationPlan) => void): number {
  const graph = knowledge.graphs.get(family.id) as UpdateGraph;
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

/** The releases of a plan in order, the start first. */
function stops(plan: MigrationPlan): Release[] {
  return [...(plan.from === undefined ? [] : [plan.from]), ...plan.stages.map((stage) => stage.release)];
}

function loads(plan: MigrationPlan): string[] {
  return stops(plan).map((release) => release.load);
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

describe("every plan of every model (R42)", () => {
  test.each(cases)(
    "%s gets files of its own hardware, and never an unsigned load after a signed one",
    (_, family, model) => {
      for (const policy of ["strict", "documented"] as const) {
        const count = everyPlan(family, model, policy, (plan) => {
          let signed = plan.from?.signed ?? false;
          for (const stage of plan.stages) {
            if (signed) expect(stage.release.signed, loads(plan).join(" ")).toBe(true);
            signed = stage.release.signed;
            for (const file of stage.requires) expect(belongs(family, model, file), `${model.id} ${file}`).toBe(true);
            expect(stage.because.length).toBeGreaterThan(0);
            expect(stage.requires.length).toBeGreaterThan(0);
          }
        });
        expect(count).toBeGreaterThan(0);
      }
    },
  );

  test("a 7960 under strict makes every mandatory stop", () => {
    const [, family, model] = cases.find(([id]) => id === "7960") ?? [];
    if (family === undefined || model === undefined) throw new Error("no 7960");
    everyPlan(family, model, "strict", (plan) => {
      const way = loads(plan);
      const shown = way.join(" ");
      const from = plan.from ?? stops(plan)[0];
      if (from?.protocol === "SCCP" && !from.signed && plan.to.loader !== undefined) {
        expect(way, shown).toContain("P00305000500");
      }
      if (from?.protocol === "SIP" && !from.signed && (plan.to.loader !== undefined || /^6/.test(plan.to.version))) {
        for (const stop of ["P0S3-04-4-00", "P0S3-05-3-00"]) expect(way, shown).toContain(stop);
      }
      for (const [at, stage] of plan.stages.entries()) {
        const before = at === 0 ? plan.from : plan.stages[at - 1]?.release;
        if (before === undefined) continue;
        // Nothing enters the universal loader but SIP 6.x, SCCP 5.x and what has one already.
        if (stage.release.loader !== undefined && before.loader === undefined) {
          expect(`${before.protocol} ${before.version}`, shown).toMatch(/^(?:SIP 6|SCCP 5)\./);
        }
        // A SIP 2.1 or older takes no name of more than eight characters.
        if (before.protocol === "SIP" && /^[12]\.[01]/.test(before.version)) {
          expect(stage.release.load.length, shown).toBeLessThanOrEqual(8);
        }
      }
    });
  });

  test.each(cases.filter(([, family]) => family.id === "cisco-java"))(
    "a %s never passes the key window by",
    (_, family, model) => {
      const age = (release: Release): "old" | "window" | "new" => {
        const [major = 0, minor = 0, patch = 0] = (release.version.match(/\d+/g) ?? []).map(Number);
        if (major < 8 || (major === 8 && (minor < 3 || (minor === 3 && patch < 3)))) return "old";
        return major === 8 && (minor < 5 || (minor === 5 && patch <= 2 && !release.version.includes("SR")))
          ? "window"
          : "new";
      };
      for (const policy of ["strict", "documented"] as const) {
        everyPlan(family, model, policy, (plan) => {
          const ages = stops(plan).map(age);
          for (const [at, now] of ages.entries()) {
            const next = ages[at + 1];
            expect(`${now} ${next}`, loads(plan).join(" ")).not.toMatch(/^(?:old new|new old)$/);
          }
          if (plan.from === undefined) expect(ages[0]).toBe("window");
        });
      }
    },
  );

  test.each(cases.filter(([, family]) => family.id === "polycom"))(
    "a %s never enters UC Software without its loader, nor 5.9 from an old container",
    (_, family, model) => {
      everyPlan(family, model, "documented", (plan) => {
        const way = stops(plan);
        for (const [at, release] of way.entries()) {
          const next = way[at + 1];
          if (next === undefined) continue;
          const shown = loads(plan).join(" ");
          if (release.protocol === "SIP" && /^[123]\./.test(release.version)) {
            expect(next.protocol === "SIP" ? next.version : "3", shown).toMatch(/^[123]/);
          }
          if (/^5\.5/.test(release.version)) expect(next.version, shown).toMatch(/^5\.7\.3/);
          if (release.version === "2.5") expect(next.version, shown).toBe("2.6.2");
        }
      });
    },
  );
});
