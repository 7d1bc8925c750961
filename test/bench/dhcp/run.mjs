// DORA per second, latency and CPU, side by side with Kea, isc-dhcpd and dnsmasq, leases on disk for all:
//   npm run bench:dhcp [-- --seconds 5 --rates 1000,2000,… --servers provision,kea,isc,dnsmasq]
// As root, with kea-admin, kea-dhcp4-server, isc-dhcp-server and dnsmasq-base installed. perfdhcp plays a relay.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    rates: { type: "string", default: "500,1000,2000,4000,6000,8000,12000,15000" },
    servers: { type: "string", default: "provision,provision-900,kea,isc,dnsmasq" },
    /** Drops that still count as clean, in percent. */
    clean: { type: "string", default: "0.1" },
    nice: { type: "string", default: "0" },
  },
});
const seconds = Number(values.seconds);
const rates = values.rates.split(",").map(Number);
const CLIENTS = 20_000;
const HERTZ = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
const PREFIX = "dhb";

if (process.getuid() !== 0) fail("run as root: network namespaces are made");
const needed = {
  perfdhcp: "kea-admin",
  "kea-dhcp4": "kea-dhcp4-server",
  "/usr/sbin/dhcpd": "isc-dhcp-server",
  dnsmasq: "dnsmasq-base",
};
const missing = Object.entries(needed).filter(([program]) => spawnSync("which", [program]).status !== 0);
if (missing.length > 0)
  fail(`missing ${missing.map(([p]) => p).join(", ")}: apt-get install ${missing.map(([, n]) => n).join(" ")}`);

const folder = mkdtempSync(join(tmpdir(), "dhcp-bench-"));
const file = (name, text) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const SERVERS = {
  provision: () => ours("10.1.249.0"),
  // A pool of 900 for as many clients: as fast as the large one, or picking an address costs too much.
  "provision-900": () => ours("10.1.3.132"),
  kea: () => ({
    command: ["kea-dhcp4", "-c", file("kea.json", JSON.stringify({ Dhcp4: keaConfig() }))],
    env: { KEA_LOCKFILE_DIR: folder, KEA_PIDFILE_DIR: folder },
  }),
  isc: () => {
    file("isc.leases", "");
    const conf = file(
      "isc.conf",
      "ping-check false; authoritative; default-lease-time 3600; max-lease-time 3600;\n" +
        "subnet 10.0.0.0 netmask 255.0.0.0 { range 10.1.0.1 10.1.249.0; option routers 10.0.0.2; }\n",
    );
    return {
      command: [
        "/usr/sbin/dhcpd",
        "-4",
        "-f",
        "-q",
        "-cf",
        conf,
        "-lf",
        join(folder, "isc.leases"),
        "-pf",
        join(folder, "isc.pid"),
        "eth0",
      ],
    };
  },
  dnsmasq: () => ({
    command: [
      "dnsmasq",
      "-k",
      "-p",
      "0",
      "-u",
      "root",
      "--interface=eth0",
      "--bind-dynamic",
      "--no-ping",
      "--dhcp-authoritative",
      "--dhcp-lease-max=70000",
      "--dhcp-range=10.1.0.1,10.1.249.0,255.0.0.0,1h",
      `--dhcp-leasefile=${join(folder, "dnsmasq.leases")}`,
      "--log-facility=/dev/null",
      "--quiet-dhcp",
    ],
  }),
};

try {
  networkUp();
  const rows = [];
  for (const name of values.servers.split(",")) rows.push(await measure(name));
  process.stdout.write(`\n${seconds} s a run, ${CLIENTS} clients; clean: at most ${values.clean} % dropped\n`);
  process.stdout.write(
    "| server | highest clean DORA/s | OFFER ms | ACK ms | µs CPU per DORA |\n|---|---|---|---|---|\n",
  );
  for (const row of rows)
    process.stdout.write(`| ${row.name} | ${row.rate} | ${row.offer} | ${row.ack} | ${row.cpu} |\n`);
  const [us, kea] = ["provision", "kea"].map((name) => rows.find((row) => row.name === name));
  if (us && kea)
    process.stdout.write(
      `\nprovision : Kea = ${(us.rate / kea.rate).toFixed(2)} in DORA/s, ${(us.cpu / kea.cpu).toFixed(2)} in CPU\n`,
    );
} finally {
  networkDown();
  rmSync(folder, { recursive: true });
}

async function measure(name) {
  let best = { name, rate: 0, offer: "-", ack: "-", cpu: "-" };
  let misses = 0;
  const clients = name === "provision-900" ? 850 : CLIENTS;
  for (const rate of rates) {
    const server = await start(name);
    try {
      dora(Math.min(rate, 1000), 2, clients);
      const before = cpuOf(server.pid);
      const result = dora(rate, seconds, clients);
      const cpu = Math.round(((cpuOf(server.pid) - before) / result.done) * 1e6);
      process.stdout.write(
        `${name} ${rate}/s: ${result.dropped.toFixed(3)} % dropped, OFFER ${result.offer} ms, ACK ${result.ack} ms, ${cpu} µs\n`,
      );
      if (result.dropped <= Number(values.clean)) {
        best = { name, rate, offer: result.offer, ack: result.ack, cpu };
        misses = 0;
      } else if (++misses === 2) break;
    } finally {
      await server.stop();
    }
  }
  return best;
}

/** A tail of one second is not counted by perfdhcp's own "rate": the offered rate and the drops are. */
function dora(rate, period, clients) {
  const { stdout } = spawnSync(
    "nice",
    [
      "-n",
      values.nice,
      "ip",
      "netns",
      "exec",
      `${PREFIX}cli`,
      "perfdhcp",
      "-4",
      "-r",
      `${rate}`,
      "-p",
      `${period}`,
      "-R",
      `${clients}`,
      "-W",
      "300000",
      "10.0.0.1",
    ],
    { encoding: "utf8" },
  );
  const numbers = (what) =>
    [...stdout.matchAll(new RegExp(`^${what}: ([0-9.]+)`, "gm"))].map((match) => Number(match[1]));
  const [sentD, sentR] = numbers("sent packets");
  const [droppedD, droppedR] = numbers("drops");
  const [offer, ack] = numbers("avg delay");
  const done = numbers("received packets")[1];
  return { dropped: (100 * (droppedD + droppedR)) / (sentD + sentR), offer, ack, done };
}

async function start(name) {
  rmSync(join(folder, "leases"), { recursive: true, force: true });
  mkdirSync(join(folder, "leases"));
  const { command, env = {}, ready } = SERVERS[name]();
  const child = spawn("nice", ["-n", values.nice, "ip", "netns", "exec", `${PREFIX}srv`, ...command], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((done) => {
    const timer = setTimeout(done, ready === undefined ? 2000 : 10_000);
    child.stdout.on("data", (text) => {
      if (ready?.test(text)) {
        clearTimeout(timer);
        done();
      }
    });
  });
  if (child.exitCode !== null) fail(`${name} did not start`);
  const stop = () =>
    new Promise((done) => {
      child.on("close", done);
      child.kill("SIGKILL");
    });
  return { pid: child.pid, stop };
}

function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / HERTZ;
}

function ours(last) {
  const built = join(folder, "built");
  execFileSync("npx", ["tsc", "-p", "tsconfig.build.json", "--outDir", built, "--noCheck"], { stdio: "pipe" });
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  try {
    symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  } catch {
    // From the run before.
  }
  const subnet = {
    subnet: { network: "10.0.0.0", prefix: 8 },
    pools: [{ first: "10.1.0.1", last }],
    router: "10.0.0.2",
    dns: [],
    leaseTime: 3600,
    reservations: [],
  };
  const settings = {
    database: join(folder, "leases", "provision.db"),
    interface: "eth0",
    probe: false,
    answer: "everyone",
    authoritative: true,
    serverAddress: "10.0.0.1",
    boot: { server: "10.0.0.1", moreServers: [], ntp: [], vendorSpecific: {} },
    subnets: [subnet],
  };
  const script = resolve("test/interop/dhcp/server.mjs");
  return {
    command: [process.execPath, script, built, file("settings.json", JSON.stringify(settings))],
    ready: /"ready"/,
  };
}

function keaConfig() {
  return {
    "interfaces-config": { interfaces: ["eth0"], "dhcp-socket-type": "udp" },
    "lease-database": { type: "memfile", persist: true, name: join(folder, "leases", "kea.csv"), "lfc-interval": 0 },
    "valid-lifetime": 3600,
    "multi-threading": { "enable-multi-threading": false },
    subnet4: [
      {
        subnet: "10.0.0.0/8",
        pools: [{ pool: "10.1.0.1-10.1.249.0" }],
        "option-data": [{ name: "routers", data: "10.0.0.2" }],
      },
    ],
    loggers: [{ name: "kea-dhcp4", severity: "ERROR", output_options: [{ output: "/dev/null" }] }],
  };
}

function networkUp() {
  networkDown();
  const ip = (...words) => execFileSync("ip", words, { stdio: "pipe" });
  for (const name of ["srv", "cli"]) {
    ip("netns", "add", `${PREFIX}${name}`);
    ip("-n", `${PREFIX}${name}`, "link", "set", "lo", "up");
  }
  ip("link", "add", "eth0", "netns", `${PREFIX}srv`, "type", "veth", "peer", "name", "eth0", "netns", `${PREFIX}cli`);
  ip("-n", `${PREFIX}srv`, "addr", "add", "10.0.0.1/8", "dev", "eth0");
  ip("-n", `${PREFIX}cli`, "addr", "add", "10.0.0.9/8", "dev", "eth0");
  for (const name of ["srv", "cli"]) ip("-n", `${PREFIX}${name}`, "link", "set", "eth0", "up");
}

function networkDown() {
  for (const name of ["srv", "cli"]) {
    const pids = spawnSync("ip", ["netns", "pids", `${PREFIX}${name}`], { encoding: "utf8" })
      .stdout.split("\n")
      .filter(Boolean);
    for (const pid of pids) spawnSync("kill", ["-9", pid]);
    spawnSync("ip", ["netns", "del", `${PREFIX}${name}`]);
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
