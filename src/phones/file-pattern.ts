import type { Mac } from "../wire/address.ts";
import type { Clue, NamedFile } from "./family.ts";

/** One kind of file name that a family asks for. Matched in any letter case: loads of one family differ in it. */
export interface FilePattern {
  readonly kind: string;
  readonly matches: RegExp;
  /** The vendor's spelling; a group that matched twelve hex digits is `mac`. */
  readonly spelled: (mac: Mac | undefined, asked: string) => string;
  readonly clue: Clue;
}

/** A name without a variable part. */
export function fixedName(kind: string, name: string, clue: Clue): FilePattern {
  return { kind, matches: new RegExp(`^${literal(name)}$`, "i"), spelled: () => name, clue };
}

/** A name with the phone's MAC between `prefix` and `suffix`, written in `digits` case by the vendor. */
export function macName(
  kind: string,
  prefix: string,
  suffix: string,
  clue: Clue,
  digits: "upper" | "lower",
): FilePattern {
  const written = (mac: Mac | undefined) => (digits === "upper" ? (mac ?? "").toUpperCase() : (mac ?? ""));
  return {
    kind,
    matches: new RegExp(`^${literal(prefix)}([0-9a-f]{12})${literal(suffix)}$`, "i"),
    spelled: (mac) => `${prefix}${written(mac)}${suffix}`,
    clue,
  };
}

/** A name that fits an expression and is kept as it was asked for. */
export function looseName(kind: string, matches: RegExp, clue: Clue): FilePattern {
  return { kind, matches, spelled: (_, asked) => asked, clue };
}

/** The first pattern that fits. */
export function nameBy(patterns: readonly FilePattern[], filename: string): NamedFile | undefined {
  for (const pattern of patterns) {
    const match = pattern.matches.exec(filename);
    if (match === null) continue;
    const mac = match[1]?.toLowerCase() as Mac | undefined;
    const canonical = pattern.spelled(mac, filename);
    return { kind: pattern.kind, canonical, clue: pattern.clue, ...(mac === undefined ? {} : { mac }) };
  }
  return undefined;
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
