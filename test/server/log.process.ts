import { createLog, standardError } from "../../src/server/log.ts";

// Logs so many lines, some in each turn of the event loop, then says on standard output that it lives, and ends.
const lines = Number(process.argv[2]);
const log = createLog("info", standardError());
for (let n = 0; n < lines; n++) {
  log.note({ event: "transfer.done", detail: `line ${n}` });
  if (n % 100 === 99) await new Promise((later) => setImmediate(later));
}
process.stdout.write("alive\n");
if (process.argv[3] !== undefined) await new Promise((later) => setTimeout(later, Number(process.argv[3])));
