import { stranger } from "./characters.ts";
import type { SettingProblem } from "./settings.ts";

/** One TEMPLATE of dialplan.xml (cisco.md §7.3). */
export interface DialRule {
  readonly match: string;
  /** Seconds. */
  readonly timeout: string;
  readonly line?: string;
  readonly rewrite?: string;
  readonly tone?: string;
  readonly user?: string;
  readonly route?: string;
}

const WORDS: Readonly<Record<string, { readonly field: keyof DialRule; readonly value: RegExp }>> = {
  timeout: { field: "timeout", value: /^\d{1,3}$/ },
  line: { field: "line", value: /^[1-6]$/ },
  rewrite: { field: "rewrite", value: /^[0-9A-Za-z.%*#+@_-]{1,64}$/ },
  tone: { field: "tone", value: /^[A-Za-z][A-Za-z0-9-]{0,31}$/ },
  user: { field: "user", value: /^(?:Phone|IP)$/ },
  route: { field: "route", value: /^(?:Default|Emergency|FQDN)$/ },
};

/**
 * Reads the setting `dial_plan`: rules separated by semicolons, each a pattern and words like `timeout=3`, e.g.
 * `9,........ timeout=2; 112 timeout=0 route=Emergency; * timeout=5`. Without the setting every number is sent five
 * seconds after the last digit, the convention of the samples (cisco.md §7.3).
 */
export function dialRules(setting: string | undefined): {
  rules: readonly DialRule[];
  problems: readonly SettingProblem[];
} {
  if (setting === undefined) return { rules: [{ match: "*", timeout: "5" }], problems: [] };
  const rules: DialRule[] = [];
  const problems: SettingProblem[] = [];
  for (const [index, text] of setting.split(";").entries()) {
    if (text.trim() === "") continue;
    const rule = dialRule(text.trim());
    if (typeof rule !== "string") rules.push(rule);
    else {
      const remedy = "Write a pattern of digits . * # , and words like timeout=3 line=1 rewrite=.";
      problems.push({ setting: "dial_plan", message: `rule ${index + 1}: ${rule}`, remedy });
    }
  }
  if (rules.length === 0 && problems.length === 0) {
    problems.push({ setting: "dial_plan", message: "no rule in it", remedy: "Write at least: * timeout=5" });
  }
  return { rules, problems };
}

function dialRule(text: string): DialRule | string {
  const [match = "", ...options] = text.split(/\s+/);
  if (!/^(?:[0-9A-D.*#+,]|\\\*){1,64}$/.test(match)) {
    return stranger(match, "plane0") === undefined ? `"${match.slice(0, 40)}" is no pattern` : "the pattern is none";
  }
  if ((match.match(/,/g) ?? []).length > 3) return "a pattern plays at most three secondary dial tones";
  const rule: Partial<Record<keyof DialRule, string>> = { match, timeout: "5" };
  for (const option of options) {
    const [name = "", value = ""] = option.split("=", 2);
    const word = Object.hasOwn(WORDS, name.toLowerCase()) ? WORDS[name.toLowerCase()] : undefined;
    if (word === undefined || !word.value.test(value)) return "one of its words is not known or its value out of range";
    rule[word.field] = value;
  }
  return rule as DialRule;
}

/** One ring tone of the ring list: what the screen shows, and the file. */
export type RingTone = {
  readonly name: string;
  readonly file: string;
};

/**
 * Reads the setting `ring_list`: `Name=file` separated by semicolons, at most 50 tones and names of at most 25
 * characters (cisco.md §7.2).
 */
export function ringTones(setting: string | undefined): {
  tones: readonly RingTone[];
  problems: readonly SettingProblem[];
} {
  const remedy = "Write Name=file;Name=file, e.g. Old phone=oldphone.raw";
  const tones: RingTone[] = [];
  const problems: SettingProblem[] = [];
  for (const [index, text] of (setting ?? "").split(";").entries()) {
    if (text.trim() === "") continue;
    const [name = "", file = ""] = text.split("=", 2).map((part) => part.trim());
    const sound = name !== "" && name.length <= 25 && stranger(name, "latin") === undefined;
    if (sound && /^[A-Za-z0-9._-]{1,60}$/.test(file)) tones.push({ name, file });
    else problems.push({ setting: "ring_list", message: `tone ${index + 1} is not Name=file`, remedy });
  }
  if (tones.length === 0 && problems.length === 0) {
    problems.push({ setting: "ring_list", message: "no ring tone is configured", remedy });
  }
  if (tones.length > 50) problems.push({ setting: "ring_list", message: "more than 50 tones", remedy: "Remove some." });
  return { tones, problems };
}
