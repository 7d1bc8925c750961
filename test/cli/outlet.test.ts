import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compiled } from "../compiled.ts";

let program: ReturnType<typeof compiled>;
let home: string;

beforeAll(() => {
  program = compiled(resolve(import.meta.dirname, "../../src/main.ts"));
  home = mkdtempSync(join(tmpdir(), "provision-outlet-"));
});

afterAll(() => {
  for (const folder of [program.folder, home]) rmSync(folder, { recursive: true });
});

/** A line for bash in which `provision` is this program. */
function shell(line: string): { status: number | null; stdout: string; stderr: string } {
  const words = `provision() { "${process.execPath}" "${program.script}" "$@"; }; ${line}`;
  return spawnSync("bash", ["-c", words], { cwd: home, encoding: "utf8", timeout: 30_000 });
}

const long = "provision manifests edges 7960";

test("an answer that does not fit on the disk ends with 1 and E_OUTPUT, be it cut within one write", () => {
  // What is beyond the limit is not written (EFBIG): a full disk for one process, without root.
  const cut = shell(`trap "" XFSZ; ulimit -f 8; ${long} > edges.txt`);
  expect([cut.status, cut.stderr]).toEqual([1, expect.stringContaining("(E_OUTPUT)")]);
  const full = shell("provision init > /dev/full");
  expect([full.status, full.stderr]).toEqual([1, expect.stringContaining("not all of it could be written (ENOSPC)")]);
});

test("a file and a pipe receive the same whole answer", () => {
  const { status, stdout } = shell(`${long} > edges.txt && ${long}`);
  expect(status).toBe(0);
  expect(stdout.length).toBeGreaterThan(10_000);
  expect(readFileSync(join(home, "edges.txt"), "utf8")).toBe(stdout);
});

test("a reader that leaves early ends the command in silence", () => {
  const left = shell(`${long} | (exec <&-; sleep 0.5); echo "\${PIPESTATUS[0]}"`);
  expect([left.stdout, left.stderr]).toEqual(["0\n", ""]);
});
