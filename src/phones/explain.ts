import type { Model } from "./family.ts";
import { settingsOf } from "./group.ts";
import type { Phone } from "./phone.ts";
import { isSecretName } from "./secret-name.ts";
import type { Group, Site } from "./site.ts";

/** One setting of a phone as it holds, and who set it: `phone`, `group NAME` or `site`. Passwords are not shown. */
export interface ExplainedSetting {
  readonly setting: string;
  readonly value: string;
  readonly from: string;
  /** Those that set it too and lost, the next best first. */
  readonly over: readonly string[];
}

/** Every setting of a phone with its origin, in the order of the names; lines first. */
export function explainSettings(
  phone: Phone,
  model: Model | undefined,
  groups: readonly Group[],
  site: Site,
): readonly ExplainedSetting[] {
  const own = settingsOf(phone, model, groups);
  const ofSite = siteSettings(site);
  const names = [...new Set([...Object.keys(own.settings), ...Object.keys(ofSite)])].sort();
  const rows = names.map((setting) => {
    const value = own.settings[setting] ?? ofSite[setting] ?? "";
    const setters = [...settersOf(setting, phone, model, groups), ...(setting in ofSite ? ["site"] : [])];
    const [from = "site", ...over] = setters;
    return { setting, value: isSecretName(setting) ? "***" : value, from, over };
  });
  return [...linesOf(phone), ...rows];
}

/** Who sets a name, the winner first: the winner is left out of the groups until none is left. */
function settersOf(
  setting: string,
  phone: Phone,
  model: Model | undefined,
  groups: readonly Group[],
): readonly string[] {
  const setters: string[] = [];
  let left = groups;
  let bare: Phone = phone;
  for (;;) {
    const from = settingsOf(bare, model, left).origin[setting];
    if (from === undefined) return setters;
    setters.push(from);
    if (from === "phone") bare = { ...phone, settings: {} };
    else left = left.filter(({ name }) => `group ${name}` !== from);
  }
}

/** What the site gives to every phone, by the names of the settings that override it. */
function siteSettings({ timeZone, ntp, sip, sccp }: Site): Readonly<Record<string, string>> {
  return {
    time_zone: timeZone,
    ...(ntp[0] === undefined ? {} : { ntp_server: ntp[0] }),
    ...(sip === undefined ? {} : { sip_proxy: sip.proxy, sip_port: String(sip.port), sip_transport: sip.transport }),
    ...(sccp === undefined ? {} : { call_managers: sccp.callManagers.join(", "), sccp_port: String(sccp.port) }),
  };
}

function linesOf({ lines, label }: Phone): readonly ExplainedSetting[] {
  const row = (setting: string, value: string | undefined) =>
    value === undefined ? [] : [{ setting, value, from: "phone", over: [] }];
  return [
    ...row("label", label),
    ...lines.flatMap((line, index) => [
      ...row(`line${index + 1}`, line.name),
      ...row(`line${index + 1}_label`, line.label),
      ...row(`line${index + 1}_name`, line.displayName),
      ...row(`line${index + 1}_auth`, line.authName),
      ...row(`line${index + 1}_password`, line.password === undefined ? undefined : "***"),
    ]),
  ];
}
