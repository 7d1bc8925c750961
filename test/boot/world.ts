import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { DHCP_DEFAULTS, type DhcpSettings } from "../../src/dhcp/settings.ts";
import { loadManifests } from "../../src/files/manifests.ts";
import { loadTemplates } from "../../src/files/templates.ts";
import type { UpdateGraph } from "../../src/firmware/release.ts";
import type { Migration, MigrationPlan, Planned } from "../../src/migration/migration.ts";
import { planner } from "../../src/migration/plan.ts";
import type { ProgressEvent } from "../../src/migration/progress.ts";
import { makeStage } from "../../src/migration/stage.ts";
import type { Clock } from "../../src/net/clock.ts";
import { startTftp } from "../../src/net/tftp-listener.ts";
import type { OnDatagram, OpenUdp } from "../../src/net/udp.ts";
import { families, familyOf, modelOf } from "../../src/phones/families.ts";
import type { Phone } from "../../src/phones/phone.ts";
import type { Site } from "../../src/phones/site.ts";
import { createDhcpDesk } from "../../src/provision/answer-dhcp.ts";
import { createFileDesk, type Desk } from "../../src/provision/answer-file.ts";
import type { DhcpDesk } from "../../src/provision/dhcp-answer.ts";
import { enrol } from "../../src/provision/enrol.ts";
import { createEvidence } from "../../src/provision/evidence.ts";
import type { Image, Knowledge, Note, SiteFiles, UploadDesk, Vault } from "../../src/provision/ports.ts";
import { createTracker, type Tracker } from "../../src/provision/tracker.ts";
import { mayWrite, withEvidence } from "../../src/provision/uploads.ts";
import type { Renderer } from "../../src/render/render.ts";
import { createRenderer } from "../../src/render/renderer.ts";
import { benchFor } from "../../src/sim/bench.ts";
import type { Datagram } from "../../src/sim/datagram.ts";
import type { SimulatedServer } from "../../src/sim/run.ts";
import type { WebGet } from "../../src/sim/script.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import { type Ipv4, ipv4FromNumber, ipv4ToNumber, type Mac } from "../../src/wire/address.ts";
import { decodeDhcp, encodeDhcp, NO_ADDRESS } from "../../src/wire/dhcp.ts";

/** The server's side of a whole boot, in one process, in virtual time, and without a socket. */
export const SERVER = "192.0.2.10" as Ipv4;

export const site: Site = {
  name: "test",
  serverAddress: SERVER,
  timeZone: "Europe/Berlin",
  ntp: [SERVER],
  sip: { proxy: "192.0.2.20", port: 5060, transport: "udp" },
  sccp: { callManagers: ["192.0.2.20"], port: 2000 },
};

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const manifests = await loadManifests(root("firmware-manifests"));
if (manifests.kind === "findings") throw new Error(JSON.stringify(manifests.findings, null, 1));
export const renderer = remembering(createRenderer(await loadTemplates(root("templates"))));

export const knowledge: Knowledge = { families, graph: (family) => manifests.graphs.get(family) };

export function graphOf(family: string): UpdateGraph {
  const graph = knowledge.graph(family);
  if (graph === undefined) throw new Error(`no manifest for ${family}`);
  return graph;
}

/** The planner for a model; a 7960 where none is named. */
export function plannerOf(
  policy: "strict" | "documented" = "strict",
  model = "7960",
): (from: string, to: string) => Planned {
  const family = familyOf(modelOf(model)?.family ?? "");
  if (family === undefined) throw new Error(`no family has a ${model}`);
  const stageOf = makeStage.bind(undefined, family);
  const planned = planner({ graph: graphOf(family.id), model, policy, stageOf });
  return (from, to) => planned(from, { load: to });
}

/** Octets of the largest image: the order of events stays, and a journey costs milliseconds. */
const small = 5_000;

/** Rendering depends on what it is given and on nothing else: thousands of journeys with one phone render each file once. */
function remembering(renderer: Renderer): Renderer {
  const known = new Map<string, ReturnType<Renderer["render"]>>();
  return {
    render(request) {
      const { family, kind, load, brief, phone, settings } = request;
      const key = JSON.stringify([family, kind, load, brief, phone, settings, request.model.id, request.release.load]);
      const result = known.get(key) ?? renderer.render(request);
      known.set(key, result);
      return result;
    },
  };
}

const packages = new Map<string, ReadonlyMap<string, Image>>();

/** The images of a package: made once, as nobody changes them. */
function imagesOf(model: string, load: string): ReadonlyMap<string, Image> {
  const key = `${model} ${load}`;
  const known = packages.get(key);
  if (known !== undefined) return known;
  const files = benchFor(model)?.files(load, small) ?? [];
  const images = new Map(files.map(({ name, octets }) => [name, imageOf(name, octets)]));
  packages.set(key, images);
  return images;
}

/** A vault with every file of every package that the simulator can make for a model. */
export function fullVault(model = "7960"): Vault & { readonly damaged: Set<string> } {
  if (benchFor(model) === undefined) throw new Error(`no simulated ${model}`);
  const damaged = new Set<string>();
  return {
    damaged,
    image: async (_family, load, file) => (damaged.has(file) ? undefined : imagesOf(model, load).get(file)),
    missing: async (_family, load, files) => {
      const there = imagesOf(model, load);
      return files.filter((file) => damaged.has(file) || !there.has(file));
    },
  };
}

/** A vault that hands out what `spoil` makes of each file and swears that nothing is missing. */
export function carelessVault(
  spoil: (file: string, octets: Uint8Array) => Uint8Array | undefined,
  model = "7960",
): Vault {
  const honest = fullVault(model);
  return {
    image: async (family, load, file) => {
      const image = await honest.image(family, load, file);
      const octets = image && spoil(file, await image.read(0, image.size));
      return octets && imageOf(file, octets);
    },
    missing: async () => [],
  };
}

export function imageOf(name: string, octets: Uint8Array): Image {
  return {
    name,
    size: octets.length,
    key: createHash("sha256").update(octets).digest("hex"),
    read: async (offset, length) => octets.subarray(offset, offset + length),
    close: async () => {},
  };
}

export function siteFilesOf(files: ReadonlyMap<string, Uint8Array>): SiteFiles {
  return {
    find: async (name) => {
      const octets = files.get(name);
      return octets === undefined ? undefined : imageOf(name, octets);
    },
  };
}

/** The vendor's own files that the releases of a way read, as a site's folder has them. */
export function vendorFilesOf(plan: MigrationPlan): Map<string, Uint8Array> {
  const octets = new TextEncoder().encode("<polycomConfig/>\n");
  return new Map(plan.stages.flatMap(({ siteFiles }) => siteFiles.map((name) => [name, octets])));
}

/** What of a world an order needs beside the vault. */
export function partsOf({ tracker, store, siteFiles }: World): Pick<World, "tracker" | "store" | "siteFiles"> {
  return { tracker, store, siteFiles };
}

export interface World extends SimulatedServer {
  readonly store: Store;
  readonly siteFiles: SiteFiles;
  readonly tracker: Tracker;
  readonly desk: Desk;
  readonly notes: Note[];
  readonly now: () => number;
  /** The TFTP server that leases name from now on, by options 66 and 150 and siaddr; undefined: none. */
  leaseNames: Ipv4 | undefined;
  /** Everything in memory is lost, as by SIGKILL; the store remains. Nothing is answered for `downFor` milliseconds. */
  kill(downFor?: number): Promise<void>;
}

export interface WorldParts {
  readonly vault?: Vault;
  readonly siteFiles?: ReadonlyMap<string, Uint8Array>;
  readonly store?: Store;
  readonly knowledge?: Knowledge;
  /** Whether the server answers HTTP on port 6970; it does not unless a test switches it on. */
  readonly http?: boolean;
  /** How many addresses there are to give; 100 where not said. */
  readonly addresses?: number;
  /** Whether leases name a TFTP server; they do unless a test switches it off. */
  readonly tftpServer?: boolean;
}

/** The real desks, tracker and TFTP service over an in-memory socket and a clock that the simulation moves. */
export async function createWorld(parts: WorldParts = {}): Promise<World> {
  const store = parts.store ?? createMemoryStore();
  const siteFiles = siteFilesOf(parts.siteFiles ?? new Map());
  const known = parts.knowledge ?? knowledge;
  const time = virtualClock();
  const wire = virtualWire();
  const notes: Note[] = [];
  let leaseNames = parts.tftpServer === false ? undefined : SERVER;
  let upAgainAt = 0;
  let life = await begin();

  async function begin() {
    const tracker = await createTracker(store, known);
    const evidence = createEvidence({ store, tracker, note: (note) => notes.push(note) });
    const dhcp = await createDhcpDesk(dhcpSettings(parts.addresses ?? 100), store, {
      ports: { server: 67, client: 68 },
      random: () => 0.5,
      heard: (identity, mac, ip, at) => void evidence.dhcp(identity, { mac, ip, at }),
    });
    const leases = new Map<Ipv4, Mac>();
    for (const lease of await store.leases()) if (lease.at === "bound") leases.set(lease.ip, lease.mac);
    const around = { leaseHolder: (ip: Ipv4) => leases.get(ip), neighbour: () => undefined };
    const uploads = withEvidence(uploadsInMemory(mayWrite(known.families, around)), known.families, evidence);
    const desk = createFileDesk({
      store,
      tracker,
      knowledge: known,
      site,
      groups: [],
      renderer,
      vault: parts.vault ?? fullVault(),
      siteFiles,
      around,
      note: (note) => notes.push(note),
    });
    const tftp = await startTftp({
      listen: SERVER,
      port: 69,
      desk,
      uploads,
      clock: time.clock,
      random: () => 0.5,
      openUdp: wire.open,
      sockets: 16,
    });
    return { tracker, dhcp, desk, tftp, leases };
  }

  async function exchange(): Promise<readonly Datagram[]> {
    await new Promise((later) => setImmediate(later));
    return wire.sent.splice(0);
  }

  return {
    store,
    siteFiles,
    notes,
    now: time.clock.now,
    get tracker() {
      return life.tracker;
    },
    get desk() {
      return life.desk;
    },
    get leaseNames() {
      return leaseNames;
    },
    set leaseNames(server) {
      leaseNames = server;
    },
    receives: async (datagram, now) => {
      time.set(now);
      if (now < upAgainAt) return [];
      if (datagram.to.port === 67) {
        const answers = await answerDhcp(life.dhcp, life.leases, datagram, now);
        return leaseNames === SERVER ? answers : answers.map((answer) => naming(leaseNames, answer));
      }
      wire.deliver(datagram);
      return exchange();
    },
    ...(parts.http === true
      ? {
          gets: async (get: WebGet, ip: Ipv4, now: number) => {
            time.set(now);
            const request = { by: "http" as const, ip, filename: get.name, at: now };
            const file = await life.desk.answer(request);
            if (file.is === "refused") return "not-found" as const;
            const octets = file.is === "rendered" ? file.octets : await file.image.read(0, file.image.size);
            life.desk.delivered(request, "whole");
            return octets;
          },
        }
      : {}),
    wakeAt: time.nextAt,
    wakes: async (now) => {
      time.set(now);
      time.runDue();
      return exchange();
    },
    kill: async (downFor = 0) => {
      upAgainAt = time.clock.now() + downFor;
      time.clear();
      wire.clear();
      life = await begin();
    },
  };
}

function uploadsInMemory(may: ReturnType<typeof mayWrite>): UploadDesk {
  return {
    async offer(request) {
      if ((await may(request)) === undefined) return { is: "refused", why: "not-allowed", because: request.filename };
      return { is: "accepted", limit: 1 << 20, store: async () => "stored" };
    },
  };
}

const dhcpSettings = (addresses: number): DhcpSettings => ({
  ...DHCP_DEFAULTS,
  answer: "everyone",
  serverAddress: SERVER,
  authoritative: true,
  subnets: [
    {
      subnet: { network: "192.0.0.0" as Ipv4, prefix: 16 },
      pools: [
        { first: "192.0.2.100" as Ipv4, last: ipv4FromNumber(ipv4ToNumber("192.0.2.100" as Ipv4) + addresses - 1) },
      ],
      dns: [],
      leaseTime: 3600,
      reservations: [],
    },
  ],
  boot: { server: SERVER, moreServers: [], ntp: [SERVER], vendorSpecific: {} },
});

async function answerDhcp(
  desk: DhcpDesk,
  leases: Map<Ipv4, Mac>,
  datagram: Datagram,
  now: number,
): Promise<Datagram[]> {
  const packet = decodeDhcp(datagram.octets);
  const source = { address: datagram.from.ip, port: datagram.from.port };
  const answer = await desk.answer(packet, { source, interfaceAddress: SERVER }, now);
  if (answer.is === "silence") return [];
  const reply = decodeDhcp(answer.octets);
  const given = parseGiven(reply.yiaddr, packet.chaddr);
  if (given !== undefined) leases.set(given.ip, given.mac);
  const to = { ip: answer.to.address, port: answer.to.port };
  return [{ from: { ip: SERVER, port: 67 }, to, octets: answer.octets }];
}

/** The same lease from a DHCP server that knows nothing of phones, or knows of another TFTP server. */
function naming(server: Ipv4 | undefined, datagram: Datagram): Datagram {
  const packet = decodeDhcp(datagram.octets);
  const options = new Map([...packet.options].filter(([code]) => code !== 66 && code !== 150));
  if (server !== undefined) {
    options.set(66, new TextEncoder().encode(server));
    options.set(150, Uint8Array.from(server.split("."), Number));
  }
  const octets = encodeDhcp({ ...packet, siaddr: server ?? NO_ADDRESS, options });
  return octets === undefined ? datagram : { ...datagram, octets };
}

function parseGiven(ip: Ipv4, chaddr: Uint8Array): { ip: Ipv4; mac: Mac } | undefined {
  if (ip === NO_ADDRESS) return undefined;
  const mac = [...chaddr.subarray(0, 6)].map((octet) => octet.toString(16).padStart(2, "0")).join("") as Mac;
  return { ip, mac };
}

function virtualClock() {
  let now = 0;
  let alarms: { readonly at: number; readonly wake: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    elapsed: () => now,
    after(ms, wake) {
      const alarm = { at: now + Math.max(0, Math.ceil(ms)), wake };
      alarms.push(alarm);
      return () => {
        alarms = alarms.filter((a) => a !== alarm);
      };
    },
  };
  return {
    clock,
    set: (to: number) => {
      now = to;
    },
    clear: () => {
      alarms = [];
    },
    nextAt: () => (alarms.length === 0 ? undefined : Math.min(...alarms.map((a) => a.at))),
    runDue() {
      const due = alarms.filter((a) => a.at <= now);
      alarms = alarms.filter((a) => a.at > now);
      for (const alarm of due) alarm.wake();
    },
  };
}

function virtualWire() {
  const sockets = new Map<number, OnDatagram>();
  const sent: Datagram[] = [];
  let free = 20_000;
  const open: OpenUdp = async ({ address, port, onDatagram }) => {
    const own = port === 0 ? free++ : port;
    sockets.set(own, onDatagram);
    return {
      address,
      port: own,
      notes: [],
      unreadFor: () => 0,
      send(to, head, body, start = 0, end = body?.length ?? 0) {
        const octets = new Uint8Array(head.length + end - start);
        octets.set(head);
        if (body !== undefined) octets.set(body.subarray(start, end), head.length);
        sent.push({ from: { ip: address, port: own }, to: { ip: to.address, port: to.port }, octets });
      },
      close: async () => {
        sockets.delete(own);
      },
    };
  };
  return {
    open,
    sent,
    clear: () => {
      sockets.clear();
      sent.length = 0;
    },
    deliver: (datagram: Datagram) => {
      sockets.get(datagram.to.port)?.(datagram.octets, ipv4ToNumber(datagram.from.ip), datagram.from.port);
    },
  };
}

/** Enrols phones for a plan; every one of them is in the inventory first. */
export async function enrolAll(world: World, macs: readonly Mac[], route: MigrationPlan): Promise<void> {
  const phones = macs.map(
    (mac): Phone => ({ mac, model: route.model, lines: [{ name: "100", password: "secret" }], settings: {} }),
  );
  await world.store.putPhones(phones);
  const order = { phones: macs.map((mac) => ({ mac, plan: route })), job: "test", startAt: 0, acceptOneWay: true };
  const verdicts = await enrol({ ...partsOf(world), vault: fullVault(route.model) }, order, world.now());
  for (const verdict of verdicts) if (verdict.is !== "ready") throw new Error(JSON.stringify(verdict));
}

/** That time has passed for a phone whose world has one clock. */
export function tickOf({ since }: Migration, now: number): ProgressEvent {
  return { is: "tick", since, passed: now - since };
}
