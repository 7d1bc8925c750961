import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { stopButton } from "../boot/fleet-stop.ts";

test("R46: the stop button ends new starts within a second; 1,000 of 1,000 phones that are writing flash are served to the end, over a restart of the server", async () => {
  const folder = mkdtempSync(join(tmpdir(), "provision-stop-"));
  const store = await openSqliteStore(join(folder, "provision.db"));
  try {
    const { milliseconds, newStarts, finished } = await stopButton({ writing: 1_000, waiting: 1_000, store });
    expect(milliseconds).toBeLessThan(1_000);
    expect(newStarts).toBe(0);
    expect(finished).toBe(1_000);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
