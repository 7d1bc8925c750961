import { openSqliteStore } from "../../src/store/sqlite.ts";
import { leaseOf } from "./records.ts";

/**
 * A process on a disk that is nearly full: renews twenty leases over and over, then asks for many new ones. Prints how
 * many of each were acknowledged, how many are there, and why others were not.
 */
const store = await openSqliteStore(process.argv[2] ?? "");
const codes = new Set<string>();

async function put(numbers: readonly number[]): Promise<number> {
  const outcomes = await Promise.allSettled(
    numbers.map((n) => store.putLease(leaseOf(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`))),
  );
  for (const one of outcomes) if (one.status === "rejected") codes.add((one.reason as { code: string }).code);
  return outcomes.filter((one) => one.status === "fulfilled").length;
}

const known = Array.from({ length: 20 }, (_, i) => i);
let renewed = 0;
for (let round = 0; round < 100; round++) renewed += await put(known);
const fresh = await put(Array.from({ length: 4000 }, (_, i) => i + 1000));
const stored = (await store.leases()).length;
process.stdout.write(JSON.stringify({ renewed, fresh, stored, codes: [...codes] }));
