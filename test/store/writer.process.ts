import { openSqliteStore } from "../../src/store/sqlite.ts";
import { leaseOf, MAC_A, migrationOf } from "./records.ts";

/**
 * A process to be killed: writes leases, stages and history as fast as it can, and prints the number of each round only
 * after all three of it were acknowledged. Arguments: the database, the first number.
 */
const [path = "", first = "0"] = process.argv.slice(2);
const store = await openSqliteStore(path);
for (let round = Number(first); ; round += 8) {
  await Promise.all(
    Array.from({ length: 8 }, async (_, i) => {
      const number = round + i;
      await Promise.all([
        store.putLease(leaseOf(`10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`)),
        store.putMigration(migrationOf(MAC_A, number), [
          { at: number, mac: MAC_A, event: "stage.entered", detail: "" },
        ]),
      ]);
      process.stdout.write(`${number}\n`);
    }),
  );
}
