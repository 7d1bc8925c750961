import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSiteFiles } from "../../src/files/site-files.ts";
import { type FirmwareVault, openVault } from "../../src/files/vault.ts";
import { compiled } from "../compiled.ts";
import { damageWhileReading, flipBit } from "../files/damage.ts";
import { JAVA_NEW, KNOWN, SIP_8_12 } from "../files/known-releases.ts";
import { packageOf } from "../synthetic-firmware.ts";

let folder: string;
let vaultFolder: string;
let vault: FirmwareVault;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "provision-gate-"));
  vaultFolder = join(folder, "firmware");
  vault = await openVault(vaultFolder, KNOWN);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function objectOf(octets: Uint8Array): string {
  const sha256 = createHash("sha256").update(octets).digest("hex");
  return join(vaultFolder, "objects", sha256.slice(0, 2), sha256);
}

async function importAll(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const source = join(folder, "source");
  mkdirSync(source, { recursive: true });
  for (const [name, octets] of files) writeFileSync(join(source, name), octets);
  expect((await vault.importFirmware([source])).accepted).toBe(true);
}

test("R40 10,000 flipped bits over every kind of file are each refused before the first octet", async () => {
  const kinds = [
    ...[...packageOf(SIP_8_12)].map(([name, octets]) => ["cisco-7940", SIP_8_12.load, name, octets] as const),
    ...[...packageOf(JAVA_NEW)].map(([name, octets]) => ["cisco-java", JAVA_NEW.load, name, octets] as const),
  ];
  await importAll(packageOf(SIP_8_12));
  rmSync(join(folder, "source"), { recursive: true });
  await importAll(packageOf(JAVA_NEW));
  let refused = 0;
  let state = 40;
  for (let trial = 0; trial < 10_000; trial++) {
    const [family, load, name, octets] = kinds[trial % kinds.length]!;
    const path = objectOf(octets);
    state = (state * 48271) % 2147483647;
    flipBit(path, state % octets.length);
    if ((await vault.image(family, load, name)) === undefined) refused++;
    rmSync(path);
    writeFileSync(path, octets);
  }
  console.log(`R40: ${refused} of 10,000 refused`);
  expect(refused).toBe(10_000);
});

test("R41 1,000 files damaged while they are read give their own octets or an error", async () => {
  const files = packageOf(SIP_8_12);
  await importAll(files);
  const octets = files.get("P0S3-8-12-00.sb2")!;
  const outcome = await damageWhileReading(vaultFolder, objectOf(octets), octets, 1000);
  console.log(`R41: ${JSON.stringify(outcome)}`);
  expect(outcome.wrong).toBe(0);
  expect(outcome.errors).toBeGreaterThan(200);
});

test("R52 100,000 made-up names open nothing outside the root", async () => {
  const root = join(folder, "tftpboot");
  mkdirSync(join(root, "dir"), { recursive: true });
  writeFileSync(join(root, "dir", "in.txt"), "inside");
  writeFileSync(join(folder, "secret"), "outside");
  const site = await openSiteFiles(root);
  const parts = [
    "..",
    ".",
    "",
    "dir",
    "in.txt",
    "secret",
    "/",
    "\\",
    "\0",
    "%2e%2e",
    "C:",
    "etc",
    "passwd",
    "\ud800",
    "IN.TXT",
  ];
  let state = 52;
  let served = 0;
  for (let trial = 0; trial < 100_000; trial++) {
    let name = "";
    for (let part = 0; part < 1 + (trial % 5); part++) {
      state = (state * 48271) % 2147483647;
      name += `${parts[state % parts.length]}${["/", "\\", "//", ""][(state >> 8) % 4]}`;
    }
    const image = await site.find(name);
    if (image === undefined) continue;
    served++;
    expect(Buffer.from(await image.read(0, 100)).toString(), name).toBe("inside");
    await image.close();
  }
  console.log(`R52: 100,000 names, ${served} of them the file inside, none outside`);
  expect(served).toBeGreaterThan(0);
});

test("R53 an import of 400 MiB stays under 150 MiB of memory", async () => {
  const source = join(folder, "source");
  mkdirSync(source);
  const image = openSync(join(source, "P003-8-12-00.bin"), "w");
  ftruncateSync(image, 400 * 2 ** 20);
  closeSync(image);
  const importer = compiled(join(import.meta.dirname, "..", "files", "importer.process.ts"));
  const said = execFileSync(process.execPath, [importer.script, vaultFolder, source], { encoding: "utf8" });
  rmSync(importer.folder, { recursive: true });
  expect(said).toContain("accepted");
  const kilobytes = Number(/peak (\d+) KiB/.exec(said)?.[1]);
  console.log(`R53: 400 MiB imported with at most ${Math.round(kilobytes / 1024)} MiB of memory`);
  expect(kilobytes).toBeLessThan(150 * 1024);
});
