import type { Because } from "../firmware/because.ts";
import { stranger } from "./characters.ts";
import { CNF_TIME_ZONES } from "./time-zone.ts";
import { rangeFault, type ValueRange } from "./value-range.ts";

/** One key of SIPDefault.cnf and SIP<MAC>.cnf (cisco.md §7.3). */
export interface CnfKey {
  /** `N` stands for a line or speed dial number. */
  readonly key: string;
  /** First and last `N`, where the key has one. */
  readonly numbers?: readonly [number, number];
  readonly range: ValueRange;
  /** The SIP release that introduced the key, as `[major, minor]`; an older phone is not sent it. */
  readonly since: readonly [number, number];
  /** What the server writes when nobody set anything; absent keys are left to the phone. */
  readonly standard?: string;
  /** Belongs to one phone and stands in SIP<MAC>.cnf. */
  readonly own?: true;
  /** The value is a secret. */
  readonly secret?: true;
  readonly because: Pick<Because, "source" | "grade">;
}

const COMMENTS: CnfKey["because"] = { source: "Cisco's comments in SIPDefault.cnf (cisco.md §7.3)", grade: "A" };
const GUIDES: CnfKey["because"] = { source: "SIP administration guides 7.5 and 8.0 (cisco.md §7.3)", grade: "B" };
const IMAGE: CnfKey["because"] = { source: "key present in P0S3-8-12-00 (cisco.md §7.3)", grade: "A" };
const LIMITS: CnfKey["because"] = {
  source: "limits of Cisco's published SIP stack (cisco.md §7.2, SIPCC)",
  grade: "A",
};
const OURS: CnfKey["because"] = { source: "no documented limit; a cautious one", grade: "D" };

const number = (least: number, most: number): ValueRange => ({ is: "number", least, most });
const words = (text: string): ValueRange => ({ is: "words", words: text.split(" ") });
const shown = (longest: number): ValueRange => ({ is: "text", longest, repertoire: "latin" });
const exact = (longest: number): ValueRange => ({ is: "text", longest, repertoire: "ascii" });
const host: ValueRange = { is: "host" };
const flag = number(0, 1);
/** 2 and 3 are 0 and 1 that the user of the phone cannot change. */
const lockable = number(0, 3);

const months = words(
  "January February March April May June July August September October November December 1 2 3 4 5 6 7 8 9 10 11 12",
);
const weekdays = words(
  "Sunday Sun Monday Mon Tuesday Tue Wednesday Wed Thursday Thu Friday Fri Saturday Sat 1 2 3 4 5 6 7",
);
const weeks = words("1 2 3 4 5 6 8");

/**
 * Every key that is rendered or accepted. Order is the order in the file. Keys of the 8.12 image that move a phone to
 * other servers or networks behind the admin's back (`dyn_tftp_addr`, `gw_backup_N`, `dns_backup_N`) are accepted, but
 * have no standard value.
 */
export const CNF_KEYS: readonly CnfKey[] = [
  { key: "image_version", range: { is: "load" }, since: [1, 0], because: COMMENTS },
  { key: "proxyN_address", numbers: [1, 6], range: host, since: [1, 0], because: COMMENTS },
  { key: "proxyN_port", numbers: [1, 6], range: number(1, 65535), since: [1, 0], because: COMMENTS },
  { key: "proxy_register", range: flag, since: [1, 0], standard: "1", because: COMMENTS },
  { key: "timer_register_expires", range: number(1, 3932100), since: [1, 0], standard: "3600", because: COMMENTS },
  {
    key: "preferred_codec",
    range: words("g711ulaw g711alaw g729a none"),
    since: [1, 0],
    standard: "g711ulaw",
    because: COMMENTS,
  },
  { key: "tos_media", range: number(0, 5), since: [1, 0], standard: "5", because: COMMENTS },
  { key: "dtmf_inband", range: flag, since: [1, 0], standard: "1", because: COMMENTS },
  { key: "dtmf_outofband", range: words("none avt avt_always"), since: [1, 0], standard: "avt", because: COMMENTS },
  { key: "dtmf_db_level", range: number(1, 5), since: [1, 0], standard: "3", because: COMMENTS },
  { key: "timer_t1", range: number(1, 60000), since: [1, 0], standard: "500", because: OURS },
  { key: "timer_t2", range: number(1, 60000), since: [1, 0], standard: "4000", because: OURS },
  { key: "sip_retx", range: number(1, 100), since: [1, 0], standard: "10", because: OURS },
  { key: "sip_invite_retx", range: number(1, 100), since: [1, 0], standard: "6", because: OURS },
  { key: "timer_invite_expires", range: number(1, 3600), since: [1, 0], standard: "180", because: OURS },

  { key: "messages_uri", range: exact(127), since: [2, 0], because: LIMITS },
  {
    key: "language",
    range: { is: "text", longest: 31, repertoire: "token" },
    since: [2, 0],
    standard: "english",
    because: GUIDES,
  },
  {
    key: "dial_template",
    range: { is: "text", longest: 60, repertoire: "token" },
    since: [2, 0],
    standard: "dialplan",
    because: GUIDES,
  },
  { key: "tftp_cfg_dir", range: exact(64), since: [2, 0], because: LIMITS },
  { key: "sntp_server", range: host, since: [2, 0], because: COMMENTS },
  { key: "sntp_mode", range: words("unicast multicast anycast directedbroadcast"), since: [2, 0], because: COMMENTS },
  { key: "time_zone", range: { is: "words", words: CNF_TIME_ZONES }, since: [2, 0], because: COMMENTS },
  { key: "dst_auto_adjust", range: flag, since: [2, 0], because: COMMENTS },
  {
    key: "dst_offset",
    range: { is: "text", longest: 6, repertoire: "ascii" },
    since: [2, 0],
    because: COMMENTS,
  },
  { key: "dst_start_month", range: months, since: [2, 0], because: COMMENTS },
  { key: "dst_start_day", range: number(0, 31), since: [2, 0], because: COMMENTS },
  { key: "dst_start_day_of_week", range: weekdays, since: [2, 0], because: COMMENTS },
  { key: "dst_start_week_of_month", range: weeks, since: [2, 0], because: COMMENTS },
  { key: "dst_start_time", range: { is: "time" }, since: [2, 0], because: COMMENTS },
  { key: "dst_stop_month", range: months, since: [2, 0], because: COMMENTS },
  { key: "dst_stop_day", range: number(0, 31), since: [2, 0], because: COMMENTS },
  { key: "dst_stop_day_of_week", range: weekdays, since: [2, 0], because: COMMENTS },
  { key: "dst_stop_week_of_month", range: weeks, since: [2, 0], because: COMMENTS },
  { key: "dst_stop_time", range: { is: "time" }, since: [2, 0], because: COMMENTS },
  { key: "time_format_24hr", range: lockable, since: [2, 0], standard: "1", because: COMMENTS },
  { key: "dnd_control", range: lockable, since: [2, 0], standard: "0", because: COMMENTS },
  { key: "callerid_blocking", range: lockable, since: [2, 0], standard: "0", because: COMMENTS },
  { key: "anonymous_call_block", range: lockable, since: [2, 0], standard: "0", because: COMMENTS },
  { key: "dtmf_avt_payload", range: number(96, 127), since: [2, 0], standard: "101", because: COMMENTS },
  { key: "sync", range: exact(32), since: [2, 0], standard: "1", because: LIMITS },

  { key: "proxy_backup", range: host, since: [2, 1], because: COMMENTS },
  { key: "proxy_backup_port", range: number(1, 65535), since: [2, 1], because: COMMENTS },
  { key: "proxy_emergency", range: host, since: [2, 1], because: COMMENTS },
  { key: "proxy_emergency_port", range: number(1, 65535), since: [2, 1], because: COMMENTS },
  { key: "enable_vad", range: flag, since: [2, 1], standard: "0", because: COMMENTS },

  { key: "nat_enable", range: flag, since: [2, 2], standard: "0", because: COMMENTS },
  { key: "nat_address", range: host, since: [2, 2], because: COMMENTS },
  { key: "nat_received_processing", range: flag, since: [2, 2], because: COMMENTS },
  { key: "voip_control_port", range: number(1025, 65535), since: [2, 2], standard: "5060", because: COMMENTS },
  { key: "start_media_port", range: number(16384, 32766), since: [2, 2], standard: "16384", because: COMMENTS },
  { key: "end_media_port", range: number(16384, 32766), since: [2, 2], standard: "32766", because: COMMENTS },
  { key: "outbound_proxy", range: host, since: [2, 2], because: COMMENTS },
  { key: "outbound_proxy_port", range: number(1, 65535), since: [2, 2], because: COMMENTS },

  { key: "phone_prompt", range: shown(15), since: [3, 0], because: COMMENTS },
  { key: "phone_password", range: exact(31), since: [3, 0], secret: true, because: COMMENTS },
  { key: "user_info", range: words("none phone ip"), since: [3, 0], because: COMMENTS },
  { key: "cnf_join_enable", range: flag, since: [3, 0], standard: "1", because: COMMENTS },

  { key: "semi_attended_transfer", range: flag, since: [3, 1], standard: "1", because: COMMENTS },
  { key: "telnet_level", range: number(0, 2), since: [3, 1], standard: "0", because: COMMENTS },

  { key: "services_url", range: exact(127), since: [4, 0], because: LIMITS },
  { key: "directory_url", range: exact(127), since: [4, 0], because: LIMITS },
  { key: "logo_url", range: exact(127), since: [4, 0], because: LIMITS },
  { key: "http_proxy_addr", range: host, since: [4, 0], because: COMMENTS },
  { key: "http_proxy_port", range: number(1, 65535), since: [4, 0], because: COMMENTS },
  { key: "dyn_dns_addr_1", range: host, since: [4, 0], because: COMMENTS },
  { key: "dyn_dns_addr_2", range: host, since: [4, 0], because: COMMENTS },
  { key: "dyn_tftp_addr", range: host, since: [4, 0], because: COMMENTS },
  { key: "remote_party_id", range: flag, since: [4, 0], because: COMMENTS },

  { key: "call_hold_ringback", range: lockable, since: [4, 4], standard: "0", because: COMMENTS },

  { key: "stutter_msg_waiting", range: lockable, since: [6, 0], standard: "0", because: GUIDES },
  { key: "call_stats", range: flag, since: [6, 0], standard: "0", because: GUIDES },

  { key: "local_cfwd_enable", range: flag, since: [7, 0], because: GUIDES },
  { key: "autocomplete", range: flag, since: [7, 0], because: GUIDES },
  { key: "call_waiting", range: lockable, since: [7, 0], because: GUIDES },
  { key: "cfwd_url", range: exact(127), since: [7, 0], because: LIMITS },
  { key: "network_media_type", range: words("Auto Full100 Half100 Full10 Half10"), since: [7, 0], because: GUIDES },
  { key: "network_port2_type", range: words("Hub/Switch PC"), since: [7, 0], because: GUIDES },
  { key: "timer_register_delta", range: number(0, 32767), since: [7, 0], because: OURS },
  { key: "transfer_onhook_enabled", range: flag, since: [7, 0], because: IMAGE },
  {
    key: "date_format",
    range: words("M/D/Y D/M/Y Y/M/D Y/D/M Y-M-D Y-D-M M-D-Y D-M-Y YY-M-D D-M-YY M/D/YY D/M/YY"),
    since: [7, 0],
    because: GUIDES,
  },
  { key: "auto_answer", range: flag, since: [7, 0], because: GUIDES },
  { key: "rfc_2543_hold", range: flag, since: [8, 0], because: IMAGE },
  { key: "garp_enable", range: flag, since: [8, 0], because: IMAGE },
  { key: "sip_max_forwards", range: number(1, 255), since: [8, 0], because: IMAGE },
  { key: "timer_keepalive_expires", range: number(1, 3932100), since: [8, 0], because: IMAGE },
  { key: "connection_monitor_duration", range: number(0, 3600), since: [8, 0], because: IMAGE },
  { key: "dial_timeout", range: number(1, 120), since: [8, 0], because: IMAGE },
  { key: "dscpForAudio", range: number(0, 255), since: [8, 0], because: IMAGE },
  { key: "xml_card_dir", range: exact(64), since: [8, 0], because: IMAGE },
  { key: "xml_card_file", range: exact(64), since: [8, 0], because: IMAGE },
  { key: "version_stamp", range: exact(32), since: [8, 0], because: IMAGE },
  { key: "dns_backup_N", numbers: [1, 4], range: host, since: [8, 0], because: IMAGE },
  { key: "gw_backup_N", numbers: [1, 4], range: host, since: [8, 0], because: IMAGE },
  { key: "call_managerN_addr", numbers: [1, 5], range: host, since: [8, 0], because: IMAGE },
  { key: "call_managerN_sip_port", numbers: [1, 5], range: number(1, 65535), since: [8, 0], because: IMAGE },

  { key: "phone_label", range: shown(11), since: [2, 0], own: true, because: GUIDES },
  { key: "lineN_name", numbers: [1, 6], range: exact(127), since: [1, 0], own: true, because: LIMITS },
  { key: "lineN_shortname", numbers: [1, 6], range: shown(31), since: [2, 0], own: true, because: LIMITS },
  { key: "lineN_displayname", numbers: [1, 6], range: shown(127), since: [2, 0], own: true, because: LIMITS },
  { key: "lineN_authname", numbers: [1, 6], range: exact(127), since: [1, 0], own: true, because: LIMITS },
  { key: "lineN_password", numbers: [1, 6], range: exact(31), since: [1, 0], own: true, secret: true, because: LIMITS },
  { key: "lineN_contact", numbers: [1, 6], range: exact(127), since: [3, 0], own: true, because: LIMITS },
  { key: "speed_lineN", numbers: [2, 6], range: exact(127), since: [7, 0], own: true, because: IMAGE },
  { key: "speed_labelN", numbers: [2, 6], range: shown(31), since: [7, 0], own: true, because: IMAGE },
];

/** The row for a key as it stands in a file, e.g. `line2_name`. Case counts; see docs/families/cisco-7940.md. */
export function cnfKey(name: string): CnfKey | undefined {
  return ROWS.get(name);
}

/** The names that a row stands for, in order. */
export function namesOf(row: CnfKey): readonly string[] {
  if (row.numbers === undefined) return [row.key];
  const [first, last] = row.numbers;
  return Array.from({ length: last - first + 1 }, (_, index) => row.key.replace("N", String(first + index)));
}

/** What is wrong with `value` for a key, in words that never repeat a secret; undefined when nothing is. */
export function cnfFault(row: CnfKey, value: string): string | undefined {
  // Nothing escapes a quotation mark inside a quoted value, and a NUL or line feed ends it (cisco.md §7.3).
  const forbidden = stranger(value, "latin") ?? (value.includes('"') ? stranger('"', "token") : undefined);
  if (forbidden !== undefined) return `the value holds ${forbidden}, which a .cnf file cannot carry`;
  return rangeFault(row.range, value, row.secret);
}

/** Every key with its row, in the order of the file: keys of one line, or one proxy, stand together. */
export const CNF_ORDER: readonly (readonly [name: string, row: CnfKey])[] = CNF_KEYS.flatMap((row) =>
  namesOf(row).map((name) => {
    const series = /^(?:line|proxy)N_/.exec(row.key)?.[0];
    const place = CNF_KEYS.findIndex(
      (first) => first === row || (series !== undefined && first.key.startsWith(series)),
    );
    return { name, row, place, number: series === undefined ? 0 : Number(/\d/.exec(name)?.[0]) };
  }),
)
  .sort((a, b) => a.place - b.place || a.number - b.number)
  .map(({ name, row }) => [name, row] as const);

const ROWS: ReadonlyMap<string, CnfKey> = new Map(CNF_ORDER);
