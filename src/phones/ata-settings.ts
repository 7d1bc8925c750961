import type { Release } from "../firmware/release.ts";
import { parseIpv4 } from "../wire/address.ts";
import type { Model } from "./family.ts";
import { lacking } from "./lacks.ts";
import type { Phone } from "./phone.ts";
import { checkSettings, listOf, orStandard, type SettingProblem } from "./settings.ts";
import type { Site } from "./site.ts";
import { zoneRules } from "./time-zone.ts";

/** What a profile is made from. */
export interface AtaSource {
  readonly site: Site;
  readonly phone: Phone;
  readonly model: Model;
  readonly settings: Readonly<Record<string, string>>;
  readonly release: Release;
}

/** The phone's settings in the words of a 7902/7905/7912 or ATA profile (cisco.md §6). */
export interface AtaWords {
  /** `policy,hardware,type,version,server,port,image id,file`; undefined where the release names no file for it. */
  readonly upgradeCode: string | undefined;
  readonly proxy: string | undefined;
  readonly port: string;
  /** Addresses; the profile has no place for a host name. */
  readonly ntp: string | undefined;
  readonly backupNtp: string | undefined;
  /** An ATA's hours from UTC; undefined for a phone, or where it cannot be said. */
  readonly timeZone: string | undefined;
  /** 0 G.723.1, 1 A-law, 2 µ-law, 3 G.729A; undefined leaves the phone's own. */
  readonly codec: string | undefined;
  /** Seconds until the profile is read again. */
  readonly interval: string;
  readonly natAddress: string | undefined;
  readonly mediaPort: string | undefined;
  /** Whether the release knows DisplayName0 and DisplayName1: an ATA's from 3.0 on (ptag.dat of 3.1, grade B). */
  readonly displayNames: boolean;
  readonly registerExpires: string;
  readonly problems: readonly SettingProblem[];
  readonly notes: readonly SettingProblem[];
}

/** Turns the settings of a phone into the words of its profile. */
export function ataWords({ site, phone, model, settings, release }: AtaSource): AtaWords {
  const problems: SettingProblem[] = [...checkSettings(settings)];
  const notes: SettingProblem[] = [...lacking("cisco-ata", release.protocol, settings)];
  const isSip = release.protocol === "SIP";
  const proxy = settings.sip_proxy ?? site.sip?.proxy;
  if (isSip && proxy === undefined) {
    const remedy = "Set site.sip.proxy in provision.yaml, or sip_proxy in a group.";
    problems.push({ setting: "sip_proxy", message: "no SIP proxy is configured", remedy });
  }
  if (phone.lines.length > model.lines) {
    const message = `the phone has ${phone.lines.length} lines, a ${model.id} has ${model.lines}`;
    const remedy = `Remove the lines after line${model.lines}, or correct the model.`;
    problems.push({ setting: `line${model.lines + 1}`, message, remedy });
  }
  if (settings.phone_password !== undefined && !/^\d{1,9}$/.test(settings.phone_password)) {
    const message = "the menus of this phone take digits only, at most nine";
    problems.push({
      setting: "phone_password",
      message,
      remedy: "Give this phone, or its group, a number of its own.",
    });
  }
  // Under SCCP the call manager gives the time: these parameters are for SIP and H.323 (ptag.dat's contexts, grade B).
  const [ntp, backupNtp] = isSip ? timeServers(site, settings, notes) : [];
  const natAddress = addressIn("nat_address", settings.nat_address, notes);
  return {
    upgradeCode: upgradeCodeOf(model, release),
    proxy,
    port: settings.sip_port ?? String(site.sip?.port ?? 5060),
    ntp,
    backupNtp,
    timeZone: isSip ? timeZoneOf(settings.time_zone ?? site.timeZone, model, notes) : undefined,
    codec: isSip ? codecOf(settings.codec, notes) : undefined,
    interval: settings.check_interval ?? "3600",
    natAddress,
    mediaPort: settings.media_port_first,
    displayNames: isAta(model) && isSip && Number.parseInt(release.version, 10) >= 3,
    registerExpires: orStandard(settings, "register_expires"),
    problems,
    notes,
  };
}

function isAta({ series }: Model): boolean {
  return series === "0x301";
}

function timeServers(site: Site, settings: AtaSource["settings"], notes: SettingProblem[]): readonly string[] {
  const named = settings.ntp_server === undefined ? site.ntp : [settings.ntp_server];
  return named.flatMap((server) => addressIn("ntp_server", server, notes) ?? []);
}

function addressIn(setting: string, value: string | undefined, notes: SettingProblem[]): string | undefined {
  const address = value === undefined ? undefined : parseIpv4(value);
  if (value !== undefined && address === undefined) {
    notes.push({ setting, message: "the profile holds an address only: left out", remedy: "Write it as an address." });
  }
  return address;
}

/**
 * An ATA's TimeZone counts hours: up to 12 east of Greenwich, from 13 on 25 hours less (Cisco's ATA guides, whose default
 * 17 is Pacific time; grade B). It knows no daylight saving.
 */
function timeZoneOf(zone: string, model: Model, notes: SettingProblem[]): string | undefined {
  const complain = (message: string, remedy: string) => notes.push({ setting: "time_zone", message, remedy });
  if (!isAta(model)) {
    complain("no source says how a profile writes a time zone: the phone keeps its own", "Set it in the phone's menu.");
    return undefined;
  }
  const rules = zoneRules(zone);
  if (rules === undefined) return undefined;
  const hours = rules.offsetMinutes / 60;
  if (!Number.isInteger(hours) || hours < -12 || hours > 12) {
    complain("an ATA knows whole hours from UTC: left out", "Set time_zone to a fixed offset, e.g. Etc/GMT-5.");
    return undefined;
  }
  if (rules.daylight !== undefined) {
    complain("an ATA knows no daylight saving: it keeps standard time", "Set time_zone to a fixed offset by hand.");
  }
  return String(hours >= 0 ? hours : hours + 25);
}

/** RxCodec and TxCodec (Cisco's ATA guides; grade C). */
const CODECS: Readonly<Record<string, string>> = { g711alaw: "1", g711ulaw: "2", g729a: "3" };

function codecOf(setting: string | undefined, notes: SettingProblem[]): string | undefined {
  const [first, ...others] = listOf(setting ?? "");
  if (first === undefined || first === "none") return undefined;
  if (CODECS[first] === undefined || others.length > 0) {
    const message = "the profile names one of g711ulaw, g711alaw and g729a: the others are left out";
    notes.push({ setting: "codec", message, remedy: "Let the SIP server choose among the others." });
  }
  return CODECS[first];
}

/**
 * Policy 3 installs whenever the image id differs. The id is the build date and letter at the end of the file's name; the
 * third and fourth field are copied from the guides: 0x0400,0x0100 for the phones (grade A), 0x0400,0x0200 for the ATA
 * (grade B). Server 0 is the server of the profile (cisco.md §6.1).
 */
function upgradeCodeOf(model: Model, release: Release): string | undefined {
  const names = release.files.filter(({ role }) => role === "application").map(({ name }) => name);
  const file = names.find((name) => /\.sbin$/i.test(name)) ?? names.find((name) => /\.zup$/i.test(name));
  const id = /(\d{6}[a-f])\.(?:sbin|zup)$/i.exec(file ?? "")?.[1]?.toLowerCase();
  if (file === undefined || id === undefined || model.series === undefined) return undefined;
  const version = model.series === "0x301" ? "0x0200" : "0x0100";
  return `3,${model.series},0x0400,${version},0.0.0.0,69,0x${id},${file}`;
}
