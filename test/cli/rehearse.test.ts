import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { play } from "./stage.ts";

afterEach(() => vi.unstubAllEnvs());

test("a rehearsal moves simulated phones over real UDP, and a phone beside them notices nothing", {
  timeout: 60_000,
}, async () => {
  const { exit, json } = await play("/", "rehearse --model 7960 --from P0S3-8-12-00 --to sccp --phones 2 --json");
  const outcome = json() as { phones: unknown[]; seconds: number };
  expect(outcome).toMatchObject({
    arrived: 2,
    target: "P0030801SR02",
    phones: [
      { arrived: true, runs: "P0030801SR02", state: "done" },
      { arrived: true, runs: "P0030801SR02", state: "done" },
    ],
    bystander: { runs: "P00303010102", untouched: true },
  });
  expect(exit).toBe(0);
});

test("an 8945 takes its files by HTTP from the real service, which ends its stage on that evidence", {
  timeout: 60_000,
}, async () => {
  const { exit, json } = await play("/", "rehearse --model 8945 --to sip --phones 1 --json");
  const outcome = json() as { datagrams: number };
  expect(outcome).toMatchObject({ from: "SIP894x.9-4-2SR2-2", arrived: 1, bystander: { untouched: true } });
  // Leases and "not found" alone: 30 MB of images would be 100,000 datagrams.
  expect(outcome.datagrams).toBeLessThan(500);
  expect(exit).toBe(0);
});

test("a rehearsal over a lossy link takes the server's timers along: the phones need minutes of their time, not hours", {
  timeout: 120_000,
}, async () => {
  const { exit, json } = await play("/", "rehearse --model 6961 --to sip --phones 1 --loss 0.05 --json");
  const outcome = json() as { minutes: number };
  expect(outcome).toMatchObject({ arrived: 1, loss: 0.05, bystander: { untouched: true } });
  expect(outcome.minutes).toBeLessThan(60);
  expect(exit).toBe(0);
});

test("a rehearsal that is interrupted says so and leaves no folder behind", { timeout: 60_000 }, async () => {
  const temporary = mkdtempSync(join(tmpdir(), "provision-interrupted-"));
  vi.stubEnv("TMPDIR", temporary);
  const begun = vi.waitFor(() => expect(readdirSync(temporary)).toHaveLength(1), { timeout: 20_000 });
  const { exit, err } = await play("/", "rehearse --model 7960 --to sip --phones 2", {
    signal: begun.then(() => "SIGINT"),
  });
  expect(err).toContain("E_INTERRUPTED");
  expect(err).toContain("SIGINT");
  expect(exit).toBe(1);
  expect(readdirSync(temporary)).toEqual([]);
});

test("a rehearsal of what the rules forbid ends with 3 before anything is started", async () => {
  const words = "rehearse --model 7960 --from P0S3-8-12-00 --to P0S30203";
  expect((await play("/", `${words} --json`)).json()).toMatchObject({
    noPath: { stoppedAt: { load: "P0S3-8-12-00" } },
  });
  const { exit, out } = await play("/", words);
  expect(exit).toBe(3);
  expect(out).toContain("There is no way");
});

test("a rehearsal needs a simulated phone of the model, and a load that it runs", async () => {
  expect((await play("/", "rehearse --model 7960 --to sip --from unknown")).exit).toBe(2);
  expect((await play("/", "rehearse --model 7960 --to sip --loss 0.9")).exit).toBe(2);
});

test("on a terminal a rehearsal draws bars, and says in the end who arrived", { timeout: 60_000 }, async () => {
  const { exit, out, err } = await play("/", "rehearse --model 7940 --from P0S3-8-12-00 --to P0030801SR02 --phones 1", {
    tty: true,
  });
  expect(err).toMatch(/00:0e:84:c0:00:00 {2}\[#+\.*\] 1\/1 (?:loading|restarting)/);
  expect(err).toContain("\u001b[2A\u001b[J");
  expect(out).toContain("1 of 1 phones arrived");
  expect(out).toContain("The way back:\n  - There is one, of one stage: SCCP 8.1(2)SR2 -> SIP 8.12.");
  expect(exit).toBe(0);
});
