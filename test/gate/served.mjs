// A real service in a process of its own, for tests that kill it. Speaks on loopback alone, on the ports it is given.
import { join } from "node:path";
import { quickened, systemClock } from "../../dist/net/clock.js";
import { createLog } from "../../dist/server/log.js";
import { start } from "../../dist/server/start.js";
import { parseIpv4, parseSubnet } from "../../dist/wire/address.js";

const [folder, network, tftpPort, dhcpPort, speed, began, level = "error"] = process.argv.slice(2);
const serverAddress = parseIpv4(`${network}.0.1`);
const subnet = parseSubnet(`${network}.0.0/16`);
const config = {
  site: {
    name: "killed",
    serverAddress,
    timeZone: "UTC",
    ntp: [serverAddress],
    sip: { proxy: serverAddress, port: 5060, transport: "udp" },
    sccp: { callManagers: [serverAddress], port: 2000 },
  },
  data: join(folder, "var"),
  tftp: { listen: serverAddress, port: Number(tftpPort), root: join(folder, "tftpboot") },
  dhcp: {
    enabled: true,
    answer: "everyone",
    subnets: [
      {
        subnet,
        pool: [{ first: parseIpv4(`${network}.1.0`), last: parseIpv4(`${network}.127.255`) }],
        dns: [],
        leaseTime: 3600,
        reservations: [],
      },
    ],
  },
  http: { listen: serverAddress, port: 0 },
  access: { allow: [subnet], shared: [] },
  groups: [],
  fleet: {},
  migrations: [],
  restart: { sip: false, port: 5060 },
  log: { level },
};
const now = () => Math.round(Number(began) + (Date.now() - Number(began)) * Number(speed));
const log = createLog(level, process.stderr);
// As a rehearsal lives (server/rehearsal.ts), though its date goes on where the server that was killed had come to.
const clock = { ...quickened(systemClock, Number(speed), Math.min(Number(speed), 10)), now };
await start(config, log, { dhcpPort: Number(dhcpPort), loopback: true, clock, tick: 250 });
process.send({ ready: true });
