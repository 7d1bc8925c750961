// The DHCP service on loopback, to be killed, flooded and starved of its disk:
//   node dhcp-served.mjs BUILT DATABASE [LAST [RESERVED]]
// LAST ends its pool, RESERVED is a JSON list of reservations. Prints its port when it answers, then what it would log.
import { join } from "node:path";

const [, , built, database, last = "127.1.255.254", reserved = "[]"] = process.argv;
const load = (path) => import(join(built, path));
const { createDhcpDesk } = await load("provision/answer-dhcp.js");
const { DHCP_DEFAULTS } = await load("dhcp/settings.js");
const { startDhcp } = await load("net/dhcp-listener.js");
const { openSqliteStore } = await load("store/sqlite.js");

const settings = {
  ...DHCP_DEFAULTS,
  answer: "everyone",
  authoritative: true,
  serverAddress: "127.0.0.1",
  boot: { server: "127.0.0.1", moreServers: [], ntp: [], vendorSpecific: {} },
  subnets: [
    {
      subnet: { network: "127.0.0.0", prefix: 8 },
      pools: [{ first: "127.1.0.1", last }],
      dns: [],
      leaseTime: 3600,
      reservations: JSON.parse(reserved),
    },
  ],
};
const store = await openSqliteStore(database);
const desk = await createDhcpDesk(settings, store, { ports: { server: 67, client: 68 }, random: Math.random });
const service = await startDhcp({
  desk,
  address: "127.0.0.1",
  port: 0,
  replyToSender: true,
  now: Date.now,
  note: (note) => process.stdout.write(`${JSON.stringify(note)}\n`),
});
process.stdout.write(`${service.port}\n`);
