import type { Model } from "./family.ts";
import { layersOf } from "./group.ts";
import { reachesModel } from "./lacks.ts";
import type { Phone } from "./phone.ts";
import { isSecretName } from "./secret-name.ts";
import { SETTINGS } from "./settings.ts";
import type { Group, Site } from "./site.ts";

/**
 * One setting of a phone as it holds, and who set it: `phone`, `group NAME`, `group NAME, profile NAME`, `site`, or
 * `standard` where nobody did. Passwords are not shown.
 */
export interface ExplainedSetting {
  readonly setting: string;
  readonly value: string;
  readonly from: string;
  /** Those that set it too and lost, the next best first. */
  readonly over: readonly string[];
}

/**
 * Every setting of a phone with its origin, in the order of the names; lines first. What nobody set and the phone's family
 * knows is there with its standard value.
 */
export function explainSettings(
  phone: Phone,
  model: Model | undefined,
  groups: readonly Group[],
  site: Site,
): readonly ExplainedSetting[] {
  const layers = [
    ...layersOf(phone, model, groups),
    { from: "site", settings: siteSettings(site) },
    { from: "standard", settings: standardSettings(model) },
  ];
  const names = [...new Set(layers.flatMap(({ settings }) => Object.keys(settings)))].sort();
  const rows = names.map((setting) => {
    const setters = layers.filter(({ settings }) => Object.hasOwn(settings, setting));
    const [first, ...over] = setters;
    const value = isSecretName(setting) ? "***" : (first?.settings[setting] ?? "");
    const beaten = over.map(({ from }) => from).filter((from) => from !== "standard");
    return { setting, value, from: first?.from ?? "standard", over: beaten };
  });
  return [...linesOf(phone), ...rows];
}

function standardSettings(model: Model | undefined): Readonly<Record<string, string>> {
  const rows = model === undefined ? [] : SETTINGS.filter(({ reaches }) => reachesModel(model, reaches));
  return Object.fromEntries(
    rows.flatMap(({ name, numbers, standard }) =>
      standard === undefined || numbers !== undefined ? [] : [[name, standard]],
    ),
  );
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
