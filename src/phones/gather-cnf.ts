import type { Mac } from "../wire/address.ts";
import { cnfFault, cnfKey } from "./cnf-keys.ts";
import type { Sketched, SketchKey } from "./gather-sketch.ts";
import type { Line } from "./phone.ts";

const LINE_FIELDS: Readonly<Record<string, keyof Line>> = {
  name: "name",
  shortname: "label",
  displayname: "displayName",
  authname: "authName",
  password: "password",
};

/** Keys whose meaning every family shares, and the setting's name. */
const SHARED: Readonly<Record<string, string>> = {
  messages_uri: "voicemail",
  preferred_codec: "codec",
  sntp_server: "ntp_server",
  timer_register_expires: "register_expires",
  outbound_proxy: "sip_outbound_proxy",
  proxy_backup: "sip_backup_proxy",
  start_media_port: "media_port_first",
  end_media_port: "media_port_last",
  dtmf_avt_payload: "dtmf_payload",
};

/** What a migration, or the server, says itself. */
const OURS = /^(?:image_version|version_stamp|sntp_mode|proxy_backup_port|outbound_proxy_port)$/;
const CLOCK = /^(?:time_zone|dst_\w+)$/;

/** SIP<MAC>.cnf: `lineN_…`, `speed_lineN`, and any key of SIPDefault.cnf (cisco.md §7.3). Only a 7960 has a third line. */
export function cnfSketch(mac: Mac, text: string): Sketched {
  const lines = new Map<number, Partial<Line>>();
  const keys = new Map<number, SketchKey>();
  const settings: Record<string, string> = {};
  const remarks: string[] = [];
  for (const [key, value] of cnfPairs(text)) {
    const [, number = "", field = ""] = /^line(\d)_(\w+)$/.exec(key) ?? [];
    const name = LINE_FIELDS[field];
    const [, what = "", place = ""] = /^speed_(line|label)(\d)$/.exec(key) ?? [];
    if (value === "" || value === "UNPROVISIONED") continue;
    if (name !== undefined) lines.set(Number(number), { ...lines.get(Number(number)), [name]: value });
    else if (what !== "") {
      const before = keys.get(Number(place)) ?? { number: "" };
      keys.set(Number(place), what === "line" ? { ...before, number: value } : { ...before, label: value });
    } else if (CLOCK.test(key)) remarks.push(`${key} ${value}: set time_zone to the IANA name`);
    else if (!OURS.test(key)) {
      const taken = settingOf(key, value);
      if ("remark" in taken) remarks.push(taken.remark);
      else if (taken.value !== undefined) settings[taken.name] = taken.value;
    }
  }
  const model = [...lines.keys()].some((number) => number > 2) ? { model: "7960" } : {};
  return { sketch: { mac, lines, keys, settings, ...model }, remarks };
}

/** What SIPDefault.cnf says beyond what this server writes anyway: for provision.yaml, since it holds for every phone. */
export function cnfDefaults(text: string): readonly string[] {
  return cnfPairs(text).flatMap(([key, value]) => {
    const row = cnfKey(key);
    if (OURS.test(key) || value === "" || value === row?.standard || value === "UNPROVISIONED") return [];
    if (row === undefined) return [`${key} is no key that the phone knows: left out`];
    const told = row.secret === true ? "a password" : value.slice(0, 80);
    return /^dst_/.test(key) ? [] : [`for every phone: ${key} ${told}; set ${placeOf(key)} in provision.yaml`];
  });
}

/** Where provision.yaml says what a key of SIPDefault.cnf says. */
function placeOf(key: string): string {
  if (/^proxy\d_address$/.test(key)) return "site.sip.proxy";
  if (/^proxy\d_port$/.test(key)) return "site.sip.port";
  if (key === "sntp_server") return "site.ntp";
  if (key === "time_zone") return "site.timeZone";
  return `${SHARED[key] ?? key} of a group`;
}

function settingOf(key: string, value: string): { name: string; value?: string } | { remark: string } {
  const row = cnfKey(key);
  if (row === undefined) return { remark: `${key} is no key that the phone knows: left out` };
  if (value === row.standard) return { name: key };
  const fault = cnfFault(row, value);
  if (fault !== undefined) return { remark: `${key}: ${fault}: left out` };
  const [, line, what] = /^proxy(\d)_(address|port)$/.exec(key) ?? [];
  if (what === "port") return value === "5060" ? { name: key } : { name: `line${line}_port`, value };
  if (what === "address") return { name: `line${line}_proxy`, value };
  return { name: SHARED[key] ?? key, value };
}

/** Keys in the image's spelling; values without quotes and comments. */
function cnfPairs(text: string): readonly (readonly [key: string, value: string])[] {
  return text.split(/\r?\n/).flatMap((content) => {
    const [, key, rest = ""] = /^\s*([A-Za-z]\w{0,63})\s*:\s*(.*)$/.exec(content) ?? [];
    if (key === undefined) return [];
    const value = /^"([^"]*)"/.exec(rest)?.[1] ?? (rest.split(/[;#]/, 1)[0] ?? "").trim();
    return [[key === "dscpForAudio" ? key : key.toLowerCase(), value] as const];
  });
}
