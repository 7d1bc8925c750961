import type { SettingProblem } from "./settings.ts";

/** Shared settings that a family's files have no place for; `speed` stands for every speed dial. */
const LACKS: Readonly<Record<string, ReadonlySet<string>>> = {
  "cisco-7940": new Set("web_access voice_vlan".split(" ")),
  "cisco-java": new Set("logo_url syncinfo_sync voice_vlan".split(" ")),
  "cisco-ata": new Set(
    (
      "time_format date_format sip_transport codec voicemail phone_label directory_url services_url authentication_url idle_url " +
      "information_url messages_url proxy_server_url logo_url user_locale network_locale web_access dial_plan ring_list syncinfo_sync " +
      "voice_vlan speed"
    ).split(" "),
  ),
  polycom: new Set(
    (
      "date_format codec phone_label directory_url services_url authentication_url idle_url information_url messages_url " +
      "proxy_server_url logo_url user_locale network_locale web_access dial_plan ring_list syncinfo_sync call_managers sccp_port"
    ).split(" "),
  ),
};

/**
 * Notes on the settings of a phone that its family's files cannot carry: told, not dropped in silence. `folder` is the
 * family whose files the phone reads.
 */
export function lacking(folder: string, settings: Readonly<Record<string, string>>): readonly SettingProblem[] {
  const lacks = LACKS[folder];
  const names = Object.keys(settings).filter(
    (name) => lacks?.has(name.replace(/^speed\d+(?:_label)?$/, "speed")) === true,
  );
  return names.map((setting) => ({
    setting,
    message: "the phone's files have no place for it: left out",
    remedy:
      setting === "voice_vlan"
        ? "Give the voice VLAN by CDP, LLDP or DHCP."
        : "Set it on the phone or remove the setting.",
  }));
}
