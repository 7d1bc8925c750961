import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { XMLValidator } from "fast-xml-parser";
import { describe, expect, test } from "vitest";
import { loadManifests } from "../../src/files/manifests.ts";
import type { Policy } from "../../src/firmware/release.ts";
import type { Planned } from "../../src/migration/migration.ts";
import { plan, type Target } from "../../src/migration/plan.ts";
import { type PlanSetting, planJson, planText } from "../../src/migration/plan-document.ts";
import { planHtml } from "../../src/migration/plan-document-html.ts";
import { planMarkdown } from "../../src/migration/plan-document-markdown.ts";
import { makeStage } from "../../src/migration/stage.ts";
import { cisco7940 } from "../../src/phones/cisco-7940.ts";

const root = join(import.meta.dirname, "../..");
const loaded = await loadManifests(join(root, "firmware-manifests"));
if (loaded.kind === "findings") throw new Error(JSON.stringify(loaded.findings));
const graph = loaded.graphs.get("cisco-7940");
if (graph === undefined) throw new Error("no cisco-7940");
const remedies = loaded.remedies.get("cisco-7940");
const setting: PlanSetting = {
  model: "7960",
  family: "cisco-7940",
  missing: [{ load: "P00305000500", file: "P00305000500.bin" }],
  ...(remedies === undefined ? {} : { remedies }),
};

function ask(from: string | undefined, to: Target, policy: Policy = "strict", switchedOff: string[] = []): Planned {
  return plan({
    graph: graph as NonNullable<typeof graph>,
    model: "7960",
    from,
    to,
    policy,
    switchedOff,
    stageOf: (...stage) => makeStage(cisco7940, ...stage),
  });
}

function stops(planned: Planned): string[] {
  return planned.kind === "plan"
    ? planned.plan.stages.map((stage) => `${stage.lever} ${stage.release.load}`)
    : [planned.kind];
}

const sip = { protocol: "SIP" } as const;

describe("the plan for a 7960", () => {
  test("from SCCP 3.1 to SIP goes by 5.0(5) and 8.0(9) to 8.12 (migration-paths.md H, C)", () => {
    expect(stops(ask("P00303010102", sip))).toEqual([
      "load_information P00305000500",
      "load_information P00308000900",
      "load_information P0S3-8-12-00",
    ]);
  });

  test("up the SIP ladder stops at 2.3, 4.4, 5.3, 6.x and 7.x, R1", () => {
    expect(stops(ask("P0S30100", sip))).toEqual([
      "image_version P0S30203",
      "image_version P0S3-04-4-00",
      "image_version P0S3-05-3-00",
      "image_version P0S3-06-3-00",
      "os79xx P0S3-07-4-00",
      "image_version P0S3-8-12-00",
    ]);
  });

  test("takes R7 from 4.x to 6.3 under the documented policy alone", () => {
    expect(stops(ask("P0S3-04-0-00", { load: "P0S3-06-3-00" }, "documented"))).toEqual(["image_version P0S3-06-3-00"]);
    expect(stops(ask("P0S3-04-0-00", { load: "P0S3-06-3-00" }))).toHaveLength(3);
    expect(stops(ask("P0S3-04-0-00", { load: "P0S3-06-3-00" }, "documented", ["R7"]))).toHaveLength(3);
  });

  test("changes between universal packages in one stage, R9", () => {
    expect(stops(ask("P0030801SR02", sip))).toEqual(["load_information P0S3-8-12-00"]);
    expect(stops(ask("P0S3-8-12-00", { protocol: "SCCP" }))).toEqual(["image_version P0030801SR02"]);
  });

  test("never leads from a signed release to an unsigned one, and says R3", () => {
    const planned = ask("P0S3-8-12-00", { load: "P00303010102" });
    if (planned.kind !== "no-path") throw new Error(planned.kind);
    expect(planned.stoppedAt?.load).toBe("P0S3-8-12-00");
    expect(planned.because[0]?.reason).toMatch(/^R3: .*signed/);
  });

  test("names the documented way where the strict policy has none", () => {
    const planned = ask("P0S30202", { load: "P0S3-03-0-00" }, "strict", ["R1-unsigned"]);
    if (planned.kind !== "no-path") throw new Error(planned.kind);
    expect(planned.because.at(-1)?.reason).toContain("`documented` has a way, by rule R1-3.0");
  });

  test("is nothing to do where the phone already is", () => {
    expect(ask("P0S3-8-12-00", sip).kind).toBe("already-there");
  });

  test("of an unknown start begins with the stop of a very old phone, and promises no way back", () => {
    const planned = ask("unknown", sip);
    expect(stops(planned)[0]).toBe("load_information P00303010102");
    expect(planned.kind === "plan" && planned.plan.from === undefined && planned.plan.oneWay).toBe(true);
  });

  test("to a load that no manifest has is no path with a reason, not a crash", () => {
    const planned = ask("P00303010102", { load: "P0S3-99-0-00" });
    expect(planned.kind === "no-path" && planned.because[0]?.reason).toContain("No known path");
  });
});

describe("the plan as a document", () => {
  test("says one-way before the first stage", () => {
    const text = planText(ask("P00303010102", sip), setting);
    expect(text.indexOf("ONE-WAY")).toBeGreaterThan(0);
    expect(text.indexOf("ONE-WAY")).toBeLessThan(text.indexOf("Stage 1 of 3"));
  });

  test.each([
    ["sccp31-to-sip.txt", () => planText(ask("P00303010102", sip), setting)],
    ["sccp31-to-sip.md", () => planMarkdown(ask("P00303010102", sip), setting)],
    ["sccp31-to-sip.html", () => planHtml(ask("P00303010102", sip), setting)],
    ["sip812-to-sccp31.md", () => planMarkdown(ask("P0S3-8-12-00", { load: "P00303010102" }), setting)],
    ["sip812-to-sccp31.html", () => planHtml(ask("P0S3-8-12-00", { load: "P00303010102" }), setting)],
    ["sip812-to-sccp31.txt", () => planText(ask("P0S3-8-12-00", { load: "P00303010102" }), setting)],
    ["sccp31-to-sip.json", () => `${JSON.stringify(planJson(ask("P00303010102", sip), setting), null, 2)}\n`],
    [
      "sip812-to-sccp31.json",
      () => `${JSON.stringify(planJson(ask("P0S3-8-12-00", { load: "P00303010102" }), setting), null, 2)}\n`,
    ],
  ])("%s reads as reviewed (UPDATE_GOLDEN=1 rewrites)", (name, document) => {
    const file = join(root, "test/golden/plans/documents", name);
    const now = document();
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(file, now);
    expect(now).toBe(readFileSync(file, "utf8"));
  });

  test("has one page per stage after the first, and says one-way before any of them", () => {
    const html = planHtml(ask("P00303010102", sip), setting);
    // The first page, three stages, and everything that the phone may show.
    expect(html.split('<section class="page">')).toHaveLength(1 + 1 + 3 + 1);
    expect(html.indexOf("ONE-WAY")).toBeLessThan(html.indexOf("Stage 1 of 3:"));
  });

  test("leads back where a way leads back, and says plainly where none does", () => {
    const there = ask("P0030801SR02", sip);
    const home = ask("P0S3-8-12-00", { load: "P0030801SR02" });
    const text = planText(there, { ...setting, back: home });
    expect(text).toContain("The way back:\n  - There is one, of one stage: SIP 8.12 -> SCCP 8.1(2)SR2.");
    expect(text).toContain("--from P0S3-8-12-00 --to P0030801SR02");
    expect(planJson(there, { ...setting, back: home })).toMatchObject({ back: { stages: ["P0030801SR02"] } });
    const none = ask("P0S3-8-12-00", { load: "P00303010102" });
    expect(planText(ask("P00303010102", sip), { ...setting, back: none })).toContain(
      "There is none: nothing leads from",
    );
    expect(planText(ask("unknown", sip), setting)).toContain("nobody knows what the phone runs now");
  });

  test("of an unknown start tells what its first boot shows, before anything is published", () => {
    const text = planText(ask("unknown", sip), setting);
    expect(text).toContain("It asks for OS79XX.TXT first");
    expect(text.indexOf("It asks for OS79XX.TXT first")).toBeLessThan(text.indexOf("Stage 1 of"));
    expect(text).not.toContain("Stages 1, 2 are final");
  });

  test("says for every stage how the phone is restarted from a desk, or that it is not", () => {
    expect(planText(ask("P00303010102", sip), setting)).toContain("no restart over the network is known");
    expect(planText(ask("P0S3-8-12-00", { protocol: "SCCP" }), setting)).toContain(
      "`provision restart --mac MAC` (SIP NOTIFY check-sync, A)",
    );
  });

  test("shows a hostile text as text", () => {
    const hostile: PlanSetting = { ...setting, model: '<script>alert("1")</script>|*x*' };
    const planned = ask("P00303010102", sip);
    expect(planHtml(planned, hostile)).not.toContain("<script");
    expect(planMarkdown(planned, hostile)).not.toContain("<script");
    expect(planMarkdown(planned, hostile)).toContain("\\*x\\*");
  });

  test("is XML as well as HTML, so that no tag stays open", () => {
    const html = planHtml(ask("P00303010102", sip), setting);
    const xml = html
      .replace("<!doctype html>", "")
      .replace(/<meta([^>]*)>/g, "<meta$1/>")
      .replace(/&nbsp;/g, " ");
    expect(XMLValidator.validate(xml)).toBe(true);
  });
});
