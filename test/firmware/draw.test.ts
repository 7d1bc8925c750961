import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { XMLValidator } from "fast-xml-parser";
import { describe, expect, test } from "vitest";
import { loadManifests } from "../../src/files/manifests.ts";
import { edgesMermaid, edgesText } from "../../src/firmware/draw.ts";
import { edgesSvg } from "../../src/firmware/draw-svg.ts";
import { allowed, expand } from "../../src/firmware/graph.ts";
import { parseManifest } from "../../src/firmware/manifest.ts";
import { smallManifest } from "./small-manifest.ts";

const root = join(import.meta.dirname, "../..");

describe("a graph drawn", () => {
  test("as text names every step once, with its rule and grade", () => {
    const parsed = parseManifest(smallManifest());
    if (parsed.kind === "findings") throw new Error(JSON.stringify(parsed.findings));
    const text = edgesText(allowed(expand(parsed.manifest), { model: "any", policy: "documented" }));
    expect(text).toBe(
      [
        "SIP 1.0 (L1)",
        "  => SIP 2.0 (L2)  up-12: image_version, strict, grade A",
        "",
        "SIP 2.0 (L2)",
        "  => SIP 3.0 (L3)  up-23: image_version, strict, grade A",
        "  => SIP 4.0 (L4)  short-24: image_version, documented, grade A",
        "",
        "SIP 3.0 (L3)  [barrier]",
        "  -> SIP 4.0 (L4)  up-34: image_version, strict, grade A",
        "",
        "SIP 4.0 (L4)",
        "  -> SIP 3.0 (L3)  down-43: image_version, strict, grade A",
        "",
      ].join("\n"),
    );
  });

  test.each([
    ["cisco-7940", "7960"],
    ["cisco-java", "7961"],
    ["polycom", "SPIP650"],
  ])("as Mermaid, %s fits a page (UPDATE_GOLDEN=1 rewrites)", async (family, model) => {
    const loaded = await loadManifests(join(root, "firmware-manifests"), [family]);
    const graph = loaded.kind === "knowledge" ? loaded.graphs.get(family) : undefined;
    if (graph === undefined) throw new Error(JSON.stringify(loaded));
    const now = edgesMermaid(allowed(graph, { model, policy: "strict" }));
    const file = join(root, `test/golden/plans/${family}.strict.mmd`);
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(file, now);
    expect(now).toBe(readFileSync(file, "utf8"));
    expect(now.split("\n").length).toBeLessThan(120);
  });

  test.each([
    ["cisco-7940", "7960"],
    ["cisco-java", "7961"],
    ["polycom", "SPIP301"],
    ["polycom", "VVX410"],
  ])("as SVG, %s %s is XML, and no two boxes lie on each other", async (family, model) => {
    const loaded = await loadManifests(join(root, "firmware-manifests"), [family]);
    const graph = loaded.kind === "knowledge" ? loaded.graphs.get(family) : undefined;
    if (graph === undefined) throw new Error(JSON.stringify(loaded));
    const svg = edgesSvg(allowed(graph, { model, policy: "documented" }));
    expect(XMLValidator.validate(svg)).toBe(true);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    const corners = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)"/g)].map(([, x, y]) => `${x} ${y}`);
    expect(corners.length).toBeGreaterThan(1);
    expect(new Set(corners).size).toBe(corners.length);
    const boxes = [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="(\d+)" height="(\d+)"/g)].map((m) =>
      m.slice(1).map(Number),
    );
    const points = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map((m) => m.slice(1).map(Number));
    for (const [x = 0, y = 0] of points)
      for (const [left = 0, top = 0, width = 0, height = 0] of boxes)
        expect(x > left && x < left + width && y > top && y < top + height, `a point at ${x} ${y} is hidden`).toBe(
          false,
        );
  });
});
