import { describe, expect, test } from "vitest";
import { allowed, checkGraph, expand } from "../../src/firmware/graph.ts";
import { type Manifest, parseManifest } from "../../src/firmware/manifest.ts";
import { route } from "../../src/firmware/route.ts";
import { smallManifest } from "./small-manifest.ts";

function read(change: (manifest: ReturnType<typeof smallManifest>) => void = () => {}): Manifest {
  const data = smallManifest();
  change(data);
  const parsed = parseManifest(data);
  if (parsed.kind === "findings") throw new Error(JSON.stringify(parsed.findings));
  return parsed.manifest;
}

function steps(manifest: Manifest, policy: "strict" | "documented", switchedOff: string[] = []): string[] {
  return allowed(expand(manifest), { model: "any", policy, switchedOff }).edges.map(
    (edge) => `${edge.from}${edge.oneWay ? "=>" : "->"}${edge.to}`,
  );
}

describe("a manifest as a graph", () => {
  test("under strict no step passes a barrier by; a documented shortcut may", () => {
    expect(steps(read(), "strict")).toEqual(["L1=>L2", "L2=>L3", "L3->L4", "L4->L3"]);
    expect(steps(read(), "documented")).toContain("L2=>L4");
  });

  test("a step is one-way where no way, however long, leads back", () => {
    const withReturn = read((m) =>
      m.rules.push({ ...m.rules[0], id: "back-41", from: { loads: ["L3"] }, to: { loads: ["L1"] } }),
    );
    expect(steps(withReturn, "strict")).toEqual(["L1->L2", "L2->L3", "L3->L4", "L4->L3", "L3->L1"]);
  });

  test("a blocked pair is no step, whatever a rule says", () => {
    const manifest = read((m) =>
      m.rules.push({ ...m.rules[0], id: "bad", from: { loads: ["L4"] }, to: { loads: ["L1"] } }),
    );
    expect(steps(manifest, "documented").join()).not.toContain("L1,");
    expect(checkGraph(manifest).map((finding) => finding.reason)).toEqual(["Rule bad joins no two releases."]);
  });

  test("a dead end is reached and not left; a withdrawn release is left and not reached", () => {
    const why = { reason: "Written for a test.", source: "T", grade: "A" };
    expect(
      steps(
        read((m) => Object.assign(m.releases[3] ?? {}, { deadEnd: why })),
        "strict",
      ),
    ).toEqual(["L1=>L2", "L2=>L3", "L3=>L4"]);
    expect(
      steps(
        read((m) => Object.assign(m.releases[0] ?? {}, { withdrawn: why })),
        "strict",
      ),
    ).toContain("L1=>L2");
    expect(
      steps(
        read((m) => Object.assign(m.releases[1] ?? {}, { withdrawn: why })),
        "strict",
      ),
    ).not.toContain("L1=>L2");
  });

  test("rules are switched off by id, and deductions by their grade", () => {
    const deduced = read((m) =>
      Object.assign(m.rules[2] ?? {}, { because: [{ reason: "A deduction.", source: "T", grade: "D" }] }),
    );
    expect(steps(deduced, "strict", ["up-12"])).not.toContain("L1=>L2");
    expect(steps(deduced, "strict", ["D"])).toEqual(["L1=>L2", "L2=>L3", "L4=>L3"]);
  });

  test("a step that may only come last is no way through", () => {
    const manifest = read((m) => Object.assign(m.rules[1] ?? {}, { onlyLast: true }));
    const graph = allowed(expand(manifest), { model: "any", policy: "strict" });
    expect(route(graph, "L1", "L3", "strict")?.map((edge) => edge.to)).toEqual(["L2", "L3"]);
    expect(route(graph, "L1", "L4", "strict")).toBeUndefined();
  });

  test("a claim of one-way that the graph contradicts is a finding at the rule", () => {
    const manifest = read((m) => Object.assign(m.rules[2] ?? {}, { oneWay: true }));
    expect(checkGraph(manifest)).toMatchObject([{ path: ["rules", 2, "oneWay"] }]);
  });

  test("a release for other models is neither a target nor a stop", () => {
    const manifest = read((m) => Object.assign(m.releases[1] ?? {}, { models: ["other"] }));
    expect(steps(manifest, "strict")).toEqual(["L3->L4", "L4->L3"]);
  });
});
