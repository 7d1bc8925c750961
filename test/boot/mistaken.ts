import { DHCP_DEFAULTS } from "../../src/dhcp/settings.ts";
import type { MigrationRule } from "../../src/migration/rules.ts";
import { families } from "../../src/phones/families.ts";
import type { Model } from "../../src/phones/family.ts";
import { createDhcpDesk } from "../../src/provision/answer-dhcp.ts";
import { createFileDesk } from "../../src/provision/answer-file.ts";
import { createEvidence } from "../../src/provision/evidence.ts";
import { createNewcomers } from "../../src/provision/newcomers.ts";
import { createTracker } from "../../src/provision/tracker.ts";
import { createRandom } from "../../src/sim/random.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { type Ipv4, ipv4ToOctets, type Mac, macToOctets, type Subnet } from "../../src/wire/address.ts";
import { decodeDhcp, encodeDhcp, NO_ADDRESS } from "../../src/wire/dhcp.ts";
import { pairsOf } from "./luck.ts";
import { imageOf, knowledge, renderer, SERVER, site, siteFilesOf } from "./world.ts";

/**
 * Goal R48: devices with damaged fingerprints, on a site where every phone that is seen for the first time goes by
 * itself. Each is seen through the DHCP desk (OUI and option 60) and through the file desk (names by TFTP, user agent by
 * HTTP), for two starts.
 */
export interface Mistaken {
  readonly devices: number;
  /** Put under migration as what they are. */
  readonly right: number;
  /** As another model that runs the very same images, e.g. a 7941G-GE as a 7941G. */
  readonly kin: number;
  /** As another model, whose own fingerprint theirs has become: nothing in it speaks against that. */
  readonly twin: number;
  /** Put under migration, and held at the next thing that it said: it is another model. */
  readonly held: number;
  /** As any other phone, or though they are none. */
  readonly wrong: readonly string[];
}

/** What a device shows of itself. */
interface Fingerprint {
  readonly oui: string;
  readonly vendorClass: string;
  /** `MAC` and `mac` stand for its own in capitals and in small letters. */
  readonly names: readonly string[];
  readonly userAgent: string;
}

interface Device {
  /** Undefined: no phone. */
  readonly model: Model | undefined;
  readonly shows: Fingerprint;
}

/** The files of one boot, by family, in the order of the documents (cisco.md §2, polycom.md §1). */
const boots: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "cisco-7940": [
    ["CTLSEPMAC.tlv", "SEPMAC.cnf.xml", "SIPMAC.cnf", "MGCMAC.cnf", "XMLDefault.cnf.xml", "SIPDefault.cnf"],
    ["OS79XX.TXT", "SEPMAC.cnf.xml", "XMLDefault.cnf.xml"],
    ["OS79XX.TXT", "SIPDefault.cnf", "SIPMAC.cnf", "RINGLIST.DAT", "dialplan.xml"],
  ],
  "cisco-java": [["CTLSEPMAC.tlv", "SEPMAC.cnf.xml", "XMLDefault.cnf.xml"]],
  "cisco-69xx": [["CTLSEPMAC.tlv", "SEPMAC.cnf.xml", "XMLDefault.cnf.xml"]],
  "cisco-894x": [["CTLSEPMAC.tlv", "ITLSEPMAC.tlv", "ITLFile.tlv", "SEPMAC.cnf.xml", "XMLDefault.cnf.xml"]],
  "cisco-ata": [
    ["gkmac", "gkdefault.cfg"],
    ["SEPmac.cnf.xml", "XMLDefault.cnf.xml", "ldmac", "lddefault.cfg"],
    ["atamac", "atadefault.cfg"],
  ],
  polycom: [
    [
      "bootrom.ld",
      "mac.cfg",
      "000000000000.cfg",
      "mac-phone.cfg",
      "mac-web.cfg",
      "mac-license.cfg",
      "mac-directory.xml",
    ],
  ],
};

/** What else asks for an address and for files. */
const strangers: readonly Fingerprint[] = [
  {
    oui: "525400",
    vendorClass: "PXEClient:Arch:00000:UNDI:002001",
    names: ["pxelinux.0", "pxelinux.cfg/default"],
    userAgent: "",
  },
  { oui: "00155d", vendorClass: "MSFT 5.0", names: [], userAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64)" },
  {
    oui: "001a2b",
    vendorClass: "Cisco AP c1140",
    names: ["network-confg", "router-confg", "ciscortr.cfg"],
    userAgent: "",
  },
  { oui: "000e84", vendorClass: "ciscopnp", names: ["network-confg", "cisconet.cfg"], userAgent: "cisco-IOS" },
  { oui: "001132", vendorClass: "udhcp 1.31.1", names: ["config.bin"], userAgent: "Wget" },
  { oui: "0004f2", vendorClass: "Hewlett-Packard JetDirect", names: ["hpnp/printer.cfg"], userAgent: "HP" },
  {
    oui: "000b82",
    vendorClass: "Grandstream GXP2160",
    names: ["cfgmac.xml", "gs_provision.xml"],
    userAgent: "Grandstream Model HW GXP2160",
  },
  {
    oui: "001565",
    vendorClass: "yealink",
    names: ["y000000000028.cfg", "mac.cfg", "mac.boot"],
    userAgent: "Yealink SIP-T46S 66.84.0.15",
  },
];

const devices: readonly Device[] = [
  ...families.flatMap(({ id, models }) =>
    models.flatMap((model) => (boots[id] ?? []).map((names): Device => ({ model, shows: printOf(model, names) }))),
  ),
  ...strangers.map((shows): Device => ({ model: undefined, shows })),
];

function printOf(model: Model, names: readonly string[]): Fingerprint {
  if (model.family !== "polycom") {
    const code = model.id.startsWith("ATA") ? model.id : `CP-${model.id}G`;
    return { oui: "000e84", vendorClass: `Cisco Systems, Inc. IP Phone ${code}\0`, names, userAgent: "" };
  }
  const [, letters = "", digits = ""] = /^([A-Z]+)(\d+)$/.exec(model.id) ?? [];
  const line = { SPIP: "SoundPointIP", SSIP: "SoundStationIP" }[letters] ?? "VVX";
  const tag = `${letters}_${digits}`;
  const userAgent = `FileTransport Polycom${line}-${tag}-UA/4.0.13.1445 (SN:mac) Type/Application`;
  return { oui: "0004f2", vendorClass: `Polycom-${line}-${tag}`, names, userAgent };
}

/** Fares `count` devices with fingerprints that `seed` fixes; `damage` 0 leaves them as they are. */
export async function mistake(count: number, seed: number, damage = 1): Promise<Mistaken> {
  const sum = { devices: 0, right: 0, kin: 0, twin: 0, held: 0 };
  const wrong: string[] = [];
  // A site of its own for every few hundred: a building, not a continent.
  for (let first = 0; first < count; first += 500) {
    const see = await createSite();
    for (let number = first; number < Math.min(count, first + 500); number++) {
      const { next } = createRandom(seed + number * 7919);
      const device = devices[number % devices.length];
      if (device === undefined) continue;
      const shows = damage === 0 ? device.shows : damaged(device.shows, next);
      const model = await see(shows, number);
      sum.devices += 1;
      if (model === undefined) continue;
      if (model === "held") {
        sum.held += 1;
        continue;
      }
      if (model.id === device.model?.id) sum.right += 1;
      else if (model.series !== undefined && model.series === device.model?.series) sum.kin += 1;
      else if (isOwnOf(model, shows)) sum.twin += 1;
      else wrong.push(`${number}: ${device.model?.id ?? "no phone"} as ${model.id}: ${JSON.stringify(shows)}`);
    }
  }
  return { ...sum, wrong };
}

/** Whether it calls itself by DHCP in every octet that is read what `model` does, and asks for nothing that speaks against that. */
function isOwnOf(model: Model, shows: Fingerprint): boolean {
  // What stands behind the first NUL, and whether there is one, no reader looks at.
  const read = (vendorClass: string) => vendorClass.split("\0", 1)[0];
  const called = read(shows.vendorClass);
  const calls = devices.some((device) => device.model === model && read(device.shows.vendorClass) === called);
  const askers = shows.names.map((name) =>
    families.filter((family) => family.named(spelled(name, ownMac)) !== undefined),
  );
  return calls && askers.every((fits) => fits.length === 0 || fits.some(({ id }) => id === model.family));
}

const ownMac = "000e84c060a6" as Mac;

function spelled(text: string, mac: Mac): string {
  return text.replaceAll("MAC", mac.toUpperCase()).replaceAll("mac", mac);
}

/** One to three accidents to any part: characters changed, lost, added, cut off; or a part of another phone in its place. */
function damaged(shows: Fingerprint, next: () => number): Fingerprint {
  let result = shows;
  const others = devices.filter(({ model }) => (model === undefined) === strangers.includes(shows));
  const foreign = others[Math.floor(next() * others.length)]?.shows ?? shows;
  if (next() < 0.2) {
    const part = (["oui", "vendorClass", "names", "userAgent"] as const)[Math.floor(next() * 4)] ?? "oui";
    return { ...shows, [part]: foreign[part] };
  }
  for (let accidents = 1 + Math.floor(next() * 3); accidents > 0; accidents--) {
    switch (Math.floor(next() * 4)) {
      case 0:
        result = {
          ...result,
          oui: Math.floor(next() * 0x1000000)
            .toString(16)
            .padStart(6, "0"),
        };
        break;
      case 1:
        result = { ...result, vendorClass: garbled(result.vendorClass, next) };
        break;
      case 2:
        result = { ...result, userAgent: garbled(result.userAgent, next) };
        break;
      default:
        result = { ...result, names: result.names.map((name) => (next() < 0.5 ? garbled(name, next) : name)) };
    }
  }
  return result;
}

function garbled(text: string, next: () => number): string {
  const at = Math.floor(next() * text.length);
  // Digits for digits half of the time: that is what makes one model of another.
  const other = next() < 0.5 ? String(Math.floor(next() * 10)) : String.fromCharCode(32 + Math.floor(next() * 95));
  const ways = [
    () => text.slice(0, at) + other + text.slice(at + 1),
    () => text.replace(/\d/, () => String(Math.floor(next() * 10))),
    () => text.slice(0, at) + text.slice(at + 1),
    () => text.slice(0, at) + other + text.slice(at),
    () => text.slice(0, at),
  ];
  return ways[Math.floor(next() * ways.length)]?.() ?? text;
}

/** A site where every phone that is seen for the first time goes by itself; says as what a device goes. */
async function createSite(): Promise<(shows: Fingerprint, number: number) => Promise<Model | "held" | undefined>> {
  const store = createMemoryStore();
  const tracker = await createTracker(store, knowledge);
  const vault = { image: async () => undefined, missing: async () => [] };
  const rules = families.map(
    ({ id }): MigrationRule => ({
      ...{ name: id, select: { family: id }, target: "sip", policy: "strict" },
      ...{ acceptOneWay: true, auto: true, wave: 10 },
    }),
  );
  const newcomers = createNewcomers({
    ...{ store, tracker, vault, rules, families },
    siteFiles: { find: async (name) => imageOf(name, new Uint8Array(0)) },
    plan: ({ model }) => {
      const plan = pairsOf(model)[0];
      return plan === undefined ? undefined : { kind: "plan", plan };
    },
    note: () => undefined,
  });
  const evidence = createEvidence({ store, tracker, note: () => undefined, newcomers });
  let heard: Promise<unknown> = Promise.resolve();
  const dhcp = await createDhcpDesk(dhcpSettings, store, {
    ports: { server: 67, client: 68 },
    random: () => 0.5,
    heard: (identity, mac, ip, at) => {
      heard = Promise.all([heard, evidence.dhcp(identity, { mac, ip, at })]);
    },
  });
  const holders = new Map<Ipv4, Mac>();
  const desk = createFileDesk({
    ...{ store, tracker, knowledge, site, groups: [], renderer, vault, evidence },
    siteFiles: siteFilesOf(new Map()),
    around: { leaseHolder: (ip) => holders.get(ip), neighbour: () => undefined },
    note: () => undefined,
  });

  async function leased(mac: Mac, vendorClass: string, at: number): Promise<Ipv4 | undefined> {
    const arrival = { source: { address: NO_ADDRESS, port: 68 }, interfaceAddress: SERVER };
    const offer = await dhcp.answer(decodeDhcp(messageOf(mac, vendorClass, 1)), arrival, at);
    if (offer.is === "silence") return undefined;
    const { yiaddr } = decodeDhcp(offer.octets);
    const chosen = { 50: yiaddr, 54: SERVER };
    await dhcp.answer(decodeDhcp(messageOf(mac, vendorClass, 3, chosen)), arrival, at);
    await heard;
    return yiaddr;
  }

  return async ({ oui, vendorClass, names, userAgent }, number) => {
    const mac = `${oui}${(number % 0x1000000).toString(16).padStart(6, "0")}` as Mac;
    const own = (text: string) => spelled(text, mac);
    for (const at of [1_000_000, 1_300_000]) {
      const ip = await leased(mac, vendorClass, at);
      if (ip === undefined) throw new Error("no address is left");
      holders.set(ip, mac);
      for (const name of names) await desk.answer({ by: "tftp", ip, filename: own(name), at });
      const filename = own(names[0] ?? "index.html");
      if (userAgent !== "") await desk.answer({ by: "http", ip, filename, userAgent: own(userAgent), at });
    }
    const migration = tracker.of(mac)?.migration;
    if (migration?.problem?.code === "E_OTHER_MODEL") return "held";
    const going = migration?.model;
    return families.flatMap(({ models }) => models).find(({ id }) => id === going);
  };
}

const dhcpSettings = {
  ...DHCP_DEFAULTS,
  answer: "everyone" as const,
  serverAddress: SERVER,
  authoritative: true,
  subnets: [
    {
      subnet: { network: "192.0.0.0" as Ipv4, prefix: 16 } as Subnet,
      pools: [{ first: "192.0.16.0" as Ipv4, last: "192.0.31.255" as Ipv4 }],
      dns: [],
      leaseTime: 3600,
      reservations: [],
    },
  ],
  boot: { server: SERVER, moreServers: [], ntp: [SERVER], vendorSpecific: {} },
};

/** A DHCP message of `type` with addresses in options. */
function messageOf(mac: Mac, vendorClass: string, type: number, addresses: Readonly<Record<number, Ipv4>> = {}) {
  const chaddr = new Uint8Array(16);
  chaddr.set(macToOctets(mac));
  const text = Uint8Array.from(vendorClass.slice(0, 255), (character) => character.charCodeAt(0));
  const options = new Map([
    [53, Uint8Array.of(type)],
    ...(text.length > 0 ? [[60, text] as const] : []),
    ...Object.entries(addresses).map(([code, ip]) => [Number(code), ipv4ToOctets(ip)] as const),
  ]);
  const empty = new Uint8Array(0);
  const none = { ciaddr: NO_ADDRESS, yiaddr: NO_ADDRESS, siaddr: NO_ADDRESS, giaddr: NO_ADDRESS };
  const head = { op: 1, htype: 1, hlen: 6, hops: 0, xid: 48, secs: 0, flags: 0x8000 };
  const octets = encodeDhcp({ ...head, ...none, chaddr, sname: empty, file: empty, options });
  if (octets === undefined) throw new Error("the message is too long");
  return octets;
}
