import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** Names of everything made here begin so, and only such names are taken down. */
const PREFIX = "dhi";
const NAMES = ["srv", "sw", "rel", "sw2", "c1", "c2", "c3", "r1"] as const;
export type Place = (typeof NAMES)[number];

/** Fails with the packages to install when a program is missing or the user is not root. */
export function requirePrograms(programs: Readonly<Record<string, string>>): void {
  if (process.getuid?.() !== 0) throw new Error("run as root: these tests make network namespaces");
  const missing = Object.entries(programs).filter(([program]) => spawnSync("which", [program]).status !== 0);
  if (missing.length > 0)
    throw new Error(
      `missing ${missing.map(([program]) => program).join(", ")}: apt-get install ${missing.map(([, name]) => name).join(" ")}`,
    );
}

const ip = (...words: string[]): void => {
  execFileSync("ip", words, { stdio: ["ignore", "ignore", "pipe"] });
};
const ns = (place: Place) => `${PREFIX}${place}`;

/** The words for `ip` that run a command in a place. */
export function inNamespace(place: Place, command: readonly string[]): string[] {
  return ["netns", "exec", ns(place), ...command];
}

/**
 * The network: `srv` 10.50.0.1 and the clients `c1` to `c3` on one switch, behind the relay `rel` (10.50.0.2, 10.60.0.1)
 * the client `r1` on another.
 */
export function networkUp(): void {
  networkDown();
  for (const name of NAMES) {
    ip("netns", "add", ns(name));
    ip("-n", ns(name), "link", "set", "lo", "up");
  }
  for (const name of ["sw", "sw2"] as const) {
    ip("-n", ns(name), "link", "add", "br0", "type", "bridge");
    ip("-n", ns(name), "link", "set", "br0", "up");
  }
  const link = (a: Place, device: string, sw: Place, port: string) => {
    ip("link", "add", device, "netns", ns(a), "type", "veth", "peer", "name", port, "netns", ns(sw));
    ip("-n", ns(a), "link", "set", device, "up");
    ip("-n", ns(sw), "link", "set", port, "up", "master", "br0");
  };
  link("srv", "eth0", "sw", "psrv");
  link("rel", "eth0", "sw", "prel");
  link("rel", "eth1", "sw2", "prel");
  for (const [i, name] of (["c1", "c2", "c3"] as const).entries()) {
    link(name, "eth0", "sw", `p${name}`);
    ip("-n", ns(name), "link", "set", "eth0", "address", `00:04:f2:00:00:0${i + 1}`);
  }
  link("r1", "eth0", "sw2", "pr1");
  ip("-n", ns("r1"), "link", "set", "eth0", "address", "00:0e:84:00:00:01");
  ip("-n", ns("srv"), "addr", "add", "10.50.0.1/20", "dev", "eth0");
  ip("-n", ns("rel"), "addr", "add", "10.50.0.2/20", "dev", "eth0");
  ip("-n", ns("rel"), "addr", "add", "10.60.0.1/20", "dev", "eth1");
  execFileSync("ip", ["netns", "exec", ns("rel"), "sysctl", "-qw", "net.ipv4.ip_forward=1"]);
  ip("-n", ns("srv"), "route", "add", "10.60.0.0/20", "via", "10.50.0.2");
}

/** Takes down what {@link networkUp} made, and what still runs in it. */
export function networkDown(): void {
  const there = new Set(execFileSync("ip", ["netns", "list"], { encoding: "utf8" }).split(/\s+/));
  for (const name of NAMES) {
    if (!there.has(ns(name))) continue;
    const pids = spawnSync("ip", ["netns", "pids", ns(name)], { encoding: "utf8" })
      .stdout.split("\n")
      .filter(Boolean);
    for (const pid of pids) spawnSync("kill", ["-9", pid]);
    ip("netns", "del", ns(name));
  }
}

/** Runs a command in a place to its end, at most `seconds`; everything it printed. */
export function run(place: Place, command: readonly string[], seconds = 20): string {
  const done = spawnSync("ip", inNamespace(place, command), {
    encoding: "utf8",
    timeout: seconds * 1000,
    killSignal: "SIGKILL",
  });
  return `${done.stdout}${done.stderr}`;
}

/** As {@link run}, while the event loop of this process goes on. */
export function runAside(place: Place, command: readonly string[], seconds = 20): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn("ip", inNamespace(place, command));
    let printed = "";
    const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (printed += text));
    child.on("close", () => {
      clearTimeout(timer);
      resolve(printed);
    });
  });
}

/** Starts what goes on running; resolves when it has printed `ready`, or after `wait` milliseconds without it. */
export async function background(
  place: Place,
  command: readonly string[],
  ready: RegExp,
  wait = 10_000,
): Promise<Running> {
  const child = spawn("ip", inNamespace(place, command), { stdio: ["ignore", "pipe", "pipe"] });
  const running: Running = {
    printed: "",
    child,
    stop: (signal = "SIGTERM") =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.on("close", () => resolve());
        child.kill(signal);
      }),
  };
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, wait);
    const look = (text: Buffer) => {
      running.printed += text;
      if (!ready.test(running.printed)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    child.on("close", (code) => {
      clearTimeout(timer);
      reject(new Error(`${command[0]} ended with ${code}: ${running.printed}`));
    });
  });
  return running;
}

export interface Running {
  printed: string;
  readonly child: ChildProcess;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * A program of a Debian package: the installed one, else out of the package, fetched and unpacked below `folder`. For what
 * cannot be installed beside the rest, as dhcp-helper beside isc-dhcp-server.
 */
export function unpacked(program: string, name: string, folder: string): string {
  const installed = spawnSync("which", [program], { encoding: "utf8" });
  if (installed.status === 0) return installed.stdout.trim();
  const fetch = () => spawnSync("apt-get", ["download", name], { cwd: folder, encoding: "utf8" });
  let done = fetch();
  // The lists of packages may be old, or not there.
  if (done.status !== 0 && spawnSync("apt-get", ["update", "-qq"]).status === 0) done = fetch();
  const file = readdirSync(folder).find((one) => one.startsWith(`${name}_`) && one.endsWith(".deb"));
  if (file === undefined) throw new Error(`${name} cannot be fetched: ${done.stderr}`);
  execFileSync("dpkg", ["-x", file, "."], { cwd: folder });
  return join(folder, program);
}

/** How a client's message gets to `srv`: from the same wire, or over one of three relays from another. */
export interface Way {
  readonly name: string;
  readonly client: Place;
  /** The switch that a machine is put on. */
  readonly wire: Place;
  /** The beginning of the addresses that clients get, and an address there that is nobody's. */
  readonly prefix: string;
  readonly idle: string;
  /** Where a client that asks one server only sends to. */
  readonly server: string;
  readonly relay?: readonly [command: readonly string[], ready: RegExp];
}

/** Says nothing once it is ready. */
const NEVER = /^$/;

/** All of them; `helper` is where dhcp-helper is. */
export function ways(helper: string): readonly Way[] {
  const far = { client: "r1", wire: "sw2", prefix: "10.60.1.", idle: "10.60.9.2", server: "10.60.0.1" } as const;
  const interfaces = ["-iu", "eth0", "-id", "eth1"];
  const dnsmasq = ["dnsmasq", "-k", "-p", "0", "-u", "root", "--interface=eth1", "--bind-dynamic", "--log-facility=-"];
  return [
    {
      name: "directly",
      client: "c1",
      wire: "sw",
      prefix: "10.50.1.",
      idle: "10.50.9.2",
      server: "10.50.0.1",
    },
    {
      ...far,
      name: "through ISC dhcrelay with option 82",
      relay: [["dhcrelay", "-4", "-d", "-a", "-m", "append", ...interfaces, "10.50.0.1"], /Sending on/],
    },
    {
      ...far,
      name: "through dhcp-helper",
      relay: [[helper, "-n", "-u", "root", "-r", "/dev/null", "-i", "eth1", "-s", "10.50.0.1"], NEVER],
    },
    {
      ...far,
      name: "through dnsmasq as a relay",
      relay: [[...dnsmasq, "--dhcp-relay=10.60.0.1,10.50.0.1"], /DHCP relay/],
    },
  ];
}

/** A folder for this run with the sources compiled into it. */
export function workshop(): { readonly folder: string; readonly built: string; close(): void } {
  const folder = mkdtempSync(join(tmpdir(), "dhcp-interop-"));
  const built = join(folder, "built");
  execFileSync("npx", ["tsc", "-p", "tsconfig.build.json", "--outDir", built, "--noCheck"], { stdio: "pipe" });
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{"type":"module","version":"0.0.0"}');
  return { folder, built, close: () => rmSync(folder, { recursive: true }) };
}

/** The settings of the service in `srv`, as server.mjs reads them. */
export function serviceSettings(folder: string, changes: object = {}): object {
  return {
    database: join(folder, "leases.db"),
    interface: "eth0",
    probe: false,
    answer: "everyone",
    authoritative: true,
    serverAddress: "10.50.0.1",
    boot: { server: "10.50.0.1", moreServers: [], ntp: ["10.50.0.1"], vendorSpecific: {} },
    subnets: [
      {
        subnet: { network: "10.50.0.0", prefix: 20 },
        pools: [{ first: "10.50.1.1", last: "10.50.1.200" }],
        router: "10.50.0.2",
        dns: ["10.50.0.1"],
        domain: "example.net",
        leaseTime: 600,
        reservations: [],
      },
      {
        subnet: { network: "10.60.0.0", prefix: 20 },
        pools: [{ first: "10.60.1.1", last: "10.60.1.200" }],
        router: "10.60.0.1",
        dns: [],
        leaseTime: 600,
        reservations: [],
      },
    ],
    ...changes,
  };
}

/** Starts the service in `srv`. */
export function service(shop: { folder: string; built: string }, changes: object = {}): Promise<Running> {
  const file = join(shop.folder, "settings.json");
  writeFileSync(file, JSON.stringify(serviceSettings(shop.folder, changes)));
  const script = resolve("test/interop/dhcp/server.mjs");
  return background("srv", [process.execPath, script, shop.built, file], /"ready"/);
}

/** What a capture says that tshark cannot read, and how many server messages there are in it. */
export function judge(capture: string): { readonly malformed: string[]; readonly replies: number } {
  const read = (filter: string) =>
    spawnSync("tshark", ["-r", capture, "-Y", filter, "-T", "fields", "-e", "frame.number", "-e", "_ws.col.Info"], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
    })
      .stdout.split("\n")
      .filter(Boolean);
  return { malformed: read("dhcp && _ws.malformed"), replies: read("dhcp && dhcp.type == 2").length };
}

/** The environment that a client's script was called with, as it wrote it. */
export function environment(file: string): Map<string, string> {
  const lines = readFileSync(file, "utf8").split("\n");
  return new Map(lines.filter((line) => line.includes("=")).map((line) => line.split(/=(.*)/s, 2) as [string, string]));
}
