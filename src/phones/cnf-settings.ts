import type { Release } from "../firmware/release.ts";
import { stranger } from "./characters.ts";
import { CNF_KEYS, CNF_ORDER, type CnfKey, cnfFault, cnfKey } from "./cnf-keys.ts";
import type { Model } from "./family.ts";
import { lacking } from "./lacks.ts";
import type { Phone } from "./phone.ts";
import { checkSettings, listOf, orStandard, type SettingProblem } from "./settings.ts";
import type { Site } from "./site.ts";
import { cnfTimeZone } from "./time-zone.ts";

/** One line of a `.cnf` file. */
export type CnfLine = {
  readonly key: string;
  readonly value: string;
};

/** What a 7940/7960 is told by SIPDefault.cnf (`common`) and SIP<MAC>.cnf (`own`), the load aside. */
export interface CnfLines {
  readonly common: readonly CnfLine[];
  readonly own: readonly CnfLine[];
  /** Those that a phone needs to count as provisioned at all: its first line and that line's proxy. */
  readonly first: readonly CnfLine[];
  readonly problems: readonly SettingProblem[];
  /** What the phone cannot do and is left out. */
  readonly notes: readonly SettingProblem[];
}

/** What the lines are made from. */
export interface CnfSource {
  readonly site: Site;
  readonly phone: Phone;
  readonly model: Model;
  readonly settings: Readonly<Record<string, string>>;
  /** The SIP release that reads the file; keys that it does not know are left out. */
  readonly release: Release;
}

/**
 * Turns the settings of a phone into the words of SIPDefault.cnf and SIP<MAC>.cnf (cisco.md §7.3). A setting named like
 * a key wins over the setting that all families share, that over the site's, that over the key's standard value.
 */
export function cnfLines(source: CnfSource): CnfLines {
  const problems: SettingProblem[] = [];
  const values = new Map<string, { value: string; from: string }>();
  const put = (key: string, value: string | undefined, from: string) => {
    if (value !== undefined && !values.has(key)) values.set(key, { value, from });
  };
  for (const [name, value] of Object.entries(source.settings)) {
    if (name === "time_zone" || cnfKey(name) === undefined) continue;
    if (name === "image_version") problems.push(IMAGE_VERSION);
    else put(name, value, name);
  }
  putShared(source, put, problems);
  putProxies(source, put, problems);
  putLines(source, put, problems);
  putSpeedDials(source, put, problems);
  for (const row of CNF_KEYS) put(row.key, row.standard, row.key);
  // Faults of keys of their own are found where the keys are written.
  const shared = ({ setting }: SettingProblem) => setting === "phone_password" || cnfKey(setting) === undefined;
  problems.push(...checkSettings(source.settings).filter(shared));
  const notes = notesOn(source);
  const { common, own } = written(values, source, problems, notes);
  const all = [...common, ...own];
  const first = all.filter(({ key }) => /^(?:line1_|proxy1_|proxy_register$)/.test(key));
  // SIP 1.x and 2.x read no more of SIPDefault.cnf than the load (rule N4), and every key in SIP<MAC>.cnf.
  return isSmall(source.release)
    ? { common: [], own: all, first, problems, notes }
    : { common, own, first, problems, notes };
}

function notesOn({ site, phone, settings }: CnfSource): SettingProblem[] {
  const notes = [...lacking("cisco-7940", "SIP", settings)];
  const transport = settings.sip_transport ?? site.sip?.transport ?? "udp";
  if (transport !== "udp") {
    const message = `no key chooses ${transport}: the phone uses UDP`;
    notes.push({ setting: "sip_transport", message, remedy: "Let the SIP server take UDP from this phone." });
  }
  if (listOf(settings.codec ?? "").length > 1) {
    const message = "the phone takes one preferred codec: the others are left out";
    notes.push({ setting: "codec", message, remedy: "Let the SIP server choose among the others." });
  }
  if (settings.phone_label === undefined && (phone.label ?? "") !== "" && !fitsLabel(phone.label ?? "")) {
    const message = "the corner of the screen holds eleven characters: the label is left out";
    notes.push({ setting: "label", message, remedy: "Set phone_label to a shorter text." });
  }
  return notes;
}

function fitsLabel(label: string): boolean {
  return label !== "" && label.length <= 11 && stranger(label, "latin") === undefined && !label.includes('"');
}

type Put = (key: string, value: string | undefined, from: string) => void;

const IMAGE_VERSION: SettingProblem = {
  setting: "image_version",
  message: "the load cannot be a setting",
  remedy: "Remove it; `provision migrate` names the load of each stage.",
};

function putShared({ site, phone, settings }: CnfSource, put: Put, problems: SettingProblem[]): void {
  const zone = cnfTimeZone(settings.time_zone ?? site.timeZone);
  if ("keys" in zone) for (const [key, value] of Object.entries(zone.keys)) put(key, value, "time_zone");
  else {
    const remedy = "Set time_zone of the phone to a zone that it can keep, e.g. Etc/GMT-1 for one hour east of UTC.";
    problems.push({ setting: "time_zone", message: zone.cannot, remedy });
  }
  put("date_format", orStandard(settings, "date_format"), "date_format");
  put("time_format_24hr", orStandard(settings, "time_format") === "12" ? "0" : "1", "time_format");
  const ntp = settings.ntp_server ?? site.ntp[0];
  put("sntp_server", ntp, "ntp_server");
  put("sntp_mode", ntp === undefined ? undefined : "unicast", "ntp_server");
  put("preferred_codec", listOf(settings.codec ?? "")[0], "codec");
  put("enable_vad", orStandard(settings, "vad") === "on" ? "1" : "0", "vad");
  put("dtmf_outofband", orStandard(settings, "dtmf") === "inband" ? "none" : "avt", "dtmf");
  put("dtmf_avt_payload", orStandard(settings, "dtmf_payload"), "dtmf_payload");
  putNat(settings, put);
  put("messages_uri", settings.voicemail, "voicemail");
  put("timer_register_expires", settings.register_expires, "register_expires");
  // The inventory's label is for people first: it is shown where it fits and is no fault where it does not.
  if (fitsLabel(phone.label ?? "")) put("phone_label", phone.label, "label");
}

/** Behind address translation the phone writes a given address, or the one that its proxy saw (`received`). */
function putNat(settings: CnfSource["settings"], put: Put): void {
  const nat = orStandard(settings, "nat") === "on" || settings.nat_address !== undefined;
  put("nat_enable", nat ? "1" : "0", "nat");
  put("nat_received_processing", nat && settings.nat_address === undefined ? "1" : "0", "nat");
  put("start_media_port", settings.media_port_first, "media_port_first");
  put("end_media_port", settings.media_port_last, "media_port_last");
}

function putProxies({ site, model, settings }: CnfSource, put: Put, problems: SettingProblem[]): void {
  const proxy = settings.sip_proxy ?? site.sip?.proxy;
  if (proxy === undefined && settings.proxy1_address === undefined) {
    const remedy = "Set site.sip.proxy in provision.yaml, or sip_proxy in a group.";
    problems.push({ setting: "sip_proxy", message: "no SIP proxy is configured", remedy });
  }
  const port = settings.sip_port ?? (site.sip === undefined ? "5060" : String(site.sip.port));
  for (let line = 1; line <= model.lines; line++) {
    put(`proxy${line}_address`, settings[`line${line}_proxy`], `line${line}_proxy`);
    put(`proxy${line}_port`, settings[`line${line}_port`], `line${line}_port`);
    put(`proxy${line}_address`, proxy, "sip_proxy");
    put(`proxy${line}_port`, port, "sip_port");
  }
  put("proxy_backup", settings.sip_backup_proxy, "sip_backup_proxy");
  put("proxy_backup_port", settings.sip_backup_proxy && port, "sip_port");
  put("outbound_proxy", settings.sip_outbound_proxy, "sip_outbound_proxy");
  put("outbound_proxy_port", settings.sip_outbound_proxy && port, "sip_port");
}

/**
 * Flash keeps a line's old values until a file names the line again (flash < SIPDefault < SIP<MAC>): a line that is not
 * in use is written with the phone's own word for it.
 */
function putLines({ phone, model }: CnfSource, put: Put, problems: SettingProblem[]): void {
  if (phone.lines.length > model.lines) {
    const remedy = `Remove the lines after line${model.lines}, or correct the model.`;
    const message = `the phone has ${phone.lines.length} lines, a ${model.id} has keys for ${model.lines}`;
    problems.push({ setting: `line${model.lines + 1}`, message, remedy });
  }
  for (let number = 1; number <= model.lines; number++) {
    const line = phone.lines[number - 1];
    const own = (suffix: string) => `line${number}_${suffix}`;
    put(own("name"), line?.name ?? "UNPROVISIONED", `line${number}`);
    put(own("shortname"), line === undefined ? "" : (line.label ?? line.name), own("label"));
    put(own("displayname"), line === undefined ? "" : (line.displayName ?? line.name), own("name"));
    put(own("authname"), line === undefined ? "UNPROVISIONED" : (line.authName ?? line.name), own("auth"));
    put(own("password"), line?.password ?? "UNPROVISIONED", own("password"));
  }
}

/** Speed dials take the keys after the last line, as far as there are keys (speed_line2..6). */
function putSpeedDials({ phone, model, settings }: CnfSource, put: Put, problems: SettingProblem[]): void {
  for (const [name, number] of Object.entries(settings)) {
    const speed = /^speed(\d+)$/.exec(name)?.[1];
    if (speed === undefined) continue;
    const key = Math.max(phone.lines.length, 1) + Number(speed);
    if (key > model.lines) {
      const message = `a ${model.id} with ${phone.lines.length} lines has no key left for it`;
      problems.push({ setting: name, message, remedy: `Remove ${name}, or a line.` });
      continue;
    }
    put(`speed_line${key}`, number, name);
    put(`speed_label${key}`, settings[`${name}_label`] ?? number, `${name}_label`);
  }
}

type Values = ReadonlyMap<string, { readonly value: string; readonly from: string }>;

function written(values: Values, source: CnfSource, problems: SettingProblem[], notes: SettingProblem[]) {
  const release = sipRelease(source.release);
  const common: CnfLine[] = [];
  const own: CnfLine[] = [];
  for (const [key, row] of CNF_ORDER) {
    const found = values.get(key);
    if (found === undefined) continue;
    if (isNewer(row.since, release)) {
      const isSip = source.release.protocol === "SIP";
      if (isSip && source.settings[found.from] !== undefined) notes.push(tooNew(row, found.from, source.release));
      continue;
    }
    const fault = found.value === "" && row.range.is === "text" ? undefined : cnfFault(row, found.value);
    if (fault === undefined) (row.own === true ? own : common).push({ key, value: found.value });
    else problems.push({ setting: found.from, message: fault, remedy: remedyFor(row, found.from) });
  }
  return { common, own };
}

function tooNew(row: CnfKey, from: string, { protocol, version }: Release): SettingProblem {
  const since = row.since.join(".");
  const message = `${row.key} came with SIP ${since}, the phone runs ${protocol} ${version}: left out`;
  return { setting: from, message, remedy: "It comes with a later release." };
}

function remedyFor(row: CnfKey, from: string): string {
  return `Correct ${from}; it becomes ${row.key} of the phone's configuration (${row.because.source}).`;
}

/** A file for a phone that leaves SIP carries what every SIP release knows. */
function sipRelease(release: Release): readonly [number, number] {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release.version) ?? [];
  return release.protocol === "SIP" && major !== undefined ? [Number(major), Number(minor)] : [1, 0];
}

function isSmall({ protocol, version }: Release): boolean {
  return protocol === "SIP" && /^[12]\./.test(version);
}

function isNewer(since: readonly [number, number], release: readonly [number, number]): boolean {
  return since[0] > release[0] || (since[0] === release[0] && since[1] > release[1]);
}
