import type { Release } from "../firmware/release.ts";
import type { Model } from "./family.ts";
import { lacking } from "./lacks.ts";
import type { Phone } from "./phone.ts";
import { checkSettings, type SettingProblem } from "./settings.ts";
import type { Site } from "./site.ts";
import { type Changeover, zoneRules } from "./time-zone.ts";
import { rangeFault } from "./value-range.ts";

/** What a Polycom phone's files are made from. */
export interface PolycomSource {
  readonly site: Site;
  readonly phone: Phone;
  readonly model: Model;
  readonly settings: Readonly<Record<string, string>>;
  readonly release: Release;
}

/** One parameter of a configuration file: an attribute. */
export type PolycomParameter = {
  readonly name: string;
  readonly value: string;
};

/** What a model that stays on an old release is told by the one master file (polycom.md §2.3; shipped files, grade A). */
export interface PolycomOldModel {
  readonly tag: string;
  readonly application: string;
  /** The vendor's own files of that release, as the admin has to put them into the site's folder. */
  readonly vendorFiles: readonly string[];
}

/** The phone's settings in the words of Polycom's files (polycom.md §2, §6, and the parameter table beside it). */
export interface PolycomWords {
  /** APP_FILE_PATH: without part number, which the phone puts before it; empty where nothing is to be installed. */
  readonly application: string;
  /** CONFIG_FILES after the phone's own and the site's. */
  readonly vendorFiles: readonly string[];
  readonly own: readonly PolycomParameter[];
  readonly common: readonly PolycomParameter[];
  readonly contacts: readonly { readonly name: string; readonly number: string; readonly index: number }[];
  readonly oldModels: readonly PolycomOldModel[];
  readonly problems: readonly SettingProblem[];
  readonly notes: readonly SettingProblem[];
}

/** The models that the master files of UCS 4.0.15 name, with the release each stays on. */
const STAY: readonly (readonly [version: string, tags: string])[] = [
  ["213", "SPIP300 SPIP500"],
  ["318", "SPIP301 SPIP501 SPIP600 SPIP601 SSIP4000"],
  ["327", "SPIP430"],
  ["335", "SPIP320 SPIP330"],
];

const OLD_MODELS: readonly PolycomOldModel[] = STAY.flatMap(([version, tags]) =>
  tags.split(" ").map((tag) => ({
    tag,
    application: `sip_${version}.ld`,
    vendorFiles: version === "335" ? [] : [`phone1_${version}.cfg`, `sip_${version}.cfg`],
  })),
);

/** Turns the settings of a phone into the words of Polycom's files. */
export function polycomWords(source: PolycomSource): PolycomWords {
  const problems: SettingProblem[] = [...checkSettings(source.settings)];
  const notes: SettingProblem[] = [...lacking("polycom", source.settings)];
  const vendorFiles = vendorFilesOf(source.release);
  if (vendorFiles.length > 0) {
    const message = `SIP ${source.release.version} needs ${vendorFiles.join(" and ")} of exactly its release`;
    notes.push({
      setting: "model",
      message,
      remedy: "Put them into the site's TFTP folder, renamed as they are called here.",
    });
  }
  return {
    application: applicationOf(source.release),
    vendorFiles,
    own: ownParameters(source, problems),
    common: commonParameters(source, problems, notes),
    contacts: contactsOf(source.settings),
    oldModels: OLD_MODELS,
    problems,
    notes,
  };
}

/** A phone asks `<part>.<name>` first, so the name stands without its part number (polycom.md §1.4). */
function applicationOf(release: Release): string {
  const file = release.files.find(({ role }) => role === "application")?.name ?? "";
  return file.replace(/^\d{4}-\d{5}-\d{3}\./, "");
}

/** Before SIP 3.3 the vendor's full files of exactly that release must stand behind the sparse ones (polycom.md §4.1). */
function vendorFilesOf({ protocol, version }: Release): readonly string[] {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  if (protocol !== "SIP" || major === undefined || Number(major) > 3 || (major === "3" && Number(minor) >= 3))
    return [];
  return [`phone1_${major}${minor}${patch}.cfg`, `sip_${major}${minor}${patch}.cfg`];
}

/** Registrations: names and limits as in the UCS 4.0 parameter table; they are the same since SIP 1.x. */
function ownParameters(
  { phone, model, settings }: PolycomSource,
  problems: SettingProblem[],
): readonly PolycomParameter[] {
  if (phone.lines.length > model.lines) {
    const message = `the phone has ${phone.lines.length} lines, a ${model.id} has keys for ${model.lines}`;
    const remedy = `Remove the lines after line${model.lines}, or correct the model.`;
    problems.push({ setting: `line${model.lines + 1}`, message, remedy });
  }
  const parameters = new Parameters(problems);
  for (const [index, line] of phone.lines.entries()) {
    const reg = `reg.${index + 1}`;
    const own = `line${index + 1}`;
    parameters.put(`${reg}.address`, line.name, own);
    parameters.put(`${reg}.label`, line.label ?? line.name, `${own}_label`);
    parameters.put(`${reg}.displayName`, line.displayName ?? line.name, `${own}_name`);
    parameters.put(`${reg}.auth.userId`, line.authName ?? line.name, `${own}_auth`);
    parameters.put(`${reg}.auth.password`, line.password, `${own}_password`, 256, true);
    parameters.put(`${reg}.type`, "private", own);
    if (settings.voicemail !== undefined) {
      parameters.put(`msg.mwi.${index + 1}.callBackMode`, "contact", "voicemail");
      parameters.put(`msg.mwi.${index + 1}.callBack`, settings.voicemail, "voicemail", 64);
    }
  }
  return parameters.list;
}

const TRANSPORTS: Readonly<Record<string, string>> = { udp: "UDPOnly", tcp: "TCPOnly", tls: "TLS" };

function commonParameters(
  { site, settings, release }: PolycomSource,
  problems: SettingProblem[],
  notes: SettingProblem[],
): readonly PolycomParameter[] {
  const parameters = new Parameters(problems);
  const proxy = settings.sip_proxy ?? site.sip?.proxy;
  if (proxy === undefined) {
    const remedy = "Set site.sip.proxy in provision.yaml, or sip_proxy in a group.";
    problems.push({ setting: "sip_proxy", message: "no SIP proxy is configured", remedy });
  }
  parameters.put("voIpProt.server.1.address", proxy, "sip_proxy");
  parameters.put("voIpProt.server.1.port", settings.sip_port ?? String(site.sip?.port ?? 5060), "sip_port");
  parameters.put(
    "voIpProt.server.1.transport",
    TRANSPORTS[settings.sip_transport ?? site.sip?.transport ?? "udp"],
    "sip_transport",
  );
  parameters.put("voIpProt.server.1.expires", settings.register_expires ?? "3600", "register_expires");
  parameters.put("voIpProt.server.1.register", "1", "sip_proxy");
  parameters.put("voIpProt.server.2.address", settings.sip_backup_proxy, "sip_backup_proxy");
  parameters.put("voIpProt.SIP.outboundProxy.address", settings.sip_outbound_proxy, "sip_outbound_proxy");
  // A changed file restarts the phone at check-sync, an unchanged one does not (polycom.md §7).
  parameters.put("voIpProt.SIP.specialEvent.checkSync.alwaysReboot", "0", "sync");
  parameters.put("tcpIpApp.sntp.address", settings.ntp_server ?? site.ntp[0], "ntp_server");
  putZone(settings.time_zone ?? site.timeZone, parameters, notes);
  if (settings.time_format !== undefined) {
    parameters.put("lcl.datetime.time.24HourClock", settings.time_format === "24" ? "1" : "0", "time_format");
  }
  putDevice(settings, release, parameters, notes);
  return parameters.list;
}

/**
 * `gmtOffset` is in seconds. A changeover is a month, a weekday (1 is Sunday), a whole hour and the date 1, 8, 15 or 22
 * from which the weekday counts, or its last in the month (parameter names after `enable` from memory, grade D).
 */
function putZone(zone: string, parameters: Parameters, notes: SettingProblem[]): void {
  const rules = zoneRules(zone);
  if (rules === undefined) return;
  const sntp = "tcpIpApp.sntp";
  parameters.put(`${sntp}.gmtOffset`, String(rules.offsetMinutes * 60), "time_zone");
  const saving = rules.daylight;
  const kept =
    saving !== undefined &&
    saving !== "irregular" &&
    saving.saveMinutes === 60 &&
    [saving.start, saving.stop].every((at) => at.minutes % 60 === 0);
  parameters.put(`${sntp}.daylightSavings.enable`, kept ? "1" : "0", "time_zone");
  if (saving === undefined) return;
  if (!kept) {
    const message = `daylight saving in ${zone} follows no rule that the phone knows: left out`;
    notes.push({
      setting: "time_zone",
      message,
      remedy: "Set time_zone to a fixed offset, e.g. Etc/GMT-1, and change it by hand.",
    });
    return;
  }
  parameters.put(`${sntp}.daylightSavings.fixedDayEnable`, "0", "time_zone");
  putChangeover(`${sntp}.daylightSavings.start`, saving.start, parameters);
  putChangeover(`${sntp}.daylightSavings.stop`, saving.stop, parameters);
}

function putChangeover(name: string, at: Changeover, parameters: Parameters): void {
  parameters.put(`${name}.month`, String(at.month), "time_zone");
  parameters.put(`${name}.date`, at.week === "last" ? "1" : String(7 * (at.week - 1) + 1), "time_zone");
  parameters.put(`${name}.time`, String(at.minutes / 60), "time_zone");
  parameters.put(`${name}.dayOfWeek`, String(at.weekday + 1), "time_zone");
  parameters.put(`${name}.dayOfWeek.lastInMonth`, at.week === "last" ? "1" : "0", "time_zone");
}

/** `device.*` needs `device.set`, and from UCS on a `.set` of its own; before SIP 3.2 there is none (polycom.md §6). */
function putDevice(
  settings: Readonly<Record<string, string>>,
  release: Release,
  parameters: Parameters,
  notes: SettingProblem[],
): void {
  const given = DEVICE.flatMap((row) => (settings[row.setting] === undefined ? [] : [row]));
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release.version) ?? [];
  if (Number(major) < 3 || (Number(major) === 3 && Number(minor) < 2)) {
    for (const { setting } of given) {
      const message = `SIP ${release.version} takes it from no file: left out`;
      notes.push({ setting, message, remedy: "Set it in the phone's menu." });
    }
    return;
  }
  if (given.length > 0) parameters.put("device.set", "1", "device.set");
  for (const { setting, name, secret } of given) {
    if (Number(major) >= 4 || Number(minor) >= 3) parameters.put(`${name}.set`, "1", setting);
    parameters.put(name, settings[setting], setting, 32, secret);
  }
}

const DEVICE = [
  { setting: "phone_password", name: "device.auth.localAdminPassword", secret: true },
  { setting: "voice_vlan", name: "device.net.vlanId", secret: false },
] as const;

/** Speed dials stand in the phone's directory, numbered from 1. */
function contactsOf(settings: Readonly<Record<string, string>>) {
  return Object.entries(settings)
    .flatMap(([name, number]) => {
      const index = /^speed(\d+)$/.exec(name)?.[1];
      return index === undefined ? [] : [{ index: Number(index), number, name: settings[`${name}_label`] ?? number }];
    })
    .sort((a, b) => a.index - b.index);
}

/** Collects parameters; a value beyond the table's limit is a problem of the setting that it comes from. */
class Parameters {
  readonly list: PolycomParameter[] = [];
  readonly #problems: SettingProblem[];

  constructor(problems: SettingProblem[]) {
    this.#problems = problems;
  }

  put(name: string, value: string | undefined, setting: string, longest = 256, secret = false): void {
    if (value === undefined) return;
    const fault = rangeFault({ is: "text", longest, repertoire: "plane0" }, value, secret);
    if (fault === undefined) this.list.push({ name, value });
    else this.#problems.push({ setting, message: fault, remedy: `Correct ${setting}; it becomes ${name}.` });
  }
}
