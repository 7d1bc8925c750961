import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { decodeDhcp } from "../../src/wire/dhcp.ts";
import { octetsOf } from "../synthetic-firmware.ts";
import { type Asking, DHCP_CLIENTS, PHONE_60, withEnv } from "./dhcp-clients.ts";
import {
  background,
  environment,
  judge,
  networkDown,
  networkUp,
  type Running,
  requirePrograms,
  run,
  runAside,
  unpacked,
  type Way,
  ways,
} from "./dhcp-network.ts";
import { boot, IPXE, type Machine, UBOOT } from "./machine.ts";
import { installedPackage } from "./namespaces.ts";

// `provision serve` as a site has it, asked by every client there is, on its own wire and over each relay.

requirePrograms({
  ...Object.fromEntries(DHCP_CLIENTS.map((client) => [client.program, client.package])),
  dhcrelay: "isc-dhcp-relay",
  dnsmasq: "dnsmasq-base",
  tshark: "tshark",
  "qemu-system-x86_64": "qemu-system-x86 and ipxe-qemu",
  "qemu-system-arm": "qemu-system-arm and u-boot-qemu",
});

const fetched = mkdtempSync(join(tmpdir(), "provision-ways-"));
const WAYS = ways(unpacked("/usr/sbin/dhcp-helper", "dhcp-helper", fetched));

/** Option 60 as facts of these phones have it, with and without NUL, and Polycom's binary form. */
const MODELS = [
  ...["CP-7940G\0", "CP-7960G\0", "CP-7941G-GE\0", "CP-7911G\0", "CP-7970G\0", "CP-7937G", "7912"].map((name) => ({
    vendor: "cisco",
    name,
    option60: Buffer.from(`Cisco Systems, Inc. IP Phone ${name}`).toString("hex"),
  })),
  ...["Polycom-VVX310", "Polycom-SoundPointIP-SPIP_335"].map((name) => ({
    vendor: "polycom",
    name,
    option60: Buffer.from(name).toString("hex"),
  })),
  ...["SoundPointIP-SPIP_601", "SoundPointIP-SPIP_301", "SoundStationIP-SSIP_6000"].map((name) => ({
    vendor: "polycom",
    name,
    option60: polycomBinary(name),
  })),
] as const;

/** Enterprise 13885, then name, part, application and BootROM (polycom.md §5.3). */
function polycomBinary(name: string): string {
  const values = [
    "Polycom",
    name,
    "2345-11605-001,2",
    "SIP/3.1.3.0439/11-Mar-09 16:25",
    "BR/4.1.2.0037/06-Nov-08 12:39",
  ];
  const inner = Buffer.concat(values.map((value, i) => Buffer.from([i + 1, value.length, ...Buffer.from(value)])));
  return Buffer.concat([Buffer.from([0, 0, 0x36, 0x3d, inner.length]), inner, Buffer.from([255])]).toString("hex");
}

function phoneOf({ vendor, option60 }: (typeof MODELS)[number], i: number) {
  const wanted =
    vendor === "cisco" ? [1, 66, 6, 3, 15, 150, 35] : [1, 3, 28, 66, 150, 160, 2, 4, 42, 128, 144, 157, 191];
  const mac = `${vendor === "cisco" ? "000e84" : "0004f2"}a000${i.toString(16).padStart(2, "0")}`;
  return {
    mac,
    options: [
      [55, Buffer.from(wanted).toString("hex")],
      [60, option60],
    ],
  };
}

/** Every option code of a reply in the order of the octets, those in `file` and `sname` too. */
function codesOf(octets: Uint8Array): number[] {
  const found: number[] = [];
  const walk = (from: number, to: number): number => {
    let overload = 0;
    for (let at = from; at < to && octets[at] !== 255; ) {
      const code = octets[at++] as number;
      if (code === 0) continue;
      found.push(code);
      if (code === 52) overload = octets[at + 1] as number;
      at += 1 + (octets[at] as number);
    }
    return overload;
  };
  const overload = walk(240, octets.length);
  if ((overload & 1) !== 0) walk(108, 236);
  if ((overload & 2) !== 0) walk(44, 108);
  return found;
}

const image = octetsOf("image.bin", 3_000_000);
let installed: ReturnType<typeof installedPackage>;
let site: string;
let script: string;
let capture: Running;
let serving: Running;

const subnets = `
    - { subnet: 10.50.0.0/20, pool: 10.50.1.1-10.50.1.200, router: 10.50.0.2, dns: [10.50.0.1], leaseTime: 10m }
    - { subnet: 10.60.0.0/20, pool: 10.60.1.1-10.60.1.200, router: 10.60.0.1, leaseTime: 10m }`;
const sharedWire = `
    - { subnet: 10.50.0.0/20, reservations: [ { clientId: lobby, ip: 10.50.2.1 } ] }
    - subnet: 10.60.0.0/20
      pool: 10.60.3.1-10.60.3.1
      router: 10.60.0.1
      sharedNetwork: far
      reservations: [ { circuitId: eth1, ip: 10.60.2.7 } ]
    - { subnet: 10.61.0.0/24, pool: 10.61.0.100-10.61.0.101, router: 10.61.0.1, sharedNetwork: far }`;

async function serve(below: string): Promise<void> {
  await serving?.stop();
  writeFileSync(
    join(site, "provision.yaml"),
    `site: { serverAddress: 10.50.0.1, ntp: [10.50.0.1], timeZone: Europe/Berlin }
dhcp:
  enabled: true
  interface: eth0
  answer: everyone
  voiceVlan: 77
  subnets:${below}
access: { allow: [10.50.0.0/20, 10.60.0.0/20, 10.61.0.0/24] }
`,
  );
  const words = [process.execPath, installed.main, "--config", join(site, "provision.yaml"), "serve"];
  serving = await background("srv", words, /server\.started/, 30_000);
}

beforeAll(async () => {
  networkUp();
  installed = installedPackage();
  site = join(installed.folder, "site");
  mkdirSync(join(site, "tftpboot"), { recursive: true });
  writeFileSync(join(site, "tftpboot/image.bin"), image);
  script = join(site, "script");
  writeFileSync(script, `#!/bin/sh\n[ -n "$1$reason" ] && env >> "${site}/env-$OUT"\nexit 0\n`);
  chmodSync(script, 0o755);
  writeFileSync(
    join(site, "dhclient.conf"),
    "option option-150 code 150 = array of ip-address;\nrequest subnet-mask, routers, tftp-server-name, option-150;\n",
  );
  const words = ["tshark", "-q", "-i", "eth0", "-w", join(site, "run.pcap"), "-f", "port 67 or port 68"];
  capture = await background("srv", words, /Capturing/);
  await serve(subnets);
}, 120_000);

afterAll(async () => {
  await serving?.stop();
  await capture?.stop("SIGINT");
  networkDown();
  installed?.close();
  rmSync(fetched, { recursive: true });
});

async function over<T>({ relay }: Way, work: () => Promise<T>): Promise<T> {
  if (relay === undefined) return work();
  const running = await background("rel", relay[0], relay[1], 700);
  try {
    return await work();
  } finally {
    await running.stop("SIGKILL");
  }
}

const asking = (way: Way, name: string): Asking => ({
  place: way.client,
  name: `${name}-${way.name}`.replaceAll(" ", "-"),
  folder: site,
  script,
  idle: way.idle,
  server: way.server,
});

const told = (name: string) => environment(join(site, `env-${name}`));

describe.each(WAYS)("$name", (way) => {
  test.each(DHCP_CLIENTS.map((client) => [client.name, client] as const))("%s is served", async (name, client) => {
    const at = asking(way, name);
    const [, address] = client.served.exec(await over(way, () => client.ask(at))) ?? [];
    if (name === "systemd-networkd")
      await vi.waitFor(() => expect(serving.printed).toMatch(new RegExp(`lease.released.*"${address}"`)));
    expect(address).toMatch(name === "dhcping" ? /^10\.50\.0\.1$|^10\.60\.0\.1$/ : new RegExp(`^${way.prefix}`));
  });

  test("dhclient and udhcpc read 66 and 150 as the server's address", () => {
    const [dhclient, udhcpc] = ["dhclient", "udhcpc"].map((name) => told(asking(way, name).name));
    expect([dhclient?.get("new_tftp_server_name"), dhclient?.get("new_option_150")]).toEqual([
      "10.50.0.1",
      "10.50.0.1",
    ]);
    expect([udhcpc?.get("tftp"), udhcpc?.get("opt150"), udhcpc?.get("siaddr")]).toEqual([
      "10.50.0.1",
      "0a320001",
      "10.50.0.1",
    ]);
  });

  test.each([
    ["iPXE", IPXE, "00:04:f2:00:00:31", ["ifconf -c dhcp", "route"], "imgfetch tftp://10.50.0.1/image.bin"],
    [
      "U-Boot",
      UBOOT,
      "00:0e:84:00:00:32",
      ["setenv autoload no", `setenv bootp_vci "${PHONE_60}"`, "dhcp"],
      "tftpboot 0x41000000 10.50.0.1:image.bin",
    ],
  ] as const)(
    "%s boots from it: an address, then three megabytes by TFTP, octet by octet",
    async (_, firmware, mac, lease, load) => {
      await over(way, async () => {
        const machine: Machine = await boot(firmware, way.wire, mac, site);
        try {
          let printed = "";
          for (const line of lease) printed += await machine.say(line);
          expect(printed).toMatch(new RegExp(`(net0:|bound to address) ${way.prefix.replaceAll(".", "\\.")}`));
          expect(machine.holds(image)).toBe(false);
          await machine.say(load);
          expect(machine.holds(image)).toBe(true);
        } finally {
          await machine.off();
        }
      });
    },
  );

  test("R49 D038 D039 twelve models are told one boot server in 66, 150 and siaddr, and no option twice", async () => {
    const file = join(site, "models.json");
    writeFileSync(file, JSON.stringify(MODELS.map((model, i) => phoneOf(model, i))));
    run(way.client, ["ip", "addr", "add", `${way.idle}/20`, "dev", "eth0"]);
    run(way.client, ["ip", "route", "add", "255.255.255.255/32", "dev", "eth0"]);
    const ask = [process.execPath, join(import.meta.dirname, "dhcp/ask.mjs"), join(installed.folder, "dist"), file];
    const printed = await over(way, () => runAside(way.client, ask, 30));
    run(way.client, ["ip", "addr", "flush", "dev", "eth0"]);
    const replies = printed
      .trim()
      .split("\n")
      .map((line) => Buffer.from(JSON.parse(line)[1], "hex"));
    expect(replies).toHaveLength(2 * MODELS.length);
    for (const [i, octets] of replies.entries()) {
      const { vendor, name } = MODELS[i >> 1] as (typeof MODELS)[number];
      const { options, siaddr, yiaddr } = decodeDhcp(octets);
      const text = (code: number) => Buffer.from(options.get(code) ?? []).toString("latin1");
      const seen = { name, siaddr, 66: text(66), 150: [...(options.get(150) ?? [])].join("."), 160: text(160) };
      const server = "10.50.0.1";
      expect(seen).toEqual({ name, siaddr: server, 66: server, 150: server, 160: vendor === "polycom" ? server : "" });
      expect(yiaddr).toMatch(new RegExp(`^${way.prefix}`));
      expect(codesOf(octets).filter((code, at, all) => all.indexOf(code) !== at)).toEqual([]);
      const vlans = [128, 144, 157, 191].map(text);
      expect(vlans).toEqual(Array(4).fill(vendor === "polycom" ? "VLAN-A=77;" : ""));
    }
  });
});

describe("a wire with two subnets, and reservations, out of provision.yaml", () => {
  const udhcpc = (name: string, clientId: string) => {
    const words = ["udhcpc", "-f", "-n", "-q", "-t", "4", "-T", "2", "-i", "eth0", "-C", "-x", `0x3d:${clientId}`];
    return withEnv(name, [...words, "-V", PHONE_60, "-s", script]);
  };

  beforeAll(async () => {
    await serve(sharedWire);
    run("rel", ["ip", "addr", "add", "10.61.0.1/24", "dev", "eth1"]);
    run("srv", ["ip", "route", "add", "10.61.0.0/24", "via", "10.50.0.2"]);
  });

  test("D056 a client gets the address that is reserved for its client id, and another none where there is no pool", async () => {
    expect(await runAside("c1", udhcpc("lobby", Buffer.from("lobby").toString("hex")))).toMatch(
      /lease of 10\.50\.2\.1 /,
    );
    expect(await runAside("c1", udhcpc("hall", Buffer.from("hall").toString("hex")))).toMatch(/no lease/);
  });

  test("when the subnet of the relay is used up, the other one of its wire gives address, mask and router", async () => {
    const [, , helper] = WAYS;
    await over(helper as Way, async () => {
      expect(await runAside("r1", udhcpc("far-1", "aa01"))).toMatch(/lease of 10\.60\.3\.1 /);
      expect(await runAside("r1", udhcpc("far-2", "aa02"))).toMatch(/lease of 10\.61\.0\.100 /);
      expect(await runAside("r1", udhcpc("far-1-again", "aa01"))).toMatch(/lease of 10\.60\.3\.1 /);
    });
    const env = told("far-2");
    expect([env.get("router"), env.get("mask"), env.get("siaddr")]).toEqual(["10.61.0.1", "24", "10.50.0.1"]);
  });

  test("D056 a client behind dhcrelay gets the address that is reserved for its port", async () => {
    const [, dhcrelay] = WAYS;
    expect(await over(dhcrelay as Way, () => runAside("r1", udhcpc("port", "aa03")))).toMatch(/lease of 10\.60\.2\.7 /);
  });
});

test("D044 tshark reads every reply of this run without one malformed", async () => {
  await capture.stop("SIGINT");
  const { malformed, replies } = judge(join(site, "run.pcap"));
  expect(replies).toBeGreaterThan(150);
  expect(malformed).toEqual([]);
});
