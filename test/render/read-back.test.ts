import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { loadTemplates } from "../../src/files/templates.ts";
import { decompileAtaProfile } from "../../src/phones/ata-profile.ts";
import { checkSettings, SETTINGS, type Setting } from "../../src/phones/settings.ts";
import type { Renderer } from "../../src/render/render.ts";
import { createRenderer } from "../../src/render/renderer.ts";
import { readCnf } from "./cnf-reader.ts";
import { filesOf, GENERATIONS, requestFor } from "./files-of-every-family.ts";
import { readPolycom } from "./polycom-reader.ts";
import { phone } from "./sample.ts";
import { valuesIn } from "./skeleton.ts";

let renderer: Renderer;

beforeAll(async () => {
  renderer = createRenderer(await loadTemplates(join(import.meta.dirname, "../../templates")));
});

/** Where a reader that knows nothing of the code finds a setting: the file's kind, and the place in it. */
type Places = Readonly<Record<string, readonly [kind: string, place: string]>>;

const cnf = (key: string): readonly [string, string] => ["sip-default", key];
const own = (key: string): readonly [string, string] => ["sip-config", key];
const sep = (path: string): readonly [string, string] => ["sep-config", `/device/${path}`];
const profile = (path: string) => sep(`sipProfile/${path}`);
const line = (path: string) => profile(`sipLines/line/${path}`);
const common = (name: string): readonly [string, string] => ["site-config", name];
const ata = (name: string): readonly [string, string] => ["ata-profile", name];

const URLS = {
  services_url: sep("servicesURL"),
  directory_url: sep("directoryURL"),
  idle_url: sep("idleURL"),
  information_url: sep("informationURL"),
  messages_url: sep("messagesURL"),
  authentication_url: sep("authenticationURL"),
  proxy_server_url: sep("proxyServerURL"),
};

const PLACES: Readonly<Record<string, Places>> = {
  "7960 SIP 8.12": {
    sip_proxy: cnf("proxy1_address"),
    sip_port: cnf("proxy6_port"),
    line2_proxy: cnf("proxy2_address"),
    sip_backup_proxy: cnf("proxy_backup"),
    sip_outbound_proxy: cnf("outbound_proxy"),
    register_expires: cnf("timer_register_expires"),
    ntp_server: cnf("sntp_server"),
    voicemail: cnf("messages_uri"),
    nat_address: cnf("nat_address"),
    media_port_first: cnf("start_media_port"),
    media_port_last: cnf("end_media_port"),
    dtmf_payload: cnf("dtmf_avt_payload"),
    phone_password: cnf("phone_password"),
    phone_label: own("phone_label"),
    services_url: cnf("services_url"),
    directory_url: cnf("directory_url"),
    logo_url: cnf("logo_url"),
    speed1: own("speed_line3"),
    speed1_label: own("speed_label3"),
  },
  "7960 SCCP 8.1": { ...URLS, user_locale: sep("userLocale/name"), network_locale: sep("networkLocale") },
  "7975 SIP 9.4": {
    ...URLS,
    sip_proxy: sep("devicePool/callManagerGroup/members/member/callManager/processNodeName"),
    sip_port: line("port"),
    sip_outbound_proxy: profile("sipProxies/outboundProxy"),
    sip_backup_proxy: profile("sipProxies/backupProxy"),
    line1_proxy: line("proxy"),
    line1_port: line("port"),
    line1_voicemail: line("messagesNumber"),
    register_expires: profile("sipStack/timerRegisterExpires"),
    nat_address: profile("natAddress"),
    media_port_first: profile("startMediaPort"),
    media_port_last: profile("stopMediaPort"),
    dtmf_payload: profile("dtmfAvtPayload"),
    phone_password: sep("commonProfile/phonePassword"),
    ssh_user: sep("sshUserId"),
    ssh_password: sep("sshPassword"),
    ntp_server: sep("devicePool/dateTimeSetting/ntps/ntp/name"),
    idle_timeout: sep("idleTimeout"),
    user_locale: sep("userLocale/name"),
    network_locale: sep("networkLocaleInfo/name"),
    speed1: line("speedDialNumber"),
  },
  "7965 SCCP 9.4": {
    ...URLS,
    sccp_port: sep("devicePool/callManagerGroup/members/member/callManager/ports/ethernetPhonePort"),
    phone_password: sep("commonProfile/phonePassword"),
    ssh_user: sep("sshUserId"),
    ssh_password: sep("sshPassword"),
    ntp_server: sep("devicePool/dateTimeSetting/ntps/ntp/name"),
    idle_timeout: sep("idleTimeout"),
    user_locale: sep("userLocale/name"),
    network_locale: sep("networkLocaleInfo/name"),
  },
  "8941 SCCP 9.4": {
    directory_url: sep("directoryURL"),
    services_url: sep("servicesURL"),
    sccp_port: sep("devicePool/callManagerGroup/members/member/callManager/ports/ethernetPhonePort"),
    phone_password: sep("commonProfile/phonePassword"),
    user_locale: sep("userLocale/name"),
  },
  "SPIP601 SIP 3.1": {
    sip_proxy: common("voIpProt.server.1.address"),
    sip_port: common("voIpProt.server.1.port"),
    sip_backup_proxy: common("voIpProt.server.2.address"),
    sip_outbound_proxy: common("voIpProt.SIP.outboundProxy.address"),
    register_expires: common("voIpProt.server.1.expires"),
    ntp_server: common("tcpIpApp.sntp.address"),
    nat_address: common("nat.ip"),
    media_port_first: common("nat.mediaPortStart"),
    services_url: common("mb.main.home"),
    idle_url: common("mb.idleDisplay.home"),
    user_locale: common("lcl.ml.lang"),
    line1_proxy: ["phone-config", "reg.1.server.1.address"],
    line2_keys: ["phone-config", "reg.2.lineKeys"],
    line2_voicemail: ["phone-config", "msg.mwi.2.callBack"],
  },
  "SPIP650 UCS 4.0": {
    sip_proxy: common("voIpProt.server.1.address"),
    sip_port: common("voIpProt.server.1.port"),
    sip_backup_proxy: common("voIpProt.server.2.address"),
    sip_outbound_proxy: common("voIpProt.SIP.outboundProxy.address"),
    register_expires: common("voIpProt.server.1.expires"),
    ntp_server: common("tcpIpApp.sntp.address"),
    nat_address: common("nat.ip"),
    media_port_first: common("nat.mediaPortStart"),
    dtmf_payload: common("tone.dtmf.rfc2833Payload"),
    services_url: common("mb.main.home"),
    idle_url: common("mb.idleDisplay.home"),
    idle_timeout: common("mb.idleDisplay.refresh"),
    proxy_server_url: common("mb.proxy"),
    user_locale: common("lcl.ml.lang"),
    voice_vlan: common("device.net.vlanId"),
    phone_password: common("device.auth.localAdminPassword"),
    user_password: common("device.auth.localUserPassword"),
    check_interval: common("prov.polling.period"),
    line1_proxy: ["phone-config", "reg.1.server.1.address"],
    line2_keys: ["phone-config", "reg.2.lineKeys"],
    line2_voicemail: ["phone-config", "msg.mwi.2.callBack"],
  },
  "ATA188 SIP 3.1": {
    sip_proxy: ata("GkOrProxy"),
    sip_port: ata("SIPPort"),
    sip_backup_proxy: ata("AltGk"),
    sip_outbound_proxy: ata("SipOutBoundProxy"),
    register_expires: ata("SIPRegInterval"),
    ntp_server: ata("NTPIP"),
    nat_address: ata("NATIP"),
    media_port_first: ata("MediaPort"),
    phone_password: ata("UIPassword"),
    check_interval: ata("CfgInterval"),
  },
  "ATA186 SCCP 3.2": {
    phone_password: ["ata-text", "UIPassword"],
    check_interval: ["ata-text", "CfgInterval"],
    sccp_port: sep("devicePool/callManagerGroup/members/member/callManager/ports/ethernetPhonePort"),
  },
};

/** Values that every family takes whose own range is narrower than the shared one. */
const TAKEN_EVERYWHERE: Readonly<Record<string, readonly string[]>> = {
  media_port_first: ["16384", "20000"],
  media_port_last: ["20100", "32766"],
  dtmf_payload: ["97", "101"],
  phone_password: ["402913", "7"],
};

function drawnFor(row: Setting): fc.Arbitrary<string> {
  const taken = TAKEN_EVERYWHERE[row.name];
  return taken === undefined
    ? drawnFrom(row)
    : fc.oneof({ arbitrary: fc.constantFrom(...taken), weight: 3 }, { arbitrary: drawnFrom(row), weight: 1 });
}

/** Any value that the shared range admits, with those at its ends drawn often. */
function drawnFrom({ range }: Setting): fc.Arbitrary<string> {
  switch (range.is) {
    case "number":
      return fc
        .oneof(fc.constantFrom(range.least, range.most), fc.integer({ min: range.least, max: range.most }))
        .map(String);
    case "words":
      return fc.constantFrom(...range.words);
    case "host":
      return fc.constantFrom("192.0.2.33", "a", "pbx.example.net", `${"h".repeat(27)}.net`);
    case "text": {
      const unit =
        range.repertoire === "ascii"
          ? fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c))
          : fc.constantFrom(..."aZ09 <>&'\"#;:,{}üß日\\%");
      const plain = fc.constantFrom(..."aZ09-_.");
      const maxLength = Math.min(range.longest, 40);
      // Half of them plain: one value that a family cannot write refuses the whole file.
      return fc.oneof(
        fc.string({ unit: plain, minLength: 1, maxLength }),
        fc.string({ unit, minLength: 1, maxLength }),
      );
    }
    default:
      return fc.constant("");
  }
}

function readFile(kind: string, octets: Uint8Array): (place: string) => readonly string[] {
  if (kind === "sip-default" || kind === "sip-config") return (key) => [readCnf(octets).get(key) ?? "(absent)"];
  if (kind === "sep-config") return (path) => valuesIn(octets).get(path) ?? [];
  if (kind === "ata-profile" || kind === "ata-text") {
    const text = kind === "ata-text" ? new TextDecoder().decode(octets) : decompileAtaProfile(octets);
    const lines = text.split("\n");
    return (name) => lines.filter((one) => one.startsWith(`${name}:`)).map((one) => one.slice(name.length + 1));
  }
  return (name) => [readPolycom(octets).get(name) ?? "(absent)"];
}

describe("settings that pass the checks read back equal, or the family says which of them it refuses", () => {
  test.each(Object.entries(PLACES))("%s", (name, places) => {
    const generation = GENERATIONS.find((one) => one.name === name);
    if (generation === undefined) throw new Error(name);
    const rows = Object.keys(places).map((setting) => {
      const row = SETTINGS.find(
        (one) => one.name === setting || one.name.replace("N", "\\d") === setting.replace(/\d/, "\\d"),
      );
      if (row === undefined) throw new Error(setting);
      return [setting, fc.option(drawnFor(row), { nil: undefined, freq: 2 })] as const;
    });
    const readBack = new Map(Object.keys(places).map((setting) => [setting, 0]));
    fc.assert(
      fc.property(fc.record(Object.fromEntries(rows)), (drawn) => {
        const settings = Object.fromEntries(
          Object.entries(drawn).filter((entry): entry is [string, string] => entry[1] !== undefined),
        );
        // A label without its key is nobody's.
        if (settings.speed1 === undefined) delete settings.speed1_label;
        if (checkSettings(settings).length > 0) return;
        for (const kind of new Set(Object.values(places).map(([file]) => file))) {
          expect(filesOf(generation).map((file) => file.kind)).toContain(kind);
          const answer = renderer.render(requestFor(generation, kind, { settings, phone }));
          if (answer.is === "refused") {
            // `where` names the setting, or the line of the file that it became.
            expect(answer.problems.every(({ where, message }) => where !== "" && message !== "")).toBe(true);
            continue;
          }
          const left = (answer.notes ?? []).map(({ where }) => where.slice(where.indexOf(", ") + 2));
          const read = readFile(kind, answer.octets);
          for (const [setting, [file, place]] of Object.entries(places)) {
            const value = settings[setting];
            if (file !== kind || value === undefined || left.includes(setting)) continue;
            if (/^sip_(?:port|proxy)$/.test(setting) && Object.keys(settings).some((one) => /^line\d/.test(one)))
              continue;
            readBack.set(setting, (readBack.get(setting) ?? 0) + 1);
            expect(read(place), `${setting} in ${place}`).toContain(value);
          }
        }
      }),
      { numRuns: 400 },
    );
    // A setting that is always refused or left out was never read back.
    expect([...readBack].filter(([, times]) => times === 0)).toEqual([]);
  });
});
