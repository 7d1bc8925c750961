import type { Release } from "../firmware/release.ts";
import type { Model } from "./family.ts";
import { lacking } from "./lacks.ts";
import type { Phone } from "./phone.ts";
import { checkSettings, type SettingProblem } from "./settings.ts";
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

/** One `<line>` of a SIP phone: a registration (featureID 9) or a speed dial (featureID 2). */
export interface JavaButton {
  readonly button: number;
  readonly feature: 9 | 2;
  /** Counts the registrations; absent for a speed dial. */
  readonly index?: number;
  readonly label: string;
  readonly name: string;
  readonly displayName?: string;
  readonly authName?: string;
  readonly password?: string;
}

/** The phone's settings in the words of a Java phone's file (cisco.md §7.2). */
export interface JavaWords {
  readonly buttons: readonly JavaButton[];
  readonly proxy: string | undefined;
  readonly port: string;
  /** 1 TCP, 2 UDP, 3 TLS; an unpatched PBX that speaks UDP needs 2. */
  readonly transport: "1" | "2" | "3";
  readonly codec: string;
  readonly registerExpires: string;
  /** Without blanks, at most twelve characters; undefined where the inventory's label does not fit. */
  readonly phoneLabel: string | undefined;
  /** `A` at the end stands for a clock of twelve hours. */
  readonly dateTemplate: string;
  readonly ntp: readonly string[];
  readonly webAccess: "0" | "1";
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

/** Turns the settings of a phone into the words of a Java phone's SEP<MAC>.cnf.xml (cisco.md §7.2). */
export function javaWords(source: JavaSource): JavaWords {
  const { site, phone, settings, release } = source;
  const problems: SettingProblem[] = [...checkSettings(settings)];
  const notes: SettingProblem[] = [...lacking("cisco-java", settings)];
  const isSip = release.protocol === "SIP";
  const proxy = settings.sip_proxy ?? site.sip?.proxy;
  if (isSip && proxy === undefined) {
    const remedy = "Set site.sip.proxy in provision.yaml, or sip_proxy in a group.";
    problems.push({ setting: "sip_proxy", message: "no SIP proxy is configured", remedy });
  }
  const transport = settings.sip_transport ?? site.sip?.transport ?? "udp";
  return {
    buttons: isSip ? buttonsOf(source, problems, notes) : sccpButtons(source, notes),
    proxy,
    port: settings.sip_port ?? String(site.sip?.port ?? 5060),
    transport: transport === "tcp" ? "1" : transport === "udp" ? "2" : "3",
    codec: settings.codec ?? "g711ulaw",
    registerExpires: settings.register_expires ?? "3600",
    phoneLabel: labelOf(settings.phone_label, phone.label, notes),
    dateTemplate: `${settings.date_format ?? "D/M/Y"}${settings.time_format === "12" ? "A" : ""}`,
    ntp: settings.ntp_server === undefined ? site.ntp : [settings.ntp_server],
    webAccess: settings.web_access === "on" ? "0" : "1",
    versionStamp: stampOf(source),
    problems,
    notes,
  };
}

function buttonsOf({ phone, model, settings }: JavaSource, problems: SettingProblem[], notes: SettingProblem[]) {
  const buttons: JavaButton[] = [];
  if (phone.lines.length > model.lines) {
    const message = `the phone has ${phone.lines.length} lines, a ${model.id} has keys for ${model.lines}`;
    const remedy = `Remove the lines after line${model.lines}, or correct the model.`;
    problems.push({ setting: `line${model.lines + 1}`, message, remedy });
  }
  for (const [index, line] of phone.lines.entries()) {
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
    const password = line.password === undefined ? {} : { password: line.password };
    buttons.push({
      button: index + 1,
      feature: 9,
      index: index + 1,
      label,
      name: line.name,
      displayName,
      authName,
      ...password,
    });
  }
  for (const [name, number] of speedDials(settings)) {
    const button = Math.max(phone.lines.length, 1) + Number(name.slice("speed".length));
    const label = settings[`${name}_label`] ?? number;
    check(problems, name, NAME, number);
    check(problems, `${name}_label`, NAME, label);
    if (button <= model.lines) buttons.push({ button, feature: 2, label, name: number });
    else
      notes.push({
        setting: name,
        message: `a ${model.id} has no key left for it`,
        remedy: `Remove ${name}, or a line.`,
      });
  }
  return buttons;
}

/** Under SCCP lines and keys come from the call manager; the file has no place for them. */
function sccpButtons({ settings }: JavaSource, notes: SettingProblem[]): readonly JavaButton[] {
  for (const [name] of speedDials(settings)) {
    const message = "under SCCP the call manager gives the phone its keys";
    notes.push({ setting: name, message, remedy: "Set the speed dial in the call manager." });
  }
  return [];
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
