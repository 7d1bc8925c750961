import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dhcpSnippet, type SnippetKind } from "../../src/provision/dhcp-snippet.ts";
import { ip, mac } from "../provision/dhcp-world.ts";
import {
  background,
  environment,
  networkDown,
  networkUp,
  requirePrograms,
  run,
  runAside,
  workshop,
} from "./dhcp-network.ts";

requirePrograms({
  "/usr/sbin/dhcpd": "isc-dhcp-server",
  "kea-dhcp4": "kea-dhcp4-server",
  dnsmasq: "dnsmasq-base",
  udhcpc: "udhcpc",
});

const CISCO = "Cisco Systems, Inc. IP Phone CP-7960G";
const content = { server: ip("10.50.0.77"), macs: [] };
const PHONE = mac("00:04:f2:00:00:01");
let shop: ReturnType<typeof workshop>;

beforeAll(() => {
  networkUp();
  shop = workshop();
  const script = join(shop.folder, "script");
  writeFileSync(script, `#!/bin/sh\nenv > "${shop.folder}/env-$OUT"\nexit 0\n`);
  chmodSync(script, 0o755);
}, 120_000);

afterAll(() => {
  networkDown();
  shop?.close();
});

const write = (name: string, text: string): string => {
  writeFileSync(join(shop.folder, name), text);
  return join(shop.folder, name);
};

interface Peer {
  readonly check: readonly string[];
  readonly serve: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** How each server is given the snippet; every one hands out 10.50.1.x. */
function peer(kind: SnippetKind, snippet: string): Peer {
  if (kind === "isc") {
    const conf = write(
      "isc.conf",
      `${snippet}\nsubnet 10.50.0.0 netmask 255.255.240.0 { range 10.50.1.1 10.50.1.99; }\n`,
    );
    const leases = write("isc.leases", "");
    // By its path: the npm package `dhcp` has a dhcpd too, and npm puts it first.
    const common = ["/usr/sbin/dhcpd", "-4", "-cf", conf, "-lf", leases, "-pf", join(shop.folder, "isc.pid")];
    return { check: [...common, "-t"], serve: [...common, "-f", "-d", "eth0"] };
  }
  if (kind === "kea") {
    const { Dhcp4 } = JSON.parse(snippet.replace(/^\/\/.*\n/, "")) as { Dhcp4: object };
    const whole = {
      "interfaces-config": { interfaces: ["eth0"] },
      "lease-database": { type: "memfile", persist: false },
      subnet4: [{ subnet: "10.50.0.0/20", pools: [{ pool: "10.50.1.1-10.50.1.99" }] }],
      ...Dhcp4,
    };
    const conf = write("kea.json", JSON.stringify({ Dhcp4: whole }));
    return {
      check: ["kea-dhcp4", "-t", conf],
      serve: ["env", `KEA_LOCKFILE_DIR=${shop.folder}`, `KEA_PIDFILE_DIR=${shop.folder}`, "kea-dhcp4", "-c", conf],
    };
  }
  const conf = write("dnsmasq.conf", snippet);
  const common = ["dnsmasq", "-C", conf];
  return {
    check: [...common, "--test"],
    serve: [
      ...common,
      "-k",
      "-p",
      "0",
      "-u",
      "root",
      "--interface=eth0",
      "--bind-dynamic",
      "--no-ping",
      "--dhcp-range=10.50.1.1,10.50.1.99,255.255.240.0,1h",
      `--dhcp-leasefile=${join(shop.folder, "d.leases")}`,
      "--log-facility=-",
    ],
  };
}

describe.each(["isc", "kea", "dnsmasq"] as const)("the snippet for %s", (kind) => {
  test.each([
    ["for every phone", []],
    ["for one phone", [PHONE]],
  ])("%s is taken by the real server", (_, macs) => {
    const { check } = peer(kind, dhcpSnippet(kind, { ...content, macs }));
    const [program = "", ...words] = check;
    const done = spawnSync(program, words, { encoding: "utf8" });
    expect(`${done.status} ${done.stdout}${done.stderr}`).toMatch(/^0 /);
  });

  test.each([
    ["a phone by its option 60", [], CISCO, true],
    ["a PC", [], "MSFT 5.0", false],
    ["a phone by its MAC", [PHONE], "MSFT 5.0", true],
  ] as const)("%s is told exactly that by the real server", async (who, macs, vendorClass, told) => {
    const { serve } = peer(kind, dhcpSnippet(kind, { ...content, macs: [...macs] }));
    const server = await background("srv", serve, /Sending on|DHCP4_STARTED|DHCP, IP range/, 4000);
    const name = `${kind}-${who.replaceAll(" ", "-")}`;
    try {
      const words = ["udhcpc", "-f", "-n", "-q", "-t", "5", "-T", "1", "-i", "eth0", "-V", vendorClass];
      const asked = kind === "dnsmasq" || kind === "kea" ? [] : ["-O", "tftp", "-O", "150"];
      const printed = await runAside("c1", [
        "env",
        `OUT=${name}`,
        ...words,
        ...asked,
        "-s",
        join(shop.folder, "script"),
      ]);
      expect(printed).toMatch(/lease of 10\.50\.1\./);
      const env = environment(join(shop.folder, `env-${name}`));
      expect(env.get("tftp")).toBe(told ? "10.50.0.77" : undefined);
      expect(env.get("opt150")).toBe(told ? "0a32004d" : undefined);
      if (told) expect(env.get("siaddr")).toBe("10.50.0.77");
    } finally {
      await server.stop("SIGKILL");
    }
  });
});

describe("provision dhcp listen", () => {
  test("hears a phone that another server serves, says nothing, and puts it into the inventory", async () => {
    execFileSync("cp", ["-r", "firmware-manifests", "templates", shop.folder]);
    mkdirSync(join(shop.folder, "var"), { recursive: true });
    const config = write(
      "provision.yaml",
      `site: { name: test, serverAddress: 10.50.0.1 }\ndata: ${shop.folder}/var\ndhcp: { interface: eth0 }\n`,
    );
    const provision = [process.execPath, join(shop.built, "main.js"), "--config", config];
    const listening = await background("srv", [...provision, "dhcp", "listen"], /answering nobody/);
    const conf = peer("dnsmasq", "").serve;
    const other = await background("rel", conf, /DHCP, IP range/, 4000);
    try {
      const words = ["udhcpc", "-f", "-n", "-q", "-t", "5", "-T", "1", "-i", "eth0", "-V", CISCO];
      await runAside("c1", ["env", "OUT=listen", ...words, "-s", join(shop.folder, "script")]);
      expect(environment(join(shop.folder, "env-listen")).get("serverid")).toBe("10.50.0.2");
    } finally {
      await other.stop("SIGKILL");
      await listening.stop("SIGINT");
    }
    expect(listening.printed).toMatch(/0004f2000001 .*cisco {2}CP-7960G/);
    expect(run("srv", [...provision, "phones", "list"])).toMatch(/00:?04:?f2.*7960.*10\.50\.1\./);
  });
});
