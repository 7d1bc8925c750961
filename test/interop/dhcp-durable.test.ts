import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { clientsOf, compiledService, served } from "../gate/dhcp-clients.ts";
import { stranger } from "../provision/dhcp-world.ts";

const CLIENTS = 40;
let service: ReturnType<typeof compiledService>;
beforeAll(() => {
  service = compiledService();
});
afterAll(() => service.remove());

// As strace -xx writes octets: option 53 with the value 5, and the end of the name of the write-ahead log.
const ACK = "\\x35\\x01\\x05";
const WAL = "\\x2d\\x77\\x61\\x6c>";

/**
 * What strace -f -y saw of a service with one client at a time: how many ACKs left, and how many of them before a sync,
 * begun after the last write to the write-ahead log, had ended well.
 */
function acknowledgements(trace: string): { readonly sent: number; readonly early: number } {
  let written = false;
  let stored = false;
  let syncing = "";
  let [sent, early] = [0, 0];
  for (const line of trace.split("\n")) {
    const [pid = "", call = ""] = line.split(/\s+(.*)/);
    if (call.startsWith("pwrite64(") && call.includes(WAL)) [written, stored] = [true, false];
    else if (call.startsWith("fdatasync(") && call.includes(WAL)) {
      syncing = pid;
      stored = written && / = 0$/.test(call);
    } else if (call.startsWith("<... fdatasync resumed>") && pid === syncing) stored = written && / = 0$/.test(call);
    else if (/^send(to|msg|mmsg)\(/.test(call) && call.includes(ACK)) {
      sent++;
      if (!stored) early++;
      [written, stored] = [false, false];
    }
  }
  return { sent, early };
}

test("D081 on the wire and on the disk: no ACK leaves before the sync of its lease has ended", async () => {
  expect(spawnSync("which", ["strace"]).status, "strace is missing: apt-get install strace").toBe(0);
  const database = join(service.folder, "durable.db");
  await (await openSqliteStore(database)).close();
  const trace = join(service.folder, "trace");
  const calls = "trace=pwrite64,fdatasync,sendto,sendmsg,sendmmsg";
  const { child, port } = await served(service.built, database, {
    through: ["strace", "-D", "-f", "-y", "-qq", "-xx", "-s", "600", "-o", trace, "-e", calls],
  });
  const clients = await clientsOf(port);
  for (let n = 1; n <= CLIENTS; n++) expect(await clients.dora(stranger(n), 5000)).toBeDefined();
  child.kill("SIGKILL");
  await once(child, "close");
  clients.close();
  const seen = readFileSync(trace, "utf8");
  expect(acknowledgements(seen)).toEqual({ sent: CLIENTS, early: 0 });
  // The same trace of a service that does not wait, or syncs nothing.
  const lines = seen.split("\n");
  expect(acknowledgements(lines.filter((line) => !line.includes("fdatasync")).join("\n")).early).toBe(CLIENTS);
  const failing = seen.replace(/(fdatasync.*) = 0$/gm, "$1 = -1 EIO (Input/output error)");
  expect(acknowledgements(failing).early).toBe(CLIENTS);
});
