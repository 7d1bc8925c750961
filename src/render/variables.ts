import { ataWords } from "../phones/ata-settings.ts";
import { templateFolder } from "../phones/boot-files.ts";
import { cnfLines } from "../phones/cnf-settings.ts";
import { type DialRule, dialRules, ringTones } from "../phones/dial-plan.ts";
import { javaWords } from "../phones/java-settings.ts";
import { lacking } from "../phones/lacks.ts";
import { polycomWords } from "../phones/polycom-settings.ts";
import { checkSettings, listOf, orStandard, type SettingProblem } from "../phones/settings.ts";
import { softKeySets } from "../phones/soft-keys.ts";
import { callManagerTimeZone } from "../phones/time-zone.ts";
import { macWithColons } from "../wire/address.ts";
import type { RenderRequest } from "./render.ts";
import { NothingConfigured, UnusableSettings, type Variable } from "./sealed.ts";

/** What a file says about itself while it is filled. */
export interface Remarks {
  /** Settings that the file leaves out. */
  readonly notes: SettingProblem[];
  /** Whether the file holds what no setting asked for. */
  standard: boolean;
}

/**
 * Everything a template may name; templates/README.md says what each is. Getters make what one file alone needs, so that
 * a fault in it harms that file alone; they throw {@link UnusableSettings}. What a file leaves out is added to `remarks`.
 */
export function variablesOf(request: RenderRequest, remarks: Remarks): { readonly [name: string]: Variable } {
  const { site, phone, model, release, settings } = request;
  const { notes } = remarks;
  return {
    load: request.load,
    brief: request.brief,
    release: { load: release.load, protocol: release.protocol, version: release.version, loader: release.loader },
    model: { id: model.id, lines: model.lines, code: model.code },
    phone: {
      mac: phone.mac.toUpperCase(),
      mac_lower: phone.mac,
      mac_colons: macWithColons(phone.mac),
      label: phone.label,
      group: phone.group,
    },
    site: { name: site.name, server: site.serverAddress, time_zone: site.timeZone, ntp: site.ntp },
    settings: withKnownNames(settings),
    get lines() {
      return phone.lines.map((line, index) => ({
        number: index + 1,
        name: line.name,
        label: line.label ?? line.name,
        display_name: line.displayName ?? line.name,
        auth_name: line.authName ?? line.name,
        password: line.password,
      }));
    },
    get sccp() {
      return { call_managers: callManagers(request), port: sccpPort(request) };
    },
    get sip() {
      return {
        proxy: settings.sip_proxy ?? site.sip?.proxy,
        port: settings.sip_port ?? String(site.sip?.port ?? 5060),
        transport: settings.sip_transport ?? site.sip?.transport ?? "udp",
        servers: release.protocol === "SIP" ? sipServers(request) : [],
      };
    },
    get cisco_time_zone() {
      if (settings.cisco_time_zone !== undefined) return settings.cisco_time_zone;
      const zone = callManagerTimeZone(settings.time_zone ?? site.timeZone);
      if ("name" in zone) return zone.name;
      const remedy = "Set cisco_time_zone to a name that CallManager knows, or time_zone to another zone.";
      notes.push({ setting: "time_zone", message: `${zone.cannot}: left out`, remedy });
      return undefined;
    },
    get device() {
      notes.push(...lacking(templateFolder(request.family), release.protocol, settings));
      return sound(deviceWords(settings), checkSettings(settings));
    },
    get java() {
      const { problems, notes: left, buttons, ...words } = javaWords(request);
      notes.push(...left);
      return sound(
        {
          buttons: buttons.map((key) => ({
            button: key.button,
            feature: key.feature,
            index: key.index,
            label: key.label,
            name: key.name,
            display_name: key.displayName,
            auth_name: key.authName,
            password: key.password,
            proxy: key.proxy ?? words.proxy,
            port: key.port ?? words.port,
            voicemail: key.voicemail,
          })),
          servers: words.servers,
          transport: words.transport,
          security_mode: words.securityMode,
          codec: words.codec,
          g722: words.g722,
          dtmf: words.dtmf,
          dtmf_payload: orStandard(settings, "dtmf_payload"),
          vad: orStandard(settings, "vad") === "on",
          ring: words.ring,
          nat: words.nat,
          media_port_first: words.mediaPorts.first,
          media_port_last: words.mediaPorts.last,
          register_expires: orStandard(settings, "register_expires"),
          phone_label: words.phoneLabel,
          date_template: words.dateTemplate,
          ntp: words.ntp,
          soft_key_file: words.softKeyFile,
          version_stamp: words.versionStamp,
        },
        problems,
      );
    },
    get soft_keys() {
      if (settings.soft_keys === undefined) throw new NothingConfigured("soft_keys");
      const read = softKeySets(settings.soft_keys);
      if (typeof read !== "string") return { keys: read.keys, sets: read.sets };
      throw new UnusableSettings([
        { setting: "soft_keys", message: read, remedy: "Write it like: On Hook=Redial NewCall CFwdAll" },
      ]);
    },
    get ata() {
      const words = ataWords(request);
      notes.push(...words.notes);
      return sound(
        {
          upgrade_code: words.upgradeCode,
          proxy: words.proxy,
          port: words.port,
          ntp: words.ntp,
          backup_ntp: words.backupNtp,
          time_zone: words.timeZone,
          codec: words.codec,
          interval: words.interval,
          nat_address: words.natAddress,
          media_port: words.mediaPort,
          display_names: words.displayNames,
          register_expires: words.registerExpires,
        },
        words.problems,
      );
    },
    get polycom() {
      const words = polycomWords(request);
      notes.push(...words.notes);
      return sound(
        {
          application: words.application,
          vendor_files: words.vendorFiles,
          own: words.own,
          common: words.common,
          old_models: words.oldModels.map(({ tag, application, vendorFiles }) => ({
            tag,
            application,
            vendor_files: vendorFiles,
          })),
        },
        words.problems,
      );
    },
    get contacts() {
      const words = polycomWords(request);
      if (words.contacts.length === 0) throw new NothingConfigured("speed1");
      return sound(
        words.contacts.map((contact) => ({ ...contact })),
        words.problems,
      );
    },
    get cnf() {
      const { common, own, first, problems, notes: left } = cnfLines(request);
      notes.push(...left);
      return sound({ common, own, first }, problems);
    },
    get dial_plan() {
      const { rules, problems } = dialRules(settings.dial_plan);
      remarks.standard ||= settings.dial_plan === undefined;
      return sound(rules.map(withEveryOption), problems);
    },
    get ring_list() {
      if (settings.ring_list === undefined) throw new NothingConfigured("ring_list");
      const { tones, problems } = ringTones(settings.ring_list);
      return sound(tones, problems);
    },
  };
}

/** Words that every SEP file shares, whatever the family. */
function deviceWords(settings: RenderRequest["settings"]) {
  const isOn = (name: string) => orStandard(settings, name) === "on";
  return {
    // 0 is on (cisco.md §7.2).
    web_access: isOn("web_access") ? "0" : "1",
    ssh_access: isOn("ssh") ? "0" : "1",
    pc_port: isOn("pc_port") ? "0" : "1",
    date_template: `${orStandard(settings, "date_format")}${orStandard(settings, "time_format") === "12" ? "A" : ""}`,
  };
}

function sccpPort({ site, settings }: RenderRequest): string {
  return settings.sccp_port ?? (site.sccp === undefined ? orStandard(settings, "sccp_port") : String(site.sccp.port));
}

function sound<T>(value: T, problems: readonly SettingProblem[]): T {
  if (problems.length > 0) throw new UnusableSettings(problems);
  return value;
}

/** CallManager files need a server even where the phone only passes through SCCP: then it is told this one. */
function callManagers({ site, settings }: RenderRequest): readonly Variable[] {
  const given = settings.call_managers;
  const servers = given === undefined ? (site.sccp?.callManagers ?? []) : listOf(given);
  const addresses = servers.length > 0 ? servers : [site.sip?.proxy ?? site.serverAddress];
  return addresses.map((address, index) => ({ priority: index, address }));
}

/** Where a SIP phone without a file of its own registers. */
function sipServers({ site, settings }: RenderRequest): readonly Variable[] {
  return [settings.sip_proxy ?? site.sip?.proxy, settings.sip_backup_proxy]
    .filter((address) => address !== undefined)
    .map((address, index) => ({ priority: index, address }));
}

const OPTIONAL_SETTINGS = [
  "authentication_url",
  "directory_url",
  "idle_url",
  "information_url",
  "messages_url",
  "proxy_server_url",
  "services_url",
  "date_format",
  "idle_timeout",
  "nat_address",
  "ssh_user",
  "ssh_password",
  "sync",
  "syncinfo_sync",
  "user_locale",
  "network_locale",
  "voicemail",
  "sip_backup_proxy",
  "sip_outbound_proxy",
  "phone_password",
  "logo_url",
] as const;

/** Settings that shipped templates ask for are known even where nobody set them. */
function withKnownNames(settings: Readonly<Record<string, string>>): { readonly [name: string]: Variable } {
  const named: Record<string, Variable> = Object.create(null);
  for (const name of OPTIONAL_SETTINGS) named[name] = undefined;
  return Object.assign(named, settings);
}

function withEveryOption(rule: DialRule): { readonly [name: string]: Variable } {
  return { line: undefined, rewrite: undefined, tone: undefined, user: undefined, route: undefined, ...rule };
}
