import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  background,
  environment,
  judge,
  networkDown,
  networkUp,
  type Place,
  type Running,
  requirePrograms,
  run,
  runAside,
  service,
  workshop,
} from "./dhcp-network.ts";

requirePrograms({
  dhclient: "isc-dhcp-client",
  udhcpc: "udhcpc",
  dhcpcd: "dhcpcd-base",
  "/usr/lib/klibc/bin/ipconfig": "klibc-utils",
  nmap: "nmap",
  dhcping: "dhcping",
  dhcrelay: "isc-dhcp-relay",
  dnsmasq: "dnsmasq-base",
  tshark: "tshark",
});

let shop: ReturnType<typeof workshop>;
let server: Running;
let capture: Running;
let script: string;

beforeAll(async () => {
  networkUp();
  shop = workshop();
  script = join(shop.folder, "script");
  // Called by dhclient, udhcpc and dhcpcd alike; says yes to everything and keeps what it was told.
  writeFileSync(script, `#!/bin/sh\n[ -n "$1$reason" ] && env >> "${shop.folder}/env-$OUT"\nexit 0\n`);
  chmodSync(script, 0o755);
  const file = join(shop.folder, "run.pcap");
  capture = await background(
    "srv",
    ["tshark", "-q", "-i", "eth0", "-w", file, "-f", "port 67 or port 68"],
    /Capturing/,
  );
  server = await service(shop);
}, 120_000);

afterAll(async () => {
  await server?.stop();
  await capture?.stop("SIGINT");
  networkDown();
  shop?.close();
});

const told = (name: string) => environment(join(shop.folder, `env-${name}`));
const withEnv = (name: string, command: readonly string[]) => ["env", `OUT=${name}`, ...command];

function dhclient(name: string, ...more: string[]): string[] {
  const conf = join(shop.folder, "dhclient.conf");
  writeFileSync(
    conf,
    "option option-150 code 150 = array of ip-address;\nrequest subnet-mask, routers, domain-name-servers, tftp-server-name, option-150;\n",
  );
  const file = (what: string) => join(shop.folder, `${name}.${what}`);
  return withEnv(name, [
    "dhclient",
    "-1",
    "-v",
    "-cf",
    conf,
    "-lf",
    file("leases"),
    "-pf",
    file("pid"),
    "-sf",
    script,
    "-e",
    `OUT=${name}`,
    ...more,
    "eth0",
  ]);
}

async function leases(place: Place, name: string): Promise<void> {
  const printed = await runAside(place, [...dhclient(name)], 30);
  expect(printed).toMatch(/bound to 10\.[56]0\.1\./);
  await runAside(place, ["sh", "-c", `kill $(cat ${shop.folder}/${name}.pid)`]);
}

describe("real clients on the same wire", () => {
  test("dhclient is bound and reads 66 and 150", async () => {
    await leases("c1", "dhclient-direct");
    const env = told("dhclient-direct");
    expect(env.get("new_tftp_server_name")).toBe("10.50.0.1");
    expect(env.get("new_option_150")).toBe("10.50.0.1");
    expect(env.get("new_routers")).toBe("10.50.0.2");
  });

  test("dhclient gives its lease back, and gets the same again (D096)", async () => {
    const printed = await runAside("c1", dhclient("dhclient-release"), 30);
    const [, address] = /bound to (\S+)/.exec(printed) ?? [];
    // The script configures nothing, and a RELEASE is sent from the address itself.
    run("c1", ["ip", "addr", "add", `${address}/20`, "dev", "eth0"]);
    await runAside("c1", dhclient("dhclient-release", "-r"), 30);
    run("c1", ["ip", "addr", "flush", "dev", "eth0"]);
    expect(server.printed).toMatch(new RegExp(`lease.released.*${address}`));
    expect(await runAside("c1", dhclient("dhclient-again"), 30)).toContain(`bound to ${address}`);
    await runAside("c1", ["sh", "-c", `kill $(cat ${shop.folder}/dhclient-again.pid)`]);
  });

  test("udhcpc gets its lease with 66 and 150", async () => {
    const command = ["udhcpc", "-f", "-n", "-q", "-t", "4", "-T", "2", "-i", "eth0", "-O", "tftp", "-O", "150"];
    const printed = await runAside("c2", withEnv("udhcpc", [...command, "-V", "Polycom-SPIP335", "-s", script]));
    expect(printed).toMatch(/lease of 10\.50\.1\./);
    expect(told("udhcpc").get("tftp")).toBe("10.50.0.1");
    expect(told("udhcpc").get("opt150")).toBe("0a320001");
  });

  test("dhcpcd gets its lease", async () => {
    const command = ["dhcpcd", "-4", "-1", "-B", "-d", "-t", "12", "-f", "/dev/null", "--noarp", "-c", script, "eth0"];
    expect(await runAside("c3", withEnv("dhcpcd", command), 25)).toMatch(/leased 10\.50\.1\./);
  });

  test("klibc ipconfig gets its lease and reads siaddr", async () => {
    const printed = await runAside("c3", ["/usr/lib/klibc/bin/ipconfig", "-t", "10", "-c", "dhcp", "-d", "eth0"]);
    expect(printed).toMatch(/address: 10\.50\.1\./);
    expect(printed).toMatch(/rootserver: 10\.50\.0\.1/);
  });

  test("nmap decodes the offer", async () => {
    run("c2", ["ip", "addr", "add", "10.50.9.2/20", "dev", "eth0"]);
    const printed = await runAside("c2", ["nmap", "--script", "broadcast-dhcp-discover", "-e", "eth0"], 40);
    expect(printed).toMatch(/IP Offered: 10\.50\.1\./);
    expect(printed).toMatch(/Server Identifier: 10\.50\.0\.1/);
  });

  test("dhcping is answered", async () => {
    const command = ["dhcping", "-v", "-i", "-h", "00:04:f2:00:00:02", "-s", "10.50.0.1", "-c", "10.50.9.2"];
    expect(await runAside("c2", command)).toMatch(/Got answer/);
  });
});

describe("through relays on the way to another subnet", () => {
  const relays: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      "ISC dhcrelay with option 82",
      ["dhcrelay", "-4", "-d", "-a", "-m", "append", "-iu", "eth0", "-id", "eth1", "10.50.0.1"],
      /Sending on/,
    ],
    [
      "ISC dhcrelay without option 82",
      ["dhcrelay", "-4", "-d", "-iu", "eth0", "-id", "eth1", "10.50.0.1"],
      /Sending on/,
    ],
    [
      "dnsmasq as a relay",
      [
        "dnsmasq",
        "-k",
        "-p",
        "0",
        "--dhcp-relay=10.60.0.1,10.50.0.1",
        "--interface=eth1",
        "--bind-dynamic",
        "--log-facility=-",
        "-u",
        "root",
      ],
      /DHCP relay/,
    ],
  ];
  test.each(relays)("D100 D107 dhclient behind %s is bound in its own subnet", async (name, command, ready) => {
    const relay = await background("rel", command, ready, 3000);
    try {
      const run = name.replaceAll(" ", "-");
      await leases("r1", run);
      expect(told(run).get("new_ip_address")).toMatch(/^10\.60\.1\./);
      expect(told(run).get("new_dhcp_server_identifier")).toBe("10.50.0.1");
    } finally {
      await relay.stop("SIGKILL");
    }
  });
});

describe("what only a real network can show", () => {
  test("D018 a request that comes in two IP fragments is answered", async () => {
    const client = join(shop.folder, "fragment.mjs");
    writeFileSync(
      client,
      `import { createSocket } from "node:dgram";
      const { encodeDhcp } = await import("${shop.built}/wire/dhcp.js");
      const none = "0.0.0.0", empty = new Uint8Array(0);
      const packet = { op: 1, htype: 1, hlen: 6, hops: 0, xid: 7, secs: 0, flags: 0, ciaddr: "10.50.9.2", yiaddr: none,
        siaddr: none, giaddr: none, chaddr: Uint8Array.of(0, 4, 0xf2, 0, 0, 9), sname: empty, file: empty,
        options: new Map([[53, Uint8Array.of(8)], [43, new Uint8Array(1225).fill(1)]]) };
      const octets = encodeDhcp(packet);
      const socket = createSocket("udp4");
      socket.on("message", (m) => { console.log("answered", octets.length, m[0]); process.exit(0); });
      socket.bind(68, () => socket.send(octets, 67, "10.50.0.1"));
      setTimeout(() => process.exit(1), 3000);`,
    );
    expect(await runAside("c2", [process.execPath, client])).toMatch(/answered 14[789]\d 2/);
  });

  test("D062 an address that somebody has taken without asking is not offered, and rests", async () => {
    await server.stop();
    server = await service(shop, { probe: true, database: join(shop.folder, "probe.db") });
    run("c3", ["ip", "addr", "flush", "dev", "eth0"]);
    run("c3", ["ip", "addr", "add", "10.50.1.1/20", "dev", "eth0"]);
    const printed = await runAside("c1", dhclient("probe"), 30);
    expect(printed).toMatch(/bound to 10\.50\.1\.2 /);
    expect(server.printed).toMatch(/lease.conflict.*10\.50\.1\.1"/);
    await runAside("c1", ["sh", "-c", `kill $(cat ${shop.folder}/probe.pid)`]);
  });

  test("D142 another DHCP server on the wire is reported within a second of its first answer", async () => {
    run("rel", ["ip", "addr", "add", "10.50.0.3/20", "dev", "eth0"]);
    const rogue = await background(
      "rel",
      [
        "dnsmasq",
        "-k",
        "-p",
        "0",
        "--interface=eth0",
        "--bind-dynamic",
        "--dhcp-range=10.50.3.1,10.50.3.9",
        "--dhcp-broadcast",
        "--no-ping",
        "--log-facility=-",
        "-u",
        "root",
      ],
      /DHCP, IP range/,
    );
    try {
      const lookout = join(shop.folder, "lookout.mjs");
      writeFileSync(
        lookout,
        `const { findOtherServers } = await import("${shop.built}/net/dhcp-lookout.js");
        console.log(JSON.stringify(await findOtherServers({ interface: "eth0", address: "10.50.0.1" })));`,
      );
      const found = await runAside("srv", [process.execPath, lookout]);
      expect(found).toMatch(/"serverId":"10\.50\.0\.[23]"/);
      expect(server.printed).toMatch(/dhcp.other-server.*10\.50\.0\.[23]/);
    } finally {
      await rogue.stop("SIGKILL");
    }
  });

  test("D044 tshark reads every reply of this run without one malformed", async () => {
    await capture.stop("SIGINT");
    const { malformed, replies } = judge(join(shop.folder, "run.pcap"));
    expect(replies).toBeGreaterThan(20);
    expect(malformed).toEqual([]);
  });
});
