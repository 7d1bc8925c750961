import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openVault } from "../../src/files/vault.ts";
import { packageOf, signedFile, writeZip } from "../synthetic-firmware.ts";
import { FAMILY, KNOWN, SCCP_8, SIP_8_12 } from "./known-releases.ts";

let folder: string;
let vaultFolder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "provision-vault-"));
  vaultFolder = join(folder, "firmware");
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
  const vault = await openVault(vaultFolder, KNOWN);
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
  const vault = await openVault(vaultFolder, KNOWN);
  const report = await vault.importFirmware([writeFolder("sip", files)]);
  expect(report.accepted).toBe(false);
  expect(report.findings).toContainEqual(expect.objectContaining({ severity: "error", code: "renamed" }));
  expect(await vault.list()).toEqual({ packages: [] });
  expect(readdirSync(join(vaultFolder, "incoming"))).toEqual([]);
});
