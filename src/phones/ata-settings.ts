import type { Release } from "../firmware/release.ts";
import { parseIpv4 } from "../wire/address.ts";
import type { Model } from "./family.ts";
import { lacking } from "./lacks.ts";
import type { Phone } from "./phone.ts";
import { checkSettings, type SettingProblem } from "./settings.ts";
import type { Site } from "./site.ts";

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
  /** An address; the profile has no place for a host name. */
  readonly ntp: string | undefined;
  readonly registerExpires: string;
  readonly problems: readonly SettingProblem[];
  readonly notes: readonly SettingProblem[];
}

/** Turns the settings of a phone into the words of its profile. */
export function ataWords({ site, phone, model, settings, release }: AtaSource): AtaWords {
  const problems: SettingProblem[] = [...checkSettings(settings)];
  const notes: SettingProblem[] = [...lacking("cisco-ata", settings)];
  const proxy = settings.sip_proxy ?? site.sip?.proxy;
  if (release.protocol === "SIP" && proxy === undefined) {
    const remedy = "Set site.sip.proxy in provision.yaml, or sip_proxy in a group.";
    problems.push({ setting: "sip_proxy", message: "no SIP proxy is configured", remedy });
  }
  if (phone.lines.length > model.lines) {
    const message = `the phone has ${phone.lines.length} lines, a ${model.id} has ${model.lines}`;
    const remedy = `Remove the lines after line${model.lines}, or correct the model.`;
    problems.push({ setting: `line${model.lines + 1}`, message, remedy });
  }
  const server = settings.ntp_server ?? site.ntp[0];
  const ntp = server === undefined ? undefined : parseIpv4(server);
  if (server !== undefined && ntp === undefined) {
    const message = "the profile holds an address only: left out";
    notes.push({ setting: "ntp_server", message, remedy: "Write the time server as an address." });
  }
  const timeZone = "no source says how a profile writes a time zone: the phone keeps its own";
  notes.push({ setting: "time_zone", message: timeZone, remedy: "Set the time zone in the phone's menu." });
  return {
    upgradeCode: upgradeCodeOf(model, release),
    proxy,
    port: settings.sip_port ?? String(site.sip?.port ?? 5060),
    ntp,
    registerExpires: settings.register_expires ?? "3600",
    problems,
    notes,
  };
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
