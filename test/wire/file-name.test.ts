import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalizeName } from "../../src/wire/file-name.ts";

const octetsOf = (text: string) => Array.from(new TextEncoder().encode(text), (o) => String.fromCharCode(o)).join("");

describe("a requested name", () => {
  it.each([
    ["OS79XX.TXT", "OS79XX.TXT"],
    ["./SIP000E84C060A6.cnf", "SIP000E84C060A6.cnf"],
    ["/SEP000E84C060A6.cnf.xml", "SEP000E84C060A6.cnf.xml"],
    ["\\RINGLIST.DAT", "RINGLIST.DAT"],
    [".\\./RINGLIST.DAT", "RINGLIST.DAT"],
    ["//mk-sip.jar", "mk-sip.jar"],
    ["English_United_States//7960-font.xml", "English_United_States/7960-font.xml"],
    ["a/./b", "a/b"],
    ["a%2e%2e%2fb", "a%2e%2e%2fb"],
    ["..;/x", "..;/x"],
    ["Leaf green.jpg", "Leaf green.jpg"],
    [octetsOf("café.xml"), "café.xml"],
  ])("%j is the file %j", (asked, name) => {
    expect(normalizeName(asked)).toEqual({ is: "name", name });
  });

  it.each([
    "",
    ".",
    "/",
    "./",
    "sub/",
    "sub/.",
    "..",
    "../x",
    "a/../../x",
    "./../x",
    "....//x",
    "/../x",
    "..\\x",
    "a\\..\\x",
    "a\\b",
    "\\\\host\\share\\x",
    "C:\\x",
    "C:/x",
    "a.bin::$DATA",
    "CON",
    "dir/aux",
    "nul.txt",
    "COM1",
    "a.",
    "a ",
    "a\nb",
    "a\x1b[2J",
    "\xc0\xae\xc0\xae/x",
    "caf\xe9",
    "a".repeat(256),
  ])("%j names no file", (asked) => {
    expect(normalizeName(asked).is).toBe("refused");
  });

  it("never climbs, whatever it is made of, and stays what it is when normalised again", () => {
    const part = fc.constantFrom("..", ".", "/", "\\", "a", "%2e", "\xc0\xae", "C:", " ", "...", "SIP", "\xc3\xa9");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const named = normalizeName(parts.join(""));
        if (named.is === "refused") return;
        expect(named.name).not.toMatch(/(^|\/)\.{1,}(\/|$)|^\/|\\|\/\//);
        expect(normalizeName(octetsOf(named.name))).toEqual(named);
      }),
    );
  });
});
