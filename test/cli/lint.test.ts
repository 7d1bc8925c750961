import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHome, play } from "./stage.ts";

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "lint-cli-"));
});

afterEach(() => {
  rmSync(home, { recursive: true });
});

test("lint prints place, code and fix, and exits 1", async () => {
  writeFileSync(join(home, "OS79XX.TXT"), "P0S30203.bin");
  const { exit, out } = await play(home, "lint .");
  expect(exit).toBe(1);
  expect(out).toContain("OS79XX.TXT:1: error os79xx-extension: ");
});

test("lint --json is one document in the shape of the contract", async () => {
  writeFileSync(join(home, "OS79XX.TXT"), "P0S30203.bin");
  const { exit, out } = await play(home, "lint OS79XX.TXT --json");
  expect(exit).toBe(1);
  const { findings } = JSON.parse(out);
  expect(Object.keys(findings[0])).toEqual(["file", "line", "severity", "code", "message", "fix"]);
});

test("lint of sound files exits 0, of a path that is not there 2", async () => {
  writeFileSync(join(home, "OS79XX.TXT"), "P0S30203");
  expect((await play(home, "lint .")).exit).toBe(0);
  expect((await play(home, "lint nowhere")).exit).toBe(2);
});

test("ata compile and decompile are each other's reverse, with and without a key", async () => {
  writeFileSync(join(home, "key"), "0123456789abcdef\n");
  writeFileSync(join(home, "in.txt"), "#txt\nUseTftp:1\nPWD0:secret\n");
  for (const key of ["", " --key-file key"]) {
    expect((await play(home, `ata compile in.txt -o out.cfg${key}`)).exit).toBe(0);
    const { exit, out } = await play(home, `ata decompile out.cfg${key}`);
    expect([exit, out]).toEqual([0, "#txt\nUseTftp:1\nPWD0:secret\n"]);
  }
  expect(readFileSync(join(home, "out.cfg"), "latin1")).not.toContain("secret");
});

test("ata names the line that cannot be compiled, and a file that is no profile", async () => {
  writeFileSync(join(home, "in.txt"), "#txt\nNoSuch:1\n");
  const bad = await play(home, "ata compile in.txt");
  expect([bad.exit, bad.err]).toEqual([1, expect.stringContaining("in.txt:2")]);
  expect((await play(home, "ata decompile in.txt")).exit).toBe(2);
  expect((await play(home, "ata compile nowhere")).exit).toBe(2);
});

test("render --explain says for each setting who set it", async () => {
  const own = createHome();
  try {
    await play(own, "phones add --mac 000E84C060A6 --model 7960 --line 1001 --set voicemail=8500");
    const { exit, out } = await play(own, "render SIPDefault.cnf --mac 000E84C060A6 --explain");
    expect(exit).toBe(0);
    expect(out).toMatch(/^voicemail +8500 +phone/m);
    expect(out).toMatch(/^time_zone +\S+ +site/m);
    const { json } = await play(own, "render SIPDefault.cnf --mac 000E84C060A6 --explain --json");
    expect((json() as { settings: unknown[] }).settings.length).toBeGreaterThan(1);
  } finally {
    rmSync(own, { recursive: true });
  }
});

test("phones gather prints an inventory, with passwords only when asked", async () => {
  writeFileSync(join(home, "SIP000E84C060A6.cnf"), "line1_name: 201\nline1_password: secret\n");
  const { exit, out, err } = await play(home, "phones gather .");
  expect([exit, out]).toEqual([0, "mac,line1\r\n000e84c060a6,201\r\n"]);
  expect(err).toContain("1 phone.");
  expect((await play(home, "phones gather . --passwords")).out).toContain("secret");
});

test("phones gather says why it found no phone", async () => {
  writeFileSync(join(home, "notes.txt"), "line1_name: 201\n");
  const { exit, out, err } = await play(home, "phones gather .");
  expect([exit, out]).toEqual([1, ""]);
  expect(err).toContain("E_NO_PHONES");
  expect(err).toContain("none of 1 file describes a phone");
  expect(err).toContain("SIP<MAC>.cnf");
});
