import { lint } from "../../src/lint/lint.ts";
import { readDeviceInformation } from "../../src/phones/device-information.ts";
import { gatherPhones } from "../../src/phones/gather.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const utf16 = (text: string, big = false) => {
  const octets = Buffer.from(`\ufeff${text}`, "utf16le");
  return new Uint8Array(big ? octets.swap16() : octets);
};
const laughs = `<!DOCTYPE l [<!ENTITY a0 "lol">${Array.from({ length: 9 }, (_, i) => `<!ENTITY a${i + 1} "${`&a${i};`.repeat(10)}">`).join("")}]><device>&a9;</device>`;
const hidden =
  '<!DOCTYPE device [<!ENTITY x SYSTEM "file:///etc/passwd">]><device><loadInformation>&x;</loadInformation></device>';

/** S33: XML that was made to harm whoever reads it. */
export const HOSTILE_XML: readonly (readonly [told: string, octets: Uint8Array])[] = [
  ["a document type", utf8("<!DOCTYPE device><device/>")],
  ["a document type in small letters", utf8("<!doctype device><device/>")],
  ["a document type after a comment", utf8("<!-- x --><!DOCTYPE device><device/>")],
  ["an external entity", utf8(hidden)],
  ["an external entity of a web server", utf8(hidden.replace("file:///etc/passwd", "http://169.254.169.254/"))],
  ["a parameter entity", utf8('<!DOCTYPE d [<!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p;]><device/>')],
  ["billion laughs", utf8(laughs)],
  [
    "quadratic growth",
    utf8(`<!DOCTYPE d [<!ENTITY a "${"x".repeat(100_000)}">]><device>${"&a;".repeat(100_000)}</device>`),
  ],
  ["an element that is declared", utf8("<!ELEMENT device ANY><device/>")],
  ["a document type in UTF-16, little end first", utf16(hidden)],
  ["a document type in UTF-16, big end first", utf16(hidden, true)],
  ["a document type in UTF-7", utf8(`<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE device+AD4-<device/>`)],
  ["100,000 elements in each other", utf8("<a>".repeat(100_000))],
  ["100,000 elements in each other, closed", utf8("<a>".repeat(100_000) + "</a>".repeat(100_000))],
  ["a megabyte of numbers", utf8(`<device>${"&#65;".repeat(200_000)}</device`)],
  ["ten megabytes of numbers", utf8(`<device>${"&#65;".repeat(2_000_000)}</device`)],
  ["numbers beyond Unicode", utf8(`<device>${"&#x7fffffff;".repeat(50_000)}</device`)],
  ["comments without end", utf8(`<device>${"<!--".repeat(200_000)}`)],
  ["sections without end", utf8(`<device>${"<![CDATA[".repeat(100_000)}`)],
  ["instructions without end", utf8(`<device>${"<?a ".repeat(200_000)}`)],
  ["attributes without end", utf8(`<device ${"a='1' ".repeat(150_000)}`)],
  ["one attribute of a megabyte", utf8(`<device a="${"x".repeat(1_000_000)}`)],
  ["a tag of a megabyte", utf8(`<${"x".repeat(1_000_000)}`)],
  ["brackets alone", utf8("<".repeat(500_000))],
  ["ends alone", utf8("</a>".repeat(200_000))],
  ["names that objects inherit", utf8(`<__proto__><constructor/><prototype/></__proto__`)],
];

export const MAC = "000E84C060A6";

/** Everything that reads XML from outside: files for the linter and the gatherer, the page of a phone. */
export function readersOf(octets: Uint8Array): readonly (readonly [reader: string, read: () => unknown])[] {
  return [
    [
      "lint",
      () =>
        lint([{ path: `SEP${MAC}.cnf.xml`, size: octets.length, octets }]).findings.map(
          ({ code, message }) => `${code} ${message}`,
        ),
    ],
    ["gather", () => gatherPhones([{ path: `SEP${MAC}.cnf.xml`, octets }])],
    ["gather a Polycom file", () => gatherPhones([{ path: `${MAC.toLowerCase()}.cfg`, octets }])],
    ["a phone's page", () => readDeviceInformation(new TextDecoder().decode(octets))],
  ];
}
