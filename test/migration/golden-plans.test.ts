import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadManifests } from "../../src/files/manifests.ts";
import type { Policy } from "../../src/firmware/release.ts";
import type { Planned } from "../../src/migration/migration.ts";
import { planner } from "../../src/migration/plan.ts";
import { briefly, full } from "../../src/migration/plan-document.ts";
import { bareStage } from "./bare-stage.ts";

const root = join(import.meta.dirname, "../..");
const loaded = await loadManifests(join(root, "firmware-manifests"));
if (loaded.kind === "findings") throw new Error(JSON.stringify(loaded.findings, null, 2));

function line(planned: Planned): string {
  if (planned.kind === "already-there") return "already there";
  if (planned.kind === "no-path") {
    const stopped = planned.stoppedAt === undefined ? "" : ` at ${briefly(planned.stoppedAt)}`;
    return `refused${stopped}: ${planned.because.map((why) => /^([A-Za-z0-9.'-]+): /.exec(why.reason)?.[1] ?? why.reason).join("; ")}`;
  }
  return planned.plan.stages
    .map((stage) => `${stage.oneWay ? "=>" : "->"} ${briefly(stage.release)} [${stage.expects[0]}]`)
    .join(" ");
}

function table(family: string, model: string, policy: Policy): string {
  if (loaded.kind === "findings") return "";
  const graph = loaded.graphs.get(family);
  if (graph === undefined) throw new Error(`no graph for ${family}`);
  const ask = planner({ graph, model, policy, stageOf: bareStage });
  const releases = [...graph.releases.values()].filter((release) => release.models?.includes(model) ?? true);
  const lines = [`# ${model} under the policy ${policy}. -> can be undone, => one-way; the rule in brackets.`];
  for (const from of [undefined, ...releases]) {
    lines.push("", `## from ${from === undefined ? "unknown" : full(from)}`);
    for (const protocol of ["SCCP", "SIP"] as const)
      lines.push(`${protocol.toLowerCase()}: ${line(ask(from?.load, { protocol }))}`);
    for (const to of releases) if (to !== from) lines.push(`${full(to)}: ${line(ask(from?.load, { load: to.load }))}`);
  }
  return `${lines.join("\n")}\n`;
}

/** One model per hardware series: what holds for it holds for the others of its series. */
const tables: readonly (readonly [family: string, model: string])[] = [
  ["cisco-7940", "7960"],
  ["cisco-java", "7911"],
  ["cisco-java", "7931"],
  ["cisco-java", "7961"],
  ["cisco-java", "7962"],
  ["cisco-java", "7965"],
  ["cisco-java", "7970"],
  ["cisco-java", "7975"],
  ["cisco-69xx", "6921"],
  ["cisco-894x", "8945"],
  ["cisco-ata", "7902"],
  ["cisco-ata", "7905"],
  ["cisco-ata", "7912"],
  ["cisco-ata", "ATA186"],
  ["polycom", "SPIP300"],
  ["polycom", "SPIP301"],
  ["polycom", "SPIP430"],
  ["polycom", "SPIP330"],
  ["polycom", "SPIP650"],
  ["polycom", "SSIP7000"],
  ["polycom", "VVX410"],
  ["polycom", "VVX401"],
];

describe("every release to every other, as a reviewer reads it (UPDATE_GOLDEN=1 rewrites)", () => {
  for (const [family, model] of tables) {
    for (const policy of ["strict", "documented"] as const) {
      test(`${model} under ${policy}`, () => {
        const name = family === "cisco-7940" ? family : `${family}-${model}`;
        const file = join(root, `test/golden/plans/${name}.${policy}.txt`);
        const now = table(family, model, policy);
        if (process.env.UPDATE_GOLDEN === "1") writeFileSync(file, now);
        expect(now).toBe(readFileSync(file, "utf8"));
      });
    }
  }
});
