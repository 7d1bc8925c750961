/** One soft key as a soft key file defines it. */
export type SoftKey = {
  readonly id: string;
  readonly tag: number;
  readonly event: number;
  readonly help: number;
};

/** The keys that a call state shows, in their order. */
export type SoftKeySet = {
  readonly state: string;
  readonly keys: readonly string[];
};

/** What a Java phone's soft key file holds. */
export interface SoftKeySets {
  /** Every key that is used, each once. */
  readonly keys: readonly SoftKey[];
  readonly sets: readonly SoftKeySet[];
}

/** Key, tag and event; the help text's number is 300 more than the event's (usecallmanager.nz, Soft Keys, 2023; grade B). */
const KEYS: readonly (readonly [id: string, tag: number, event: number])[] = [
  ["Undefined", 0, 0],
  ["Redial", 1, 1],
  ["NewCall", 2, 2],
  ["Hold", 3, 3],
  ["Transfer", 4, 4],
  ["CFwdAll", 5, 5],
  ["<<", 8, 8],
  ["EndCall", 9, 9],
  ["Resume", 10, 10],
  ["Answer", 11, 11],
  ["Confrn", 13, 13],
  ["Park", 14, 14],
  ["Join", 15, 15],
  ["MeetMe", 16, 16],
  ["PickUp", 17, 17],
  ["GPickUp", 18, 18],
  ["RmLstC", 57, 19],
  ["CallBack", 65, 20],
  ["DND", 63, 69],
  ["QRT", 75, 22],
  ["MCID", 76, 27],
  ["Select", 78, 29],
  ["ConfList", 79, 30],
  ["iDivert", 80, 31],
  ["OPickUp", 91, 34],
  ["HLog", 92, 35],
  ["AbbrDial", 7740, 71],
  ["Record", 7747, 74],
];

/** What a call state may show; without its first key, where that is marked by `!`, the phone cannot be used in it. */
const STATES: Readonly<Record<string, string>> = {
  "On Hook": "!NewCall Redial DND CFwdAll HLog PickUp GPickUp OPickUp CallBack MeetMe QRT",
  "Off Hook": "Redial EndCall DND CFwdAll HLog PickUp GPickUp OPickUp AbbrDial",
  "Off Hook With Feature": "Redial EndCall DND AbbrDial",
  "Digits After First": "!<< EndCall DND AbbrDial",
  "Ring Out": "EndCall DND CallBack",
  Connected: "!EndCall Hold Transfer Park Confrn ConfList RmLstC Record iDivert DND HLog QRT MCID Select Join",
  "Connected No Feature": "EndCall",
  "Connected Transfer": "!Transfer EndCall CallBack QRT",
  "Connected Conference": "!Confrn EndCall DND QRT",
  "On Hold": "!Resume NewCall iDivert DND Select Join",
  "Ring In": "Answer iDivert DND",
};

const MOST_KEYS = 16;

/**
 * Reads the setting `soft_keys`: call states separated by semicolons, each `State=keys` with blanks between the keys, e.g.
 * `On Hook=Redial NewCall CFwdAll; Connected=Hold EndCall Transfer Confrn Park`. `Undefined` leaves a place empty. Letter
 * case does not count. What is wrong comes back as a text that never repeats more than a word.
 */
export function softKeySets(setting: string): SoftKeySets | string {
  const sets: SoftKeySet[] = [];
  for (const part of setting.split(";")) {
    if (part.trim() === "") continue;
    const set = setOf(part);
    if (typeof set === "string") return set;
    if (sets.some(({ state }) => state === set.state)) return `the call state ${set.state} stands twice`;
    sets.push(set);
  }
  if (sets.length === 0) return "there is no call state in it";
  const used = new Set(sets.flatMap(({ keys }) => keys));
  const keys = KEYS.filter(([id]) => used.has(id)).map(([id, tag, event]) => ({
    id,
    tag,
    event,
    help: event === 0 ? 0 : 300 + event,
  }));
  return { keys, sets };
}

function setOf(part: string): SoftKeySet | string {
  const [name = "", ...rest] = part.split("=");
  const state = Object.keys(STATES).find((known) => known.toLowerCase() === name.trim().toLowerCase());
  if (state === undefined) return `a call state is none of ${Object.keys(STATES).join(", ")}`;
  const allowed = (STATES[state] ?? "").split(" ");
  const keys: string[] = [];
  for (const word of rest.join("=").trim().split(/\s+/)) {
    const id = ["Undefined", ...allowed.map((key) => key.replace("!", ""))].find(
      (key) => key.toLowerCase() === word.toLowerCase(),
    );
    if (id === undefined) return `${state} may show ${allowed.join(", ").replaceAll("!", "")}, and no other key`;
    keys.push(id);
  }
  const needed = allowed.find((key) => key.startsWith("!"))?.slice(1);
  if (needed !== undefined && !keys.includes(needed)) return `${state} cannot do without ${needed}`;
  return keys.length > MOST_KEYS ? `${state} shows at most ${MOST_KEYS} keys` : { state, keys };
}
