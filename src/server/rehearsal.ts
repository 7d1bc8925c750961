import { randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quickened, systemClock } from "../net/clock.ts";
import {
  type Ipv4,
  ipv4FromNumber,
  ipv4ToNumber,
  type Mac,
  parseIpv4,
  parseMac,
  parseSubnet,
} from "../wire/address.ts";
import type { Config } from "./config.ts";
import { failure } from "./failure.ts";
import { loadKnowledge } from "./knowledge.ts";
import type { Log } from "./log.ts";
import { type Service, start } from "./start.ts";
import { openFirmwareVault } from "./vault.ts";

/** A file of a synthetic package. */
export interface RehearsedFile {
  readonly name: string;
  readonly octets: Uint8Array;
}

/** What is put on the stage before the curtain rises. */
export interface RehearsalProps {
  /** How many phones need an address. */
  readonly phones: number;
  /** The vault's content, by load. */
  readonly packages: ReadonlyMap<string, readonly RehearsedFile[]>;
  /** What lies in the site's own folder: what a phone that is not enrolled sees. */
  readonly siteFiles: readonly RehearsedFile[];
  /** How many times faster than the clock on the wall the phones live. */
  readonly speed: number;
}

/** TFTP's timers give a disk 30 s to answer, and the disk of a rehearsal is a real one. */
const FASTEST_TIMERS = 10;

/** A real service on loopback, in a folder that goes away with it. */
export interface Rehearsal {
  readonly service: Service;
  /** An address on loopback and a MAC for each phone. */
  readonly places: readonly { readonly address: Ipv4; readonly mac: Mac }[];
  readonly serverAddress: Ipv4;
  stop(): Promise<void>;
}

/**
 * Starts the service as `serve` does: TFTP, DHCP and HTTP on ports that the system chooses, SQLite and the vault in a
 * folder of its own. Nothing leaves loopback (127.0.0.0/8).
 */
export async function openRehearsal(props: RehearsalProps, log: Log): Promise<Rehearsal> {
  const folder = mkdtempSync(join(tmpdir(), "provision-rehearsal-"));
  try {
    const config = configOf(folder);
    mkdirSync(config.tftp.root);
    for (const { name, octets } of props.siteFiles) writeFileSync(join(config.tftp.root, name), octets);
    await fillVault(config, folder, props.packages);
    const clock = quickened(systemClock, props.speed, Math.min(props.speed, FASTEST_TIMERS));
    const service = await start(config, log, { dhcpPort: 0, loopback: true, clock, tick: 250 });
    const stop = async () => {
      await service.stop("the rehearsal is over");
      rmSync(folder, { recursive: true, force: true });
    };
    return { service, places: placesFor(config, props.phones), serverAddress: config.site.serverAddress, stop };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** A network of its own, so that several rehearsals can run at once on one machine. */
function configOf(folder: string): Config {
  const network = `127.${randomInt(16, 240)}`;
  const subnet = parseSubnet(`${network}.0.0/16`);
  const serverAddress = parseIpv4(`${network}.0.1`);
  const first = parseIpv4(`${network}.1.0`);
  const last = parseIpv4(`${network}.127.255`);
  if (subnet === undefined || serverAddress === undefined || first === undefined || last === undefined) {
    throw failure("E_UNEXPECTED", 1, { where: network, message: "this is no network", remedy: "report this" });
  }
  return {
    file: undefined,
    site: {
      name: "rehearsal",
      serverAddress,
      timeZone: "UTC",
      ntp: [serverAddress],
      sip: { proxy: serverAddress, port: 5060, transport: "udp" },
      sccp: { callManagers: [serverAddress], port: 2000 },
    },
    data: join(folder, "var"),
    templates: undefined,
    tftp: { listen: serverAddress, port: 0, root: join(folder, "tftpboot") },
    dhcp: {
      enabled: true,
      interface: undefined,
      answer: "everyone",
      subnets: [
        {
          subnet,
          pool: [{ first, last }],
          router: undefined,
          dns: [],
          domain: undefined,
          leaseTime: 3600,
          reservations: [],
        },
      ],
    },
    http: { listen: serverAddress, port: 0 },
    access: { allow: [subnet], shared: [] },
    groups: [],
    fleet: {},
    migrations: [],
    restart: { sip: false, port: 5060 },
    log: { level: "info" },
  };
}

async function fillVault(config: Config, folder: string, packages: RehearsalProps["packages"]): Promise<void> {
  const incoming = join(folder, "incoming");
  const vault = await openFirmwareVault(config, await loadKnowledge());
  for (const [load, files] of packages) {
    const home = join(incoming, load);
    mkdirSync(home, { recursive: true });
    for (const { name, octets } of files) writeFileSync(join(home, name), octets);
    const report = await vault.importFirmware([home], { as: load });
    const lacking = report.packages.filter((one) => one.load === load && !one.complete);
    if (report.accepted && lacking.length === 0) continue;
    const reasons = report.findings.map(({ place, reason }) => `${place}: ${reason}`);
    throw failure("E_REHEARSAL", 1, {
      where: "synthetic firmware",
      message: [...reasons, ...lacking.map(({ missing }) => `${load} lacks ${missing.join(", ")}`)].join("; "),
      remedy: "the manifest and the simulated phones disagree about this package: please report it",
    });
  }
  rmSync(incoming, { recursive: true, force: true });
}

/** MACs of a Cisco range (OUI 00:0e:84), and an address each in the half of the network that DHCP does not give out. */
function placesFor({ site }: Config, phones: number): Rehearsal["places"] {
  const base = ipv4ToNumber(site.serverAddress) - 1 + 0x8000;
  return Array.from({ length: phones }, (_, i) => {
    const mac = parseMac(`000e84${(0xc00000 + i).toString(16)}`);
    if (mac === undefined) throw new RangeError(`${phones} phones are too many`);
    return { mac, address: ipv4FromNumber(base + 1 + i) };
  });
}
