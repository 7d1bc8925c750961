import type { Release } from "../firmware/release.ts";
import type { Model } from "./family.ts";
import { lacking } from "./lacks.ts";
import type { Phone } from "./phone.ts";
import { checkSettings, listOf, orStandard, type SettingProblem } from "./settings.ts";
import type { Site } from "./site.ts";
import { rangeFault, type ValueRange } from "./value-range.ts";

/** What SEP<MAC>.cnf.xml is made from. */
export interface JavaSource {
  readonly site: Site;
  readonly phone: Phone;
  readonly model: Model;
  readonly settings: Readonly<Record<string, string>>;
  readonly release: Release;
  readonly load: string;
}

/** One `<line>` of a SIP phone: a registration (featureID 9), a speed dial (2) or one that watches another phone (21). */
export interface JavaButton {
  readonly button: number;
  readonly feature: 9 | 2 | 21;
  /** Counts the registrations; absent for a speed dial. */
  readonly index?: number;
  readonly label: string;
  readonly name: string;
  readonly displayName?: string;
  readonly authName?: string;
  readonly password?: string;
  readonly proxy?: string;
  readonly port?: string;
  readonly voicemail?: string;
}

/** The phone's settings in the words of a Java phone's file (cisco.md §7.2). */
export interface JavaWords {
  readonly buttons: readonly JavaButton[];
  /** What the phone registers with, first choice first; under SIP with its port. */
  readonly servers: readonly { readonly priority: number; readonly address: string; readonly port: string }[];
  readonly proxy: string | undefined;
  readonly port: string;
  /** 1 TCP, 2 UDP, 3 TLS; an unpatched PBX that speaks UDP needs 2. */
  readonly transport: "1" | "2" | "3";
  /** 1 plain, 3 encrypted, without which a phone does no TLS. */
  readonly securityMode: "1" | "3";
  readonly codec: string;
  /** 1 off, 2 on. */
  readonly g722: "1" | "2";
  readonly dtmf: "avt" | "none";
  /** 4 ring, 3 once, 2 flash, 1 nothing. */
  readonly ring: string;
  /** Without blanks, at most twelve characters; undefined where the inventory's label does not fit. */
  readonly phoneLabel: string | undefined;
  /** `A` at the end stands for a clock of twelve hours. */
  readonly dateTemplate: string;
  readonly ntp: readonly string[];
  readonly nat: boolean;
  readonly mediaPorts: { readonly first: string; readonly last: string };
  readonly softKeyFile: string | undefined;
  /** Changes whenever the file does. */
  readonly versionStamp: string;
  /** What keeps the file from being written. */
  readonly problems: readonly SettingProblem[];
  /** What the phone cannot do and is left out. */
  readonly notes: readonly SettingProblem[];
}

const UCM = "limits of the 79xx files (cisco.md §7.2)";
const NAME: ValueRange = { is: "text", longest: 30, repertoire: "plane0" };
const PASSWORD: ValueRange = { is: "text", longest: 31, repertoire: "ascii" };
const RINGS: Readonly<Record<string, string>> = { ring: "4", once: "3", flash: "2", silent: "1" };

/** Turns the settings of a phone into the words of a Java phone's SEP<MAC>.cnf.xml (cisco.md §7.2). */
export function javaWords(source: JavaSource): JavaWords {
  const { site, phone, settings, release } = source;
  const problems: SettingProblem[] = [...checkSettings(settings)];
  const notes: SettingProblem[] = [...lacking("cisco-java", release.protocol, settings)];
  const isSip = release.protocol === "SIP";
  const proxy = settings.sip_proxy ?? site.sip?.proxy;
  if (isSip && proxy === undefined) {
    const remedy = "Set site.sip.proxy in provision.yaml, or sip_proxy in a group.";
    problems.push({ setting: "sip_proxy", message: "no SIP proxy is configured", remedy });
  }
  const transport = settings.sip_transport ?? site.sip?.transport ?? "udp";
  if (isSip && transport === "tls") notes.push(NEEDS_TRUST);
  const codecs = listOf(orStandard(settings, "codec"));
  if (isSip && codecs.length > (codecs.includes("g722") ? 2 : 1)) notes.push(ONE_CODEC);
  const first = settings.media_port_first ?? "16384";
  const last = settings.media_port_last ?? "32766";
  if (Number(first) > Number(last)) {
    const message = "the first port of voice is above the last";
    problems.push({ setting: "media_port_first", message, remedy: "Correct media_port_first or media_port_last." });
  }
  const format = orStandard(settings, "date_format");
  if (!DATE_FORMAT.test(format)) {
    const message = "the date format is none of a Java phone";
    problems.push({ setting: "date_format", message, remedy: "Write it like D/M/Y, M-D-YY or YY.M.D." });
  }
  return {
    buttons: isSip ? buttonsOf(source, problems, notes) : [],
    servers: isSip ? sipServers(source) : [],
    proxy: orStandard(settings, "usecallmanager") === "on" ? "USECALLMANAGER" : proxy,
    port: portOf(source),
    transport: transport === "tcp" ? "1" : transport === "udp" ? "2" : "3",
    securityMode: isSip && transport === "tls" ? "3" : "1",
    codec: codecs.find((codec) => codec !== "g722") ?? "none",
    g722: codecs.includes("g722") ? "2" : "1",
    dtmf: orStandard(settings, "dtmf") === "inband" ? "none" : "avt",
    ring: RINGS[orStandard(settings, "ring")] ?? "4",
    phoneLabel: labelOf(settings.phone_label, phone.label, notes),
    dateTemplate: `${format}${orStandard(settings, "time_format") === "12" ? "A" : ""}`,
    ntp: settings.ntp_server === undefined ? site.ntp : [settings.ntp_server],
    nat: orStandard(settings, "nat") === "on" || settings.nat_address !== undefined,
    mediaPorts: { first, last },
    softKeyFile: isSip && settings.soft_keys !== undefined ? "softkeys.xml" : undefined,
    versionStamp: stampOf(source),
    problems,
    notes,
  };
}

/** Fields and delimiters of dateTemplate; a year is of two or four digits (usecallmanager.nz, SEPMAC.cnf.xml; grade B). */
const DATE_FORMAT = /^(?=.*D)(?=.*M)(?=.*Y)(?:D|M|YY?)([/.-])(?:D|M|YY?)\1(?:D|M|YY?)$/;

const NEEDS_TRUST: SettingProblem = {
  setting: "sip_transport",
  message: "for TLS the phone needs a trust list (CTL or ITL), which this server does not make",
  remedy: "Put the trust list of the SIP server into the site's folder, or use udp or tcp.",
};

const ONE_CODEC: SettingProblem = {
  setting: "codec",
  message: "the phone's file names one preferred codec and g722: the others are left out",
  remedy: "Let the SIP server choose among the others.",
};

function portOf({ site, settings }: JavaSource): string {
  return settings.sip_port ?? String(site.sip?.port ?? 5060);
}

/** The phone goes to the next member when it has lost one (usecallmanager.nz; grade B). */
function sipServers(source: JavaSource): JavaWords["servers"] {
  const { site, settings } = source;
  const addresses = [settings.sip_proxy ?? site.sip?.proxy, settings.sip_backup_proxy];
  return addresses.flatMap((address, priority) =>
    address === undefined ? [] : [{ priority, address, port: portOf(source) }],
  );
}

function buttonsOf(source: JavaSource, problems: SettingProblem[], notes: SettingProblem[]) {
  const { phone, model, settings } = source;
  if (phone.lines.length > model.lines) {
    const message = `the phone has ${phone.lines.length} lines, a ${model.id} has keys for ${model.lines}`;
    const remedy = `Remove the lines after line${model.lines}, or correct the model.`;
    problems.push({ setting: `line${model.lines + 1}`, message, remedy });
  }
  return [...lineButtons(source, problems, notes), ...speedButtons(settings, phone, model, problems, notes)];
}

function lineButtons(
  { phone, settings }: JavaSource,
  problems: SettingProblem[],
  notes: SettingProblem[],
): readonly JavaButton[] {
  return phone.lines.map((line, index) => {
    const own = `line${index + 1}`;
    const label = line.label ?? line.name;
    const displayName = line.displayName ?? line.name;
    const authName = line.authName ?? line.name;
    check(problems, own, NAME, line.name);
    check(problems, `${own}_label`, NAME, label);
    check(problems, `${own}_name`, NAME, displayName);
    check(problems, `${own}_auth`, NAME, authName);
    if (line.password !== undefined) {
      check(problems, `${own}_password`, PASSWORD, line.password, true);
      if (line.password.length > 12) notes.push(longPassword(own));
    }
    // Such a server knows a phone by its first line; the others have no credentials of their own (usecallmanager.nz).
    const isAlone = index === 0 || orStandard(settings, "usecallmanager") === "off";
    const { [`${own}_proxy`]: proxy, [`${own}_port`]: port } = settings;
    const voicemail = settings[`${own}_voicemail`] ?? settings.voicemail;
    return {
      button: index + 1,
      feature: 9 as const,
      index: index + 1,
      label,
      name: line.name,
      displayName,
      ...(isAlone ? { authName } : {}),
      ...(isAlone && line.password !== undefined ? { password: line.password } : {}),
      ...(proxy === undefined ? {} : { proxy }),
      ...(port === undefined ? {} : { port }),
      ...(voicemail === undefined ? {} : { voicemail }),
    };
  });
}

/** Speed dials stand on the keys after the lines. */
function speedButtons(
  settings: JavaSource["settings"],
  phone: Phone,
  model: Model,
  problems: SettingProblem[],
  notes: SettingProblem[],
): readonly JavaButton[] {
  const buttons: JavaButton[] = [];
  let watched = false;
  for (const [name, number] of speedDials(settings)) {
    const button = Math.max(phone.lines.length, 1) + Number(name.slice("speed".length));
    const label = settings[`${name}_label`] ?? number;
    check(problems, name, NAME, number);
    check(problems, `${name}_label`, NAME, label);
    const watches = orStandard(settings, `${name}_blf`) === "on";
    if (button > model.lines) {
      const message = `a ${model.id} has no key left for it`;
      notes.push({ setting: name, message, remedy: `Remove ${name}, or a line.` });
      continue;
    }
    buttons.push({ button, feature: watches ? 21 : 2, label, name: number });
    if (watches && !watched) notes.push(needsPatch(`${name}_blf`));
    watched ||= watches;
  }
  return buttons;
}

function needsPatch(setting: string): SettingProblem {
  const message = "its lamp works with a CallManager, or an Asterisk patched for Cisco phones, and no other";
  return { setting, message, remedy: "Set usecallmanager to on with such a server; with another the key only dials." };
}

function speedDials(settings: Readonly<Record<string, string>>): readonly (readonly [name: string, number: string])[] {
  return Object.entries(settings)
    .filter(([name]) => /^speed\d+$/.test(name))
    .sort(([a], [b]) => Number(a.slice(5)) - Number(b.slice(5)));
}

function check(problems: SettingProblem[], setting: string, range: ValueRange, value: string, secret = false): void {
  const fault = rangeFault(range, value, secret);
  if (fault !== undefined) problems.push({ setting, message: fault, remedy: `Correct ${setting}; ${UCM}.` });
}

/** Limits of 8, 12, 30 and 31 characters are reported for one and the same field (cisco.md §7.2). */
function longPassword(line: string): SettingProblem {
  const message = "some loads are reported to read only the first 8 or 12 characters of a password";
  return { setting: `${line}_password`, message, remedy: "Use at most 12 characters if the phone does not register." };
}

const PHONE_LABEL = /^[\x21-\x7e\u00a1-\u00ff]{1,12}$/;

function labelOf(set: string | undefined, label: string | undefined, notes: SettingProblem[]): string | undefined {
  const wanted = set ?? label;
  if (wanted === undefined || PHONE_LABEL.test(wanted)) return wanted;
  const setting = set === undefined ? "label" : "phone_label";
  const message = "the corner of the screen holds twelve characters without blanks: left out";
  notes.push({ setting, message, remedy: "Set phone_label to a shorter text." });
  return undefined;
}

/** Two FNV-1a sums of 32 bits over everything that shapes the file, as sixteen hex digits: no secret can be read back. */
function stampOf({ site, phone, model, settings, release, load }: JavaSource): string {
  const sorted = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  const { mac, label, lines } = phone;
  const text = JSON.stringify([site, mac, label, lines, model.id, sorted, release.load, load]);
  let forward = 0x811c9dc5;
  let backward = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    forward = Math.imul(forward ^ text.charCodeAt(index), 0x01000193);
    backward = Math.imul(backward ^ text.charCodeAt(text.length - 1 - index), 0x01000193);
  }
  return [forward, backward].map((sum) => (sum >>> 0).toString(16).padStart(8, "0")).join("");
}
