import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const unit = fileURLToPath(new URL("../../examples/provision.service", import.meta.url));
let folder: string;
let here: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "provision-unit-"));
  // systemd looks whether the program is there; it may be installed elsewhere.
  here = join(folder, "provision.service");
  writeFileSync(here, readFileSync(unit, "utf8").replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));
});

afterAll(() => rmSync(folder, { recursive: true }));

test("S70 systemd finds nothing unknown in examples/provision.service", () => {
  const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", here], { encoding: "utf8" });
  expect([status, `${stdout}${stderr}`.split("\n").filter((line) => line.includes("provision.service"))]).toEqual([
    0,
    [],
  ]);
});

test("S70 systemd rates its exposure at 2.0 or less", () => {
  const words = ["security", "--offline=true", "--no-pager", "--threshold=20", here];
  const report = execFileSync("systemd-analyze", words, { encoding: "utf8" });
  expect(Number(/exposure level for .*: ([\d.]+)/.exec(report)?.[1])).toBeLessThanOrEqual(2);
});
