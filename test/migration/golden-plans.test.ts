import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadManifests } from "../../src/files/manifests.ts";
import type { Policy, Release } from "../../src/firmware/release.ts";
import type { Planned } from "../../src/migration/migration.ts";
import { planner } from "../../src/migration/plan.ts";
import { bareStage } from "./bare-stage.ts";

const root = join(import.meta.dirname, "../..");
const loaded = await loadManifests(join(root, "firmware-manifests"));
if (loaded.kind === "findings") throw new Error(JSON.stringify(loaded.findings, null, 2));

function named(release: Release): string {
  return `${release.protocol} ${release.version} (${release.load})`;
}

function line(planned: Planned): string {
  if (planned.kind === "already-there") return "already there";
  if (planned.kind === "no-path") {
    const stopped =
      planned.stoppedAt === undefined ? "" : ` at ${planned.stoppedAt.protocol} ${planned.stoppedAt.version}`;
    return `refused${stopped}: ${planned.because.map((why) => /^([A-Za-z0-9.'-]+): /.exec(why.reason)?.[1] ?? why.reason).join("; ")}`;
  }
  return planned.plan.stages
    .map(
      (stage) =>
        `${stage.oneWay ? "=>" : "->"} ${stage.release.protocol} ${stage.release.version} [${stage.expects[0]}]`,
    )
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
    lines.push("", `## from ${from === undefined ? "unknown" : named(from)}`);
    for (const protocol of ["SCCP", "SIP"] as const)
      lines.push(`${protocol.toLowerCase()}: ${line(ask(from?.load, { protocol }))}`);
    for (const to of releases) if (to !== from) lines.push(`${named(to)}: ${line(ask(from?.load, { load: to.load }))}`);
  }
  return `${lines.join("\n")}\n`;
}

describe("every release to every other, as a reviewer reads it (UPDATE_GOLDEN=1 rewrites)", () => {
  for (const [family, model] of [["cisco-7940", "7960"]] as const) {
    for (const policy of ["strict", "documented"] as const) {
      test(`${family} under ${policy}`, () => {
        const file = join(root, `test/golden/plans/${family}.${policy}.txt`);
        const now = table(family, model, policy);
        if (process.env.UPDATE_GOLDEN === "1") writeFileSync(file, now);
        expect(now).toBe(readFileSync(file, "utf8"));
      });
    }
  }
});
