import { expect, test } from "vitest";
import { type FileFacts, factsOf, judgePackage, type PackageVerdict } from "../../src/firmware/package.ts";
import type { Release } from "../../src/firmware/release.ts";
import { JAVA_42, JAVA_NEW, KNOWN, SCCP_3, SIP_8_12 } from "../files/known-releases.ts";
import { binImage, loadsFile, octetsOf, packageOf, signedFile } from "../synthetic-firmware.ts";

const ownersOf = (name: string) =>
  KNOWN.filter(({ release }) => release.files.some((file) => file.name === name)).map(({ release }) => release.load);

function factsOfAll(files: ReadonlyMap<string, Uint8Array>): FileFacts[] {
  return [...files].map(([name, octets]) => factsOf(name, octets.length, octets));
}

function judge(release: Release, change: (files: Map<string, Uint8Array>) => void): PackageVerdict {
  const files = packageOf(release);
  change(files);
  return judgePackage(release, factsOfAll(files), ownersOf);
}

test("a vendor's package is complete, and nothing is said against it", () => {
  for (const { release } of KNOWN) {
    expect(
      judge(release, () => {}),
      release.load,
    ).toEqual({ complete: true, missing: [], findings: [] });
  }
});

test("a file that is not there is named, and the package is not complete", () => {
  const verdict = judge(SIP_8_12, (files) => files.delete("P0S3-8-12-00.sb2"));
  expect(verdict).toMatchObject({ complete: false, missing: ["P0S3-8-12-00.sb2"], findings: [] });
});

test.each([
  [
    "a signed file under another name",
    "renamed",
    (files: Map<string, Uint8Array>) =>
      files.set("P0S3-8-12-00.sb2", signedFile("P0S3-08-11-00.sb2", new Uint8Array(9))),
    "P0S3-8-12-00.sb2",
    /P0S3-08-11-00\.sb2/,
  ],
  [
    "a .bin that is another .bin",
    "renamed",
    (files: Map<string, Uint8Array>) => files.set("P003-8-12-00.bin", binImage("P003-08-11-00.bin", 130_552)),
    "P003-8-12-00.bin",
    /P003-08-11-00/,
  ],
  [
    "a .sbn that is the .bin renamed",
    "not-signed",
    (files: Map<string, Uint8Array>) => files.set("P003-8-12-00.sbn", binImage("P003-8-12-00.bin", 130_552)),
    "P003-8-12-00.sbn",
    /no signed header/,
  ],
  [
    "a .bin that is signed",
    "signed",
    (files: Map<string, Uint8Array>) =>
      files.set("P003-8-12-00.bin", signedFile("P003-8-12-00.bin", new Uint8Array(9))),
    "P003-8-12-00.bin",
    /is signed/,
  ],
  [
    "a header cut short",
    "damaged",
    (files: Map<string, Uint8Array>) =>
      files.set("P003-8-12-00.sbn", signedFile("P003-8-12-00.sbn", new Uint8Array()).slice(0, 200)),
    "P003-8-12-00.sbn",
    /inside its header/,
  ],
  [
    "a header and nothing after it",
    "cut-short",
    (files: Map<string, Uint8Array>) => files.set("P003-8-12-00.sbn", signedFile("P003-8-12-00.sbn", new Uint8Array())),
    "P003-8-12-00.sbn",
    /after its signed header/,
  ],
  [
    "an empty file",
    "cut-short",
    (files: Map<string, Uint8Array>) => files.set("P003-8-12-00.bin", new Uint8Array()),
    "P003-8-12-00.bin",
    /empty/,
  ],
  [
    "an unsigned image without its end",
    "cut-short",
    (files: Map<string, Uint8Array>) => files.set("P003-8-12-00.bin", binImage("P003-8-12-00.bin", 100_000)),
    "P003-8-12-00.bin",
    /100000 octets.*130552/,
  ],
  [
    "a .loads of nonsense",
    "damaged-list",
    (files: Map<string, Uint8Array>) =>
      files.set("P0S3-8-12-00.loads", signedFile("P0S3-8-12-00.loads", octetsOf("x", 90))),
    "P0S3-8-12-00.loads",
    /line 1/,
  ],
  [
    "a .loads of another release",
    "other-release",
    (files: Map<string, Uint8Array>) =>
      files.set("P0S3-8-12-00.loads", loadsFile("P0S3-8-12-00.loads", ["P00308000500.sbn"])),
    "P0S3-8-12-00.loads",
    /P00308000500/,
  ],
])("%s is wrong, with the reason and what to do", (_, code, change, file, reason) => {
  const verdict = judge(SIP_8_12, change);
  expect(verdict.complete).toBe(false);
  expect(verdict.findings).toContainEqual({
    severity: "error",
    code,
    file,
    reason: expect.stringMatching(reason),
    remedy: expect.stringMatching(/\.$/),
  });
});

test("a .loads that names the parts of other hardware is wrong", () => {
  const parts = JAVA_42.files.filter((file) => file.role === "component").map((file) => file.name);
  const verdict = judge(JAVA_NEW, (files) =>
    files.set("term41.default.loads", loadsFile("term41.default.loads", parts)),
  );
  expect(verdict.findings).toContainEqual(
    expect.objectContaining({ severity: "error", code: "other-release", reason: expect.stringContaining("SCCP42") }),
  );
});

test("what a .loads names and nobody knows must be there too", () => {
  const name = "P0S3-8-12-00.loads";
  const list = loadsFile(name, ["P003-8-12-00.sbn", "P0S3-8-12-00.sb2", "extra.sbn"]);
  expect(judge(SIP_8_12, (files) => files.set(name, list))).toMatchObject({
    complete: false,
    missing: ["extra.sbn"],
    findings: expect.arrayContaining([
      expect.objectContaining({ severity: "warning", code: "absent-member", file: name }),
    ]),
  });
  const together = judge(SIP_8_12, (files) =>
    files.set(name, list).set("extra.sbn", signedFile("extra.sbn", new Uint8Array(9))),
  );
  expect(together).toMatchObject({ complete: true, missing: [] });
});

test("a .loads may spell a name with other capitals than the file has, as the vendor's own do", () => {
  const name = "P0S3-8-12-00.loads";
  const list = loadsFile(name, ["P003-8-12-00.sbn", "P0S3-8-12-00.sb2", "Extra.sbn"]);
  const verdict = judge(SIP_8_12, (files) =>
    files.set(name, list).set("extra.sbn", signedFile("extra.sbn", new Uint8Array(9))),
  );
  expect(verdict).toMatchObject({ complete: true, missing: [] });
});

test("another size than the measured one, and a pair whose sizes contradict each other, are worth a warning", () => {
  const verdict = judge(SIP_8_12, (files) =>
    files.set("P003-8-12-00.sbn", signedFile("P003-8-12-00.sbn", new Uint8Array(9000))),
  );
  expect(verdict.complete).toBe(true);
  expect(verdict.findings.map(({ severity, code }) => `${severity} ${code}`).sort()).toEqual([
    "warning pair",
    "warning size",
  ]);
});

test("an image from before signatures need not carry its name", () => {
  const octets = octetsOf("noise", 90_000);
  octets.set([0, 0, 0, 0], 0x20);
  const facts = factsOf("P00303010102.bin", octets.length, octets);
  expect(judgePackage(SCCP_3, [facts], ownersOf)).toEqual({ complete: true, missing: [], findings: [] });
});
