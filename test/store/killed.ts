import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { compiled } from "../compiled.ts";
import { MAC_A } from "./records.ts";

/**
 * Starts writers one after the other on one database and kills each with SIGKILL `wait()` milliseconds after it first
 * acknowledged; after each kill everything acknowledged must be there, and every migration with the history line that
 * was written with it. Returns how many writes were acknowledged.
 */
export async function killWriters(folder: string, kills: number, wait: () => number): Promise<number> {
  const writer = compiled(join(import.meta.dirname, "writer.process.ts"));
  const path = join(folder, "provision.db");
  let last = -1;
  for (let kill = 0; kill < kills; kill++) {
    const acknowledged = await writeUntilKilled(writer.script, path, last + 1, wait());
    last = Math.max(last, ...acknowledged);
    const store = await openSqliteStore(path);
    const leases = new Set((await store.leases()).map((lease) => lease.ip as string));
    const entered = (await store.history(MAC_A)).map((entry) => entry.at);
    const lines = new Set(entered);
    const progress = (await store.migration(MAC_A))?.progress;
    await store.close();
    for (const number of acknowledged) {
      expect(leases).toContain(`10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`);
      expect(lines).toContain(number);
    }
    expect(lines.size, "no line twice").toBe(entered.length);
    expect(progress, "the stage is the one of its last line").toEqual({ at: "waiting", stage: entered.at(-1) });
    last = Math.max(last, ...lines);
  }
  rmSync(writer.folder, { recursive: true });
  return last + 1;
}

function writeUntilKilled(script: string, path: string, first: number, wait: number): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, path, String(first)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let errors = "";
    child.stdout.on("data", (piece) => {
      if (out === "") setTimeout(() => child.kill("SIGKILL"), wait);
      out += String(piece);
    });
    child.stderr.on("data", (piece) => {
      errors += String(piece);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (signal !== "SIGKILL") reject(new Error(`the writer ended by itself (${code}): ${errors}`));
      // A number cut in two by the kill was not acknowledged.
      else resolve(out.slice(0, out.lastIndexOf("\n")).split("\n").map(Number));
    });
  });
}
