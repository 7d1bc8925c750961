/**
 * Versions as vendors write them: `3.1`, `5.0(5)`, `8.1(2)SR2`, `8.12`, `9-4-2SR3-1`, `4.0.15.1009`, `4.2.3B`. Numbers and
 * letters in the order they stand; how they are separated says nothing about which release is newer.
 */
export interface Version {
  readonly text: string;
  readonly parts: readonly (number | string)[];
}

/** A comparison of {@link VersionRange}; `x` at the end of the version compares the part before it alone. */
interface Bound {
  readonly is: "<" | "<=" | ">" | ">=" | "=";
  readonly parts: readonly (number | string)[];
  readonly prefix: boolean;
}

/** All bounds must hold. */
export interface VersionRange {
  readonly text: string;
  readonly bounds: readonly Bound[];
}

const versionText = /^\d[0-9A-Za-z().\-_ ]{0,39}$/;
const boundText = /^(<=|>=|<|>|=)?(\d[0-9A-Za-z().\-_]{0,39})$/;

/** Reads a version; undefined where the text does not begin with a digit or holds what no vendor writes. */
export function parseVersion(text: string): Version | undefined {
  const trimmed = text.trim();
  return versionText.test(trimmed) ? { text: trimmed, parts: partsOf(trimmed) } : undefined;
}

/**
 * Negative when `a` is older. A total order: texts that no vendor writes come first, in alphabetical order. A service
 * release follows the release it mends (`8.5(2)` before `8.5(2)SR1` before `8.5(3)`), and `9-4-2-1` before `9-4-2SR1-1`.
 */
export function compareVersions(a: string, b: string): number {
  const left = parseVersion(a);
  const right = parseVersion(b);
  if (left === undefined || right === undefined) {
    return Number(left !== undefined) - Number(right !== undefined) || alphabetical(a, b);
  }
  return compareParts(left.parts, right.parts);
}

/** Reads `>=3.0 <5.0`, `<=4.x`, `7.x`, `5.0(5)`; undefined where a word of it is not a comparison. */
export function parseRange(text: string): VersionRange | undefined {
  const words = text
    .trim()
    .replace(/(<=|>=|<|>|=)\s+/g, "$1")
    .split(/[\s,]+/)
    .filter((word) => word !== "");
  const bounds: Bound[] = [];
  for (const word of words) {
    const found = boundText.exec(word);
    if (found === null) return undefined;
    const named = found[2] ?? "";
    const prefix = /\.x$/i.test(named);
    const parts = partsOf(prefix ? named.slice(0, -2) : named);
    bounds.push({ is: (found[1] ?? "=") as Bound["is"], parts, prefix });
  }
  return bounds.length === 0 ? undefined : { text: text.trim(), bounds };
}

/** Whether a version lies in a range; a text that is no version lies in none. */
export function inRange(version: string, range: VersionRange): boolean {
  const parsed = parseVersion(version);
  return parsed !== undefined && range.bounds.every((bound) => holds(parsed.parts, bound));
}

function holds(parts: readonly (number | string)[], bound: Bound): boolean {
  const order = compareParts(bound.prefix ? parts.slice(0, bound.parts.length) : parts, bound.parts);
  switch (bound.is) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "=":
      return order === 0;
  }
}

function partsOf(text: string): readonly (number | string)[] {
  return (text.match(/\d+|[A-Za-z]+/g) ?? []).map((part) => (/\d/.test(part) ? Number(part) : part.toUpperCase()));
}

function compareParts(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const left = a[at];
    const right = b[at];
    if (left === right) continue;
    if (left === undefined) return -1;
    if (right === undefined) return 1;
    if (typeof left === "number" && typeof right === "number") return left - right;
    if (typeof left === "string" && typeof right === "string") return alphabetical(left, right);
    // A letter where the other has a number is a service release, later than any build of the plain one.
    return typeof left === "number" ? -1 : 1;
  }
  return 0;
}

function alphabetical(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
