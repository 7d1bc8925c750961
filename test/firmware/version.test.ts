import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareVersions, inRange, parseRange, parseVersion } from "../../src/firmware/version.ts";

describe("versions as vendors write them", () => {
  const oldestFirst = [
    [
      "SCCP of the 7940 (cisco.md §4.2)",
      ["3.1", "3.3(3)", "5.0(1)", "5.0(5)", "7.2(3)", "8.0(2)", "8.0(10)", "8.1(2)", "8.1(2)SR2"],
    ],
    ["SIP of the 7940: 8.12 is not 8.1.2", ["1.0", "2.3", "4.4", "7.4", "7.4(7)", "7.5", "8.2", "8.9", "8.11", "8.12"]],
    ["Java releases", ["8.5(2)", "8.5(2)SR1", "8.5(3)", "9.0(3)", "9-4-2-1", "9-4-2SR1-1", "9-4-2SR3-1", "9-4-2SR4-3"]],
    ["Polycom", ["3.1.8.0070", "3.2.3", "3.2.3B", "3.2.4", "4.0.15.1009", "4.0.15.1047", "5.9.8.5760"]],
  ] as const;
  test.each(oldestFirst)("%s are told apart, oldest first", (_, versions) => {
    expect([...versions].reverse().sort(compareVersions)).toEqual(versions);
  });

  test("separators say nothing: 9.4(2)SR3-1 is 9-4-2SR3-1", () => {
    expect(compareVersions("9.4(2)SR3-1", "9-4-2SR3-1")).toBe(0);
  });

  test("a text that no vendor writes is no version", () => {
    for (const text of ["", "SIP", "v3", "3.1;rm", "1".repeat(60)]) expect(parseVersion(text)).toBeUndefined();
  });

  test("any texts can be put in order, the same whichever way they are asked", () => {
    const version = fc.oneof(fc.stringMatching(/^\d{1,2}([.(-]\d{1,2}){0,3}(SR\d)?$/), fc.string());
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe("ranges of versions", () => {
  test.each([
    [">=3.0 <5.0", ["3.0", "4.4"], ["2.3", "5.0", "5.0(5)"]],
    ["<=4.x", ["1.0", "4.4", "4.4(9)"], ["5.0(1)"]],
    ["7.x", ["7.1", "7.2(3)", "7.4(7)"], ["8.1", "6.3"]],
    ["5.0(5)", ["5.0(5)"], ["5.0(6)", "5.0"]],
    ["< 8.3(3)", ["8.3(2)", "8.2(2)SR2"], ["8.3(3)", "8.3(3)SR1"]],
    [">8.5(2)", ["8.5(2)SR1", "8.5(3)"], ["8.5(2)"]],
  ])("%s", (text, inside, outside) => {
    const range = parseRange(text);
    if (range === undefined) throw new Error("not read");
    expect([...inside, ...outside].filter((version) => inRange(version, range))).toEqual(inside);
  });

  test("what is no comparison is refused", () => {
    for (const text of ["", "newest", ">=", "3.0 or so", ">>3"]) expect(parseRange(text)).toBeUndefined();
  });
});
