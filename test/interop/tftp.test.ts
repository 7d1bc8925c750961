import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { packageOf } from "../../src/sim/cisco-7940/packages.ts";
import { octetsOf } from "../synthetic-firmware.ts";
import { createWire, installedPackage, type Serving, serveOn, type Wire } from "./namespaces.ts";

const mac = "00:0e:84:c0:60:a6";
const another = "00:0e:84:c0:60:a7";
const megabyte = 1_048_576 + 37;

let wire: Wire;
let site: string;
let installed: ReturnType<typeof installedPackage>;
let serving: Serving;

const provision = (...words: string[]): Buffer =>
  execFileSync(process.execPath, [installed.main, ...words], { cwd: site, stdio: ["ignore", "pipe", "ignore"] });

beforeAll(async () => {
  wire = createWire("tfi", mac, { curl: "curl", tftp: "tftp-hpa", atftp: "atftp", busybox: "busybox" });
  installed = installedPackage();
  site = mkdtempSync(join(tmpdir(), "provision-interop-site-"));
  mkdirSync(join(site, "tftpboot"));
  writeFileSync(join(site, "tftpboot/image.bin"), octetsOf("image.bin", megabyte));
  writeFileSync(join(site, "tftpboot/lines.txt"), "first\nsecond\n\nlast without an end");
  writeFileSync(
    join(site, "provision.yaml"),
    `site:
  serverAddress: 10.77.0.1
  timeZone: Europe/Berlin
  sip: { proxy: 10.77.0.1 }
  sccp: { callManagers: [10.77.0.1] }
tftp: { listen: 10.77.0.1 }
access: { allow: [10.77.0.0/24] }
`,
  );
  mkdirSync(join(site, "package"));
  for (const { name, octets } of packageOf("P0S3-8-12-00")) writeFileSync(join(site, "package", name), octets);
  provision("firmware", "import", "package");
  for (const [i, one] of [mac, another].entries()) {
    provision("phones", "add", "--mac", one, "--model", "7960", "--running", "P0S3-8-12-00", "--line", `100${i}`);
  }
  serving = await serveOn(wire.server, installed.main, site);
}, 120_000);

afterAll(async () => {
  await serving?.stop();
  wire?.down();
  installed?.close();
  if (site !== undefined) rmSync(site, { recursive: true });
});

type Fetch = (name: string, into: string) => readonly string[];

const clients: Readonly<Record<string, Fetch>> = {
  curl: (name, into) => ["curl", "-sS", "--fail", `tftp://10.77.0.1/${name}`, "-o", into],
  "curl with blksize 1428": (name, into) => [
    "curl",
    "-sS",
    "--fail",
    "--tftp-blksize",
    "1428",
    `tftp://10.77.0.1/${name}`,
    "-o",
    into,
  ],
  "curl without options": (name, into) => [
    "curl",
    "-sS",
    "--fail",
    "--tftp-no-options",
    `tftp://10.77.0.1/${name}`,
    "-o",
    into,
  ],
  "tftp-hpa": (name, into) => ["tftp", "-m", "binary", "10.77.0.1", "-c", "get", name, into],
  atftp: (name, into) => ["atftp", "-g", "-r", name, "-l", into, "10.77.0.1", "69"],
  "atftp with blksize and windowsize": (name, into) => [
    "atftp",
    "--option",
    "blksize 1428",
    "--option",
    "windowsize 8",
    "-g",
    "-r",
    name,
    "-l",
    into,
    "10.77.0.1",
    "69",
  ],
  busybox: (name, into) => ["busybox", "tftp", "-g", "-r", name, "-l", into, "10.77.0.1"],
  "busybox with blksize 1428": (name, into) => [
    "busybox",
    "tftp",
    "-g",
    "-b",
    "1428",
    "-r",
    name,
    "-l",
    into,
    "10.77.0.1",
  ],
  "npm tftp": (name, into) => [
    process.execPath,
    "-e",
    `const { createRequire } = require("node:module");
     createRequire(${JSON.stringify(resolve("package.json"))})("tftp").createClient({ host: "10.77.0.1", port: 69 })
       .get(${JSON.stringify(name)}, ${JSON.stringify(into)}, (error) => { if (error) { console.error(error.message); process.exit(1); } });`,
  ],
};

const digest = (octets: Uint8Array): string =>
  `${octets.length} octets, ${createHash("sha256").update(octets).digest("hex")}`;

let counter = 0;

const printed = new Map<string, string>();

/** What `provision render` prints for the phone. */
function rendered(name: string): string {
  const known = printed.get(name) ?? digest(provision("render", name, "--mac", mac));
  printed.set(name, known);
  return known;
}

function fetched(client: string, name: string): string {
  const into = join(site, `fetched-${counter++}`);
  wire.client.run(clients[client]?.(name, into) ?? [], site);
  return digest(readFileSync(into));
}

describe.each(Object.keys(clients))("%s", (client) => {
  test("fetches a file of the site of a megabyte, octet by octet", () => {
    expect(fetched(client, "image.bin")).toBe(digest(octetsOf("image.bin", megabyte)));
  });

  test("fetches an image out of the vault", () => {
    const image = packageOf("P0S3-8-12-00").find(({ name }) => name.endsWith(".sb2"));
    expect(fetched(client, "P0S3-8-12-00.sb2")).toBe(digest(image?.octets ?? new Uint8Array()));
  });

  test("fetches the phone's own files as `provision render` prints them", () => {
    for (const name of ["SIPDefault.cnf", "SIP000E84C060A6.cnf"]) {
      expect([name, fetched(client, name)]).toEqual([name, rendered(name)]);
    }
  });
});

test("tftp-hpa in netascii gets the lines as they are", () => {
  const into = join(site, "lines");
  wire.client.run(["tftp", "-m", "ascii", "10.77.0.1", "-c", "get", "lines.txt", into], site);
  expect(readFileSync(into, "utf8")).toBe("first\nsecond\n\nlast without an end");
});

test("a phone's own file goes to no other phone's address, and the log says whose it was (S20)", async () => {
  const answer = wire.client.attempt(["curl", "-sS", "--fail", "tftp://10.77.0.1/SIP000E84C060A7.cnf"], site);
  expect(answer.status).not.toBe(0);
  await vi.waitFor(() => expect(serving.log()).toContain("file.not-yours"));
});

test("a name that leads out of the folder finds nothing", () => {
  for (const name of ["../provision.yaml", "..\\provision.yaml", "/../provision.yaml", "/etc/passwd"]) {
    const into = join(site, `out-${counter++}`);
    const answer = wire.client.attempt(["atftp", "-g", "-r", name, "-l", into, "10.77.0.1", "69"], site);
    expect([name, answer.printed]).toEqual([name, expect.stringMatching(/error|not found/i)]);
  }
});

test("the service ends cleanly on SIGTERM", async () => {
  expect(await serving.stop()).toBe(0);
  expect(serving.log()).toContain("server.stopped");
});
