import type { DialRule } from "./dial-plan.ts";

/** A Polycom digit map: alternatives and, for each, the seconds that its `T` waits (polycom.md §6). */
export interface DigitMap {
  readonly map: string;
  readonly timeOut: string;
  /** Words of the dial plan that a digit map cannot say, e.g. `rewrite`. */
  readonly lacks: readonly string[];
}

/** Zero is no wait at all; a wait of the phone's own goes up to 99 seconds. */
const LONGEST_WAIT = 99;

/**
 * Rules of a dial plan as a digit map. `.` is `x`, `*` is any number of `x`, `\*` the key itself, and a wait is `T`. An
 * `x` is a digit, no `*` and no `#`: a rule for everything therefore also stands for codes that begin with one or two
 * stars, or the phone would send the first star alone (impossibleMatchHandling 0).
 */
export function digitMap(rules: readonly DialRule[]): DigitMap {
  const parts: { pattern: string; seconds: string }[] = [];
  const lacks = new Set<string>();
  for (const rule of rules) {
    for (const word of ["line", "rewrite", "tone", "user", "route"] as const) {
      if (rule[word] !== undefined) lacks.add(word);
    }
    if (/[A-D]/.test(rule.match)) {
      lacks.add("the keys A to D");
      continue;
    }
    const wait = Math.min(Number(rule.timeout), LONGEST_WAIT);
    for (const pattern of alternativesOf(rule.match)) {
      parts.push({ pattern: wait === 0 ? pattern : `${pattern}T`, seconds: String(wait) });
    }
  }
  return {
    map: parts.map(({ pattern }) => pattern).join("|"),
    timeOut: parts.map(({ seconds }) => seconds).join("|"),
    lacks: [...lacks],
  };
}

function alternativesOf(match: string): readonly string[] {
  if (match === "*") return ["xx.", "*x.", "**x."];
  const pattern = match.replace(/\\\*|[.*]/g, (sign) => (sign === "." ? "x" : sign === "*" ? "x." : "*"));
  return [pattern];
}
