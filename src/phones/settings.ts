import { zoneRules } from "./time-zone.ts";
import { rangeFault, type ValueRange } from "./value-range.ts";

/** What is wrong with a setting, and what to do. Never repeats a secret. */
export interface SettingProblem {
  /** The setting or inventory column, e.g. `sip_port`, `line2_password`. */
  readonly setting: string;
  readonly message: string;
  readonly remedy: string;
}

/** A setting that means the same for every family; each family has its own word for it. */
export interface Setting {
  /** As in a group, or as a CSV column. `N` stands for a number. */
  readonly name: string;
  readonly numbers?: readonly [number, number];
  readonly range: ValueRange | { readonly is: "zone" } | { readonly is: "hosts" } | { readonly is: "rows" };
  readonly secret?: true;
  readonly meaning: string;
}

const words = (text: string): ValueRange => ({ is: "words", words: text.split(" ") });
const text = (longest: number): ValueRange => ({ is: "text", longest, repertoire: "plane0" });
const port: ValueRange = { is: "number", least: 1, most: 65535 };
const url: ValueRange = { is: "text", longest: 255, repertoire: "ascii" };

/** Every setting that all families share. A family may narrow the range; it never widens it. */
export const SETTINGS: readonly Setting[] = [
  { name: "time_zone", range: { is: "zone" }, meaning: "IANA time zone of the phone; the site's is used without it" },
  { name: "time_format", range: words("12 24"), meaning: "Clock of twelve or twenty-four hours" },
  {
    name: "date_format",
    range: { is: "text", longest: 7, repertoire: "ascii" },
    meaning: "Order of day, month and year, e.g. D/M/Y",
  },
  { name: "ntp_server", range: { is: "host" }, meaning: "Time server; the site's first is used without it" },
  { name: "sip_proxy", range: { is: "host" }, meaning: "SIP registrar and proxy; the site's is used without it" },
  { name: "sip_port", range: port, meaning: "Port of the SIP proxy" },
  { name: "sip_transport", range: words("udp tcp tls"), meaning: "Transport of SIP messages" },
  { name: "sip_backup_proxy", range: { is: "host" }, meaning: "Second SIP proxy" },
  { name: "sip_outbound_proxy", range: { is: "host" }, meaning: "Where SIP requests are sent first" },
  {
    name: "register_expires",
    range: { is: "number", least: 10, most: 3932100 },
    meaning: "Seconds that a registration lasts",
  },
  { name: "call_managers", range: { is: "hosts" }, meaning: "SCCP servers, first choice first, separated by commas" },
  { name: "sccp_port", range: port, meaning: "Port of the SCCP servers" },
  { name: "codec", range: words("g711ulaw g711alaw g729a g722 none"), meaning: "Preferred codec" },
  { name: "voicemail", range: text(127), meaning: "Number or address that the messages key calls" },
  { name: "phone_label", range: text(30), meaning: "Text in the corner of the screen" },
  {
    name: "phone_password",
    range: { is: "text", longest: 31, repertoire: "ascii" },
    secret: true,
    meaning: "Unlocks the phone's menus",
  },
  { name: "directory_url", range: url, meaning: "Page behind the directories key" },
  { name: "services_url", range: url, meaning: "Page behind the services key" },
  { name: "authentication_url", range: url, meaning: "Asked whether a pushed page may be shown" },
  { name: "idle_url", range: url, meaning: "Page shown while the phone is idle" },
  { name: "information_url", range: url, meaning: "Page behind the i or ? key" },
  { name: "messages_url", range: url, meaning: "Page behind the messages key of an SCCP phone" },
  { name: "proxy_server_url", range: url, meaning: "HTTP proxy for the phone's own browser" },
  { name: "logo_url", range: url, meaning: "Picture on the idle screen" },
  { name: "user_locale", range: text(60), meaning: "Language of the screen, as a folder of locale files" },
  { name: "network_locale", range: text(60), meaning: "Country of the tones, as a folder of locale files" },
  {
    name: "voice_vlan",
    range: { is: "number", least: 1, most: 4094 },
    meaning: "VLAN of the phone, where its files can say it",
  },
  { name: "web_access", range: words("on off"), meaning: "Whether the phone answers a browser; off without it" },
  { name: "dial_plan", range: { is: "rows" }, meaning: "Rules of the dial plan, separated by semicolons" },
  { name: "ring_list", range: { is: "rows" }, meaning: "`Name=file` of every ring tone, separated by semicolons" },
  {
    name: "syncinfo_sync",
    range: { is: "text", longest: 32, repertoire: "ascii" },
    meaning: "A value other than `sync` restarts the phone at the next check-sync",
  },
  { name: "speedN", numbers: [1, 48], range: text(127), meaning: "Number of a speed dial key" },
  { name: "speedN_label", numbers: [1, 48], range: text(31), meaning: "Its text" },
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

const VENDOR_PASSWORDS: ReadonlySet<string> = new Set([
  "456",
  "123",
  "1234",
  "cisco",
  "admin",
  "polycom",
  "password",
  "default",
]);

function faultOf(row: Setting, value: string): string | undefined {
  const range = row.range;
  switch (range.is) {
    case "zone":
      return zoneRules(value) === undefined
        ? `"${value.replace(/[^ -~]/g, "?").slice(0, 64)}" is no IANA time zone`
        : undefined;
    case "hosts":
      for (const part of listOf(value)) {
        const fault = rangeFault({ is: "host" }, part);
        if (fault !== undefined) return fault;
      }
      return listOf(value).length > 5 ? "a phone knows at most five servers" : undefined;
    case "rows":
      return rangeFault({ is: "text", longest: 20_000, repertoire: "plane0" }, value.replace(/[\t\n\r]/g, " "));
    default:
      // What the vendor prints in its manual is no password (security.md S25).
      if (row.secret === true && VENDOR_PASSWORDS.has(value.toLowerCase()))
        return "the value is a vendor's default password";
      return rangeFault(range, value, row.secret);
  }
}

/** The parts of a comma-separated setting, without blanks and empty parts. */
export function listOf(value: string): readonly string[] {
  return value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
