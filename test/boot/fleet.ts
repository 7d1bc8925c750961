import { fileURLToPath } from "node:url";
import { loadTemplates } from "../../src/files/templates.ts";
import type { MigrationPlan } from "../../src/migration/migration.ts";
import { createFileDesk, type Desk } from "../../src/provision/answer-file.ts";
import { type EnrolOrder, enrol } from "../../src/provision/enrol.ts";
import type { BootFile, SiteFiles, Vault } from "../../src/provision/ports.ts";
import { createTracker, type Tracker } from "../../src/provision/tracker.ts";
import { createRenderer } from "../../src/render/renderer.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { type Ipv4, ipv4FromNumber, type Mac } from "../../src/wire/address.ts";
import { fullVault, knowledge, plannerOf, site, siteFilesOf, tickOf } from "./world.ts";

const renderer = createRenderer(await loadTemplates(fileURLToPath(new URL("../../templates", import.meta.url))));

/** SCCP 3.1 to 5.0(5): one stage of a phone that boots by OS79XX.TXT and its XML files. */
export const oneStage: MigrationPlan = planned("P00303010102", "P00305000500");
export const twoStages: MigrationPlan = planned("P00303010102", "P00308000900");

function planned(from: string, to: string): MigrationPlan {
  const found = plannerOf()(from, to);
  if (found.kind !== "plan") throw new Error(found.kind);
  return found.plan;
}

/** A phone as its requests show it: enough of a 7960 to be told a load, fetch it, and start with it. */
export interface Handset {
  readonly mac: Mac;
  readonly ip: Ipv4;
  running: string;
  /** It took a load that it does not survive. */
  dead: boolean;
  /** The image it is writing. */
  writing: string | undefined;
}

export interface Fleet {
  readonly phones: readonly Handset[];
  readonly store: Store;
  readonly siteFiles: SiteFiles;
  now: number;
  tracker(): Tracker;
  /** Requests for images since the beginning. */
  starts(): number;
  enrol(order: Partial<EnrolOrder>): Promise<void>;
  /** The phone starts: it reads its files, and asks for the first octets of an image where it is told another load. */
  boot(phone: Handset): Promise<void>;
  /** It takes the rest of the image and starts again. False where the server did not let it. */
  finish(phone: Handset): Promise<boolean>;
  tick(): Promise<void>;
  /** Everything in memory is lost; the store remains. */
  restart(): Promise<void>;
}

/** `count` phones on the real desk, tracker and store, without sockets, in a time that only the test moves. */
export async function createFleet(
  count: number,
  options: {
    readonly poisoned?: string;
    readonly store?: Store;
    readonly transfers?: number;
    readonly vault?: Vault;
  } = {},
): Promise<Fleet> {
  const store = options.store ?? createMemoryStore();
  const vault = options.vault ?? fullVault();
  const siteFiles = siteFilesOf(new Map());
  const limits = options.transfers === undefined ? {} : { transfers: options.transfers };
  let starts = 0;
  const holders = new Map<Ipv4, Mac>();
  let life = await begin();
  const phones = Array.from({ length: count }, (_, i): Handset => {
    const mac = `000e84${(i + 1).toString(16).padStart(6, "0")}` as Mac;
    return { mac, ip: ipv4FromNumber(0x0a000001 + i), running: "P00303010102", dead: false, writing: undefined };
  });
  for (const { ip, mac } of phones) holders.set(ip, mac);
  await store.putPhones(phones.map(({ mac }) => ({ mac, model: "7960", lines: [{ name: "100" }], settings: {} })));

  async function begin(): Promise<{ tracker: Tracker; desk: Desk }> {
    const tracker = await createTracker(store, knowledge, limits);
    const desk = createFileDesk({
      store,
      tracker,
      knowledge,
      site,
      groups: [],
      renderer,
      vault,
      siteFiles,
      around: { leaseHolder: (ip) => holders.get(ip), neighbour: () => undefined },
      note: () => undefined,
    });
    return { tracker, desk };
  }

  async function ask(phone: Handset, filename: string, whole = true): Promise<BootFile> {
    const request = { by: "tftp" as const, ip: phone.ip, filename, at: fleet.now };
    const file = await life.desk.answer(request);
    if (file.is !== "refused") life.desk.delivered(request, whole ? "whole" : "broken-off");
    await life.desk.settled();
    return file;
  }

  const fleet: Fleet = {
    phones,
    store,
    siteFiles,
    now: 1_000_000,
    tracker: () => life.tracker,
    starts: () => starts,
    async enrol(order) {
      const going = phones.map(({ mac }) => ({ mac, plan: oneStage }));
      const whole = { phones: going, job: "fleet", startAt: 0, acceptOneWay: true, ...order };
      for (const verdict of await enrol({ tracker: life.tracker, store, siteFiles, vault }, whole, fleet.now))
        if (verdict.is !== "ready") throw new Error(JSON.stringify(verdict));
    },
    async boot(phone) {
      if (phone.dead) return;
      await ask(phone, "OS79XX.TXT");
      const sep = await ask(phone, `SEP${phone.mac.toUpperCase()}.cnf.xml`);
      const told = loadIn(sep) ?? loadIn(await ask(phone, "XMLDefault.cnf.xml"));
      phone.writing = undefined;
      if (told === undefined || told === phone.running) return;
      starts++;
      const image = await ask(phone, `${told}.bin`, false);
      if (image.is === "image") phone.writing = told;
    },
    async finish(phone) {
      if (phone.writing === undefined || phone.dead) return false;
      const image = await ask(phone, `${phone.writing}.bin`);
      if (image.is !== "image") return false;
      phone.running = phone.writing;
      phone.writing = undefined;
      phone.dead = phone.running === options.poisoned;
      // Two quiet boots are the proof of an SCCP phone (cisco-7940-arrival.ts).
      await fleet.boot(phone);
      await fleet.boot(phone);
      return true;
    },
    async tick() {
      for (const { migration } of life.tracker.all())
        await life.tracker.advance(migration.mac, tickOf(migration, fleet.now), fleet.now);
    },
    async restart() {
      life = await begin();
    },
  };
  return fleet;
}

function loadIn(file: BootFile): string | undefined {
  if (file.is !== "rendered") return undefined;
  return /<loadInformation\d*[^>]*>(P0[0-9A-Z-]+)</.exec(new TextDecoder().decode(file.octets))?.[1];
}

/** Every phone that is not dead starts, and writes what it is told to its end; then a minute passes. */
export async function round(fleet: Fleet): Promise<void> {
  for (const phone of fleet.phones) {
    await fleet.boot(phone);
    await fleet.finish(phone);
  }
  fleet.now += 60_000;
  await fleet.tick();
}

/** How many phones stand at each progress. */
export function count(fleet: Fleet): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { migration } of fleet.tracker().all())
    counts[migration.progress.at] = (counts[migration.progress.at] ?? 0) + 1;
  return counts;
}
