import type { Release } from "../firmware/release.ts";
import type { Model } from "./family.ts";
import type { Phone } from "./phone.ts";
import { orStandard, type SettingProblem } from "./settings.ts";
import type { Site } from "./site.ts";
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

/** Collects parameters; a value beyond the table's limit is a problem of the setting that it comes from. */
export class Parameters {
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

/** Whether the release reads sparse files and has the parameters of UC Software: 3.3 and later (polycom.md §6). */
export function isSparse({ version }: Release): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) > 3 || (Number(major) === 3 && Number(minor) >= 3);
}

const TRANSPORTS: Readonly<Record<string, string>> = { udp: "UDPOnly", tcp: "TCPOnly", tls: "TLS" };

export function proxyOf({ site, settings }: PolycomSource): string | undefined {
  return settings.sip_proxy ?? site.sip?.proxy;
}

export function portOf({ site, settings }: PolycomSource): string {
  return settings.sip_port ?? String(site.sip?.port ?? 5060);
}

export function transportOf({ site, settings }: PolycomSource): string | undefined {
  return TRANSPORTS[settings.sip_transport ?? site.sip?.transport ?? "udp"];
}

/** Whether a switch is on, by a setting or by its standard. */
export function isOn(settings: PolycomSource["settings"], name: string): boolean {
  return orStandard(settings, name) === "on";
}

/**
 * Before SIP 3.3 the vendor's full files of exactly that release must stand behind the sparse ones (administrator's guide
 * 2.2: they "must be used together"; polycom.md §4.1).
 */
export function vendorFilesOf(release: Release): readonly string[] {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(release.version) ?? [];
  if (release.protocol !== "SIP" || major === undefined || isSparse(release)) return [];
  return [`phone1_${major}${minor}${patch}.cfg`, `sip_${major}${minor}${patch}.cfg`];
}
