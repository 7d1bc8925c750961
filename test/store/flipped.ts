import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Mac } from "../../src/wire/address.ts";
import { leaseOf, MAC_A, migrationOf, phoneOf } from "./records.ts";

/**
 * Flips one bit of a database, opens it and reads everything, `trials` times. What is read must be what was written.
 * Counts the trials that were refused at the start, found on reading, or changed nothing that is read.
 */
export async function flipBits(
  folder: string,
  trials: number,
): Promise<{ refused: number; found: number; harmless: number }> {
  const path = join(folder, "flipped.db");
  const store = await openSqliteStore(path);
  await store.putPhones(
    Array.from({ length: 40 }, (_, i) => phoneOf(`0004f2aabb${(i + 16).toString(16)}` as Mac, `${i}`)),
  );
  for (let i = 0; i < 60; i++) await store.putLease(leaseOf(`192.0.2.${i}`));
  await store.putMigration(migrationOf(MAC_A, 1), [{ at: 1, mac: MAC_A, event: "e", detail: "d" }]);
  const good = [await store.phones(), await store.leases(), await store.migrations(), await store.history(MAC_A)];
  await store.close();
  const octets = readFileSync(path);
  const outcomes = { refused: 0, found: 0, harmless: 0 };
  let state = 12345;
  for (let trial = 0; trial < trials; trial++) {
    state = (state * 48271) % 2147483647;
    const damaged = Buffer.from(octets);
    // The first page holds the header and the schema: every second trial hits it.
    const at = state % (trial % 2 === 0 ? 4096 : octets.length);
    damaged[at] = (damaged[at] as number) ^ (1 << (state % 8));
    writeFileSync(path, damaged);
    const again = await openSqliteStore(path).catch((error: Error) => {
      expect(error.name).toBe("StoreError");
    });
    if (again === undefined) {
      outcomes.refused++;
      continue;
    }
    const read = await Promise.allSettled([again.phones(), again.leases(), again.migrations(), again.history(MAC_A)]);
    for (const [i, one] of read.entries()) {
      if (one.status === "fulfilled") expect(one.value, `octet ${at}`).toEqual(good[i]);
    }
    outcomes[read.every((one) => one.status === "fulfilled") ? "harmless" : "found"]++;
    await again.close();
  }
  return outcomes;
}
