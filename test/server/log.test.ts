import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, describe, expect, it } from "vitest";
import { compiled } from "../compiled.ts";

const { script, folder } = compiled(join(import.meta.dirname, "log.process.ts"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function logging(lines: number, linger?: number) {
  const child = spawn(process.execPath, [script, String(lines), ...(linger === undefined ? [] : [String(linger)])]);
  const ended = new Promise<number | null>((resolve) => child.on("exit", (code) => resolve(code)));
  return { child, ended };
}

const numbers = (log: string) =>
  log
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Number(/line (\d+)/.exec((JSON.parse(line) as { detail: string }).detail)?.[1]));

describe("the log on standard error", () => {
  it("has every line, in order, of a service that ends by itself", async () => {
    const { child, ended } = logging(5_050);
    const log = await text(child.stderr);
    expect(await ended).toBe(0);
    expect(numbers(log)).toEqual(Array.from({ length: 5_050 }, (_, n) => n));
  });

  it("has them all where its reader is late and the pipe is full when the service ends", async () => {
    const { child, ended } = logging(5_050);
    child.stderr.pause();
    await new Promise((later) => setTimeout(later, 600));
    const log = await text(child.stderr);
    expect(await ended).toBe(0);
    expect(numbers(log)).toEqual(Array.from({ length: 5_050 }, (_, n) => n));
  });

  it("keeps nobody from his work when its reader has gone", async () => {
    const { child, ended } = logging(20_000);
    child.stderr.destroy();
    expect(await text(child.stdout)).toBe("alive\n");
    expect(await ended).toBe(0);
  });

  it("waits in bounds for a reader who is slow, and breaks no line", async () => {
    const { child, ended } = logging(60_000, 3_000);
    child.stderr.pause();
    await new Promise((later) => setTimeout(later, 1_000));
    const log = await text(child.stderr);
    expect(await ended).toBe(0);
    const got = numbers(log);
    expect(got.length).toBeGreaterThan(100);
    expect(got).toEqual([...got].sort((a, b) => a - b));
  });
});
