import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FirmwareVault, openVault } from "../../src/files/vault.ts";
import { binImage, loadsFile, packageOf, signedFile, writeZip } from "../synthetic-firmware.ts";
import { damageWhileReading, flipBit } from "./damage.ts";
import { FAMILY, JAVA_42, JAVA_NEW, JAVA_OLD, KNOWN, SCCP_3, SCCP_8, SIP_8_12 } from "./known-releases.ts";

let folder: string;
let vaultFolder: string;
let vault: FirmwareVault;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "provision-vault-"));
  vaultFolder = join(folder, "firmware");
  vault = await openVault(vaultFolder, KNOWN);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function writeFolder(name: string, files: ReadonlyMap<string, Uint8Array>): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  for (const [file, octets] of files) writeFileSync(join(path, file), octets);
  return path;
}

test("a whole package is taken in from a folder and given out octet by octet", async () => {
  const files = packageOf(SIP_8_12);
  const report = await vault.importFirmware([writeFolder("sip", files)]);
  expect(report.findings).toEqual([]);
  expect(report).toMatchObject({ accepted: true, packages: [{ load: SIP_8_12.load, complete: true, missing: [] }] });
  for (const [name, octets] of files) {
    const image = await vault.image(FAMILY, SIP_8_12.load, name);
    expect(image?.size).toBe(octets.length);
    expect(Buffer.compare(await image!.read(0, octets.length), octets)).toBe(0);
    expect(await image!.read(octets.length - 10, 100)).toEqual(octets.slice(-10));
    expect(await image!.read(65_530, 12)).toEqual(octets.slice(65_530, 65_542));
    await image!.close();
  }
  expect(await vault.missing(FAMILY, SIP_8_12.load, [...files.keys()])).toEqual([]);
  expect(await vault.missing(FAMILY, SIP_8_12.load, ["P0S3-8-12-00.xyz"])).toEqual(["P0S3-8-12-00.xyz"]);
});

test("a zip is taken in, and another process that has the vault open sees it at once", async () => {
  const zip = join(folder, "cmterm.zip");
  await writeZip(zip, new Map([...packageOf(SCCP_8)].map(([name, octets]) => [`dir/${name}`, octets])));
  const server = await openVault(vaultFolder, KNOWN);
  const command = await openVault(vaultFolder, KNOWN);
  expect(await server.missing(FAMILY, SCCP_8.load, [`${SCCP_8.load}.sbn`])).toEqual([`${SCCP_8.load}.sbn`]);
  expect((await command.importFirmware([zip])).accepted).toBe(true);
  expect(await server.missing(FAMILY, SCCP_8.load, [`${SCCP_8.load}.sbn`])).toEqual([]);
});

test("a signed file under another name stops the whole import and leaves the vault as it was", async () => {
  const files = packageOf(SIP_8_12);
  files.set("P0S3-8-12-00.sb2", signedFile("P0S3-08-11-00.sb2", new Uint8Array(700)));
  const report = await vault.importFirmware([writeFolder("sip", files)]);
  expect(report.accepted).toBe(false);
  expect(report.findings).toContainEqual(expect.objectContaining({ severity: "error", code: "renamed" }));
  expect(await vault.list()).toEqual({ packages: [] });
  expect(readdirSync(join(vaultFolder, "incoming"))).toEqual([]);
});

describe("what comes in", () => {
  test("files that are no firmware are passed over with the reason, and a folder of nothing else is refused", async () => {
    const site = writeFolder("tftpboot", new Map([["SIP000E84C060A6.cnf", Buffer.from("line1_name: 100")]]));
    symlinkSync("/etc/passwd", join(site, "passwd"));
    const nothing = await vault.importFirmware([site]);
    expect(nothing).toMatchObject({ accepted: false, findings: [{ code: "nothing" }] });
    expect(nothing.passedOver).toEqual([
      { place: join(site, "SIP000E84C060A6.cnf"), reason: expect.stringContaining("no release") },
      { place: join(site, "passwd"), reason: expect.stringContaining("link") },
    ]);
    writeFolder("tftpboot", packageOf(SIP_8_12));
    expect(await vault.importFirmware([site])).toMatchObject({ accepted: true, packages: [{ complete: true }] });
  });

  test("a path that is not there is refused by name", async () => {
    expect(await vault.importFirmware([join(folder, "nowhere")])).toMatchObject({
      accepted: false,
      findings: [{ code: "not-there", place: join(folder, "nowhere"), remedy: expect.stringContaining("Check") }],
    });
  });

  test("single files and a link that the admin names are taken, a FIFO among them is not", async () => {
    const path = writeFolder("sip", packageOf(SIP_8_12));
    symlinkSync(join(path, "P0S3-8-12-00.sb2"), join(folder, "P0S3-8-12-00.sb2"));
    execFileSync("bash", ["-c", 'mkfifo "$0"', join(path, "fifo")]);
    const report = await vault.importFirmware([join(path, "P003-8-12-00.sbn"), join(folder, "P0S3-8-12-00.sb2")]);
    expect(report).toMatchObject({ accepted: true, packages: [{ added: ["P003-8-12-00.sbn", "P0S3-8-12-00.sb2"] }] });
    expect(await vault.importFirmware([join(path, "fifo")])).toMatchObject({ findings: [{ code: "not-a-file" }] });
    const whole = await vault.importFirmware([path]);
    expect(whole).toMatchObject({ accepted: true, packages: [{ complete: true }] });
    expect(whole.passedOver).toEqual([{ place: join(path, "fifo"), reason: expect.stringContaining("not a regular") }]);
  });

  test("a zip in a folder is read, whatever it is called, and one that is broken stops the import", async () => {
    const path = writeFolder("packages", new Map());
    await writeZip(join(path, "firmware.dat"), packageOf(SIP_8_12));
    expect(await vault.importFirmware([path])).toMatchObject({ accepted: true, packages: [{ complete: true }] });
    writeFileSync(join(path, "half.zip"), readFileSync(join(path, "firmware.dat")).subarray(0, 9999));
    expect(await vault.importFirmware([path])).toMatchObject({
      accepted: false,
      findings: [{ code: "damaged-archive" }],
    });
  });

  test("folders without end and files without measure are refused", async () => {
    const deep = writeFolder(Array.from({ length: 25 }, () => "d").join("/"), packageOf(SCCP_3));
    expect(await vault.importFirmware([join(folder, "d")])).toMatchObject({ findings: [{ code: "too-deep" }] });
    expect(await vault.importFirmware([deep])).toMatchObject({ accepted: true });
    const limits = { entries: 9, fileOctets: 100_000, totalOctets: 200_000, ratio: 9 };
    const path = writeFolder("sip", packageOf(SIP_8_12));
    expect(await vault.importFirmware([path], { limits })).toMatchObject({ findings: [{ code: "too-large" }] });
    expect(readdirSync(join(vaultFolder, "incoming"))).toEqual([]);
  });

  test("what killed imports left is cleared by the next, and old orphans go", async () => {
    await vault.importFirmware([writeFolder("sccp", packageOf(SCCP_3))]);
    mkdirSync(join(vaultFolder, "incoming", "999999999-dead"));
    writeFileSync(join(vaultFolder, "incoming", "999999999-dead", "1"), "half");
    const orphan = join(vaultFolder, "objects", "00", "0".repeat(64));
    const recent = join(vaultFolder, "objects", "00", "1".repeat(64));
    mkdirSync(join(vaultFolder, "objects", "00"), { recursive: true });
    for (const path of [orphan, recent]) writeFileSync(path, "orphan");
    utimesSync(orphan, 1, 1);
    expect((await vault.check()).orphans).toBe(2);
    await vault.importFirmware([writeFolder("sip", packageOf(SIP_8_12))]);
    expect(readdirSync(join(vaultFolder, "incoming"))).toEqual([]);
    expect(readdirSync(join(vaultFolder, "objects", "00"))).toEqual(["1".repeat(64)]);
    expect((await vault.check()).damaged).toEqual([]);
  });

  test("signed firmware of a release that nobody described is passed over, and a stray copy of a known one is named", async () => {
    const files = packageOf(SIP_8_12);
    files.set("P0S3-99-0-00.sb2", signedFile("P0S3-99-0-00.sb2", new Uint8Array(50)));
    files.set("copy.sb2", signedFile("P0S3-8-12-00.sb2", new Uint8Array(50)));
    const report = await vault.importFirmware([writeFolder("sip", files)]);
    expect(report.accepted).toBe(true);
    expect(report.passedOver).toEqual([
      { place: expect.stringContaining("P0S3-99-0-00.sb2"), reason: expect.stringContaining("manifests do not know") },
    ]);
    expect(report.findings).toEqual([
      expect.objectContaining({ severity: "warning", code: "renamed", place: expect.stringContaining("copy.sb2") }),
    ]);
  });

  test("a package may come in parts, and is complete when the last has come", async () => {
    const files = packageOf(SIP_8_12);
    const sb2 = "P0S3-8-12-00.sb2";
    const last = new Map([[sb2, files.get(sb2)!]]);
    files.delete(sb2);
    expect(await vault.importFirmware([writeFolder("one", files)])).toMatchObject({
      accepted: true,
      packages: [{ complete: false, missing: [sb2] }],
    });
    expect((await vault.list()).packages[0]).toMatchObject({ complete: false, missing: [sb2] });
    expect(await vault.missing(FAMILY, SIP_8_12.load, ["P0S3-8-12-00.loads"])).toEqual([sb2]);
    expect(await vault.importFirmware([writeFolder("two", last)])).toMatchObject({
      packages: [{ complete: true, added: [sb2] }],
    });
    expect((await vault.list()).packages[0]).toMatchObject({ complete: true, missing: [] });
  });

  test("names in another letter case are kept as phones ask for them", async () => {
    const files = new Map([...packageOf(SIP_8_12)].map(([name, octets]) => [name.toUpperCase(), octets]));
    const report = await vault.importFirmware([writeFolder("fat", files)]);
    expect(report).toMatchObject({ accepted: true, packages: [{ complete: true }] });
    expect(report.findings.map((finding) => finding.code)).toContain("letter-case");
  });

  test("what a list spells with a capital letter is the package's own file, for the phone that asks for it so (sysop.ca)", async () => {
    const list = (name: string) => loadsFile(name, ["Jar41x.8-2-2.sbn", "apps41x.8-2-2.sbn"]);
    const parts = ["jar41x.8-2-2.sbn", "apps41x.8-2-2.sbn"];
    const files = packageOf(JAVA_NEW);
    const lists = [...files.keys()].filter((name) => name.endsWith(".loads"));
    for (const name of lists) files.set(name, list(name));
    for (const name of parts) files.set(name, signedFile(name, Buffer.from(name)));
    expect(await vault.importFirmware([writeFolder("capital", files)])).toMatchObject({
      accepted: true,
      packages: [{ complete: true, missing: [] }],
    });
    expect((await vault.list()).packages[0]).toMatchObject({ complete: true, missing: [] });
    expect(await vault.missing("cisco-java", JAVA_NEW.load, lists)).toEqual([]);
    for (const name of ["Jar41x.8-2-2.sbn", "jar41x.8-2-2.sbn"]) {
      const image = await vault.image("cisco-java", JAVA_NEW.load, name);
      expect(image?.name).toBe(name);
      await image?.close();
    }
    expect(await vault.image("cisco-java", JAVA_NEW.load, "JAR41X.8-2-2.SBN")).toBeUndefined();
  });

  test("a name that every release of its phones has stays with the package it came with", async () => {
    for (const release of [JAVA_OLD, JAVA_NEW]) {
      await writeZip(join(folder, `${release.load}.zip`), packageOf(release));
      await vault.importFirmware([join(folder, `${release.load}.zip`)]);
    }
    for (const release of [JAVA_OLD, JAVA_NEW]) {
      const image = await vault.image("cisco-java", release.load, "term41.default.loads");
      expect(Buffer.compare(await image!.read(0, 1e6), packageOf(release).get("term41.default.loads")!)).toBe(0);
      await image!.close();
    }
    const alone = writeFolder(
      "alone",
      new Map([["term41.default.loads", signedFile("term41.default.loads", Buffer.from("x.sbn\n"))]]),
    );
    expect(await vault.importFirmware([alone])).toMatchObject({ accepted: false, findings: [{ code: "ambiguous" }] });
  });

  test("both packages in one folder are told apart by what their lists name", async () => {
    const files = new Map([...packageOf(JAVA_OLD), ...packageOf(JAVA_NEW)]);
    const report = await vault.importFirmware([writeFolder("both", files)]);
    const byLoad = new Map(report.packages.map((one) => [one.load, one]));
    expect(byLoad.get(JAVA_NEW.load)).toMatchObject({ complete: true });
    expect(byLoad.get(JAVA_OLD.load)).toMatchObject({ complete: false, missing: ["term41.default.loads"] });
  });

  test("S45 two different files of one name are refused, equal ones are not", async () => {
    const one = writeFolder("one", packageOf(SIP_8_12));
    const other = writeFolder("other", new Map([["P003-8-12-00.bin", binImage("P003-8-12-00.bin", 130_553)]]));
    expect(await vault.importFirmware([one, other])).toMatchObject({ accepted: false });
    expect((await vault.importFirmware([one, other])).findings.map((f) => f.code)).toContain("two-different");
    expect(await vault.importFirmware([one, one])).toMatchObject({ accepted: true });
    const report = await vault.importFirmware([other]);
    expect(report).toMatchObject({ accepted: false });
    expect(report.findings.map((finding) => finding.code)).toContain("differs");
    expect(await vault.importFirmware([other], { replace: true })).toMatchObject({
      accepted: true,
      packages: [{ replaced: ["P003-8-12-00.bin"] }],
    });
  });

  test("what the vault already has changes nothing, and a dry run writes nothing", async () => {
    const path = writeFolder("sip", packageOf(SIP_8_12));
    const dry = await vault.importFirmware([path], { dryRun: true });
    expect(dry).toMatchObject({ accepted: true, dryRun: true, packages: [{ complete: true }] });
    expect(readdirSync(vaultFolder)).toEqual([]);
    await vault.importFirmware([path]);
    const generations = readdirSync(join(vaultFolder, "index"));
    const again = await vault.importFirmware([path]);
    expect(again.packages[0]?.unchanged).toHaveLength(4);
    expect(readdirSync(join(vaultFolder, "index"))).toEqual(generations);
  });

  test("progress counts every file and octet", async () => {
    const seen: number[] = [];
    const files = packageOf(SIP_8_12);
    await vault.importFirmware([writeFolder("sip", files)], { onProgress: ({ octets }) => seen.push(octets) });
    expect(seen.at(-1)).toBe([...files.values()].reduce((sum, octets) => sum + octets.length, 0));
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  test("many imports at once all end well", async () => {
    const paths = [SIP_8_12, SCCP_8, SCCP_3, JAVA_42].map((release) => writeFolder(release.load, packageOf(release)));
    const vaults = await Promise.all(paths.map(() => openVault(vaultFolder, KNOWN)));
    const reports = await Promise.all(paths.map((path, i) => vaults[i]!.importFirmware([path])));
    expect(reports.map((report) => report.accepted)).toEqual([true, true, true, true]);
    expect((await vault.list()).packages.map((one) => one.complete)).toEqual([true, true, true, true]);
  });
});

describe("what is given out", () => {
  const SB2 = "P0S3-8-12-00.sb2";
  let octets: Uint8Array;

  beforeEach(async () => {
    const files = packageOf(SIP_8_12);
    octets = files.get(SB2)!;
    await vault.importFirmware([writeFolder("sip", files)]);
  });

  function objectOf(name: string): string {
    const listed = readdirSync(join(vaultFolder, "objects"), { recursive: true }) as string[];
    for (const path of listed.map((one) => join(vaultFolder, "objects", one))) {
      if (statSync(path).isFile() && Buffer.compare(readFileSync(path), packageOf(SIP_8_12).get(name)!) === 0)
        return path;
    }
    throw new Error(`${name} is not stored`);
  }

  test("a name that the package does not have is not found, whatever it is", async () => {
    for (const name of [
      "",
      ".",
      "../index",
      "/etc/passwd",
      SB2.toLowerCase(),
      `${SB2}\0`,
      "__proto__",
      "x".repeat(9999),
    ]) {
      expect(await vault.image(FAMILY, SIP_8_12.load, name)).toBeUndefined();
    }
    expect(await vault.image("cisco-java", SIP_8_12.load, SB2)).toBeUndefined();
    expect(await vault.image(FAMILY, "../..", SB2)).toBeUndefined();
  });

  test("R40 a stored file with one bit flipped, cut short, swapped or gone is refused before its first octet", async () => {
    const path = objectOf(SB2);
    const restore = () => {
      rmSync(path, { force: true });
      writeFileSync(path, octets);
    };
    const refused = async (why: string) => {
      expect(await vault.image(FAMILY, SIP_8_12.load, SB2), why).toBeUndefined();
      expect(await vault.missing(FAMILY, SIP_8_12.load, [SB2]), why).toEqual([SB2]);
      restore();
      expect(await vault.missing(FAMILY, SIP_8_12.load, [SB2])).toEqual([]);
    };
    for (let trial = 0; trial < 40; trial++) {
      const at = (trial * 7919 * 104_729) % octets.length;
      flipBit(path, at);
      await refused(`octet ${at}`);
    }
    truncateSync(path, 700_000);
    await refused("cut short");
    writeFileSync(path, readFileSync(objectOf("P003-8-12-00.sbn")));
    await refused("swapped");
    rmSync(path);
    await refused("gone");
    rmSync(path);
    symlinkSync("/etc/passwd", path);
    await refused("a link");
  });

  test("R41 a file that is damaged while it is read gives its own octets or an error, and never others", async () => {
    const outcome = await damageWhileReading(vaultFolder, objectOf(SB2), octets, 20);
    expect(outcome.wrong).toBe(0);
    expect(outcome.errors).toBeGreaterThan(4);
  });

  test("a thousand readers share one descriptor and get equal octets", async () => {
    const descriptors = () => readdirSync("/proc/self/fd").length;
    const before = descriptors();
    const images = await Promise.all(Array.from({ length: 1000 }, () => vault.image(FAMILY, SIP_8_12.load, SB2)));
    expect(descriptors() - before).toBeLessThan(4);
    const pieces = await Promise.all(images.map((image, i) => image!.read(i * 700, 512)));
    for (const [i, piece] of pieces.entries())
      expect(Buffer.compare(piece, octets.subarray(i * 700, i * 700 + 512))).toBe(0);
    await Promise.all(images.map((image) => image!.close()));
    await images[0]!.close();
    await expect(images[0]!.read(0, 1)).rejects.toThrow(/closed/);
    expect(descriptors() - before).toBeLessThan(2);
  });

  test("what a reader does to its octets, no other reader sees", async () => {
    const image = (await vault.image(FAMILY, SIP_8_12.load, SB2))!;
    (await image.read(0, 100)).fill(0);
    expect(Buffer.compare(await image.read(0, 100), octets.subarray(0, 100))).toBe(0);
    await image.close();
  });

  test("an image that is being read is still given out after a newer one took its place", async () => {
    const image = (await vault.image(FAMILY, SIP_8_12.load, "P003-8-12-00.bin"))!;
    const other = writeFolder("other", new Map([["P003-8-12-00.bin", binImage("P003-8-12-00.bin", 140_000)]]));
    expect(await vault.importFirmware([other], { replace: true })).toMatchObject({ accepted: true });
    expect((await image.read(130_000, 1000)).length).toBe(552);
    const newer = (await vault.image(FAMILY, SIP_8_12.load, "P003-8-12-00.bin"))!;
    expect(newer.size).toBe(140_000);
    expect(newer.key).not.toBe(image.key);
    await Promise.all([image.close(), newer.close()]);
  });

  test("importing a package again heals what was damaged", async () => {
    flipBit(objectOf(SB2), 1000);
    expect((await vault.check()).damaged).toEqual([
      { family: FAMILY, load: SIP_8_12.load, file: SB2, remedy: expect.stringContaining("again") },
    ]);
    expect((await vault.list()).packages[0]).toMatchObject({ complete: false, missing: [SB2] });
    await vault.importFirmware([join(folder, "sip")]);
    expect(await vault.check()).toMatchObject({ files: 4, damaged: [], orphans: 0 });
    expect(await vault.missing(FAMILY, SIP_8_12.load, [SB2])).toEqual([]);
  });

  test("an index that is damaged is refused by name and never taken for an empty or an older one", async () => {
    await vault.importFirmware([writeFolder("sccp", packageOf(SCCP_3))]);
    const index = join(vaultFolder, "index", readdirSync(join(vaultFolder, "index")).sort().at(-1)!);
    const content = readFileSync(index);
    for (const at of [0, 70, 200, content.length - 3]) {
      flipBit(index, at);
      await expect(openVault(vaultFolder, KNOWN)).rejects.toMatchObject({
        code: "E_VAULT_INDEX",
        message: expect.stringContaining(index),
      });
      writeFileSync(index, content);
    }
    await openVault(vaultFolder, KNOWN);
  });

  test("firmware list --json has the shape of contract.md §4", async () => {
    const { packages } = await vault.list();
    expect(packages).toHaveLength(1);
    expect(packages[0]).toEqual({
      load: SIP_8_12.load,
      family: FAMILY,
      protocol: "SIP",
      version: "8.12",
      complete: true,
      missing: [],
      files: [
        { name: "P003-8-12-00.bin", size: 130_552, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        { name: "P003-8-12-00.sbn", size: 130_956, sha256: expect.any(String), signedName: "P003-8-12-00.sbn" },
        { name: "P0S3-8-12-00.loads", size: 458, sha256: expect.any(String), signedName: "P0S3-8-12-00.loads" },
        { name: SB2, size: 756_524, sha256: expect.any(String), signedName: SB2 },
      ],
    });
  });

  test("a package is shown with what is to be said about its files, and a load that is not there as nothing", async () => {
    expect(await vault.show(SIP_8_12.load)).toMatchObject([{ complete: true, findings: [] }]);
    expect(await vault.show("P0S3-99-0-00")).toEqual([]);
  });

  test("nobody else can read what is stored, and nobody can write it by mistake", () => {
    for (const path of readdirSync(vaultFolder, { recursive: true }) as string[]) {
      const found = statSync(join(vaultFolder, path));
      expect(found.mode & 0o077, path).toBe(0);
      if (found.isFile() && path.startsWith("objects")) expect(found.mode & 0o200).toBe(0);
    }
  });
});
