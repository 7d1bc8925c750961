import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { interruptImports } from "./interrupted.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "provision-import-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("S43 an import that is killed leaves the package that was there and nothing half beside it", async () => {
  const counts = await interruptImports(folder, [{ killAfter: 0 }, { killAfter: 15 }, { killAfter: 40 }]);
  expect(counts.failed).toBe(0);
});

test("S43 R23 an import onto a full disk says so and leaves the vault as it was", async () => {
  const counts = await interruptImports(folder, [{ fileKilobytes: 0 }, { fileKilobytes: 300 }]);
  expect(counts).toEqual({ accepted: 0, failed: 2, killed: 0 });
});
