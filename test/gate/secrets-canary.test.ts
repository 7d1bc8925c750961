import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { get } from "node:http";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findServer } from "../../src/server/control-client.ts";
import { createCisco7940 } from "../../src/sim/cisco-7940/character.ts";
import { flashWith } from "../../src/sim/cisco-7940/flash.ts";
import { packageOf } from "../../src/sim/cisco-7940/packages.ts";
import { seat } from "../../src/sim/seat.ts";
import { runOverUdp } from "../../src/sim/udp-link.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { fetchFile } from "../net/tftp-wire.ts";

// S24, R51: 1,000 secrets go through the whole of the real service, as it is installed, and are looked for everywhere.

const root = fileURLToPath(new URL("../..", import.meta.url));
const network = "127.79";
const server = `${network}.0.1`;
const ports = { tftp: 47_969, dhcp: 47_967, http: 47_980, ami: 47_938 };

/** Twelve characters, so that every family takes them; the beginning is found again whatever is cut off behind it. */
const mark = "Zq7cNrYkW3";
const secrets: string[] = [];
const secret = () => {
  secrets.push(`${mark}${secrets.length.toString(36).padStart(2, "0")}`);
  return secrets.at(-1) ?? "";
};

interface Planted {
  readonly mac: Mac;
  readonly address: Ipv4;
  readonly model: string;
  readonly running: string;
  readonly passwords: readonly string[];
  readonly phonePassword: string | undefined;
  /** The file that its passwords belong into. */
  readonly file: string;
}

const kinds = [
  {
    count: 83,
    model: "7960",
    running: "P0S3-8-12-00",
    lines: 6,
    oui: "000e84c1",
    file: (mac: string) => `SIP${mac.toUpperCase()}.cnf`,
  },
  {
    count: 58,
    model: "SPIP650",
    running: "SPIP650.4.0.15.1009",
    lines: 5,
    oui: "0004f2c1",
    file: (mac: string) => `${mac}.cfg`,
  },
  {
    count: 28,
    model: "7961",
    running: "SIP41.9-4-2SR3-1S",
    lines: 2,
    oui: "001b54c1",
    file: (mac: string) => `SEP${mac.toUpperCase()}.cnf.xml`,
  },
];
const planted: readonly Planted[] = kinds.flatMap(({ count, model, running, lines, oui, file }, kind) =>
  Array.from({ length: count }, (_, number) => {
    const mac = `${oui}${number.toString(16).padStart(4, "0")}` as Mac;
    const passwords = Array.from({ length: lines }, secret);
    const phonePassword = model === "7961" ? undefined : secret();
    return {
      mac,
      address: `${network}.${10 + kind}.${1 + number}` as Ipv4,
      model,
      running,
      passwords,
      phonePassword,
      file: file(mac),
    };
  }),
);
const groupPassword = secret();
const amiSecret = secret();
while (secrets.length < 1000) secret();
const spare = secrets.slice(1000 - 8);

/** What a secret looks like in the encodings that a careless program would write it in. */
const traces: readonly Buffer[] = [
  Buffer.from(mark),
  Buffer.from(mark, "utf16le"),
  Buffer.from(Buffer.from(mark).toString("hex")),
  ...[0, 1, 2].map((shift) => {
    const text = Buffer.from("x".repeat(shift) + mark).toString("base64");
    return Buffer.from(text.slice(shift === 0 ? 0 : 4, Math.floor((mark.length + shift) / 3) * 4));
  }),
];

function shows(octets: Uint8Array | string): boolean {
  const buffer = Buffer.from(octets as Uint8Array);
  return traces.some((trace) => buffer.includes(trace));
}

let folder: string;
let service: ChildProcess | undefined;
let pbx: Server | undefined;
/** Everything that was printed, logged or answered, by where; each must show nothing. */
const heard: { readonly where: string; readonly text: string }[] = [];
let log = "";
let watching: NodeJS.Timeout | undefined;
let processesSeen = 0;

/** The command lines and environments of everything that runs while the test does. */
function lookAtProcesses(): void {
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    for (const part of ["cmdline", "environ"]) {
      try {
        const octets = readFileSync(`/proc/${name}/${part}`);
        processesSeen++;
        if (shows(octets)) heard.push({ where: `/proc/…/${part}`, text: octets.toString("latin1") });
      } catch {
        // It has ended, or belongs to somebody else.
      }
    }
  }
}

function provision(words: readonly string[], input = ""): Promise<{ exit: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, "dist/main.js"), ...words], { cwd: folder });
    let [out, err] = ["", ""];
    child.stdout.on("data", (text) => (out += text));
    child.stderr.on("data", (text) => (err += text));
    child.once("close", (exit) => {
      if (!(words.includes("--passwords") || words[0] === "render")) heard.push({ where: words.join(" "), text: out });
      heard.push({ where: `${words.join(" ")} (errors)`, text: err });
      resolve({ exit, out, err });
    });
    child.stdin.end(input);
  });
}

async function ask(address: string, path: string): Promise<{ status: number; body: string }> {
  const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    get({ host: server, port: ports.http, path, localAddress: address, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString("latin1") }),
      );
    }).once("error", reject);
  });
  return answer;
}

const tftp = (address: string, name: string) =>
  fetchFromServer(name, address).then((octets) => Buffer.from(octets).toString("latin1"));

async function fetchFromServer(name: string, address: string): Promise<Uint8Array> {
  return (await fetchFile(ports.tftp, name, {}, { address, server })).octets;
}

function serveByHand(): Promise<void> {
  const words = ["serve", "--tftp-port", String(ports.tftp), "--http-port", String(ports.http), "--log-level", "trace"];
  const child = spawn(process.execPath, [join(root, "dist/main.js"), ...words], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  service = child;
  child.stdout.on("data", (text) => (log += text));
  return new Promise((ready, failed) => {
    child.stderr.on("data", (text) => {
      log += text;
      if (log.includes("server.started")) ready();
    });
    child.once("exit", (code) => failed(new Error(`the service ended with ${code}: ${log}`)));
  });
}

async function serveWithDhcp(): Promise<void> {
  const args = [folder, network, ports.tftp, ports.dhcp, 60, Date.now(), "trace"].map(String);
  const child = fork(join(root, "test/gate/served.mjs"), args, { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  service = child;
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text) => (log += text));
  await new Promise<void>((ready, failed) => {
    child.once("message", () => ready());
    child.once("exit", (code) => failed(new Error(`the service ended with ${code}: ${log}`)));
  });
}

async function end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  const child = service;
  service = undefined;
  if (child === undefined) return;
  const gone = new Promise((exit) => child.once("exit", exit));
  child.kill(signal);
  await gone;
  heard.push({ where: `log until ${signal}`, text: log });
  log = "";
}

/** Every file below a folder, read in whole. */
function filesIn(path: string): { readonly path: string; readonly octets: Buffer; readonly mode: number }[] {
  return readdirSync(path, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const at = join(entry.parentPath, entry.name);
    return entry.isFile() ? [{ path: at, octets: readFileSync(at), mode: statSync(at).mode & 0o777 }] : [];
  });
}

/** The data folder as it lies on the disk at this moment: database, log, key, vault, uploads. */
function atRest(when: string): void {
  const files = filesIn(join(folder, "var"));
  expect(files.length).toBeGreaterThan(3);
  for (const { path, octets, mode } of files) {
    if (shows(octets)) heard.push({ where: `${path} ${when}`, text: octets.toString("latin1") });
    expect([path, mode & 0o077]).toEqual([path, 0]);
  }
}

beforeAll(async () => {
  execFileSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: "inherit" });
  folder = mkdtempSync(join(tmpdir(), "provision-canary-"));
  mkdirSync(join(folder, "tftpboot"));
  const group = { key: "encrypt_key", file: "ami.secret" };
  writeFileSync(
    join(folder, "provision.yaml"),
    `site:
  name: canary
  serverAddress: ${server}
  timeZone: UTC
  ntp: [${server}]
  sip: { proxy: ${server} }
  sccp: { callManagers: [${server}] }
keyFile: ./secret.key
tftp: { listen: ${server} }
http: { listen: ${server} }
access: { allow: [${network}.0.0/16] }
groups: { locked: { select: { group: locked }, settings: { ${group.key}: ${groupPassword} } } }
restart: { sip: false, ami: { host: ${server}, port: ${ports.ami}, username: provision, secretFile: ${group.file} } }
`,
    { mode: 0o600 },
  );
  writeFileSync(join(folder, group.file), `${amiSecret}\n`, { mode: 0o600 });
  // A PBX that repeats whatever it is told, as a refusal.
  pbx = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write("Asterisk Call Manager/5.0.2\r\n");
    socket.on("data", (text) => {
      const said = String(text).replace(/\r?\n/g, " ");
      socket.write(`Response: Error\r\nActionID: 1\r\nMessage: refused: ${said}\r\n\r\n`);
    });
  }).listen(ports.ami, server);
  for (const load of ["P00305000500", "P00308000900", "P0S3-8-12-00"]) {
    mkdirSync(join(folder, "packages", load), { recursive: true });
    for (const { name, octets } of packageOf(load)) writeFileSync(join(folder, "packages", load, name), octets);
  }
  watching = setInterval(lookAtProcesses, 50);
}, 120_000);

afterAll(async () => {
  clearInterval(watching);
  service?.kill("SIGKILL");
  pbx?.close();
  rmSync(folder, { recursive: true, force: true });
});

function inventory(): string {
  const header = ["mac", "model", "group", "phone_password"];
  for (let line = 1; line <= 6; line++) header.push(`line${line}`, `line${line}_password`);
  const rows = planted.map(({ mac, model, passwords, phonePassword }) => [
    mac,
    model,
    "",
    phonePassword ?? "",
    ...Array.from({ length: 6 }, (_, i) =>
      passwords[i] === undefined ? ["", ""] : [`${mac.slice(6)}${i}`, passwords[i]],
    ).flat(),
  ]);
  return [header, ...rows].map((row) => `${row.join(",")}\r\n`).join("");
}

/** What each phone gets by TFTP and HTTP from its own address: its secrets, every one, and nobody else's. */
async function eachPhoneReadsItsOwn(): Promise<void> {
  let found = 0;
  for (const phone of planted) {
    const shared =
      { "7960": ["SIPDefault.cnf"], SPIP650: [`${phone.mac}-extension.cfg`, "site.cfg"] }[phone.model] ?? [];
    const names = [phone.file, ...shared];
    const texts: string[] = [];
    for (const name of names) {
      texts.push((await ask(phone.address, `/${name}`)).body);
      if (found % 7 === 0) texts.push(await tftp(phone.address, name).catch(String));
    }
    const read = new Set(texts.join("\n").match(new RegExp(`${mark}[0-9a-z]{2}`, "g")) ?? []);
    const own = new Set([...phone.passwords, ...(phone.phonePassword === undefined ? [] : [phone.phonePassword])]);
    expect([phone.mac, [...read].filter((one) => !own.has(one))]).toEqual([phone.mac, []]);
    expect([phone.mac, [...own].filter((one) => !read.has(one))]).toEqual([phone.mac, []]);
    found += read.size;
  }
  expect(found).toBeGreaterThan(950);
}

test("S24 R51 a thousand secrets are in no log, page, error, process, database or backup, and in no other phone's file", {
  timeout: 600_000,
}, async () => {
  expect(secrets).toHaveLength(1000);
  expect(shows(Buffer.from(`password: ${secrets[7]}`))).toBe(true);
  expect(shows(Buffer.from(`x${secrets[7]}`).toString("base64"))).toBe(true);
  const csv = inventory();

  // Into the inventory: from a file, from standard input, and by hand.
  writeFileSync(join(folder, "phones.csv"), csv, { mode: 0o600 });
  expect((await provision(["phones", "import", "phones.csv", "--dry-run"])).exit).toBe(0);
  expect((await provision(["phones", "import", "-"], csv)).exit).toBe(0);
  writeFileSync(join(folder, "passwords"), `${spare[0]}\n${spare[1]}\n`, { mode: 0o600 });
  writeFileSync(join(folder, "phone-password"), `${spare[2]}\n`, { mode: 0o600 });
  const byHand = [
    "phones",
    "add",
    "--mac",
    "000e84ffff01",
    "--model",
    "7960",
    "--group",
    "locked",
    "--running",
    "P0S3-8-12-00",
  ];
  const lines = [
    "--line",
    "901",
    "--line",
    "902",
    "--password-file",
    "passwords",
    "--set-file",
    "phone_password=phone-password",
  ];
  expect((await provision([...byHand, ...lines])).exit).toBe(0);
  const shown = (await provision(["render", "SIP000E84FFFF01.cnf", "--mac", "000e84ffff01"])).out;
  expect(spare.slice(0, 2).every((one) => shown.includes(one))).toBe(true);

  // What is wrong with each of these is said without what it holds.
  const wrong = [
    `mac,model,line1,line1_password\nnonsense,7960,1,${spare[3]}\n`,
    `mac,model,line1,line1_password\n000e84ffff02,${spare[3]},1,"${spare[4]}\n`,
    `mac,model,line1,line1_password\n000e84ffff02,7960,1,${spare[3]}\u0001\n`,
    `mac,model,line1,line1_password\n000e84ffff02,7960,1,${spare[3]},${spare[4]}\n`,
    `mac,model,phone_password\n000e84ffff02,7960,${`${spare[4]}`.repeat(4)}\n`,
    `mac,model,line1_password\n000e84ffff02,7960,${spare[3]}\n`,
    `mac,${spare[3]}\n000e84ffff02,${spare[4]}\n`.replace(spare[3] ?? "", "secret"),
  ];
  for (const text of wrong.slice(0, 6)) {
    const { exit } = await provision(["phones", "import", "-"], text.replace(`,${spare[3]},1,"`, ',7960,1,"'));
    expect([text.slice(0, 60), exit]).toEqual([text.slice(0, 60), 1]);
  }

  // The service as it is installed, with the most talkative log.
  expect((await provision(["firmware", "import", "packages"])).exit).toBe(0);
  await serveByHand();
  const control = await findServer(join(folder, "var"));
  const rows = planted.map(({ mac, model, running, passwords, phonePassword }) => ({
    mac,
    model,
    running,
    lines: passwords.map((password, i) => ({ name: `${mac.slice(6)}${i}`, password })),
    settings: phonePassword === undefined ? {} : { phone_password: phonePassword },
  }));
  await control?.("putPhones", { phones: rows });
  await eachPhoneReadsItsOwn();

  // Requests that are refused repeat nothing of what they held.
  const refusals = [
    ["putPhones", { phones: [{ mac: "x", lines: [{ name: "1", password: spare[5] }] }] }],
    ["putPhones", { phones: [{ mac: "000e84ffff03", lines: [{ name: "1", password: [spare[5]] }] }] }],
    ["putPhones", { phones: [{ mac: "000e84ffff03", lines: [{ name: "1", secret: spare[5] }] }] }],
    ["putPhones", { phones: [{ mac: "000e84ffff03", settings: { phone_password: { a: spare[5] } } }] }],
    ["putPhones", { phones: [{ mac: "000e84ffff03", settings: { phone_password: `${spare[5]}`.repeat(400) } }] }],
  ] as const;
  for (const [operation, input] of refusals) {
    const told = await control?.(operation, input).then(
      () => "taken",
      (error: Error) => JSON.stringify([error.message, { ...error }]),
    );
    expect(told).not.toBe("taken");
    heard.push({ where: `control ${operation}`, text: String(told) });
  }

  // Everything that an admin can ask.
  const [first, second] = planted;
  const macs = [first?.mac ?? "", second?.mac ?? ""];
  const migrating = [
    "migrate",
    "--model",
    "SPIP650",
    "--mac",
    planted[90]?.mac ?? "",
    "--to",
    "SPIP650.4.0.14.1388",
    "--yes",
  ];
  const questions = [
    ["check"],
    ["check", "--json"],
    ["phones", "list"],
    ["phones", "list", "--json"],
    ["phones", "show", macs[0] ?? ""],
    ["phones", "show", macs[0] ?? "", "--json"],
    ["phones", "show", "000e84ffff01", "--json"],
    ["phones", "export"],
    ["phones", "gather", "tftpboot"],
    ["render", "--explain", `SIP${macs[0]?.toUpperCase()}.cnf`, "--mac", macs[0] ?? ""],
    ["status", "--json"],
    ["report"],
    ["report", "--json"],
    ["plan", "--model", "7960", "--from", "SCCP 3.1", "--to", "sip", "--format", "json"],
    ["plan", "--model", "7960", "--from", "SCCP 3.1", "--to", "sip", "--format", "html"],
    ["dhcp", "snippet", "--for", "isc"],
    ["firmware", "list", "--json"],
    migrating,
    [...migrating, "--dry-run"],
    ["restart", "--mac", macs[0] ?? "", "--json"],
    ["probe", "--mac", macs[0] ?? ""],
    ["guide", "--mac", macs[0] ?? ""],
    ["phones", "remove", "000e84ffff01"],
    ["phones", "add", "--mac", "000e84ffff04", "--model", "7960", "--set", "phone_password"],
  ];
  for (const words of questions) await provision(words);
  expect((await provision(["phones", "export", "--passwords"])).out).toContain(secrets[3]);
  // Not SIPDefault.cnf: the phone at this address has named itself within the hour, and it may read its own password.
  for (const path of ["/status", "/healthz", `/phones/${macs[0]}`, "/phones/x", "/nothing", "/%00"]) {
    heard.push({ where: path, text: (await ask(first?.address ?? "", path)).body });
  }

  // A name that every phone shares, and a stranger who has named none.
  heard.push({ where: "/SIPDefault.cnf", text: (await ask(`${network}.222.1`, "/SIPDefault.cnf")).body });

  // Files that others wrote, with secrets in them, go through the linter and the gatherer.
  mkdirSync(join(folder, "old"));
  const spoilt = `line1_name: 1\nline1_password: "${spare[6]}\nphone_password: ${spare[7]}${"x".repeat(40)}\nreg.1.auth.password: ${spare[6]}\n`;
  writeFileSync(join(folder, "old", "SIP000E84FFFF09.cnf"), spoilt);
  const torn = `<device><sipProfile><sipLines><line><authPassword>${spare[6]}</authPassword></sipLines></device>`;
  writeFileSync(join(folder, "old", "SEP000E84FFFF09.cnf.xml"), torn);
  writeFileSync(join(folder, "old", "gkdefault.txt"), `#txt\nPWD0:${`${spare[7]}`.repeat(4)}\n`);
  writeFileSync(
    join(folder, "old", "0004f2ffff09.cfg"),
    `<a reg.1.auth.password="${spare[6]}" reg.1.transport="${spare[7]}"`,
  );
  const linted = await provision(["lint", "old", "--json"]);
  expect(linted.exit).toBe(1);
  await provision(["phones", "gather", "old"]);
  await provision(["ata", "compile", "old/gkdefault.txt"]);

  // At rest: while it runs, after a kill, after a clean end, and in a copy of the folder.
  atRest("while it runs");
  await end("SIGKILL");
  atRest("after a kill");
  await serveByHand();
  expect((await ask(first?.address ?? "", `/${first?.file}`)).body).toContain(first?.passwords[0]);
  await end("SIGTERM");
  atRest("after its end");
  cpSync(join(folder, "var"), join(folder, "backup"), { recursive: true, filter: (path) => !path.endsWith(".sock") });
  for (const { path, octets } of filesIn(join(folder, "backup")))
    heard.push({ where: path, text: octets.toString("latin1") });
  expect(readdirSync(join(folder, "backup"))).not.toContain("secret.key");

  // Without its key, and with another one, the database tells nothing and the start is refused.
  const key = readFileSync(join(folder, "secret.key"), "utf8");
  heard.push({ where: "secret.key", text: key });
  chmodSync(join(folder, "secret.key"), 0o644);
  expect((await provision(["phones", "list"])).err).toContain("chmod 600");
  rmSync(join(folder, "secret.key"));
  expect((await provision(["phones", "list"])).err).toContain("is missing");
  writeFileSync(join(folder, "secret.key"), `provision-key-1 ${"00".repeat(32)}\n`, { mode: 0o600 });
  const other = await provision(["phones", "list"]);
  expect([other.exit, other.err]).toEqual([1, expect.stringContaining("is not the one")]);
  writeFileSync(join(folder, "secret.key"), key, { mode: 0o600 });
  cpSync(join(folder, "secret.key"), join(folder, "var", "secret.key"));

  // With its own DHCP: a phone goes all its way, and an address that is leased to it gets nothing of another's.
  await serveWithDhcp();
  const mover = "000e84c100ff" as Mac;
  const own = [secrets[500], secrets[501]].map((password, i) => ({ name: `mover${i}`, password }));
  const again = await findServer(join(folder, "var"));
  await again?.("putPhones", { phones: [{ mac: mover, model: "7960", running: "P00303010102", lines: own }] });
  await again?.("migrate", { model: "7960", to: "sip", acceptOneWay: true, enrol: true, macs: [mover] });
  const phone = seat(createCisco7940({ mac: mover, model: "7960", seed: 24 }), flashWith("P00303010102"));
  await runOverUdp({
    seats: [{ seat: phone, address: `${network}.200.10` as Ipv4 }],
    places: { tftp: { ip: server as Ipv4, port: ports.tftp }, dhcp: { ip: server as Ipv4, port: ports.dhcp } },
    speed: 60,
    until: 6 * 3_600_000,
    every: 20_000,
    operator: (_, act) => {
      if (phone.running === "P0S3-8-12-00") return true;
      if (phone.mood !== "busy") act.powerCycle(phone);
      return undefined;
    },
  });
  expect(phone.running).toBe("P0S3-8-12-00");
  const leased = (log.match(new RegExp(`"ip":"(${network.replace(".", "\\.")}\\.\\d+\\.\\d+)"`, "g")) ?? [])
    .map((text) => text.slice(6, -1))
    .find((ip) => log.includes(`"event":"lease.bound"`) && ip.startsWith(`${network}.1.`));
  expect(leased).toBeDefined();
  for (const { file } of planted.slice(0, 50)) {
    await expect(tftp(leased ?? "", file)).rejects.toThrow("ERROR");
  }
  heard.push({ where: "status", text: JSON.stringify(await again?.("status", {})) });
  heard.push({ where: "phone", text: JSON.stringify(await again?.("phone", { mac: mover })) });
  heard.push({ where: "reports", text: JSON.stringify(await again?.("report", {})) });
  atRest("with DHCP");
  await end("SIGTERM");
  atRest("at last");

  const leaks = heard
    .filter(({ text }) => shows(text))
    .map(
      ({ where, text }) => `${where}: …${text.slice(Math.max(0, text.indexOf(mark) - 60), text.indexOf(mark) + 20)}`,
    );
  expect(leaks).toEqual([]);
  expect(heard.filter(({ where }) => where.startsWith("log")).map(({ text }) => text.length > 200)).not.toContain(
    false,
  );
  expect(processesSeen).toBeGreaterThan(100);
  console.log(
    `secrets: ${secrets.length} planted, ${heard.length} texts and ${processesSeen} command lines and environments searched, 0 found`,
  );
});
