import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createWire, installedPackage, type Serving, serveOn, type Wire } from "./namespaces.ts";

// One boot by hand: `provision serve` with its own DHCP, on a real interface, with a client that says it is a 7960.

const mac = "00:0e:84:c0:60:a6";
let wire: Wire;
let site: string;
let installed: ReturnType<typeof installedPackage>;
let serving: Serving;

beforeAll(async () => {
  wire = createWire("svi", mac, { udhcpc: "udhcpc", curl: "curl" });
  wire.client.run(["ip", "addr", "flush", "dev", "eth0"], "/");
  installed = installedPackage();
  site = mkdtempSync(join(tmpdir(), "provision-serve-"));
  mkdirSync(join(site, "tftpboot"));
  writeFileSync(
    join(site, "provision.yaml"),
    `site:
  serverAddress: 10.77.0.1
  ntp: [10.77.0.1]
  sip: { proxy: 10.77.0.1 }
  sccp: { callManagers: [10.77.0.1] }
dhcp:
  enabled: true
  interface: eth0
  answer: phones
  subnets:
    - { subnet: 10.77.0.0/24, pool: 10.77.0.100-120, router: 10.77.0.1, dns: [10.77.0.1], domain: example.net, leaseTime: 10m }
access: { allow: [10.77.0.0/24] }
`,
  );
  writeFileSync(
    join(site, "script"),
    `#!/bin/sh\n[ "$1" = bound ] || exit 0\nip addr add "$ip/24" dev eth0\nenv > "${site}/lease"\n`,
  );
  chmodSync(join(site, "script"), 0o755);
  const phone = ["phones", "add", "--mac", mac, "--model", "7960", "--running", "P0S3-8-12-00", "--line", "1001"];
  execFileSync(process.execPath, [installed.main, ...phone], { cwd: site, stdio: "ignore" });
  serving = await serveOn(wire.server, installed.main, site);
}, 120_000);

afterAll(async () => {
  await serving?.stop();
  wire?.down();
  installed?.close();
  if (site !== undefined) rmSync(site, { recursive: true });
});

const udhcpc = (vendorClass: string) => [
  "udhcpc",
  "-f",
  "-n",
  "-q",
  "-t",
  "4",
  "-T",
  "2",
  "-i",
  "eth0",
  "-O",
  "tftp",
  "-O",
  "150",
  "-O",
  "ntpsrv",
  "-V",
  vendorClass,
  "-s",
  join(site, "script"),
];

test("what does not say that it is a phone gets no address", () => {
  wire.client.run(["ip", "link", "set", "eth0", "address", "02:00:00:00:00:01"], "/");
  const { status } = wire.client.attempt(udhcpc("MSFT 5.0"), site);
  wire.client.run(["ip", "link", "set", "eth0", "address", mac], "/");
  expect(status).not.toBe(0);
});

test("a client that says it is a 7960 gets a lease with 66, 150 and siaddr, and its own files from that address", async () => {
  wire.client.run(udhcpc("Cisco Systems, Inc. IP Phone CP-7960G"), site);
  const lease = Object.fromEntries(
    readFileSync(join(site, "lease"), "utf8")
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  expect(lease).toMatchObject({
    ip: expect.stringMatching(/^10\.77\.0\.1[012]\d$/),
    siaddr: "10.77.0.1",
    tftp: "10.77.0.1",
    opt150: "0a4d0001",
    router: "10.77.0.1",
    ntpsrv: "10.77.0.1",
    lease: "600",
  });
  const file = wire.client.run(["curl", "-sS", "--fail", "tftp://10.77.0.1/SIP000E84C060A6.cnf"], site);
  expect(file).toContain("1001");
  const other = wire.client.attempt(["curl", "-sS", "--fail", "tftp://10.77.0.1/SIP000E84C060A7.cnf"], site);
  expect(other.status).not.toBe(0);
  await vi.waitFor(() => expect(serving.log()).toContain("lease.bound"));
});
