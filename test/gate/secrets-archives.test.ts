import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { constants, crc32, deflateRawSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openVault } from "../../src/files/vault.ts";
import { archiveCorpus } from "../files/archive-corpus.ts";
import { KNOWN } from "../files/known-releases.ts";
import { rawZip } from "../synthetic-firmware.ts";

// S40, S41, R53: what archives can do to whoever unpacks them.

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder: string;

beforeAll(() => {
  execFileSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: "inherit" });
  folder = mkdtempSync(join(tmpdir(), "provision-archives-"));
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("S40 S41 R53 of 300 archives and more none leaves a file anywhere but in the vault, and each is refused that must be", async () => {
  const corpus = archiveCorpus();
  expect(corpus.length).toBeGreaterThanOrEqual(300);
  const cwd = readdirSync(".").sort();
  const passwd = readFileSync("/etc/passwd");
  const taken: string[] = [];
  for (const { told, octets, refused } of corpus) {
    const place = mkdtempSync(join(folder, "one-"));
    const zip = join(place, "some.zip");
    writeFileSync(zip, octets);
    const vault = await openVault(join(place, "vault"), KNOWN);
    const { accepted, findings } = await vault.importFirmware([zip]);
    if (refused) expect([told, accepted, findings.map(({ severity }) => severity)]).toEqual([told, false, ["error"]]);
    if (accepted) taken.push(told);
    expect([told, readdirSync(place).sort()]).toEqual([told, ["some.zip", "vault"]]);
    // Objects lie under their hash and nothing else; an index beside them.
    for (const entry of readdirSync(join(place, "vault"), { recursive: true, withFileTypes: true })) {
      expect([told, entry.isFile() || entry.isDirectory()]).toEqual([told, true]);
      if (!entry.isFile() || !/^[0-9a-f]{62,64}$/.test(entry.name)) continue;
      const hash = createHash("sha256")
        .update(readFileSync(join(entry.parentPath, entry.name)))
        .digest("hex");
      expect([told, hash.endsWith(entry.name)]).toEqual([told, true]);
    }
    rmSync(place, { recursive: true });
  }
  expect(existsSync("/tmp/provision-escaped")).toBe(false);
  expect(readdirSync(".").sort()).toEqual(cwd);
  expect(readFileSync("/etc/passwd").equals(passwd)).toBe(true);
  console.log(
    `archives: ${corpus.length}, ${taken.length} of the damaged ones still whole and taken in, 0 files outside`,
  );
});

const GOOD = "P0S3-8-12-00.sb2";

/** A deflate stream of `megabytes` of zeros, made of one flushed piece that is repeated. */
function zeros(megabytes: number): Buffer {
  const piece = deflateRawSync(Buffer.alloc(64 * 2 ** 20), { level: 9, finishFlush: constants.Z_FULL_FLUSH });
  const end = deflateRawSync(Buffer.alloc(0));
  return Buffer.concat([...Array.from({ length: megabytes / 64 }, () => piece), end]);
}

function zip(path: string, octets: Uint8Array): string {
  writeFileSync(path, octets);
  return path;
}

/** `count` entries in the directory of a zip64, whose number stands in its own record (APPNOTE.TXT 4.3.14). */
function manyEntries(path: string, count: number, told: number): string {
  const fd = openSync(path, "w");
  const one = rawZip([{ name: "f0000000", body: new Uint8Array() }], () => 0);
  const entry = Buffer.from(one.subarray(38, one.length - 22));
  const local = Buffer.from(one.subarray(0, 38));
  writeSync(fd, local);
  const block = Buffer.concat(Array.from({ length: 10_000 }, () => entry));
  for (let written = 0; written < count; written += 10_000) writeSync(fd, block);
  const size = entry.length * count;
  const end64 = Buffer.alloc(56);
  end64.write("PK\u0006\u0006", "latin1");
  end64.writeBigUInt64LE(44n, 4);
  end64.writeBigUInt64LE(BigInt(told), 24);
  end64.writeBigUInt64LE(BigInt(told), 32);
  end64.writeBigUInt64LE(BigInt(size), 40);
  end64.writeBigUInt64LE(BigInt(local.length), 48);
  const locator = Buffer.alloc(20);
  locator.write("PK\u0006\u0007", "latin1");
  locator.writeBigUInt64LE(BigInt(local.length + size), 8);
  locator.writeUInt32LE(1, 16);
  const end = Buffer.from(`PK\u0005\u0006${"\0".repeat(4)}${"\u00ff".repeat(12)}\0\0`, "latin1");
  writeSync(fd, Buffer.concat([end64, locator, end]));
  closeSync(fd);
  return path;
}

function tarWithClaim(octets: number): Buffer {
  const header = Buffer.alloc(512);
  header.write("huge.bin");
  header.write(octets.toString(8).padStart(11, "0"), 124);
  header.write("0", 156);
  header.write("ustar", 257);
  return Buffer.concat([header, Buffer.alloc(1024)]);
}

function sparse(path: string, octets: number): string {
  const fd = openSync(path, "w");
  ftruncateSync(fd, octets);
  closeSync(fd);
  return path;
}

test("S41 R53 bombs are refused within 150 MiB of memory", () => {
  const bomb = zeros(10_240);
  const entry = (more: object) =>
    rawZip([{ name: GOOD, body: bomb, method: 8, crc: 0, ...more } as never], (octets) => crc32(octets));
  const cases: readonly (readonly [told: string, make: (path: string) => string])[] = [
    ["10 GB of zeros that say so", (path) => zip(path, entry({ size: 0xfffffffe }))],
    ["10 GB of zeros that claim 400 MB", (path) => zip(path, entry({ size: 400 * 2 ** 20 }))],
    ["10 GB of zeros that claim 200 times their size", (path) => zip(path, entry({ size: bomb.length * 199 }))],
    ["10 GB of zeros that claim a megabyte", (path) => zip(path, entry({ size: 2 ** 20 }))],
    ["a million entries", (path) => manyEntries(path, 1_000_000, 1_000_000)],
    ["a million entries that claim to be ten", (path) => manyEntries(path, 1_000_000, 10)],
    [
      "a zip in a zip",
      (path) =>
        zip(
          path,
          rawZip([{ name: "42.zip", body: bomb }], (octets) => crc32(octets)),
        ),
    ],
    ["a gzip in a gzip", (path) => zip(path, gzipSync(gzipSync(Buffer.alloc(64 * 2 ** 20))))],
    ["a tar with a member of 8 GB", (path) => zip(path, tarWithClaim(8 * 2 ** 30 - 1))],
    ["a firmware file of 8 GB", (path) => sparse(join(path, "..", GOOD), 8 * 2 ** 30)],
    ["a zip of 8 GB of nothing", (path) => sparse(path, 8 * 2 ** 30)],
  ];
  const lines: string[] = [];
  for (const [told, make] of cases) {
    const place = mkdtempSync(join(folder, "bomb-"));
    mkdirSync(join(place, "data"));
    const path = make(join(place, "bomb.zip"));
    const out = execFileSync(process.execPath, [join(root, "test/gate/importing.mjs"), join(place, "data"), path], {
      encoding: "utf8",
      maxBuffer: 1e6,
    });
    const { accepted, codes, before, rss, ms } = JSON.parse(out);
    expect([told, accepted, codes.length]).toEqual([told, false, 1]);
    expect([told, rss < 150 * 2 ** 20, Math.round(rss / 2 ** 20)]).toEqual([told, true, Math.round(rss / 2 ** 20)]);
    expect([told, readdirSync(join(place, "data", "firmware", "incoming"))]).toEqual([told, []]);
    lines.push(
      `${told}: ${codes[0]}, ${Math.round(rss / 2 ** 20)} MiB (${Math.round(before / 2 ** 20)} before), ${Math.round(ms)} ms`,
    );
    rmSync(place, { recursive: true });
  }
  console.log(lines.join("\n"));
});
