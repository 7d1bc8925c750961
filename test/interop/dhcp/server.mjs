// The DHCP service alone, from compiled sources, for a network namespace: node server.mjs <built> <settings.json>
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [, , built, file] = process.argv;
const load = (path) => import(join(built, path));
const { createDhcpDesk } = await load("provision/answer-dhcp.js");
const { DHCP_DEFAULTS } = await load("dhcp/settings.js");
const { startDhcp } = await load("net/dhcp-listener.js");
const { createDhcpProbe } = await load("net/dhcp-probe.js");
const { openSqliteStore } = await load("store/sqlite.js");

const { database, interface: device, probe, ...given } = JSON.parse(readFileSync(file, "utf8"));
const settings = { ...DHCP_DEFAULTS, ...given };
const store = await openSqliteStore(database);
const desk = await createDhcpDesk(settings, store, {
  ports: { server: 67, client: 68 },
  random: Math.random,
  ...(probe
    ? { probe: createDhcpProbe({ from: settings.serverAddress, elapsed: () => performance.now(), interface: device }) }
    : {}),
});
const service = await startDhcp({
  desk,
  address: settings.serverAddress,
  port: 67,
  interface: device,
  now: Date.now,
  note: (note) => process.stdout.write(`${JSON.stringify(note)}\n`),
});
process.stdout.write('{"event":"ready"}\n');
process.on("SIGUSR2", () =>
  process.stdout.write(
    `${JSON.stringify({ event: "usage", ...process.cpuUsage(), rss: process.memoryUsage().rss })}\n`,
  ),
);
process.on("SIGTERM", async () => {
  await service.stop();
  await store.close();
  process.exit(0);
});
