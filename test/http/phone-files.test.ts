import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nameIn, rangeOf } from "../../src/http/phone-files.ts";

describe("the name in a request's target", () => {
  test.each([
    ["/SIPDefault.cnf", "SIPDefault.cnf"],
    ["//SIPDefault.cnf", "SIPDefault.cnf"],
    ["/English_United_States/7960-font.xml", "English_United_States/7960-font.xml"],
    ["/a%20b.xml?x=1#y", "a b.xml"],
    ["/%2561", "%61"],
    ["/./SIPDefault.cnf", "SIPDefault.cnf"],
    ["/%5cSIPDefault.cnf", "SIPDefault.cnf"],
    ["/..%2fetc", undefined],
    ["/a/../../etc", undefined],
    ["/a%5cb", undefined],
    ["/c:/x", undefined],
    ["/", undefined],
    ["", undefined],
    ["http://elsewhere/x", undefined],
    ["/%", undefined],
    ["/%ff", undefined],
    ["/a%00b", undefined],
    ["/a%0d%0ab", undefined],
    [`/${"x".repeat(513)}`, undefined],
  ])("%j is %j: decoded once (S57)", (target, name) => expect(nameIn(target)).toBe(name));

  test("is a plain name or nothing, whatever is asked", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webPath(), fc.string().map(encodeURIComponent)), (text) => {
        const name = nameIn(`/${text}`);
        if (name === undefined) return;
        expect(name.length).toBeGreaterThan(0);
        expect(name.length).toBeLessThanOrEqual(512);
        expect(name.startsWith("/")).toBe(false);
        expect([...name].every((character) => character >= " " && character !== "\u007f")).toBe(true);
      }),
    );
  });
});

describe("a range (RFC 9110 §14)", () => {
  test("lies in the file, whatever is asked", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^bytes=\d{0,16}-\d{0,16}$/)),
        fc.nat(5000),
        (header, size) => {
          const part = rangeOf(header, size);
          if (part === undefined || part === "unsatisfiable") return;
          expect(part.length).toBeGreaterThan(0);
          expect(part.first).toBeGreaterThanOrEqual(0);
          expect(part.first + part.length).toBeLessThanOrEqual(size);
        },
      ),
    );
  });

  test("of an empty file cannot be satisfied", () => {
    expect(rangeOf("bytes=0-0", 0)).toBe("unsatisfiable");
    expect(rangeOf("bytes=-1", 0)).toBe("unsatisfiable");
  });
});
