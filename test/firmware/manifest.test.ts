import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseManifest } from "../../src/firmware/manifest.ts";
import { smallManifest } from "./small-manifest.ts";

function findings(change: (manifest: ReturnType<typeof smallManifest>) => void): string[] {
  const data = smallManifest();
  change(data);
  const parsed = parseManifest(data);
  if (parsed.kind === "manifest") return [];
  return parsed.findings.map((finding) => `${finding.path.join(".")}: ${finding.reason}`);
}

describe("a manifest file", () => {
  test("is read whole, and each reason then cites its source in full", () => {
    const parsed = parseManifest(smallManifest());
    if (parsed.kind === "findings") throw new Error(JSON.stringify(parsed.findings));
    expect(parsed.manifest.releases).toHaveLength(4);
    expect(parsed.manifest.rules[0]?.because[0]?.source).toBe("A test's own word");
  });

  test("with a key that no one knows is refused by the key's name", () => {
    expect(findings((m) => Object.assign(m.rules[0] ?? {}, { levver: "x" }))).toEqual([
      "rules.0.levver: `levver` is not a key of this place.",
    ]);
  });

  test("without a key that it needs is refused by that key's name", () => {
    expect(findings((m) => Reflect.deleteProperty(m.rules[0] ?? {}, "lever"))).toEqual([
      "rules.0.lever: This key is missing.",
    ]);
  });

  test("may not name a load, a rule or a file twice", () => {
    expect(findings((m) => m.releases.push({ ...m.releases[0] }))).toEqual([
      "releases.4.load: The load `L1` stands here twice.",
    ]);
    expect(findings((m) => m.rules.push({ ...m.rules[0] }))).toEqual([
      "rules.6.id: The rule `up-12` stands here twice.",
    ]);
  });

  test("may not rest on a source that it does not cite", () => {
    expect(
      findings((m) =>
        Object.assign(m.rules[0] ?? {}, { because: [{ reason: "Someone said so.", source: "X", grade: "B" }] }),
      ),
    ).toEqual(["rules.0.because.0.source: `X` is not a key of `sources`."]);
  });

  test("may not speak of a load that is not a release", () => {
    expect(findings((m) => Object.assign(m.rules[0] ?? {}, { to: { loads: ["L9"] } }))).toEqual([
      "rules.0.to.loads.0: No release of this file has the load `L9`.",
    ]);
  });

  test("with the letter O for the digit zero in a load is refused (cisco.md S3)", () => {
    expect(findings((m) => Object.assign(m.releases[0] ?? {}, { load: "POS3-08-2-00" })).join()).toContain(
      "digit zero",
    );
  });

  test("without a reason for a rule is refused", () => {
    expect(findings((m) => Object.assign(m.rules[0] ?? {}, { because: [] })).join()).toContain("rules.0.because");
  });

  test("of any content is a manifest or findings, and nothing else", () => {
    fc.assert(
      fc.property(fc.anything(), (data) => {
        expect(["manifest", "findings"]).toContain(parseManifest(data).kind);
      }),
    );
  });
});
