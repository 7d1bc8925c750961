import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadManifests } from "../../src/files/manifests.ts";
import { lookUp, parseRemedies, ranked, remediesOf, seen } from "../../src/firmware/remedy.ts";

const loaded = await loadManifests(join(import.meta.dirname, "../../firmware-manifests"), ["cisco-7940"]);
if (loaded.kind === "findings") throw new Error(JSON.stringify(loaded.findings));
const table = loaded.remedies.get("cisco-7940");

const one = {
  sees: "No Load",
  where: "screen",
  meaning: "Nothing to start.",
  causes: ["Nothing was named."],
  next: "Name a load.",
  because: [{ reason: "Written for a test.", source: "T", grade: "A" }],
};
const file = { schema: 1, family: "small", sources: { T: "A test's own word" }, remedies: [one] };

describe("remedies", () => {
  test("are read whole, and each reason cites its source in full", () => {
    const parsed = parseRemedies(file);
    expect(parsed.kind === "remedies" && parsed.table.remedies[0]?.because[0]?.source).toBe("A test's own word");
  });

  test("that stand twice, rest on no source or carry an unknown key are findings with their place", () => {
    const wrong = {
      ...file,
      remedies: [one, one, { ...one, sees: "X1", because: [{ ...one.because[0], source: "U" }] }],
    };
    const parsed = parseRemedies(wrong);
    expect(parsed.kind === "findings" && parsed.findings.map((finding) => finding.path.join("."))).toEqual([
      "remedies.2.because.0.source",
      "remedies.1.sees",
    ]);
    const unknown = parseRemedies({ ...file, remedies: [{ ...one, colour: "red" }] });
    expect(unknown).toMatchObject({ kind: "findings", findings: [{ path: ["remedies", 0, "colour"] }] });
  });

  test("of any content are remedies or findings, and nothing else", () => {
    fc.assert(
      fc.property(fc.anything(), (data) => {
        expect(["remedies", "findings"]).toContain(parseRemedies(data).kind);
      }),
    );
  });

  test("of the 7940 hold every warning code of SIP 8.12 and every alarm number (cisco.md §3, §8)", () => {
    const codes = (where: string): string[] =>
      (table?.remedies ?? []).flatMap((r) => (r.where === where && r.code !== undefined ? [r.code] : [])).sort();
    const warnings =
      "W210 W220 W250 W260 W261 W270 W310 W320 W330 W340 W350 W351 W360 W361 W362 W363 W364 W365 W366 W367 W368 W369 W389 W400 W710 W900";
    expect(codes("status-log")).toEqual(warnings.split(" "));
    expect(
      codes("alarm")
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 32 }, (_, n) => n));
  });

  test("are found by what somebody reads from the phone, code or words, the exact one first", () => {
    const rows = table?.remedies ?? [];
    const found = (text: string) => lookUp(rows, text).map(seen);
    expect(found("w310")).toEqual(["W310 Error(s) Parsing"]);
    expect(found("W710 Loader failed upgrade to P0S3-8-12-00")[0]).toBe(
      "W710 Loader failed upgrade to %s, ignoring reset",
    );
    expect(found("protocol application invalid")[0]).toBe("Protocol Application Invalid");
    expect(found("image auth")).toEqual(["Image Authentication Failed"]);
    expect(found("31")[0]).toBe("31 FileAuthError");
    expect(found("  ")).toEqual([]);
    expect(found("no phone says this")).toEqual([]);
  });

  test("are ranked by signs, their causes too, what is harmless last; without signs the table's order stands", () => {
    const rows = (table?.remedies ?? []).filter(({ levers }) => levers?.includes("load_information"));
    expect(ranked(rows, new Set()).filter(({ harmless }) => !harmless)).toEqual(
      rows.filter(({ harmless }) => !harmless),
    );
    const [first] = ranked(rows, new Set(["image-unfinished", "stalled"] as const));
    expect(first?.sees).toBe("The same .sbn asked for over many boots");
    const lost = ranked(rows, new Set(["image-unfinished"] as const)).find(
      ({ sees }) => sees === "Protocol Application Invalid",
    );
    expect(lost?.causes[0]?.words).toContain("missing from the server");
  });

  test("printed with a stage are those of its lever and of the protocols at its ends", () => {
    const shown = remediesOf(table, "image_version", ["SIP"], "7960").map(seen);
    expect(shown).toContain("W710 Loader failed upgrade to %s, ignoring reset");
    expect(shown).toContain("Protocol Application Invalid");
    expect(remediesOf(table, "load_information", ["SCCP"], "7960").map(seen).join()).not.toMatch(/W\d{3}/);
    expect(remediesOf(undefined, "os79xx", ["SIP"], "7960")).toEqual([]);
  });
});
