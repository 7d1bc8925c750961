import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Mac } from "../../src/wire/address.ts";
import { phoneOf } from "./records.ts";

/**
 * A process to be killed: takes the same phones in again and again, labelled with the number of the round, and prints
 * each number after it was acknowledged. Arguments: the database, the first number.
 */
const [path = "", first = "0"] = process.argv.slice(2);
const macs = Array.from({ length: 1000 }, (_, i) => (0x000e84c00000 + i).toString(16).padStart(12, "0") as Mac);
const store = await openSqliteStore(path);
for (let round = Number(first); ; round++) {
  await store.takePhones(macs, (mac) => phoneOf(mac, `${round}`));
  process.stdout.write(`${round}\n`);
}
