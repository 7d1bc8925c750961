import { accessSync, constants, existsSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { dirname, join } from "node:path";
import { createNetwork, type Segment } from "../dhcp/network.ts";
import { openSiteFiles } from "../files/site-files.ts";
import { loadTemplates } from "../files/templates.ts";
import { listenHttp } from "../http/listen.ts";
import { openDhcpSocket } from "../net/dhcp-socket.ts";
import { openDgram } from "../net/udp.ts";
import { CNF_KEYS, cnfKey } from "../phones/cnf-keys.ts";
import { isGuessed } from "../phones/known-passwords.ts";
import type { Phone } from "../phones/phone.ts";
import { isSecretName } from "../phones/secret-name.ts";
import { checkSettings, SETTINGS, setting } from "../phones/settings.ts";
import { renderFor } from "../provision/answer-file.ts";
import { overtaken } from "../render/overrides.ts";
import { createRenderer } from "../render/renderer.ts";
import { type Ipv4, inSubnet, macWithColons } from "../wire/address.ts";
import type { Config } from "./config.ts";
import { findServer } from "./control-client.ts";
import { type Core, openCore } from "./core.ts";
import { dhcpSettings, findDhcpPlace } from "./dhcp-settings.ts";
import { type Known, loadKnowledge } from "./knowledge.ts";
import { nearest } from "./near.ts";
import { portTrouble } from "./port-trouble.ts";
import { secretOf } from "./restart.ts";
import { shipped } from "./shipped.ts";
import { told } from "./told.ts";
import { notMadeRemedy, openFirmwareVault } from "./vault.ts";

/** One thing that was looked at. */
export interface Checked {
  readonly what: string;
  readonly is: "ok" | "warning" | "error";
  readonly code?: string;
  readonly message: string;
  readonly remedy?: string;
}

/** Looks at everything that serving needs, in the order in which it is needed, and changes nothing. */
export async function checkEverything(config: Config, now: () => number): Promise<readonly Checked[]> {
  const running = await findServer(config.data);
  const looks: readonly [string, () => Promise<Found>][] = [
    ["manifests", () => manifests()],
    ["templates", () => templates(config)],
    ["groups", () => groupSettings(config)],
    ["site files", () => siteFiles(config)],
    ["data", async () => dataFolder(config)],
    ["disk space", () => diskSpace(config.data)],
    ["secrets", async () => secrets(config)],
    ["vault", () => vault(config)],
    [
      "inventory",
      () => (running === undefined ? inventory(config, now) : Promise.resolve(fine("a server works on it"))),
    ],
    ["server address", async () => serverAddress(config)],
    ["access", async () => access(config)],
    [
      "TFTP port",
      () => (running === undefined ? tftpPort(config) : Promise.resolve(fine("the running server has it"))),
    ],
    [
      "HTTP port",
      () => (running === undefined ? httpPort(config) : Promise.resolve(fine("the running server has it"))),
    ],
    ["DHCP", () => dhcp(config, running !== undefined)],
  ];
  const checked: Checked[] = [];
  for (const [what, look] of looks) checked.push(...(await looked(what, look)));
  return checked;
}

type Found = readonly Omit<Checked, "what">[];

const fine = (message: string): Found => [{ is: "ok", message }];

async function looked(what: string, look: () => Promise<Found>): Promise<readonly Checked[]> {
  try {
    return (await look()).map((found) => ({ what, ...found }));
  } catch (error) {
    const { code, findings } = told(error);
    return findings.map(({ where, message, remedy }) => ({
      what,
      is: "error",
      code,
      message: where === "" ? message : `${where}: ${message}`,
      remedy,
    }));
  }
}

async function manifests(): Promise<Found> {
  const known = await loadKnowledge();
  const graphs = known.families.flatMap(({ id }) => known.graph(id) ?? []);
  const releases = graphs.reduce((sum, graph) => sum + graph.releases.size, 0);
  return fine(`${graphs.length} families, ${releases} releases`);
}

async function templates(config: Config): Promise<Found> {
  const files = await loadTemplates(shipped("templates"), config.templates);
  createRenderer(files);
  const old = overtaken(files);
  if (old.length === 0) return fine(`${files.length} templates`);
  return old.map(({ where, message, remedy }) => ({ is: "warning", message: `${where}: ${message}`, remedy }));
}

/** Settings of groups and profiles that no phone could follow, and names that nothing reads. */
async function groupSettings({ groups, templates: own }: Config): Promise<Found> {
  const files = await loadTemplates(shipped("templates"), own);
  const read = (name: string) => files.some(({ text }) => text.includes(`settings.${name}`));
  const found = groups.flatMap(({ name, settings, profile }) => [
    ...settingFaults(`group ${name}`, settings, read),
    ...settingFaults(`group ${name}, profile ${profile?.name}`, profile?.settings ?? {}, read),
  ]);
  return found.length > 0 ? found : fine(`${groups.length} groups`);
}

function settingFaults(
  where: string,
  settings: Readonly<Record<string, string>>,
  read: (name: string) => boolean,
): Found {
  const names = [...SETTINGS.map(({ name }) => name), ...CNF_KEYS.map(({ key }) => key), "cisco_time_zone"];
  const unknown = Object.keys(settings).filter(
    (name) => setting(name) === undefined && cnfKey(name) === undefined && name !== "cisco_time_zone" && !read(name),
  );
  return [
    ...checkSettings(settings)
      .filter(({ setting: name }) => name === "phone_password" || cnfKey(name) === undefined)
      .map(({ setting: name, message, remedy }) => ({
        is: "error" as const,
        code: "E_RENDER",
        message: `${where}, ${name}: ${message}`,
        remedy,
      })),
    ...unknown.map((name) => {
      const meant = nearest(name, names);
      const remedy = meant === undefined ? "templates/README.md lists the settings" : `did you mean ${meant}?`;
      return { is: "warning" as const, message: `${where}, ${name}: no template reads this setting`, remedy };
    }),
  ];
}

async function siteFiles(config: Config): Promise<Found> {
  await openSiteFiles(config.tftp.root);
  return fine(config.tftp.root);
}

function dataFolder({ data }: Config): Found {
  if (!existsSync(data)) return notMade(data);
  const { mode } = statSync(data);
  if ((mode & 0o007) === 0) return fine(data);
  const remedy = `chmod o-rwx ${data}: it holds the key that the phones' passwords are sealed with`;
  return [{ is: "warning", message: `${data} can be read by every user of this machine`, remedy }];
}

/** Where it would be made, nothing may be written: a data folder that is not there yet. */
function notMade(data: string): Found {
  const above = nearestFolder(data);
  try {
    accessSync(above, constants.W_OK | constants.X_OK);
    return fine(`${data} will be made`);
  } catch {
    const message = `${data} cannot be made in ${above}`;
    return [{ is: "error", code: "E_STORE_OPEN", message, remedy: notMadeRemedy }];
  }
}

/** The folder itself, or the nearest above it that is there. */
function nearestFolder(path: string): string {
  let folder = path;
  while (!existsSync(folder)) folder = dirname(folder);
  return folder;
}

/**
 * A PBX's secret that cannot be read, and files with secrets that every user of the machine can read. The key file's own
 * mode is judged when it is opened.
 */
function secrets({ file, groups, restart: { ami } }: Config): Found {
  const inGroup = groups.some(({ settings }) => Object.keys(settings).some(isSecretName));
  const files = [...(inGroup || ami?.secret !== undefined ? [file] : []), ami?.secretFile].filter(
    (path) => path !== undefined,
  );
  if (ami !== undefined) secretOf(ami, file);
  const open = files.filter((path) => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o007) !== 0);
  if (open.length === 0) return fine("no file with a password can be read by every user of this machine");
  return open.map((path) => ({
    is: "warning",
    message: `${path} holds a password and can be read by every user of this machine`,
    remedy: `chmod o-rwx ${path}`,
  }));
}

/** The database needs little, an import of firmware some tens of megabytes, and its log grows before it is folded back. */
const uncomfortable = 100 * 1_048_576;

async function diskSpace(data: string): Promise<Found> {
  const { bavail, bsize } = await statfs(nearestFolder(data));
  const free = bavail * bsize;
  const message = `${(free / 1e6).toFixed(0)} MB free on the disk of ${data}`;
  if (free >= uncomfortable) return fine(message);
  const remedy = "free some: a full disk stops migrations and leases, since what is acknowledged is on disk first";
  return [{ is: free < 1_048_576 ? "error" : "warning", message, remedy }];
}

async function vault(config: Config): Promise<Found> {
  if (!existsSync(join(config.data, "firmware"))) return fine("empty: provision firmware import PATH…");
  const { packages } = await (await openFirmwareVault(config, await loadKnowledge())).list();
  const lacking = packages.filter(({ complete }) => !complete);
  if (lacking.length === 0) return fine(`${packages.length} packages, all complete`);
  return lacking.map(({ load, missing }) => ({
    is: "warning",
    message: `${load} lacks ${missing.join(", ")}`,
    remedy: `no phone is offered it before: provision firmware import PATH`,
  }));
}

/** Renders what every phone of the inventory reads at rest, so that a wrong setting is found before a phone asks. */
async function inventory(config: Config, now: () => number): Promise<Found> {
  if (!existsSync(join(config.data, "provision.db"))) return fine("empty: provision phones import FILE.csv");
  const core = await openCore(config, now, false);
  try {
    const phones = await core.store.phones();
    const leftOut: LeftOut = new Map();
    const problems = phones.flatMap((phone) => unrenderable(core, core.known, phone, leftOut));
    const guessed = phones.filter(({ lines }) =>
      lines.some(({ name, authName, password }) => isGuessed(password ?? "", [name, authName])),
    );
    const warnings: Found = [
      ...[...leftOut].map(([what, told]) => leftOutBy(what, told)),
      ...(guessed.length > 0 ? [easilyGuessed(guessed)] : []),
    ];
    return problems.length + warnings.length > 0
      ? [...problems, ...warnings]
      : fine(phones.length === 1 ? "1 phone" : `${phones.length} phones`);
  } finally {
    await core.close();
  }
}

/** What phones cannot follow, by what it is: many phones share one reason. */
type LeftOut = Map<string, { readonly remedy: string; readonly phones: Set<string> }>;

function leftOutBy(what: string, { remedy, phones }: { readonly remedy: string; readonly phones: Set<string> }) {
  const [first = "", ...others] = phones;
  const who = others.length === 0 ? first : `${first} and ${others.length} more`;
  return { is: "warning" as const, message: `${who}: ${what}`, remedy };
}

/** Security.md S25: named by their phones; the passwords themselves are shown nowhere. */
function easilyGuessed(phones: readonly Phone[]): Found[number] {
  const named = phones.slice(0, 5).map(({ mac }) => macWithColons(mac));
  const more = phones.length > named.length ? ` and ${phones.length - named.length} more` : "";
  return {
    is: "warning",
    message: `a line's password is its own number or a vendor's default: ${named.join(", ")}${more}`,
    remedy: "give these lines passwords of their own, here and on the call server",
  };
}

function unrenderable(core: Core, known: Known, phone: Phone, leftOut: LeftOut): Found {
  const family = known.families.find((one) => one.models.some((model) => model.id === phone.model));
  const release = known.graph(family?.id ?? "")?.releases.get(phone.running ?? "");
  if (family === undefined || release === undefined) return [];
  const parts = { ...core, knowledge: known, site: core.config.site, groups: core.config.groups };
  return family.atRest(release).publications.flatMap((publication) => {
    if (publication.answer !== "rendered") return [];
    const rendered = renderFor(parts, phone, family, publication);
    if (rendered.is === "rendered") {
      for (const { where, message, remedy } of rendered.notes ?? []) {
        const what = `${where.slice(where.indexOf(", ") + 2)}: ${message}`;
        const told = leftOut.get(what) ?? { remedy, phones: new Set() };
        leftOut.set(what, told);
        told.phones.add(macWithColons(phone.mac));
      }
      return [];
    }
    if (rendered.optional === true) return [];
    return rendered.problems.map(({ where, message, remedy }) => ({
      is: "error" as const,
      code: "E_RENDER",
      message: `${macWithColons(phone.mac)}, ${where}: ${message}`,
      remedy,
    }));
  });
}

function serverAddress({ site }: Config): Found {
  const own = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => address),
  );
  if (own.includes(site.serverAddress)) return fine(site.serverAddress);
  const remedy = `phones are told to come there; this machine has ${own.filter((ip) => !ip.includes(":")).join(", ")}`;
  return [{ is: "warning", message: `this machine has no address ${site.serverAddress}`, remedy }];
}

function access({ access: { allow }, dhcp: { subnets } }: Config): Found {
  const admits = (ip: Ipv4) => allow.some((subnet) => inSubnet(ip, subnet));
  const outside = subnets.flatMap(({ pool, reservations }) =>
    [...pool.flatMap(({ first, last }) => [first, last]), ...reservations.map(({ ip }) => ip)].filter(
      (ip) => !admits(ip),
    ),
  );
  if (outside.length === 0) return fine(allow.map(({ network, prefix }) => `${network}/${prefix}`).join(", "));
  const remedy = "add their subnet to access.allow, or these phones are dropped in silence";
  return [
    {
      is: "error",
      code: "E_ACCESS",
      message: `DHCP gives out addresses that are not allowed: ${outside.join(", ")}`,
      remedy,
    },
  ];
}

async function tftpPort({ tftp }: Config): Promise<Found> {
  const socket = await openDgram({ address: tftp.listen, port: tftp.port, onDatagram: () => undefined });
  await socket.close();
  return fine(`${tftp.listen}:${tftp.port}/udp`);
}

async function httpPort({ http: { listen, port }, access: { allow } }: Config): Promise<Found> {
  try {
    await (await listenHttp({ fetch: () => new Response(null) }, { address: listen, port })).stop();
  } catch (error) {
    throw portTrouble(listen, port, error);
  }
  const unheard = listen.startsWith("127.") && !allow.some((subnet) => inSubnet(listen, subnet));
  const words =
    "; nobody is answered there until http.listen is an address that phones reach, or access.allow has 127.0.0.1";
  return fine(`${listen}:${port}/tcp${unheard ? words : ""}`);
}

async function dhcp(config: Config, running: boolean): Promise<Found> {
  if (!config.dhcp.enabled) return fine("off; give the existing server options 66 and 150 (provision dhcp snippet)");
  const place = findDhcpPlace(config);
  const wires = dhcpWires(config, place.address);
  if (running) return [...fine("the running server has it"), ...wires];
  (await openDhcpSocket({ ...place, port: 67 })).close();
  return [...fine(`${place.interface}, ${place.address}:67/udp`), ...wires];
}

/** What each wire can give, and what would leave its clients without an address. */
function dhcpWires(config: Config, own: Ipv4): Found {
  const settings = dhcpSettings(config, own);
  const network = createNetwork(settings);
  const names = settings.subnets.map(({ sharedNetwork }) => sharedNetwork);
  const oneOfEach = settings.subnets.filter((_, i) => names[i] === undefined || names.indexOf(names[i]) === i);
  const wires = oneOfEach.flatMap(({ subnet }) => wireFound(network.wireAt(subnet.network)));
  if (network.wireAt(own).length > 0) return wires;
  const message = `no subnet holds ${own}: only clients behind a relay are answered`;
  return [
    ...wires,
    { is: "warning", message, remedy: "if phones are on this wire, add its subnet below dhcp.subnets" },
  ];
}

function wireFound(wire: readonly Segment[]): Found {
  const nets = wire.map(({ subnet: { subnet } }) => `${subnet.network}/${subnet.prefix}`).join(" and ");
  const free = wire.reduce((sum, { pool }) => sum + pool.size, 0);
  const reserved = wire.reduce((sum, { subnet }) => sum + subnet.reservations.length, 0);
  if (free + reserved > 0)
    return fine(`${nets}${wire.length > 1 ? " on one wire" : ""}: ${free} addresses in pools, ${reserved} reserved`);
  return [{ is: "warning", message: `${nets} has no address to give`, remedy: "give it a pool, or reservations" }];
}
