import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadManifests } from "../../src/files/manifests.ts";
import { readRelease } from "../../src/firmware/named.ts";

const loaded = await loadManifests(join(import.meta.dirname, "../../firmware-manifests"));
if (loaded.kind === "findings") throw new Error(JSON.stringify(loaded.findings));
const found = loaded.graphs.get("cisco-7940");
if (found === undefined) throw new Error("no cisco-7940");
const graph = found;

describe("a release as a person writes it", () => {
  test.each([
    ["P0S3-8-12-00", "P0S3-8-12-00"],
    ["p0s3-8-12-00", "P0S3-8-12-00"],
    ["P0S3-8-12-00.loads", "P0S3-8-12-00"],
    ["P00303010102.bin", "P00303010102"],
    ["SCCP 3.1", "P00303010102"],
    ["sip 8.12", "P0S3-8-12-00"],
    ["SIP8.12", "P0S3-8-12-00"],
    ["SCCP 5.0(5)", "P00305000500"],
    ["SCCP 8.1(2)SR2", "P0030801SR02"],
    ["SIP 3.0", "P0S3-03-0-00"],
    ["8.12", "P0S3-8-12-00"],
  ])("%s is %s", (text, load) => {
    const named = readRelease(graph, text);
    expect(named.kind === "release" ? named.release.load : named).toBe(load);
  });

  test("a protocol, or nothing known", () => {
    expect(readRelease(graph, "sip")).toEqual({ kind: "protocol", protocol: "SIP" });
    expect(readRelease(graph, "Unknown")).toEqual({ kind: "unknown" });
  });

  test.each([
    ["POS3-8-12-00", "letter O", "P0S3-8-12-00 (SIP 8.12)"],
    ["POS30203", "letter O", "P0S30203 (SIP 2.3)"],
    ["P0S3-08-12-00", "zeros", "P0S3-8-12-00 (SIP 8.12)"],
    ["P0S3-07-04-00", "zeros", "P0S3-07-4-00 (SIP 7.4)"],
    ["P00305000501", "No release", "P00305000500 (SCCP 5.0(5))"],
    ["SCCP 8.1", "fits 3 releases", "P0030801SR02 (SCCP 8.1(2)SR2)"],
    ["SIP 9.9", "No SIP release 9.9", "P0S3-8-12-00 (SIP 8.12)"],
  ])("%s is a miss that says why and what was meant", (text, reason, suggestion) => {
    const named = readRelease(graph, text);
    if (named.kind !== "miss") throw new Error(named.kind);
    expect(named.reason).toContain(reason);
    expect(named.suggestions).toContain(suggestion);
  });

  test("any text is read or missed", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        expect(["release", "protocol", "unknown", "miss"]).toContain(readRelease(graph, text).kind);
      }),
    );
  });
});
