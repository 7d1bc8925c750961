/** When a zone's clocks change: the `week`th `weekday` of `month`, `minutes` after midnight by the clock before the change. */
export interface Changeover {
  /** 1..12. */
  readonly month: number;
  /** 1..4, or the last of the month. */
  readonly week: number | "last";
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly minutes: number;
}

/** What a phone needs to keep local time. Offsets are minutes east of UTC. */
export interface ZoneRules {
  readonly offsetMinutes: number;
  /** Absent where the clocks never change; `irregular` where no "nth weekday of a month" rule describes it. */
  readonly daylight?:
    | { readonly saveMinutes: number; readonly start: Changeover; readonly stop: Changeover }
    | "irregular";
}

/** Years over which a rule must hold. The IANA data carry today's rules on, so the future shows what is in force now. */
const FIRST_YEAR = 2030;
const YEARS = 8;
const DAY = 86_400_000;

const known = new Map<string, ZoneRules>();

/**
 * The rules of an IANA zone, e.g. `Europe/Berlin`, read from the IANA data that `Intl` carries. Undefined when there is
 * no such zone.
 */
export function zoneRules(zone: string): ZoneRules | undefined {
  const remembered = known.get(zone);
  if (remembered !== undefined) return remembered;
  const offsetAt = offsetReader(zone);
  if (offsetAt === undefined) return undefined;
  const rules = rulesFrom(offsetAt);
  known.set(zone, rules);
  return rules;
}

type OffsetAt = (instant: number) => number;

function offsetReader(zone: string): OffsetAt | undefined {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(zone)) return undefined;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  } catch {
    return undefined;
  }
  return (instant) => {
    const name = format.formatToParts(new Date(instant)).find((part) => part.type === "timeZoneName")?.value ?? "GMT";
    const [, sign, hours, minutes] = /^GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
    const distance = Number(hours ?? 0) * 60 + Number(minutes ?? 0);
    return sign === "-" ? -distance : distance;
  };
}

function rulesFrom(offsetAt: OffsetAt): ZoneRules {
  const changes = changesOf(offsetAt);
  const offsetMinutes = Math.min(offsetAt(Date.UTC(FIRST_YEAR, 0, 1)), ...changes.map((change) => change.after));
  if (changes.length === 0) return { offsetMinutes };
  const starts = changes.filter((change) => change.after > change.before);
  const stops = changes.filter((change) => change.after < change.before);
  const save = new Set(changes.map((change) => Math.abs(change.after - change.before)));
  const start = commonRule(starts);
  const stop = commonRule(stops);
  if (save.size !== 1 || start === undefined || stop === undefined) return { offsetMinutes, daylight: "irregular" };
  return { offsetMinutes, daylight: { saveMinutes: [...save][0] as number, start, stop } };
}

interface Change {
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

function changesOf(offsetAt: OffsetAt): readonly Change[] {
  const changes: Change[] = [];
  const end = Date.UTC(FIRST_YEAR + YEARS, 0, 1);
  let from = Date.UTC(FIRST_YEAR, 0, 1);
  let before = offsetAt(from);
  // A step of ten days: no zone changes its clocks twice within it, Ramadan pauses last a month.
  for (let to = from + 10 * DAY; from < end; from = to, to += 10 * DAY) {
    const after = offsetAt(to);
    if (after !== before) changes.push({ at: minuteOfChange(offsetAt, from, to), before, after });
    before = after;
  }
  return changes.filter((change) => change.at < end);
}

function minuteOfChange(offsetAt: OffsetAt, from: number, to: number): number {
  const old = offsetAt(from);
  let low = from / 60_000;
  let high = to / 60_000;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle * 60_000) === old) low = middle;
    else high = middle;
  }
  return high * 60_000;
}

function commonRule(changes: readonly Change[]): Changeover | undefined {
  if (changes.length !== YEARS) return undefined;
  const dates = changes.map((change) => {
    const local = new Date(change.at + change.before * 60_000);
    const day = local.getUTCDate();
    const daysInMonth = new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + 1, 0)).getUTCDate();
    return {
      year: local.getUTCFullYear(),
      month: local.getUTCMonth() + 1,
      weekday: local.getUTCDay(),
      minutes: local.getUTCHours() * 60 + local.getUTCMinutes(),
      week: Math.ceil(day / 7),
      last: day + 7 > daysInMonth,
    };
  });
  const [first] = dates;
  if (first === undefined || new Set(dates.map((date) => date.year)).size !== YEARS) return undefined;
  const { month, weekday, minutes } = first;
  if (!dates.every((date) => date.month === month && date.weekday === weekday && date.minutes === minutes))
    return undefined;
  if (dates.every((date) => date.last)) return { month, weekday, minutes, week: "last" };
  if (dates.every((date) => date.week === first.week)) return { month, weekday, minutes, week: first.week };
  return undefined;
}

/**
 * The `time_zone` words of the 7940/7960 SIP image and their offsets in minutes east of UTC. The words are cisco.md §7.3
 * (grade A); they stand there in the order of their offsets, and the pairing follows that order (grade D).
 */
const CNF_ZONES: ReadonlyMap<number, string> = new Map([
  [-720, "IDL"],
  [-660, "NT"],
  [-600, "AHST"],
  [-570, "IMT"],
  [-540, "YST"],
  [-480, "PST"],
  [-420, "MST"],
  [-360, "CST"],
  [-300, "EST"],
  [-240, "AST"],
  [-210, "NST"],
  [-180, "BST"],
  [-120, "AT"],
  [-60, "WAT"],
  [0, "GMT"],
  [60, "CET"],
  [120, "EET"],
  [180, "BT"],
  [210, "IT"],
  [240, "ZP4"],
  [270, "AFG"],
  [300, "ZP5"],
  [330, "IST"],
  [360, "ZP6"],
  [390, "SUM"],
  [420, "WAST"],
  [480, "HST"],
  [540, "JST"],
  [570, "CAST"],
  [600, "EAST"],
  [660, "EADT"],
  [720, "NZST"],
]);

/** Every `time_zone` word of the 7940/7960 SIP image. */
export const CNF_TIME_ZONES: readonly string[] = [...CNF_ZONES.values()];

const MONTHS = "January February March April May June July August September October November December".split(" ");
const WEEKDAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

/**
 * The `time_zone` and `dst_*` keys of SIPDefault.cnf for an IANA zone (cisco.md §7.3: week 8 is the last of the month,
 * day 0 means "use the week rule"; times are `hour/minute` by the clock before the change, Cisco 78-10497-02 p. 3-26).
 * `cannot` says why the phone cannot keep that zone's time.
 */
export function cnfTimeZone(
  zone: string,
): { readonly keys: Readonly<Record<string, string>> } | { readonly cannot: string } {
  const rules = zoneRules(zone);
  if (rules === undefined) return { cannot: `there is no time zone "${zone.slice(0, 64)}" in the IANA data` };
  const word = CNF_ZONES.get(rules.offsetMinutes);
  if (word === undefined)
    return { cannot: `the phone has no time zone ${rules.offsetMinutes} minutes from UTC (${zone})` };
  if (rules.daylight === undefined) return { keys: { time_zone: word, dst_auto_adjust: "0" } };
  if (rules.daylight === "irregular") {
    return { cannot: `daylight saving in ${zone} follows no "nth weekday of a month" rule, all that the phone knows` };
  }
  const { saveMinutes, start, stop } = rules.daylight;
  return {
    keys: {
      time_zone: word,
      dst_auto_adjust: "1",
      dst_offset: saveMinutes % 60 === 0 ? String(saveMinutes / 60) : clock(saveMinutes),
      ...changeoverKeys("start", start),
      ...changeoverKeys("stop", stop),
    },
  };
}

function changeoverKeys(which: "start" | "stop", at: Changeover): Record<string, string> {
  return {
    [`dst_${which}_month`]: MONTHS[at.month - 1] as string,
    [`dst_${which}_day`]: "0",
    [`dst_${which}_day_of_week`]: WEEKDAYS[at.weekday] as string,
    [`dst_${which}_week_of_month`]: at.week === "last" ? "8" : String(at.week),
    [`dst_${which}_time`]: clock(at.minutes),
  };
}

function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}/${String(minutes % 60).padStart(2, "0")}`;
}

/**
 * Names that CallManager files use for zones, each with an IANA zone that keeps the same time today. A zone takes the
 * first name whose zone has the same rules; names that no zone keeps any longer are left out. The names are from
 * public CallManager file generators (grade B), the pairing is by rule (grade D).
 */
const CALL_MANAGER_ZONES: readonly (readonly [name: string, zone: string])[] = [
  ["Dateline Standard Time", "Etc/GMT+12"],
  ["Samoa Standard Time", "Pacific/Pago_Pago"],
  ["Hawaiian Standard Time", "Pacific/Honolulu"],
  ["Alaskan Standard/Daylight Time", "America/Anchorage"],
  ["Pacific Standard/Daylight Time", "America/Los_Angeles"],
  ["US Mountain Standard Time", "America/Phoenix"],
  ["Mountain Standard/Daylight Time", "America/Denver"],
  ["Canada Central Standard Time", "America/Regina"],
  ["Central Standard/Daylight Time", "America/Chicago"],
  ["SA Pacific Standard Time", "America/Bogota"],
  ["Eastern Standard/Daylight Time", "America/New_York"],
  ["SA Western Standard Time", "America/La_Paz"],
  ["Atlantic Standard/Daylight Time", "America/Halifax"],
  ["Newfoundland Standard/Daylight Time", "America/St_Johns"],
  ["SA Eastern Standard Time", "America/Argentina/Buenos_Aires"],
  ["Azores Standard/Daylight Time", "Atlantic/Azores"],
  ["Greenwich Standard Time", "Africa/Abidjan"],
  ["GMT Standard/Daylight Time", "Europe/London"],
  ["W. Europe Standard/Daylight Time", "Europe/Berlin"],
  ["South Africa Standard Time", "Africa/Johannesburg"],
  ["GTB Standard/Daylight Time", "Europe/Athens"],
  ["Saudi Arabia Standard Time", "Asia/Riyadh"],
  ["Arabian Standard Time", "Asia/Dubai"],
  ["Afghanistan Standard Time", "Asia/Kabul"],
  ["West Asia Standard Time", "Asia/Tashkent"],
  ["India Standard Time", "Asia/Kolkata"],
  ["Central Asia Standard Time", "Asia/Dhaka"],
  ["SE Asia Standard Time", "Asia/Bangkok"],
  ["China Standard/Daylight Time", "Asia/Shanghai"],
  ["Tokyo Standard Time", "Asia/Tokyo"],
  ["AUS Central Standard Time", "Australia/Darwin"],
  ["Cen. Australia Standard/Daylight Time", "Australia/Adelaide"],
  ["West Pacific Standard Time", "Australia/Brisbane"],
  ["AUS Eastern Standard/Daylight Time", "Australia/Sydney"],
  ["Central Pacific Standard Time", "Pacific/Guadalcanal"],
  ["Fiji Standard Time", "Pacific/Fiji"],
  ["New Zealand Standard/Daylight Time", "Pacific/Auckland"],
];

/** The `timeZone` word of `SEP<MAC>.cnf.xml` for an IANA zone, or why there is none. */
export function callManagerTimeZone(zone: string): { readonly name: string } | { readonly cannot: string } {
  const rules = zoneRules(zone);
  if (rules === undefined) return { cannot: `there is no time zone "${zone.slice(0, 64)}" in the IANA data` };
  const wanted = JSON.stringify(rules);
  const match = CALL_MANAGER_ZONES.find(([, reference]) => JSON.stringify(zoneRules(reference)) === wanted);
  return match === undefined ? { cannot: `no CallManager time zone keeps the time of ${zone}` } : { name: match[0] };
}
