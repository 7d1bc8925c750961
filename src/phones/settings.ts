import { isVendorPassword } from "./known-passwords.ts";
import { softKeySets } from "./soft-keys.ts";
import { zoneRules } from "./time-zone.ts";
import { rangeFault, type ValueRange } from "./value-range.ts";

/** What is wrong with a setting, and what to do. Never repeats a secret. */
export interface SettingProblem {
  /** The setting or inventory column, e.g. `sip_port`, `line2_password`. */
  readonly setting: string;
  readonly message: string;
  readonly remedy: string;
}

/** Whose files a setting can reach: a kind of phone and the protocol that it speaks. */
export type Reader = (typeof READERS)[number];

export const READERS = ["7940 SIP", "7940 SCCP", "Java SIP", "Java SCCP", "ATA SIP", "ATA SCCP", "Polycom"] as const;

/** A setting that means the same for every family; each family has its own word for it. */
export interface Setting {
  /** As in a group, or as a CSV column. `N` stands for a number. */
  readonly name: string;
  readonly numbers?: readonly [number, number];
  readonly range:
    | ValueRange
    | { readonly is: "zone" }
    | { readonly is: "hosts" }
    | { readonly is: "rows" }
    | { readonly is: "soft-keys" }
    | { readonly is: "codecs" };
  readonly secret?: true;
  readonly meaning: string;
  /** What holds where nobody set anything and the site says nothing either. */
  readonly standard?: string;
  readonly reaches: readonly Reader[];
  /** What to do about a phone whose files have no place for it. */
  readonly instead?: string;
}

const words = (text: string): ValueRange => ({ is: "words", words: text.split(" ") });
const text = (longest: number): ValueRange => ({ is: "text", longest, repertoire: "plane0" });
const ascii = (longest: number): ValueRange => ({ is: "text", longest, repertoire: "ascii" });
const number = (least: number, most: number): ValueRange => ({ is: "number", least, most });
const port = number(1, 65535);
const url = ascii(255);
const switched = words("on off");

const everywhere = READERS;
const everySip: readonly Reader[] = ["7940 SIP", "Java SIP", "ATA SIP", "Polycom"];
const everySccp: readonly Reader[] = ["7940 SCCP", "Java SCCP", "ATA SCCP"];
const deviceXml: readonly Reader[] = ["Java SIP", ...everySccp];
const java: readonly Reader[] = ["Java SIP", "Java SCCP"];

/** Every setting that families share. A family may narrow the range; it never widens it. */
export const SETTINGS: readonly Setting[] = [
  {
    name: "time_zone",
    range: { is: "zone" },
    meaning: "IANA time zone of the phone; the site's is used without it",
    reaches: everywhere,
  },
  {
    name: "time_format",
    range: words("12 24"),
    meaning: "Clock of twelve or twenty-four hours",
    standard: "24",
    reaches: ["7940 SIP", "7940 SCCP", "Java SIP", "Java SCCP", "Polycom"],
  },
  {
    name: "date_format",
    range: ascii(7),
    meaning: "Order of day, month and year, e.g. D/M/Y",
    standard: "D/M/Y",
    reaches: ["7940 SIP", "Polycom", ...deviceXml],
  },
  {
    name: "ntp_server",
    range: { is: "host" },
    meaning: "Time server; the site's first is used without it",
    reaches: ["7940 SIP", "Java SIP", "Java SCCP", "ATA SIP", "Polycom"],
    instead: "The call manager gives the phone its time.",
  },

  {
    name: "sip_proxy",
    range: { is: "host" },
    meaning: "SIP registrar and proxy; the site's is used without it",
    reaches: everySip,
  },
  { name: "sip_port", range: port, meaning: "Port of the SIP proxy", reaches: everySip },
  {
    name: "sip_transport",
    range: words("udp tcp tls"),
    meaning: "Transport of SIP messages",
    reaches: ["7940 SIP", "Java SIP", "Polycom"],
    instead: "Let the SIP server take UDP from this phone.",
  },
  { name: "sip_backup_proxy", range: { is: "host" }, meaning: "Second SIP proxy", reaches: everySip },
  {
    name: "sip_outbound_proxy",
    range: { is: "host" },
    meaning: "Where SIP requests are sent first",
    reaches: everySip,
  },
  {
    name: "register_expires",
    range: number(10, 3932100),
    meaning: "Seconds that a registration lasts",
    standard: "3600",
    reaches: everySip,
  },
  {
    name: "usecallmanager",
    range: switched,
    meaning: "Whether lines register with the call manager, as an Asterisk patched for Cisco phones wants it",
    standard: "off",
    reaches: ["Java SIP"],
  },
  {
    name: "lineN_proxy",
    numbers: [1, 48],
    range: { is: "host" },
    meaning: "SIP proxy of one line, where it is not `sip_proxy`",
    reaches: ["7940 SIP", "Java SIP", "Polycom"],
    instead: "All lines of this phone use `sip_proxy`.",
  },
  {
    name: "lineN_port",
    numbers: [1, 48],
    range: port,
    meaning: "Its port, where it is not `sip_port`",
    reaches: ["7940 SIP", "Java SIP", "Polycom"],
    instead: "All lines of this phone use `sip_port`.",
  },
  {
    name: "lineN_voicemail",
    numbers: [1, 48],
    range: text(64),
    meaning: "Voice mail of one line, where it is not `voicemail`",
    reaches: ["Java SIP", "Polycom"],
    instead: "All lines of this phone use `voicemail`.",
  },
  {
    name: "lineN_keys",
    numbers: [1, 48],
    range: number(1, 48),
    meaning: "How many keys a line takes",
    standard: "1",
    reaches: ["Polycom"],
    instead: "A line takes one key of this phone.",
  },
  {
    name: "nat",
    range: switched,
    meaning: "Whether the phone stands behind address translation",
    standard: "off",
    reaches: ["7940 SIP", "Java SIP", "Polycom"],
  },
  {
    name: "nat_address",
    range: { is: "host" },
    meaning: "Public address that it then writes into SIP messages; without it the phone learns it from the proxy",
    reaches: everySip,
  },
  {
    name: "media_port_first",
    range: number(1024, 65534),
    meaning: "First UDP port of voice",
    reaches: everySip,
  },
  {
    name: "media_port_last",
    range: number(1024, 65535),
    meaning: "Last UDP port of voice",
    reaches: ["7940 SIP", "Java SIP"],
    instead: "The phone counts its ports upwards from `media_port_first`.",
  },
  {
    name: "codec",
    range: { is: "codecs" },
    meaning: "Codecs, the preferred first, separated by commas: g711ulaw, g711alaw, g729a, g722; or none",
    standard: "g711ulaw",
    reaches: everySip,
  },
  {
    name: "vad",
    range: switched,
    meaning: "Whether silence is left out of the voice stream",
    standard: "off",
    reaches: ["7940 SIP", "Java SIP", "Polycom"],
  },
  {
    name: "dtmf",
    range: words("rfc2833 inband"),
    meaning: "How pressed digits travel",
    standard: "rfc2833",
    reaches: ["7940 SIP", "Java SIP", "Polycom"],
  },
  {
    name: "dtmf_payload",
    range: number(96, 127),
    meaning: "RTP payload type of RFC 2833",
    standard: "101",
    reaches: ["7940 SIP", "Java SIP", "Polycom"],
  },

  {
    name: "call_managers",
    range: { is: "hosts" },
    meaning: "SCCP servers, first choice first, separated by commas",
    reaches: everySccp,
  },
  { name: "sccp_port", range: port, meaning: "Port of the SCCP servers", standard: "2000", reaches: everySccp },

  {
    name: "voicemail",
    range: text(127),
    meaning: "Number or address that the messages key calls",
    reaches: ["7940 SIP", "Java SIP", "Polycom"],
  },
  {
    name: "phone_label",
    range: text(30),
    meaning: "Text in the corner of the screen",
    reaches: ["7940 SIP", "Java SIP"],
  },
  {
    name: "phone_password",
    range: ascii(31),
    secret: true,
    meaning: "Unlocks the phone's menus",
    reaches: ["7940 SIP", "Java SIP", "Java SCCP", "ATA SIP", "ATA SCCP", "Polycom"],
  },
  {
    name: "user_password",
    range: ascii(32),
    secret: true,
    meaning: "Unlocks what the phone's user may change",
    reaches: ["Polycom"],
  },
  { name: "ssh", range: switched, meaning: "Whether the phone takes SSH", standard: "off", reaches: java },
  { name: "ssh_user", range: ascii(30), meaning: "Name for SSH", reaches: java },
  { name: "ssh_password", range: ascii(31), secret: true, meaning: "Password for SSH", reaches: java },
  {
    name: "web_access",
    range: switched,
    meaning: "Whether the phone answers a browser",
    standard: "off",
    reaches: ["7940 SCCP", "Java SIP", "Java SCCP", "Polycom"],
  },
  {
    name: "pc_port",
    range: switched,
    meaning: "Whether the socket for a computer works",
    standard: "on",
    reaches: ["7940 SCCP", "Java SIP", "Java SCCP"],
  },
  {
    name: "voice_vlan",
    range: number(1, 4094),
    meaning: "VLAN of the phone, where its files can say it",
    reaches: ["Polycom"],
    instead: "Give the voice VLAN by CDP, LLDP or DHCP.",
  },
  {
    name: "check_interval",
    range: number(3600, 604800),
    meaning: "Seconds after which the phone looks for changed files by itself",
    reaches: ["ATA SIP", "ATA SCCP", "Polycom"],
    instead: "Restart the phone, or send check-sync, when its files have changed.",
  },

  {
    name: "directory_url",
    range: url,
    meaning: "Page behind the directories key",
    reaches: ["7940 SIP", ...deviceXml],
  },
  {
    name: "services_url",
    range: url,
    meaning: "Page behind the services key; a Polycom phone's browser opens it",
    reaches: ["7940 SIP", "Polycom", ...deviceXml],
  },
  {
    name: "authentication_url",
    range: url,
    meaning: "Asked whether a pushed page may be shown",
    reaches: deviceXml,
  },
  { name: "idle_url", range: url, meaning: "Page shown while the phone is idle", reaches: ["Polycom", ...deviceXml] },
  {
    name: "idle_timeout",
    range: number(0, 86400),
    meaning: "Seconds until the idle page is shown, or shown anew",
    reaches: [...java, "7940 SCCP", "Polycom"],
  },
  { name: "information_url", range: url, meaning: "Page behind the i or ? key", reaches: deviceXml },
  { name: "messages_url", range: url, meaning: "Page behind the messages key", reaches: deviceXml },
  {
    name: "proxy_server_url",
    range: url,
    meaning: "HTTP proxy for the phone's own browser, as `host:port`",
    reaches: ["Polycom", ...deviceXml],
  },
  {
    name: "logo_url",
    range: url,
    meaning: "Picture on the idle screen",
    reaches: ["7940 SIP"],
    instead: "Put a picture into the site's folder as docs/families says.",
  },
  {
    name: "user_locale",
    range: ascii(60),
    meaning: "Language of the screen, as a folder of locale files, e.g. German_Germany",
    reaches: ["Polycom", ...deviceXml],
  },
  {
    name: "network_locale",
    range: ascii(60),
    meaning: "Country of the tones, as a folder of locale files, e.g. Germany",
    reaches: deviceXml,
  },
  {
    name: "dial_plan",
    range: { is: "rows" },
    meaning: "Rules of the dial plan, separated by semicolons",
    reaches: ["7940 SIP", "Java SIP", "Polycom"],
  },
  {
    name: "soft_keys",
    range: { is: "soft-keys" },
    meaning: "`State=keys` of every call state whose soft keys are changed, separated by semicolons",
    reaches: ["Java SIP"],
    instead: "The phone keeps its own soft keys; under SCCP the call manager sends them.",
  },
  {
    name: "ring_list",
    range: { is: "rows" },
    meaning: "`Name=file` of every ring tone, separated by semicolons",
    reaches: ["7940 SIP", "7940 SCCP", "Java SIP", "Java SCCP"],
  },
  {
    name: "ring",
    range: words("ring once flash silent"),
    meaning: "What the phone does about a call while it is idle",
    standard: "ring",
    reaches: ["Java SIP"],
  },
  {
    name: "syncinfo_sync",
    range: ascii(32),
    meaning: "A value other than `sync` restarts the phone at the next check-sync",
    reaches: ["7940 SIP"],
  },
  {
    name: "speedN",
    numbers: [1, 48],
    range: text(127),
    meaning: "Number of a speed dial key",
    reaches: ["7940 SIP", "Java SIP", "Polycom"],
    instead: "Under SCCP the call manager gives the phone its keys: set it there.",
  },
  {
    name: "speedN_label",
    numbers: [1, 48],
    range: text(31),
    meaning: "Its text",
    reaches: ["7940 SIP", "Java SIP", "Polycom"],
    instead: "Under SCCP the call manager gives the phone its keys: set it there.",
  },
  {
    name: "speedN_blf",
    numbers: [1, 48],
    range: switched,
    meaning: "Whether its lamp shows what the other phone does",
    standard: "off",
    reaches: ["Java SIP", "Polycom"],
    instead: "The key dials and shows nothing.",
  },
];

/** The setting with this name, e.g. `speed3_label`; undefined when no family shares one of that name. */
export function setting(name: string): Setting | undefined {
  return BY_NAME.get(name);
}

const BY_NAME: ReadonlyMap<string, Setting> = new Map(
  SETTINGS.flatMap((row) => {
    if (row.numbers === undefined) return [[row.name, row] as const];
    const [first, last] = row.numbers;
    return Array.from({ length: last - first + 1 }, (_, i) => [row.name.replace("N", String(first + i)), row] as const);
  }),
);

/** The value of a setting that has a standard one, where nobody set it. */
export function orStandard(settings: Readonly<Record<string, string>>, name: string): string {
  return settings[name] ?? BY_NAME.get(name)?.standard ?? "";
}

/**
 * What is wrong with settings, whatever phone they are for. Names that no family shares are left alone: they are a
 * family's own words or variables of local templates.
 */
export function checkSettings(settings: Readonly<Record<string, string>>): readonly SettingProblem[] {
  const problems: SettingProblem[] = [];
  for (const [name, value] of Object.entries(settings)) {
    const row = setting(name);
    const fault = row === undefined ? undefined : faultOf(row, value);
    if (row !== undefined && fault !== undefined) {
      problems.push({ setting: name, message: fault, remedy: `Correct ${name}: ${row.meaning}.` });
    }
  }
  return problems;
}

const CODECS = words("g711ulaw g711alaw g729a g722 none");

function faultOf(row: Setting, value: string): string | undefined {
  const range = row.range;
  switch (range.is) {
    case "zone":
      return zoneRules(value) === undefined
        ? `"${value.replace(/[^ -~]/g, "?").slice(0, 64)}" is no IANA time zone`
        : undefined;
    case "hosts":
      return faultInList({ is: "host" }, value, 5, "servers");
    case "codecs":
      return faultInList(CODECS, value, 4, "codecs");
    case "soft-keys": {
      const sets = softKeySets(value);
      return typeof sets === "string" ? sets : undefined;
    }
    case "rows":
      return rangeFault({ is: "text", longest: 20_000, repertoire: "plane0" }, value.replace(/[\t\n\r]/g, " "));
    default:
      // What the vendor prints in its manual is no password (security.md S25).
      if (row.secret === true && isVendorPassword(value)) return "the value is a vendor's default password";
      return rangeFault(range, value, row.secret);
  }
}

function faultInList(range: ValueRange, value: string, most: number, what: string): string | undefined {
  const parts = listOf(value);
  if (parts.length === 0) return `there are no ${what} in it`;
  for (const part of parts) {
    const fault = rangeFault(range, part);
    if (fault !== undefined) return fault;
  }
  return parts.length > most ? `a phone knows at most ${most} ${what}` : undefined;
}

/** The parts of a comma-separated setting, without blanks and empty parts. */
export function listOf(value: string): readonly string[] {
  return value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
