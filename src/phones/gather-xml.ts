import { XMLParser, XMLValidator } from "fast-xml-parser";
import type { Mac } from "../wire/address.ts";
import { stranger } from "./characters.ts";
import { families } from "./families.ts";
import type { Sketched, SketchKey } from "./gather-sketch.ts";
import type { Line } from "./phone.ts";
import { xmlExcess } from "./xml-excess.ts";

type Node = Readonly<Record<string, unknown>>;

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: true,
  htmlEntities: false,
});

/** The root of an XML file, or why it is passed over. Document types are refused before anything is parsed (security.md S33). */
export function xmlRoot(text: string): Node | string {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) return "it declares a document type: passed over";
  const excess = xmlExcess(text);
  if (excess !== undefined) return `${excess}: passed over`;
  try {
    if (XMLValidator.validate(text) !== true) return "it is not well-formed XML: passed over";
    const root: unknown = parser.parse(text);
    return typeof root === "object" && root !== null ? (root as Node) : "it holds nothing: passed over";
  } catch {
    return "it cannot be read: passed over";
  }
}

/** Elements of sipProfile and of the device whose meaning every family shares. */
const PROFILE: Readonly<Record<string, string>> = {
  preferredCodec: "codec",
  dtmfAvtPayload: "dtmf_payload",
  natAddress: "nat_address",
  startMediaPort: "media_port_first",
  stopMediaPort: "media_port_last",
};
const DEVICE: Readonly<Record<string, string>> = {
  authenticationURL: "authentication_url",
  directoryURL: "directory_url",
  idleURL: "idle_url",
  informationURL: "information_url",
  messagesURL: "messages_url",
  proxyServerURL: "proxy_server_url",
  servicesURL: "services_url",
};
/** What this server writes where nobody sets anything. */
const STANDARD: Readonly<Record<string, string>> = {
  codec: "g711ulaw",
  dtmf_payload: "101",
  media_port_first: "16384",
  media_port_last: "32766",
};
const TRANSPORTS: Readonly<Record<string, string>> = { "1": "tcp", "3": "tls", "4": "tcp" };

/** SEP<MAC>.cnf.xml under SIP: lines have featureID 9, speed dials 2, watched ones 21 (cisco.md §7.2). */
export function sepSketch(mac: Mac, root: Node): Sketched {
  const device = childOf(root, "device");
  const profile = childOf(device, "sipProfile");
  const settings: Record<string, string> = {};
  const remarks: string[] = [];
  const put = (name: string, value: string | undefined) => {
    if (value !== undefined && value !== "" && value !== STANDARD[name]) settings[name] = value;
  };
  for (const [element, name] of Object.entries(PROFILE)) put(name, textOf(profile, element));
  for (const [element, name] of Object.entries(DEVICE)) put(name, textOf(device, element));
  put("sip_outbound_proxy", textOf(childOf(profile, "sipProxies"), "outboundProxy"));
  put("register_expires", standardless(textOf(childOf(profile, "sipStack"), "timerRegisterExpires"), "3600"));
  put("phone_password", textOf(childOf(device, "commonProfile"), "phonePassword"));
  put("user_locale", textOf(childOf(device, "userLocale"), "name"));
  put("network_locale", textOf(device, "networkLocale"));
  if (profile !== undefined) put("sip_transport", TRANSPORTS[textOf(device, "transportLayerProtocol") ?? ""]);
  if (textOf(childOf(device, "vendorConfig"), "webAccess") === "0") settings.web_access = "on";
  const zone = textOf(childOf(childOf(device, "devicePool"), "dateTimeSetting"), "timeZone");
  if (zone !== undefined) remarks.push(`timeZone ${zone}: set time_zone to the IANA name`);

  const { lines, keys } = buttonsIn(profile, settings);
  const label = textOf(profile, "phoneLabel");
  const load = childOf(device, "loadInformation") ?? device;
  const named = modelIn(textOf(load, "@model"));
  const possible =
    named === undefined ? modelsOf(textOf(device, "loadInformation"), [...lines.keys(), ...keys.keys()]) : [];
  const model = named ?? (possible.length === 1 ? possible[0] : undefined);
  if (model === undefined && possible.length > 0) remarks.push(`its load is for ${possible.join(", ")}`);
  const known = { ...(label === undefined ? {} : { label }), ...(model === undefined ? {} : { model }) };
  return { sketch: { mac, lines, keys, settings, ...known }, remarks };
}

function buttonsIn(profile: Node | undefined, settings: Record<string, string>) {
  const lines = new Map<number, Partial<Line>>();
  const keys = new Map<number, SketchKey>();
  for (const [index, line] of childrenOf(childOf(profile, "sipLines"), "line").entries()) {
    const feature = textOf(line, "featureID");
    const button = Number(textOf(line, "@button") ?? index + 1);
    const number = Number(textOf(line, "@lineIndex") ?? button);
    if (![button, number].every((one) => Number.isInteger(one) && one >= 1 && one <= 48)) continue;
    const dials = textOf(line, "speedDialNumber");
    if ((feature === "2" || feature === "21") && dials !== undefined) {
      const label = textOf(line, "featureLabel");
      keys.set(button, {
        number: dials,
        ...(label === undefined ? {} : { label }),
        ...(feature === "21" ? { watches: true as const } : {}),
      });
    }
    if (feature !== "9") continue;
    lines.set(number, {
      ...field("name", textOf(line, "name")),
      ...field("label", textOf(line, "featureLabel")),
      ...field("displayName", textOf(line, "displayName")),
      ...field("authName", textOf(line, "authName")),
      ...field("password", textOf(line, "authPassword")),
    });
    const proxy = textOf(line, "proxy");
    if (proxy?.toUpperCase() === "USECALLMANAGER") settings.usecallmanager = "on";
    else if (proxy !== undefined) settings[`line${number}_proxy`] = proxy;
    const port = standardless(textOf(line, "port"), "5060");
    if (port !== undefined) settings[`line${number}_port`] = port;
    const voicemail = textOf(line, "messagesNumber");
    if (voicemail !== undefined) settings[`line${number}_voicemail`] = voicemail;
  }
  return { lines, keys };
}

/** `IP Phone 7960`, `Cisco 7961` → the model's id. */
function modelIn(text: string | undefined): string | undefined {
  const number = /\b(\d{4})/.exec(text ?? "")?.[1];
  return families.flatMap(({ models }) => models).find(({ id }) => id === number)?.id;
}

/** `SIP41.9-4-2SR3-1S` → the models of series 41 that have a key for each of these places. */
function modelsOf(load: string | undefined, places: readonly number[]): readonly string[] {
  const series = /^(?:SIP|SCCP|TERM)([0-9x]{2,4})\./i.exec(load ?? "")?.[1]?.toLowerCase();
  return families
    .filter(({ id }) => id !== "cisco-7940")
    .flatMap(({ models }) => models)
    .filter((model) => model.series?.toLowerCase() === series && Math.max(...places, 1) <= model.lines)
    .map(({ id }) => id);
}

const POLYCOM_LINE: Readonly<Record<string, keyof Line>> = {
  address: "name",
  label: "label",
  displayName: "displayName",
  "auth.userId": "authName",
  "auth.password": "password",
};

const POLYCOM_SETTINGS: Readonly<Record<string, string>> = {
  "voIpProt.server.1.address": "sip_proxy",
  "voIpProt.server.1.port": "sip_port",
  "voIpProt.server.2.address": "sip_backup_proxy",
  "voIpProt.SIP.outboundProxy.address": "sip_outbound_proxy",
  "voIpProt.server.1.expires": "register_expires",
  "tcpIpApp.sntp.address": "ntp_server",
  "nat.ip": "nat_address",
  "mb.main.home": "services_url",
  "mb.idleDisplay.home": "idle_url",
  "lcl.ml.lang": "user_locale",
  "device.net.vlanId": "voice_vlan",
  "device.auth.localAdminPassword": "phone_password",
  "device.auth.localUserPassword": "user_password",
};
const POLYCOM_STANDARD: Readonly<Record<string, string>> = {
  sip_port: "0",
  register_expires: "3600",
};

/** Polycom: parameters wherever they stand; only attribute names count (polycom.md §6). Speed dials are in the directory. */
export function polycomSketch(mac: Mac, root: Node): Sketched {
  const lines = new Map<number, Partial<Line>>();
  const settings: Record<string, string> = {};
  const remarks: string[] = [];
  const watched = new Map<string, { number?: string; label?: string }>();
  for (const [attribute, value] of attributesBelow(root, 0)) {
    const name = attribute.slice(1);
    if (value === "") continue;
    const [, number = "", rest = ""] = /^reg\.(\d{1,2})\.(.+)$/.exec(name) ?? [];
    const key = POLYCOM_LINE[rest];
    if (key !== undefined) lines.set(Number(number), { ...lines.get(Number(number)), [key]: value });
    else if (rest === "server.1.address") settings[`line${number}_proxy`] = value;
    else if (rest === "server.1.port" && value !== "0" && value !== "5060") settings[`line${number}_port`] = value;
    else if (rest === "lineKeys" && value !== "1") settings[`line${number}_keys`] = value;
    const voicemail = /^msg\.mwi\.(\d{1,2})\.callBack$/.exec(name)?.[1];
    if (voicemail !== undefined) settings[`line${voicemail}_voicemail`] = value;
    const [, place = "", what = ""] = /^attendant\.resourceList\.(\d{1,2})\.(address|label)$/.exec(name) ?? [];
    if (what === "address") watched.set(place, { ...watched.get(place), number: userOf(value) });
    if (what === "label") watched.set(place, { ...watched.get(place), label: value });
    const setting = POLYCOM_SETTINGS[name];
    if (setting !== undefined && value !== POLYCOM_STANDARD[setting]) settings[setting] ??= value;
    if (name === "dialplan.digitmap") remarks.push("dialplan.digitmap: write the rules as dial_plan");
    if (name === "tcpIpApp.sntp.gmtOffset") remarks.push(`gmtOffset ${value}: set time_zone to the IANA name`);
  }
  let next = 1;
  for (const { number, label } of watched.values()) {
    if (number === undefined) continue;
    settings[`speed${next}`] = number;
    if (label !== undefined) settings[`speed${next}_label`] = label;
    settings[`speed${next}_blf`] = "on";
    next++;
  }
  // An address may carry the domain; the number is what stands before it.
  for (const [number, line] of lines) {
    if (line.name !== undefined) lines.set(number, { ...line, name: userOf(line.name) });
  }
  return { sketch: { mac, lines, settings }, remarks };
}

/** <mac>-directory.xml: contacts with a speed dial index (polycom.md §6). */
export function directorySketch(mac: Mac, root: Node): Sketched {
  const settings: Record<string, string> = {};
  const list = childOf(childOf(root, "directory"), "item_list");
  for (const item of childrenOf(list, "item")) {
    const index = Number(textOf(item, "sd"));
    const number = textOf(item, "ct");
    if (!Number.isInteger(index) || index < 1 || index > 48 || number === undefined) continue;
    const label = [textOf(item, "fn"), textOf(item, "ln")].filter((part) => part !== undefined).join(" ");
    settings[`speed${index}`] = number;
    if (label !== "") settings[`speed${index}_label`] = label;
    if (textOf(item, "bw") === "1") settings[`speed${index}_blf`] = "on";
  }
  return { sketch: { mac, lines: new Map(), settings }, remarks: [] };
}

function userOf(address: string): string {
  return address.replace(/^sips?:/i, "").split("@", 1)[0] ?? address;
}

function standardless(value: string | undefined, standard: string): string | undefined {
  return value === standard ? undefined : value;
}

function attributesBelow(node: unknown, depth: number): readonly (readonly [name: string, value: string])[] {
  if (typeof node !== "object" || node === null || depth > 40) return [];
  return Object.entries(node).flatMap(([name, value]): readonly (readonly [string, string])[] =>
    name.startsWith("@") ? [[name, String(value)]] : attributesBelow(value, depth + 1),
  );
}

function childOf(node: Node | undefined, name: string): Node | undefined {
  const child: unknown = node?.[name];
  const first: unknown = Array.isArray(child) ? child[0] : child;
  return typeof first === "object" && first !== null ? (first as Node) : undefined;
}

function childrenOf(node: Node | undefined, name: string): readonly Node[] {
  const child: unknown = node?.[name];
  const list: readonly unknown[] = Array.isArray(child) ? child : [child];
  return list.filter((one): one is Node => typeof one === "object" && one !== null);
}

function textOf(node: Node | undefined, name: string): string | undefined {
  const value: unknown = node?.[name];
  if (typeof value === "object" && value !== null) return textOf(value as Node, "#text");
  return value === undefined || value === "" ? undefined : String(value).trim();
}

function field(name: keyof Line, value: string | undefined): Partial<Line> {
  return value === undefined || value === "" || stranger(value, "plane0") !== undefined ? {} : { [name]: value };
}
