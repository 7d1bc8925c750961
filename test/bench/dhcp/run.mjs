// DORA per second, latency and CPU, side by side with Kea, isc-dhcpd and dnsmasq, leases on disk for all:
//   npm run bench:dhcp [-- --seconds 4 --rates 1000,2000,… --servers provision,kea --loads own,perfdhcp --nice -5]
// `provision` is the DHCP service and its store without the probe of an address, as the peers run without theirs;
// `serve` the whole `provision serve` as a site runs it, with its probe, its log and all else that it does; `limit` the
// smallest server there can be, which keeps nothing and tells what the load itself can offer.
// As root, with gcc, kea-admin, kea-dhcp4-server, isc-dhcp-server and dnsmasq-base installed. The load plays a relay:
// perfdhcp, in one thread, since a second one takes the server's core on a machine of two; and our own (load.c), which
// goes on where perfdhcp offers no more. For each of them a server is started once and meets one rate after the other, so
// that each is warm. Every DORA is another client's, so that each must be written: Kea (its lease caching) and we
// (retransmissions) write nothing for a client that comes back at once. After two rates in a row that are not clean, or
// that the load itself cannot offer, a server is done.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    rates: {
      type: "string",
      default:
        "500,1000,2000,4000,8000,12000,14000,15000,16000,17000,18000,20000,22500,25000,27500,30000,33000,36000,40000,50000,60000,80000",
    },
    servers: {
      type: "string",
      default: "provision,provision-900,provision-60000,serve,kea,kea-threads,isc,dnsmasq,limit",
    },
    loads: { type: "string", default: "perfdhcp,own" },
    /** Drops that still count as clean, in percent of the DISCOVERs and of the REQUESTs. */
    clean: { type: "string", default: "0.1" },
    /** Of servers and perfdhcp alike; below 0 keeps other programs on the machine from being measured with them. */
    nice: { type: "string", default: "0" },
    /** perfdhcp with the two threads and the receive buffer that it comes with, which loses replies that reached it. */
    stock: { type: "boolean", default: false },
  },
});
const seconds = Number(values.seconds);
const rates = values.rates.split(",").map(Number);
/** More than the clients of a server's whole run, up to 45,000 DORA/s. */
const POOL = { first: "10.1.0.1", last: "10.24.255.254" };
/** For isc-dhcpd, which makes a record of each address when it starts, and is done before it has given so many. */
const ISC_POOL = { first: "10.1.0.1", last: "10.8.255.254" };
const HERTZ = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
const PREFIX = "dhb";
const SERVER = "10.0.0.1";
const RELAY = "10.0.0.9";
/** What phones of a boot storm would offer. */
const GOAL = 15_000;
/** What `provision serve` has to stand with its probe on: more than the phones of the largest site would offer. */
const WHOLE_GOAL = 2000;
/** A load sends somewhat less than it was asked for: so much of it must have been offered. */
const OFFERED = 0.99;
/** Room for what a server sends while perfdhcp sends itself: with the stock 212,992 octets it loses replies that came. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;
/** The rate of R14, held for ten seconds with a client of its own for each DORA. */
const BURST = 2000;
const BUFFER_SETTING = "/proc/sys/net/core/rmem_default";

if (process.getuid() !== 0) fail("run as root: network namespaces are made");
const needed = {
  gcc: "gcc libc6-dev",
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

/** As in src/dhcp/limits.ts. */
const LIMITS = { relayPort: { burst: 32, perSecond: 1 }, declines: 5, declinedShare: 0.01 };
const UNHURRIED = { ...LIMITS, client: { burst: 1e9, perSecond: 1e9 } };

/** A small pool and a large one that differ in nothing else. */
const COMPARED = ["provision-900", "provision-60000"];

const LOADS = { perfdhcp: { dora: perfdhcpDora, burst: perfdhcpBurst }, own: { dora: ownDora, burst: ownBurst } };

const SERVERS = {
  provision: () => ours(POOL),
  // 850 clients ask for an address dozens of times a second, which is not held against them, and most of it is not
  // written either.
  "provision-900": () => ours({ first: "10.1.0.1", last: "10.1.3.132" }, UNHURRIED),
  "provision-60000": () => ours({ first: "10.1.0.1", last: "10.1.234.96" }, UNHURRIED),
  serve: () => wholeService(),
  kea: () => kea({ "enable-multi-threading": false }),
  "kea-threads": () => kea({ "enable-multi-threading": true, "thread-pool-size": cpus().length }),
  limit: () => ({ command: [ownLoad(), "serve", SERVER, POOL.first], ready: /ready/ }),
  isc: () => {
    file("isc.leases", "");
    const conf = file(
      "isc.conf",
      "ping-check false; authoritative; default-lease-time 3600; max-lease-time 3600;\n" +
        `subnet 10.0.0.0 netmask 255.0.0.0 { range ${ISC_POOL.first} ${ISC_POOL.last}; option routers 10.0.0.2; }\n`,
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
      "--dhcp-lease-max=2000000",
      `--dhcp-range=${POOL.first},${POOL.last},255.0.0.0,1h`,
      `--dhcp-leasefile=${join(folder, "dnsmasq.leases")}`,
      "--log-facility=/dev/null",
      "--quiet-dhcp",
    ],
  }),
};

const bufferBefore = readFileSync(BUFFER_SETTING, "utf8");
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => {
    cleanUp();
    process.exit(1);
  });
try {
  if (!values.stock) writeFileSync(BUFFER_SETTING, `${RECEIVE_BUFFER}`);
  networkUp();
  const results = new Map();
  for (const name of values.servers.split(","))
    for (const load of values.loads.split(",")) results.set(`${name} ${load}`, await measure(name, load));
  report(results);
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`${error.message}\n`);
} finally {
  cleanUp();
}

function cleanUp() {
  networkDown();
  writeFileSync(BUFFER_SETTING, bufferBefore);
  rmSync(folder, { recursive: true, force: true });
}

/** Every rate that was tried, in order. */
async function measure(name, load) {
  const { dora, burst } = LOADS[load];
  const runs = [];
  const server = await start(name);
  // 850 clients over and over for the pools that are compared; else nobody twice.
  const clients = (rate, period) => (COMPARED.includes(name) ? ["850", 1] : [`${rate * period}`, ++series]);
  let series = 1;
  try {
    dora(500, 2, clients(500, 2));
    for (const rate of rates) {
      const before = [cpuOf(server.pid), othersCpu(server.pid)];
      const run = dora(rate, seconds, clients(rate, seconds));
      run.rate = rate;
      run.clean = run.offered > 0 && run.wrong === 0 && run.dropped.every((percent) => percent <= Number(values.clean));
      run.cpu = Math.round(((cpuOf(server.pid) - before[0]) / run.done) * 1e6);
      run.others = Math.max(0, othersCpu(server.pid) - before[1]) / ((seconds + 0.3) * cpus().length);
      runs.push(run);
      process.stdout.write(
        `${name}, ${load} ${rate}/s: ${Math.round(run.offered)} offered, ${run.dropped.map((n) => n.toFixed(3)).join(" and ")} % dropped, ` +
          `${run.wrong > 0 ? `${run.wrong} REPLIES WRONG, ` : ""}OFFER ${run.offer} ms, ACK ${run.ack} ms, ${run.cpu} µs CPU; other programs ${(100 * run.others).toFixed(0)} % of the machine\n`,
      );
      if (rate === BURST) run.burst = burst(clients(BURST, 10));
      if (runs.length > 1 && runs.slice(-2).every((one) => !one.clean || one.offered < OFFERED * one.rate)) break;
    }
    return runs;
  } finally {
    await server.stop();
  }
}

function report(results) {
  process.stdout.write(
    `\n${seconds} s a rate, each client once, perfdhcp ${values.stock ? "as it comes" : "in one thread"}; clean: at most ${values.clean} % of OFFERs and of ACKs dropped, none wrong\n` +
      "| server, load | highest clean DORA/s | OFFER ms | ACK ms | µs CPU per DORA | p99 at 2000/s, OFFER and ACK ms |\n|---|---|---|---|---|---|\n",
  );
  for (const [name, runs] of results) {
    const best = bestOf(runs);
    const cells =
      best === undefined ? ["none", "-", "-", "-"] : [Math.round(best.offered), best.offer, best.ack, best.cpu];
    const p99 =
      burstOf(runs)
        ?.map((ms) => ms.toFixed(1))
        .join(" and ") ?? "-";
    process.stdout.write(`| ${[name, ...cells, p99].join(" | ")} |\n`);
  }
  for (const load of values.loads.split(",")) {
    process.stdout.write(`\nload: ${load}\n`);
    const runsOf = (name) => results.get(`${name} ${load}`);
    goals(load, runsOf);
    const [small, large] = COMPARED.map((name) => bestOf(runsOf(name) ?? []));
    if (small === undefined || large === undefined) continue;
    const ratio = large.offered / small.offered;
    verdict("a pool of 60,000 addresses as fast as one of 900", ratio >= 0.95, ratio.toFixed(2));
  }
}

/** Says of each goal whether it was met with one load. */
function goals(load, runsOf) {
  const ours = runsOf("provision");
  if (ours === undefined) return;
  const best = bestOf(ours);
  const storm = ours.filter((run) => run.offered >= GOAL * OFFERED);
  const clean = storm.find((run) => run.clean);
  verdict(
    `${GOAL} DORA/s offered, at most 0.1 % dropped, each lease synced before its ACK`,
    clean !== undefined,
    clean !== undefined
      ? `${Math.round(clean.offered)} offered, ${clean.dropped.map((n) => n.toFixed(3)).join(" and ")} % dropped`
      : storm.length > 0
        ? `${Math.min(...storm.map((run) => Math.max(...run.dropped))).toFixed(3)} % dropped`
        : `not reached; the last rate tried, ${ours.at(-1).rate}/s, dropped ${Math.max(...ours.at(-1).dropped).toFixed(3)} %`,
  );
  const p99 = burstOf(ours);
  if (p99 !== undefined)
    verdict("R14 p99 at 2,000 DORA/s at most 10 ms", Math.max(...p99) <= 10, `${Math.max(...p99).toFixed(1)} ms`);
  // With or without threads, whichever went further.
  const theirRuns = ["kea", "kea-threads"]
    .map(runsOf)
    .filter((runs) => runs !== undefined && bestOf(runs) !== undefined)
    .sort((a, b) => bestOf(b).offered - bestOf(a).offered)[0];
  if (best && theirRuns) {
    const theirs = bestOf(theirRuns);
    const ratio = best.offered / theirs.offered;
    const more = ours.some((run) => run.rate > best.offered && run.offered >= OFFERED * run.rate);
    const rates = `${ratio.toFixed(2)}: ${Math.round(best.offered)} and ${Math.round(theirs.offered)}`;
    verdict(
      "at least 1.8 times Kea's highest clean rate",
      ratio >= 1.8,
      more ? rates : `${rates}; ${load} did not offer more`,
    );
    verdict(
      "less CPU per DORA than Kea, each at its highest clean rate",
      best.cpu < theirs.cpu,
      (best.cpu / theirs.cpu).toFixed(2),
    );
    for (const their of theirRuns.filter((run) => run.clean)) {
      const our = ours.find((run) => run.rate === their.rate);
      const figure = `${(our.cpu / their.cpu).toFixed(2)}: ${our.cpu} and ${their.cpu} µs`;
      verdict(`less CPU per DORA than Kea, both at ${their.rate}/s`, our.cpu < their.cpu, figure);
    }
  }
  const whole = runsOf("serve");
  if (whole !== undefined) {
    const held = whole.some(({ rate, clean }) => clean && rate >= WHOLE_GOAL);
    verdict(
      `provision serve, its probe on: ${WHOLE_GOAL} DORA/s, at most ${values.clean} % dropped`,
      held,
      held ? `${Math.round(bestOf(whole).offered)} clean` : "dropped more",
    );
  }
}

function verdict(goal, met, figure) {
  process.stdout.write(`${met ? "met" : "MISSED"}: ${goal}: ${figure}\n`);
}

function bestOf(runs) {
  return runs.filter((run) => run.clean).sort((a, b) => b.offered - a.offered)[0];
}

function burstOf(runs) {
  return runs.find((run) => run.burst !== undefined)?.burst;
}

/** A tail of one second is not counted by perfdhcp's own "rate": what it sent and the drops are. */
function perfdhcpDora(rate, period, clients) {
  const stdout = perfdhcp(clients, "-r", `${rate}`, "-p", `${period}`);
  const numbers = (what) =>
    [...stdout.matchAll(new RegExp(`^${what}: ([0-9.]+)`, "gm"))].map((match) => Number(match[1]));
  const sent = numbers("sent packets");
  const dropped = numbers("drops").map((n, i) => (100 * n) / Math.max(1, sent[i]));
  const [offer, ack] = numbers("avg delay");
  // perfdhcp compares no more than the number of a transaction.
  return { offered: sent[0] / period, dropped, wrong: 0, offer, ack, done: numbers("received packets")[1] };
}

/** Milliseconds within which 99 of 100 OFFERs, and ACKs, came at 2,000 DORA/s over ten seconds. */
function perfdhcpBurst(clients) {
  const stdout = perfdhcp(clients, "-r", `${BURST}`, "-p", "10", "-x", "t");
  return stdout
    .split("***Timestamps for packets: ")
    .slice(1)
    .map((part) => {
      const delays = [...part.matchAll(/^sent \/ received: ([0-9.]+) \/ ([0-9.]+)$/gm)].map(
        ([, sent, received]) => 1000 * (Number(received) - Number(sent)),
      );
      return delays.sort((a, b) => a - b)[Math.floor(delays.length * 0.99)] ?? Number.NaN;
    });
}

/** Waits a third of a second for the last replies: without, whatever is under way at the end counts as dropped. */
function perfdhcp([count, series], ...options) {
  const command = ["-n", values.nice, "ip", "netns", "exec", `${PREFIX}cli`, "perfdhcp", "-4"];
  if (!values.stock) command.push("-g", "single");
  const base = `mac=00:0c:${series.toString(16).padStart(2, "0")}:00:00:00`;
  const words = ["-R", count, "-b", base, ...options];
  const { stdout, stderr } = spawnSync("nice", [...command, "-W", "300000", ...words, SERVER], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (!stdout.includes("sent packets")) throw new Error(`perfdhcp ${words.join(" ")}: ${stderr}`);
  return stdout;
}

function ownDora(rate, period, clients) {
  const { seconds, discovers, offers, acks, wrong, offer, ack } = own(rate, period, clients);
  // Each OFFER is answered with a REQUEST.
  const dropped = [1 - offers / Math.max(1, discovers), 1 - acks / Math.max(1, offers)].map((share) => 100 * share);
  return {
    offered: discovers / Math.max(period, seconds),
    dropped,
    wrong,
    offer: offer.mean,
    ack: ack.mean,
    done: acks,
  };
}

function ownBurst(clients) {
  const { offer, ack } = own(BURST, 10, clients);
  return [offer.p99, ack.p99];
}

function own(rate, period, [count, series]) {
  const words = [ownLoad(), "ask", RELAY, SERVER, `${rate}`, `${period}`, count, `${series}`];
  const { stdout, stderr } = spawnSync("nice", ["-n", values.nice, "ip", "netns", "exec", `${PREFIX}cli`, ...words], {
    encoding: "utf8",
  });
  if (!stdout.startsWith("{")) throw new Error(`${words.join(" ")}: ${stderr}`);
  return JSON.parse(stdout);
}

/** The path of our own load, compiled. */
function ownLoad() {
  const built = join(folder, "load");
  if (!existsSync(built)) execFileSync("gcc", ["-O2", "-Wall", "-o", built, resolve("test/bench/dhcp/load.c")]);
  return built;
}

async function start(name) {
  rmSync(join(folder, "leases"), { recursive: true, force: true });
  mkdirSync(join(folder, "leases"));
  const { command, env = {}, ready } = SERVERS[name]();
  const log = join(folder, `${name}.log`);
  const child = spawn("nice", ["-n", values.nice, "ip", "netns", "exec", `${PREFIX}srv`, ...command], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", openSync(log, "w"), openSync(log, "a")],
  });
  for (let left = ready === undefined ? 2000 : 15_000; left > 0; left -= 100) {
    await setTimeout(100);
    if (child.exitCode !== null || ready?.test(readFileSync(log, "utf8"))) break;
  }
  if (child.exitCode !== null) throw new Error(`${name} did not start: ${readFileSync(log, "utf8")}`);
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

/** Seconds of CPU that neither the server nor perfdhcp (a child that has ended) used. */
function othersCpu(pid) {
  const total = readFileSync("/proc/stat", "utf8").split("\n")[0].split(/\s+/).slice(1).map(Number);
  const [user, niced, system, , , irq, softirq] = total;
  const own = readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ");
  const ended = (Number(own[13]) + Number(own[14])) / HERTZ;
  return (user + niced + system + irq + softirq) / HERTZ - cpuOf(pid) - ended;
}

/** Our compiled sources beside what they look for, as an installed package has it. */
function compiled() {
  const built = join(folder, "dist");
  if (existsSync(built)) return built;
  execFileSync("npx", ["tsc", "-p", "tsconfig.build.json", "--outDir", built, "--noCheck"], { stdio: "pipe" });
  for (const name of ["package.json", "node_modules", "firmware-manifests", "templates"])
    symlinkSync(resolve(name), join(folder, name));
  return built;
}

function ours(pool, limits) {
  const subnet = {
    subnet: { network: "10.0.0.0", prefix: 8 },
    pools: [pool],
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
    serverAddress: SERVER,
    boot: { server: SERVER, moreServers: [], ntp: [], vendorSpecific: {} },
    subnets: [subnet],
    ...(limits === undefined ? {} : { limits }),
  };
  const script = resolve("test/interop/dhcp/server.mjs");
  return {
    command: [process.execPath, script, compiled(), file("settings.json", JSON.stringify(settings))],
    ready: /"ready"/,
  };
}

function wholeService() {
  mkdirSync(join(folder, "tftpboot"), { recursive: true });
  const config = file(
    "provision.yaml",
    `site: { name: bench, serverAddress: ${SERVER}, timeZone: UTC, sip: { proxy: ${SERVER} } }
data: ${join(folder, "leases")}
access: { allow: [10.0.0.0/8] }
dhcp:
  enabled: true
  interface: eth0
  answer: everyone
  subnets:
    - { subnet: 10.0.0.0/8, pool: ${POOL.first}-${POOL.last}, router: 10.0.0.2, dns: [], leaseTime: 1h }
`,
  );
  return {
    command: [process.execPath, join(compiled(), "main.js"), "serve", "--config", config],
    ready: /server\.started/,
  };
}

function kea(threads) {
  const config = {
    "interfaces-config": { interfaces: ["eth0"], "dhcp-socket-type": "udp" },
    "lease-database": { type: "memfile", persist: true, name: join(folder, "leases", "kea.csv"), "lfc-interval": 0 },
    "valid-lifetime": 3600,
    "multi-threading": threads,
    subnet4: [
      {
        subnet: "10.0.0.0/8",
        pools: [{ pool: `${POOL.first}-${POOL.last}` }],
        "option-data": [{ name: "routers", data: "10.0.0.2" }],
      },
    ],
    loggers: [{ name: "kea-dhcp4", severity: "ERROR", output_options: [{ output: "/dev/null" }] }],
  };
  return {
    command: ["kea-dhcp4", "-c", file("kea.json", JSON.stringify({ Dhcp4: config }))],
    env: { KEA_LOCKFILE_DIR: folder, KEA_PIDFILE_DIR: folder },
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
  ip("-n", `${PREFIX}srv`, "addr", "add", `${SERVER}/8`, "dev", "eth0");
  ip("-n", `${PREFIX}cli`, "addr", "add", `${RELAY}/8`, "dev", "eth0");
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
