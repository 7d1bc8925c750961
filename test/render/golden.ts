import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";

const ROOT = join(import.meta.dirname, "../golden/files");

/** Compares with `test/golden/files/<name>`; rewrites it only where UPDATE_GOLDEN=1 asks for it. */
export function expectGolden(name: string, octets: Uint8Array): void {
  const path = join(ROOT, name);
  if (process.env.UPDATE_GOLDEN === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, octets);
  }
  if (!existsSync(path)) throw new Error(`${path} is missing; UPDATE_GOLDEN=1 writes it`);
  expect(new TextDecoder().decode(octets)).toBe(readFileSync(path, "utf8"));
}
