import { ataWords } from "../phones/ata-settings.ts";
import { cnfLines } from "../phones/cnf-settings.ts";
import { type DialRule, dialRules, ringTones } from "../phones/dial-plan.ts";
import { javaWords } from "../phones/java-settings.ts";
import { polycomWords } from "../phones/polycom-settings.ts";
import { listOf, type SettingProblem } from "../phones/settings.ts";
import { callManagerTimeZone } from "../phones/time-zone.ts";
import { macWithColons } from "../wire/address.ts";
import type { RenderRequest } from "./render.ts";
import { NothingConfigured, UnusableSettings, type Variable } from "./sealed.ts";

/**
 * Everything a template may name; templates/README.md says what each is. Getters make what one file alone needs, so that
 * a fault in it harms that file alone; they throw {@link UnusableSettings}. What a file leaves out is added to `notes`.
 */
export function variablesOf(request: RenderRequest, notes: SettingProblem[]): { readonly [name: string]: Variable } {
  const { site, phone, model, release, settings } = request;
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
      return { call_managers: callManagers(request), port: settings.sccp_port ?? String(site.sccp?.port ?? 2000) };
    },
    get sip() {
      return {
        proxy: settings.sip_proxy ?? site.sip?.proxy,
        port: settings.sip_port ?? String(site.sip?.port ?? 5060),
        transport: settings.sip_transport ?? site.sip?.transport ?? "udp",
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
    get java() {
      const { problems, notes: left, buttons, ...words } = javaWords(request);
      notes.push(...left);
      return sound(
        {
          buttons: buttons.map(({ index, displayName, authName, password, ...button }) => ({
            ...button,
            index,
            display_name: displayName,
            auth_name: authName,
            password,
          })),
          proxy: words.proxy,
          port: words.port,
          transport: words.transport,
          codec: words.codec,
          register_expires: words.registerExpires,
          phone_label: words.phoneLabel,
          date_template: words.dateTemplate,
          ntp: words.ntp,
          web_access: words.webAccess,
          version_stamp: words.versionStamp,
        },
        problems,
      );
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
          contacts: words.contacts.map((item) => ({ ...item })),
          old_models: words.oldModels.map(({ tag, application, vendorFiles }) => ({
            tag,
            application,
            vendor_files: vendorFiles,
          })),
        },
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
      return sound(rules.map(withEveryOption), problems);
    },
    get ring_list() {
      if (settings.ring_list === undefined) throw new NothingConfigured("ring_list");
      const { tones, problems } = ringTones(settings.ring_list);
      return sound(tones, problems);
    },
  };
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

const OPTIONAL_SETTINGS = [
  "authentication_url",
  "directory_url",
  "idle_url",
  "information_url",
  "messages_url",
  "proxy_server_url",
  "services_url",
  "date_format",
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
