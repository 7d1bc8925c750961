// npm run bench:tftp [-- --quick | --only "1000 phones"]
// Our TFTP service and Debian's tftpd-hpa, atftpd and dnsmasq, side by side in one run on the loopback of a network
// namespace of its own: phones that all start at once, each fetching four small files and one image of 131,500 octets
// in lockstep without options; the same with loss; and one client with bigger blocks and windows. Every octet is
// compared. `ours` is the TFTP service over the folder, `ours, serve` the whole `provision serve` with the same files
// in tftp.root: who asks, what may he have, and two log lines for each file; both with the flags of Node that
// examples/provision.service gives it. `limit` is the smallest server the load generator can be answered by: the ceiling
// of generator and kernel.
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { cpus, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const project = resolve(here, "../../..");
const quick = process.argv.includes("--quick");
const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : undefined;

if (process.env.PROVISION_BENCH_NAMESPACE === undefined) {
  const flags = process.getuid() === 0 ? ["--net"] : ["--map-root-user", "--net"];
  // tftpd-hpa resolves its own address, which fails where there is none but loopback's.
  const script = 'ip link set lo up && ip addr add 192.0.2.1/32 dev lo && exec "$0" "$@"';
  const inside = spawnSync("unshare", [...flags, "sh", "-c", script, process.execPath, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...process.env, PROVISION_BENCH_NAMESPACE: "1", PROVISION_BENCH_PEERS: fetchPeers() },
  });
  process.exit(inside.status ?? 1);
}

// As the service is started where it is meant to run.
const unit = readFileSync(join(project, "examples/provision.service"), "utf8");
const flags = /^ExecStart=\S+ ((?:--\S+ )+)/m.exec(unit)[1].trim().split(" ");
const work = mkdtempSync(join(tmpdir(), "provision-bench-"));
chmodSync(work, 0o755);
const live = [];
process.on("exit", () => {
  for (const { child, group } of live) {
    child.kill("SIGKILL");
    if (group !== undefined) for (let tries = 0; tries < 50 && !gone(group); tries++);
  }
  rmSync(work, { recursive: true, force: true });
});
const load = compileLoad();
const built = compileService();
const { phoneFiles, bigFile, root } = writeFiles();
const servers = [];
for (const server of [
  ours("ours", "batch"),
  ours("ours, dgram", "dgram"),
  whole("ours, serve"),
  ...peers(process.env.PROVISION_BENCH_PEERS),
  limit(),
]) {
  const started = await server.start();
  if (started !== undefined) servers.push({ name: server.name, ...started });
}

console.log(`${cpus().length} × ${cpus()[0].model}, Node ${process.version}; load average at start ${loadAverage()}\n`);
const rows = [];
for (const phones of quick ? [1, 200, 1000] : [1, 50, 200, 1000, 5000]) {
  await compare(`${phones} phone${phones === 1 ? "" : "s"}`, {
    phones,
    repeat: phones === 1 ? 15 : 3,
  });
}
for (const loss of quick ? [0.05] : [0.01, 0.05]) {
  for (const phones of quick ? [200] : [1, 50, 200, 1000]) {
    await compare(`${phones} phones, ${loss * 100} % loss`, {
      phones,
      loss,
      repeat: 1,
      among: (name) => name !== "limit",
    });
  }
}
const big = { phones: 1, files: [bigFile], repeat: 3, among: (name) => name !== "limit" };
await compare("one client, 40 MB, blksize 1428", { ...big, blksize: 1428 });
await compare("one client, 40 MB, blksize 1428, windowsize 16", { ...big, blksize: 1428, windowsize: 16 });
verdict();
process.exit(0);

async function compare(
  title,
  { phones, repeat, loss = 0, blksize = 0, windowsize = 0, files = phoneFiles, among = () => true },
) {
  if (title !== (only ?? title)) return;
  console.log(`## ${title}`);
  console.log("server        seconds    MB/s  CPU s/GB  peak MB  failed  wrong  repeated  DATA/forced");
  const results = new Map();
  for (let round = 0; round < repeat; round++) {
    for (const server of servers.filter(({ name }) => among(name))) {
      const run = await measure(server, { phones, loss, blksize, windowsize, files, seed: round + 1 });
      const best = results.get(server.name);
      if (run !== undefined && (best === undefined || run.seconds < best.seconds)) results.set(server.name, run);
    }
  }
  for (const [name, run] of results) {
    rows.push({ title, name, ...run });
    console.log(
      [
        name.padEnd(12),
        run.seconds.toFixed(3).padStart(8),
        run.rate.toFixed(1).padStart(7),
        run.cpuPerGb.toFixed(1).padStart(9),
        (run.peak / 1e6).toFixed(0).padStart(8),
        String(run.failed).padStart(7),
        String(run.wrong).padStart(6),
        `${((100 * run.repeated) / run.needed).toFixed(2)} %`.padStart(9),
        (run.data / run.forced).toFixed(2).padStart(12),
      ].join(" "),
    );
  }
  console.log("");
}

async function measure({ child, port, group }, { phones, loss, blksize, windowsize, files, seed }) {
  if (child.exitCode !== null || child.signalCode !== null) return undefined;
  resetPeak(child.pid);
  const before = cpuSeconds(child.pid, group);
  const args = ["fetch", port, phones, blksize, windowsize, loss, seed, ...files].map(String);
  const output = await finished(spawn(load, args, { stdio: ["ignore", "pipe", "inherit"] }));
  const result = JSON.parse(output);
  if (child.exitCode !== null || child.signalCode !== null) {
    console.log(`a server ended under the load (${child.exitCode ?? child.signalCode}): ${child.spawnfile}`);
    return undefined;
  }
  // What repeats after the phones have gone belongs to this run.
  await new Promise((later) => setTimeout(later, 200));
  return {
    ...result,
    rate: result.octets / result.seconds / 1e6,
    cpuPerGb: (cpuSeconds(child.pid, group) - before) / (result.octets / 1e9),
    peak: peakMemory(child.pid),
    forced: result.needed + result.lostData + result.lostAck,
  };
}

function verdict() {
  const peerNames = new Set(["tftpd-hpa", "atftpd", "dnsmasq"]);
  const at = (title, name) => rows.find((row) => row.title === title && row.name === name);
  const bestPeer = (title, pick, better) =>
    rows
      .filter((row) => row.title === title && peerNames.has(row.name) && row.failed === 0)
      .map(pick)
      .sort(better)[0];
  const say = (what, figure, goal, met) =>
    console.log(`${met ? "met   " : "MISSED"} ${what}: ${figure} (goal ${goal})`);
  console.log("## Goals");
  const thousand = at("1000 phones", "ours");
  if (thousand) {
    const best = rows
      .filter((r) => r.title === "1000 phones" && peerNames.has(r.name))
      .map((r) => r.rate)
      .sort((a, b) => b - a)[0];
    say(
      "1000 phones, against the best peer",
      `${(thousand.rate / best).toFixed(1)} ×`,
      "3 ×",
      thousand.rate >= 3 * best,
    );
    const [dm, hpa] = ["dnsmasq", "tftpd-hpa"].map((name) => at("1000 phones", name));
    if (dm)
      say(
        "CPU per GB against dnsmasq",
        `${(thousand.cpuPerGb / dm.cpuPerGb).toFixed(2)} ×`,
        "1 ×",
        thousand.cpuPerGb <= dm.cpuPerGb,
      );
    if (hpa)
      say(
        "CPU per GB against tftpd-hpa",
        `${(thousand.cpuPerGb / hpa.cpuPerGb).toFixed(2)} ×`,
        "0.17 ×",
        thousand.cpuPerGb <= hpa.cpuPerGb / 6,
      );
  }
  const served = at("1000 phones", "ours, serve");
  if (served) {
    const best = Math.max(...rows.filter((r) => r.title === "1000 phones" && peerNames.has(r.name)).map((r) => r.rate));
    const times = served.rate / best;
    say("1000 phones, the whole service against the best peer", `${times.toFixed(1)} ×`, "3 ×", times >= 3);
  }
  const one = at("1 phone", "ours");
  const oneBest = bestPeer(
    "1 phone",
    (row) => row.rate,
    (a, b) => b - a,
  );
  if (one && oneBest)
    say("one phone alone, against the best peer", `${(one.rate / oneBest).toFixed(2)} ×`, "1 ×", one.rate >= oneBest);
  const many = at("5000 phones", "ours");
  if (many) {
    say("5000 phones, failed", many.failed, "0", many.failed === 0);
    say(
      "5000 phones, repeated DATA",
      `${((100 * many.repeated) / many.needed).toFixed(2)} %`,
      "< 1 %",
      many.repeated < many.needed / 100,
    );
    say("5000 phones, memory", `${(many.peak / 1e6).toFixed(0)} MB`, "< 150 MB", many.peak < 150e6);
  }
  const campus = at("5000 phones", "ours, serve");
  if (campus) say("5000 phones, the whole service, failed", campus.failed, "0", campus.failed === 0);
  for (const row of rows.filter((r) => r.name === "ours" && r.title.includes("loss"))) {
    const ratio = row.data / row.forced;
    say(
      `${row.title}, DATA over what the loss forces`,
      ratio.toFixed(2),
      "<= 1.3, nothing wrong",
      ratio <= 1.3 && row.wrong === 0 && row.failed === 0,
    );
  }
  console.log(`load average at the end ${loadAverage()}`);
}

function ours(name, kind) {
  return {
    name,
    start: () =>
      started(
        spawn(process.execPath, [...flags, join(here, "serve.mjs"), built, root, kind], {
          stdio: ["pipe", "pipe", "ignore"],
        }),
      ),
  };
}

function whole(name) {
  return {
    name,
    async start() {
      const port = 1071;
      const config = join(work, "provision.yaml");
      writeFileSync(
        config,
        `site: { name: bench, serverAddress: 127.0.0.1, timeZone: UTC, sip: { proxy: 127.0.0.1 } }
data: ${join(work, "var")}
tftp: { listen: 127.0.0.1, port: ${port}, root: ${root} }
http: { listen: 127.0.0.1, port: 1072 }
access: { allow: [127.0.0.0/8] }
`,
      );
      const main = join(built, "main.js");
      const log = join(work, "serve.log");
      const child = spawn(process.execPath, [...flags, main, "serve", "--config", config], {
        cwd: work,
        env: { PATH: process.env.PATH },
        stdio: ["ignore", "ignore", openSync(log, "w")],
      });
      for (let tries = 0; !readFileSync(log, "utf8").includes("server.started"); tries++) {
        if (child.exitCode !== null || tries > 300) throw new Error(`provision serve: ${readFileSync(log, "utf8")}`);
        await new Promise((later) => setTimeout(later, 100));
      }
      return running(child, port);
    },
  };
}

function limit() {
  return {
    name: "limit",
    start: () => started(spawn(load, ["serve", ...phoneFiles], { stdio: ["ignore", "pipe", "inherit"] })),
  };
}

function peers(at) {
  const env = { ...process.env, LD_LIBRARY_PATH: join(at, "usr/lib/x86_64-linux-gnu") };
  const peer = (name, binary, args, port) => ({
    name,
    async start() {
      const child = spawn(join(at, "usr/sbin", binary), args, { stdio: ["ignore", "ignore", "ignore"], env });
      await new Promise((later) => setTimeout(later, 300));
      if (child.exitCode === null) return running(child, port);
      console.log(`${name} did not start (exit ${child.exitCode})`);
      return undefined;
    },
  });
  return [
    peer("tftpd-hpa", "in.tftpd", ["-L", "-4", "-a", "127.0.0.1:1069", "-u", "root", "-s", root], 1069),
    peer(
      "atftpd",
      "atftpd",
      [
        "--daemon",
        "--no-fork",
        "--port",
        "1070",
        "--bind-address",
        "127.0.0.1",
        "--user",
        "root",
        "--group",
        "root",
        "--maxthread",
        "20000",
        root,
      ],
      1070,
    ),
    peer(
      "dnsmasq",
      "dnsmasq",
      [
        "-d",
        "-C",
        "/dev/null",
        "-p",
        "0",
        "--user=root",
        "--group=root",
        "--listen-address=127.0.0.1",
        "--bind-interfaces",
        "--enable-tftp",
        `--tftp-root=${root}`,
        "--tftp-max=20000",
      ],
      69,
    ),
  ];
}

function started(child) {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`${child.spawnfile} ended with ${code}`)));
    child.stdout.once("data", (line) => resolve(running(child, Number(String(line).trim()))));
  });
}

// A group of its own counts the children too: tftpd-hpa forks for each request and never waits for them.
function running(child, port) {
  const group = `/sys/fs/cgroup/cpuacct/provision-bench-${child.pid}`;
  try {
    mkdirSync(group);
    writeFileSync(join(group, "tasks"), String(child.pid));
    live.push({ child, group });
    return { child, port, group };
  } catch {
    live.push({ child });
    return { child, port };
  }
}

function gone(group) {
  try {
    rmdirSync(group);
    return true;
  } catch {
    spawnSync("sleep", ["0.05"]);
    return !existsSync(group);
  }
}

function finished(child) {
  return new Promise((resolve, reject) => {
    let output = "";
    child.stdout.on("data", (part) => {
      output += part;
    });
    child.on("exit", (code) =>
      code === 0 ? resolve(output) : reject(new Error(`the load generator ended with ${code}`)),
    );
  });
}

function cpuSeconds(pid, group) {
  if (group !== undefined) return Number(readFileSync(join(group, "cpuacct.usage"), "utf8")) / 1e9;
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ").map(Number);
  // utime, stime, cutime, cstime in ticks of 10 ms.
  return (fields[11] + fields[12] + fields[13] + fields[14]) / 100;
}

function resetPeak(pid) {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // Then the peak is that of all runs so far.
  }
}

function peakMemory(pid) {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
}

function loadAverage() {
  return readFileSync("/proc/loadavg", "utf8").split(" ").slice(0, 2).join(" ");
}

function writeFiles() {
  const root = join(work, "files");
  mkdirSync(root, { mode: 0o755 });
  const write = (name, size) => {
    const octets = Buffer.alloc(size);
    for (let i = 0, x = size; i < size; i++) {
      x = (Math.imul(x, 1_103_515_245) + 12_345) | 0;
      octets[i] = x >>> 16;
    }
    writeFileSync(join(root, name), octets, { mode: 0o644 });
    return join(root, name);
  };
  const phoneFiles = [
    write("OS79XX.TXT", 31),
    write("XMLDefault.cnf.xml", 1500),
    write("SIPDefault.cnf", 1914),
    write("dialplan.xml", 2500),
    write("P0S3-8-12-00.sb2", 131_500),
  ];
  return { root, phoneFiles, bigFile: write("sip.ld", 40_000_000) };
}

function compileLoad() {
  const out = join(work, "load");
  run("gcc", ["-O2", "-Wall", "-o", out, join(here, "load.c")], "a C compiler (apt-get install gcc libc6-dev)");
  return out;
}

function compileService() {
  const out = join(work, "package", "dist");
  mkdirSync(out, { recursive: true });
  for (const name of ["package.json", "node_modules", "firmware-manifests", "templates"]) {
    symlinkSync(join(project, name), join(work, "package", name));
  }
  const tsc = join(project, "node_modules/typescript/bin/tsc");
  run(process.execPath, [tsc, "-p", join(project, "tsconfig.build.json"), "--noCheck", "--outDir", out], "npm install");
  return out;
}

function fetchPeers() {
  const at = join(tmpdir(), "provision-bench-peers");
  mkdirSync(at, { recursive: true });
  for (const name of ["tftpd-hpa", "atftpd", "dnsmasq-base", "libwrap0"]) {
    if (readdirSync(at).some((file) => file.startsWith(`${name}_`))) continue;
    run("apt-get", ["download", name], `the Debian package ${name}`, at);
  }
  const root = join(at, "root");
  if (!existsSync(root)) {
    for (const file of readdirSync(at).filter((name) => name.endsWith(".deb")))
      run("dpkg", ["-x", file, root], "dpkg", at);
  }
  return root;
}

function run(command, args, needed, cwd) {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status === 0) return;
  console.error(`${command} ${args.join(" ")} failed; the bench needs ${needed}.\n${error?.message ?? stderr}`);
  process.exit(1);
}
