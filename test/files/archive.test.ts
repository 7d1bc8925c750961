import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readArchive } from "../../src/files/archive.ts";
import { ImportRefused } from "../../src/files/refusal.ts";
import { openVault } from "../../src/files/vault.ts";
import { octetsOf, writeZip } from "../synthetic-firmware.ts";
import { HOSTILE_ARCHIVES } from "./hostile-archives.ts";
import { KNOWN } from "./known-releases.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "provision-archive-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function contentOf(path: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for await (const entry of readArchive(path)) {
    const pieces: Uint8Array[] = [];
    for await (const piece of entry.octets()) pieces.push(piece);
    files.set(entry.path, Buffer.concat(pieces));
  }
  return files;
}

test("an ordinary zip gives its files, folders in their names", async () => {
  const files = new Map([
    ["readme.txt", Buffer.from("hello")],
    ["dir/a.bin", Buffer.from(octetsOf("a", 300_000))],
    ["dir/empty", Buffer.alloc(0)],
  ]);
  await writeZip(join(folder, "a.zip"), files);
  expect(await contentOf(join(folder, "a.zip"))).toEqual(files);
});

test.each(HOSTILE_ARCHIVES.map((one) => [one.told, one] as const))(
  "S40 S41 R53 a zip with %s is not taken in",
  async (_, hostile) => {
    const zip = join(folder, "hostile.zip");
    writeFileSync(zip, hostile.octets);
    const vault = await openVault(join(folder, "vault"), KNOWN);
    const report = await vault.importFirmware([zip]);
    expect(report).toMatchObject({
      accepted: false,
      packages: [],
      findings: [{ severity: "error", code: hostile.code }],
    });
    const [finding] = report.findings;
    expect(finding!.place).toContain(zip);
    expect(finding!.remedy).not.toBe("");
    expect(`${finding!.place}${finding!.reason}`).not.toMatch(/[^ -~]/);
    expect(readdirSync(folder).sort()).toEqual(["hostile.zip", "vault"]);
    expect(readdirSync(join(folder, "vault"), { recursive: true })).toEqual(["incoming"]);
    expect(await vault.list()).toEqual({ packages: [] });
  },
);

test("S42 whatever is changed in a zip, it is read as it was or refused with a reason", async () => {
  const files = new Map([
    ["dir/a.bin", octetsOf("a", 3000)],
    ["b.txt", octetsOf("b", 10)],
  ]);
  const path = join(folder, "a.zip");
  await writeZip(path, files);
  const octets = readFileSync(path);
  const changes = fc.array(fc.tuple(fc.nat(octets.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(changes, fc.nat(40), async (list, cut) => {
      const damaged = Buffer.from(octets);
      for (const [at, value] of list) damaged[at] = value;
      writeFileSync(path, damaged.subarray(0, cut < 10 ? octets.length - cut : octets.length));
      try {
        for (const [name, content] of await contentOf(path)) {
          const original = files.get(name);
          if (original !== undefined) expect(Buffer.compare(content, original), name).toBe(0);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(ImportRefused);
      }
    }),
    { numRuns: 300 },
  );
});
