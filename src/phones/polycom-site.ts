import { dialRules } from "./dial-plan.ts";
import { digitMap } from "./digit-map.ts";
import {
  isOn,
  isSparse,
  Parameters,
  type PolycomParameter,
  type PolycomSource,
  portOf,
  proxyOf,
  transportOf,
} from "./polycom-parameters.ts";
import { listOf, orStandard, type SettingProblem } from "./settings.ts";
import { type Changeover, zoneRules } from "./time-zone.ts";

/** What site.cfg says: server, network, voice, screen, dial plan, clock and the device itself. */
export function siteParameters(
  source: PolycomSource,
  problems: SettingProblem[],
  notes: SettingProblem[],
): readonly PolycomParameter[] {
  const { site, settings } = source;
  const parameters = new Parameters(problems);
  const proxy = proxyOf(source);
  if (proxy === undefined) {
    const remedy = "Set site.sip.proxy in provision.yaml, or sip_proxy in a group.";
    problems.push({ setting: "sip_proxy", message: "no SIP proxy is configured", remedy });
  }
  const expires = orStandard(settings, "register_expires");
  parameters.put("voIpProt.server.1.address", proxy, "sip_proxy");
  parameters.put("voIpProt.server.1.port", portOf(source), "sip_port");
  parameters.put("voIpProt.server.1.transport", transportOf(source), "sip_transport");
  parameters.put("voIpProt.server.1.expires", expires, "register_expires");
  parameters.put("voIpProt.server.1.register", "1", "sip_proxy");
  if (settings.sip_backup_proxy !== undefined) {
    parameters.put("voIpProt.server.2.address", settings.sip_backup_proxy, "sip_backup_proxy");
    parameters.put("voIpProt.server.2.port", portOf(source), "sip_port");
    parameters.put("voIpProt.server.2.transport", transportOf(source), "sip_transport");
    parameters.put("voIpProt.server.2.expires", expires, "register_expires");
  }
  parameters.put("voIpProt.SIP.outboundProxy.address", settings.sip_outbound_proxy, "sip_outbound_proxy");
  // A changed file restarts the phone at check-sync, an unchanged one does not (polycom.md §7).
  parameters.put("voIpProt.SIP.specialEvent.checkSync.alwaysReboot", "0", "sync");
  putNat(settings, parameters);
  putVoice(source, parameters, notes);
  putScreen(source, parameters);
  putDialPlan(source, problems, parameters, notes);

  const ntp = settings.ntp_server ?? site.ntp[0];
  parameters.put("tcpIpApp.sntp.address", ntp, "ntp_server");
  // DHCP's options 42 and 2 would win (polycom.md §5.2), and option 2 knows no daylight saving.
  parameters.put("tcpIpApp.sntp.address.overrideDHCP", ntp === undefined ? undefined : "1", "ntp_server");
  putZone(settings.time_zone ?? site.timeZone, parameters, notes);
  putUpkeep(source, parameters, notes);
  putDevice(source, parameters, notes);
  return parameters.list;
}

/** sip-interop.cfg of UCS 4.0.15 and sip.cfg of 3.1.8 (grade A). */
function putNat(settings: PolycomSource["settings"], parameters: Parameters): void {
  parameters.put("nat.ip", settings.nat_address, "nat_address");
  parameters.put("nat.mediaPortStart", settings.media_port_first, "media_port_first");
  // Thirty seconds keep the address translation of most routers open (grade D).
  if (isOn(settings, "nat") || settings.nat_address !== undefined) {
    parameters.put("nat.keepalive.interval", "30", "nat");
  }
}

/** Names of the codecs since SIP 3.3 (parameter table, grade A), and before (public configurations of 3.x, grade B). */
const CODECS: Readonly<Record<string, readonly [sparse: string, full: string | undefined]>> = {
  g711ulaw: ["G711_Mu", "G711Mu"],
  g711alaw: ["G711_A", "G711A"],
  g729a: ["G729_AB", "G729AB"],
  g722: ["G722", undefined],
};

function putVoice({ settings, release }: PolycomSource, parameters: Parameters, notes: SettingProblem[]): void {
  const wanted = listOf(orStandard(settings, "codec"));
  if (settings.codec !== undefined && !wanted.includes("none")) {
    const known = Object.entries(CODECS).filter(([, names]) => isSparse(release) || names[1] !== undefined);
    for (const [codec, [sparse, full]] of known) {
      // 0 is off; a codec that is not in the list is not offered.
      const place = String(wanted.indexOf(codec) + 1);
      parameters.put(`voice.codecPref.${isSparse(release) ? sparse : full}`, place, "codec");
    }
    for (const codec of wanted.filter((one) => !known.some(([name]) => name === one))) {
      const message = `no source names ${codec} for SIP ${release.version}: left out`;
      notes.push({ setting: "codec", message, remedy: "Set it in the vendor's sip.cfg." });
    }
  }
  parameters.put("voice.vadEnable", settings.vad === undefined ? undefined : isOn(settings, "vad") ? "1" : "0", "vad");
  const rfc2833 = orStandard(settings, "dtmf") === "rfc2833";
  parameters.put("tone.dtmf.viaRtp", "1", "dtmf");
  parameters.put("tone.dtmf.rfc2833Control", rfc2833 ? "1" : "0", "dtmf");
  parameters.put("tone.dtmf.rfc2833Payload", orStandard(settings, "dtmf_payload"), "dtmf_payload");
}

/** sip.cfg of 3.1.8, region.cfg and applications.cfg of UCS 4.0.15 (grade A). */
function putScreen({ settings }: PolycomSource, parameters: Parameters): void {
  parameters.put("lcl.ml.lang", settings.user_locale, "user_locale");
  const clock = orStandard(settings, "time_format") === "24" ? "1" : "0";
  parameters.put("lcl.datetime.time.24HourClock", clock, "time_format");
  const date = orStandard(settings, "date_format");
  parameters.put("lcl.datetime.date.format", date.indexOf("M") < date.indexOf("D") ? "D,Md" : "D,dM", "date_format");
  parameters.put("mb.main.home", settings.services_url, "services_url");
  parameters.put("mb.idleDisplay.home", settings.idle_url, "idle_url");
  parameters.put("mb.idleDisplay.refresh", settings.idle_timeout, "idle_timeout");
  parameters.put("mb.proxy", settings.proxy_server_url, "proxy_server_url");
  if (settings.voicemail !== undefined) {
    // The messages key calls at once instead of opening a menu of text messages first.
    parameters.put("msg.bypassInstantMessage", "1", "voicemail");
    parameters.put("up.oneTouchVoiceMail", "1", "voicemail");
  }
}

function putDialPlan(
  { settings, release }: PolycomSource,
  problems: SettingProblem[],
  parameters: Parameters,
  notes: SettingProblem[],
): void {
  if (settings.dial_plan === undefined) return;
  const plan = dialRules(settings.dial_plan);
  problems.push(...plan.problems);
  const { map, timeOut, lacks } = digitMap(plan.rules);
  if (lacks.length > 0) {
    const message = `a digit map cannot say ${lacks.join(", ")}: left out`;
    notes.push({ setting: "dial_plan", message, remedy: "Let the SIP server rewrite and route numbers." });
  }
  if (map === "") return;
  // The table of UCS 4.0 gives 2560 and 768; older guides 768 for both (grade D).
  parameters.put("dialplan.digitmap", map, "dial_plan", isSparse(release) ? 2560 : 768);
  parameters.put("dialplan.digitmap.timeOut", timeOut, "dial_plan", 768);
}

/**
 * `gmtOffset` is in seconds. A changeover is a month, a weekday (1 is Sunday), a whole hour and the date 1, 8, 15 or 22
 * from which the weekday counts, or its last in the month (sipXecs and other public provisioners agree, grade B).
 */
function putZone(zone: string, parameters: Parameters, notes: SettingProblem[]): void {
  const rules = zoneRules(zone);
  if (rules === undefined) return;
  const sntp = "tcpIpApp.sntp";
  parameters.put(`${sntp}.gmtOffset`, String(rules.offsetMinutes * 60), "time_zone");
  parameters.put(`${sntp}.gmtOffset.overrideDHCP`, "1", "time_zone");
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

/** The phone's own web pages, and how often it looks for changed files (parameter table of UCS 4.0, grade A). */
function putUpkeep({ settings, release }: PolycomSource, parameters: Parameters, notes: SettingProblem[]): void {
  parameters.put("httpd.enabled", isOn(settings, "web_access") ? "1" : "0", "web_access");
  parameters.put("httpd.cfg.enabled", isOn(settings, "web_access") ? "1" : "0", "web_access");
  if (settings.check_interval === undefined) return;
  if (!isSparse(release)) {
    const message = `SIP ${release.version} does not look for changed files by itself: left out`;
    notes.push({ setting: "check_interval", message, remedy: "Restart the phone, or send check-sync." });
    return;
  }
  parameters.put("prov.polling.enabled", "1", "check_interval");
  parameters.put("prov.polling.mode", "rel", "check_interval");
  parameters.put("prov.polling.period", settings.check_interval, "check_interval");
}

/** `device.*` needs `device.set`, and from UCS on a `.set` of its own; before SIP 3.2 there is none (polycom.md §6). */
function putDevice({ settings, release }: PolycomSource, parameters: Parameters, notes: SettingProblem[]): void {
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
    if (isSparse(release)) parameters.put(`${name}.set`, "1", setting);
    parameters.put(name, settings[setting], setting, 32, secret);
  }
}

const DEVICE = [
  { setting: "phone_password", name: "device.auth.localAdminPassword", secret: true },
  { setting: "user_password", name: "device.auth.localUserPassword", secret: true },
  { setting: "voice_vlan", name: "device.net.vlanId", secret: false },
] as const;
