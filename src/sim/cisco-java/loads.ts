/** What the name of a load of the Java phones, or of the 69xx and 894x, says (cisco.md §4.1). */
export interface JavaLoad {
  readonly name: string;
  readonly protocol: "SCCP" | "SIP";
  /** The series in the name: 11, 31, 41, 42, 45, 70, 75, 69xx or 894x. */
  readonly series: string;
  readonly major: number;
  /**
   * Which signing key it came with and which it trusts (cisco.md §5.3 J1): before 8.3(3) the old one, from 8.3(3) to
   * 8.5(2) both, from 8.5(2)SR1 on the new one. Loads of the 69xx and 894x are all younger than that.
   */
  readonly key: Key;
}

/** The signing keys that a load trusts. */
export type Key = "old" | "both" | "new";

/**
 * Reads a load name, e.g. `SIP41.8-5-2S` or `SCCP70.9-4-2SR3-1S`; undefined for any other name. Loads of the 7.x years
 * are called `TERM41.7-0-3-0S` and are SCCP; those of the 69xx and 894x have no `S` at their end.
 */
export function readJavaLoad(name: string): JavaLoad | undefined {
  const found = /^(SCCP|SIP|TERM)(\d{2}|69xx|894x)\.(\d+)-(\d+)-(\d+)(\S*?)S?$/.exec(name);
  if (found === null || name.endsWith("S") === /x$/.test(found[2] ?? "")) return undefined;
  const [, prefix, series = "", major, minor, patch, rest = ""] = found;
  const rank = Number(major) * 10_000 + Number(minor) * 100 + Number(patch);
  return {
    name,
    protocol: prefix === "SIP" ? "SIP" : "SCCP",
    series,
    major: Number(major),
    key: keyOf(rank, rest),
  };
}

/**
 * Whether a phone that trusts `trusted` accepts a load signed with `key`. From the new key back below 8.3(3) is refused
 * by deduction (cisco.md §5.3, grade D); back to a load that came with both is reported to work (J3, grade C).
 */
export function trusts(trusted: Key, key: Key): boolean {
  return trusted === key || trusted === "both" || key === "both";
}

function keyOf(rank: number, rest: string): Key {
  if (rank < 80_303) return "old";
  return rank < 80_502 || (rank === 80_502 && rest === "") ? "both" : "new";
}
