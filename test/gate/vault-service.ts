import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openVault } from "../../src/files/vault.ts";
import { readIndex } from "../../src/files/vault-index.ts";
import { objectPath } from "../../src/files/vault-objects.ts";
import { createVaultReader } from "../../src/files/vault-reader.ts";
import type { MigrationPlan, Stage } from "../../src/migration/migration.ts";
import { startTftp } from "../../src/net/tftp-listener.ts";
import { createFileDesk } from "../../src/provision/answer-file.ts";
import { enrol } from "../../src/provision/enrol.ts";
import type { Vault } from "../../src/provision/ports.ts";
import { createTracker } from "../../src/provision/tracker.ts";
import { benchFor } from "../../src/sim/bench.ts";
import type { PackageFile } from "../../src/sim/images.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { type Ipv4, ipv4FromNumber, type Mac } from "../../src/wire/address.ts";
import { plannedPairs } from "../boot/pairs.ts";
import { graphOf, knowledge, renderer, site, siteFilesOf, vendorFilesOf } from "../boot/world.ts";
import { Wire } from "../net/tftp-wire.ts";

/** One file of a package in the vault, and the phone that is in the stage that installs it. */
export interface Target {
  readonly model: string;
  readonly plan: MigrationPlan;
  readonly stage: Stage;
  readonly file: string;
  /** Where the vault keeps it. */
  readonly path: string;
  readonly octets: Uint8Array;
  readonly mac: Mac;
  readonly ip: Ipv4;
}

export interface VaultService {
  readonly port: number;
  /** Every file that the stages of these releases require. */
  readonly targets: readonly Target[];
  /** A socket at the address of the target's phone. */
  wire(target: Target): Promise<Wire>;
  stop(): Promise<void>;
}

/** A release of each series, so that every kind of file is there: bin, sbn, sb2, loads, zup, sbin, sgn, zz, ld. */
const installed: readonly (readonly [model: string, load: string])[] = [
  ["7960", "P00305000500"],
  ["7960", "P00308000900"],
  ["7960", "P0S3-8-12-00"],
  ["7961", "SCCP41.9-4-2-1S"],
  ["7975", "SIP75.9-4-2-1S"],
  ["7912", ""],
  ["ATA186", ""],
  ["6941", ""],
  ["8945", ""],
  ["SPIP650", ""],
  ["VVX400", ""],
];

/**
 * The real vault with synthetic packages of `size` octets, the real desk and tracker, and the real TFTP service on
 * loopback. Phones are enrolled, one for each release. `fromDisk`: hardly anything of a file is kept in memory.
 */
export async function serveVault(size: number, fromDisk = false): Promise<VaultService> {
  const folder = mkdtempSync(join(tmpdir(), "provision-damaged-"));
  const home = join(folder, "firmware");
  const families = [...new Set(knowledge.families.map(({ id }) => id))];
  const known = families.flatMap((family) =>
    [...graphOf(family).releases.values()].map((release) => ({ family, release })),
  );
  const whole = await openVault(home, known);
  const ways = installed.map(([model, load]) => wayTo(model, load));
  for (const { model, to } of ways) {
    const incoming = join(folder, "incoming", to.load);
    mkdirSync(incoming, { recursive: true });
    for (const { name, octets } of filesOf(model, to.load, size)) writeFileSync(join(incoming, name), octets);
    const report = await whole.importFirmware([incoming], { as: to.load });
    if (!report.accepted) throw new Error(JSON.stringify(report));
  }

  const store = createMemoryStore();
  const siteFiles = siteFilesOf(new Map(ways.flatMap((plan) => [...vendorFilesOf(plan)])));
  const tracker = await createTracker(store, knowledge);
  const phones = ways.map((plan, i) => ({
    plan,
    mac: `000e84c0${(i + 1).toString(16).padStart(4, "0")}` as Mac,
    ip: ipv4FromNumber(0x7f580001 + i),
  }));
  const holders = new Map(phones.map(({ ip, mac }) => [ip, mac]));
  await store.putPhones(
    phones.map(({ mac, plan: { model } }) => ({ mac, model, lines: [{ name: "1" }], settings: {} })),
  );
  // Each in a job of its own: what is damaged for one looks like a phone that goes round in a circle, and holds its job.
  for (const phone of phones) {
    const order = { phones: [phone], job: `damaged ${phone.mac}`, startAt: 0, acceptOneWay: true };
    for (const verdict of await enrol({ tracker, store, siteFiles, vault: whole }, order, Date.now()))
      if (verdict.is !== "ready") throw new Error(JSON.stringify(verdict));
  }

  const desk = createFileDesk({
    ...{ store, tracker, knowledge, site, groups: [], renderer },
    vault: fromDisk ? await sparing(whole, home) : whole,
    siteFiles,
    around: { leaseHolder: (ip) => holders.get(ip), neighbour: () => undefined },
    note: () => undefined,
  });
  const tftp = await startTftp({
    listen: "127.0.0.1" as Ipv4,
    port: 0,
    desk,
    // Two chunks of a file: a block that straddles them needs both.
    ...(fromDisk ? { cache: 512 * 1024 } : {}),
  });
  const targets = phones.flatMap(({ plan, mac, ip }): Target[] => {
    const stage = plan.stages[0];
    if (stage === undefined) throw new Error("no stage");
    return filesOf(plan.model, plan.to.load, size)
      .filter(({ name }) => stage.requires.includes(name))
      .map(({ name, octets }) => {
        const sha256 = createHash("sha256").update(octets).digest("hex");
        return { model: plan.model, plan, stage, file: name, path: objectPath(home, sha256), octets, mac, ip };
      });
  });
  return {
    port: tftp.port,
    targets,
    wire: ({ ip }) => Wire.open(ip),
    async stop() {
      await tftp.stop();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Of 8.12 the manifest knows true sizes, and a file that is smaller is refused as cut short. */
function filesOf(model: string, load: string, size: number): readonly PackageFile[] {
  const known = load === "P0S3-8-12-00";
  return benchFor(model)?.files(load, known ? undefined : size) ?? [];
}

/** A way of one stage to `load`, or, where none is named, to the release of the model that has most files. */
function wayTo(model: string, load: string): MigrationPlan {
  const ways = plannedPairs(model).filter(({ stages, to }) => stages.length === 1 && (load === "" || to.load === load));
  const [best] = ways.sort((a, b) => (b.stages[0]?.requires.length ?? 0) - (a.stages[0]?.requires.length ?? 0));
  if (best === undefined) throw new Error(`no way of one stage to ${model} ${load}`);
  return best;
}

/** The same vault with hardly anything kept in memory: then nearly every octet comes from the disk. */
async function sparing(vault: Vault, home: string): Promise<Vault> {
  const reader = createVaultReader(home, 65_536);
  const index = await readIndex(home);
  return {
    missing: vault.missing,
    async image(family, load, file) {
      const stored = index.packages.find((one) => one.family === family && one.load === load);
      const facts = index.objects.get(stored?.files.find(({ name }) => name === file)?.sha256 ?? "");
      return facts === undefined ? undefined : reader.open(file, facts);
    },
  };
}
