import fc from "fast-check";
import { expect, test } from "vitest";
import { readLoads } from "../../src/firmware/loads.ts";

const read = (text: string) => readLoads(Uint8Array.from(Buffer.from(text, "latin1")));

test("the list of a 7940/7960 names the loader and the application (cisco.md §4.4)", () => {
  expect(read("P003-8-12-00.sbn\nP0S3-8-12-00.sb2\nLA_VERSION=PAS30830\n")).toEqual({
    kind: "list",
    members: ["P003-8-12-00.sbn", "P0S3-8-12-00.sb2"],
    facts: new Map([["LA_VERSION", "PAS30830"]]),
  });
});

test("the list of a Java phone has CRLF, comments, a least hardware and trailing blanks (cisco.md §4.4)", () => {
  const text = [
    "# Comment: (c) nobody",
    "#HARDWARE_COMP_1 5|15",
    "jar41sccp.9-4-2ES26.sbn",
    "dsp41.9-4-2ES26.sbn ",
    "dsp41.9-4-2ES26.sbn",
    "",
  ].join("\r\n");
  expect(read(text)).toEqual({
    kind: "list",
    members: ["jar41sccp.9-4-2ES26.sbn", "dsp41.9-4-2ES26.sbn"],
    facts: new Map([["HARDWARE_COMP_1", "5|15"]]),
  });
});

test("NULs at the end are padding", () => {
  expect(read("P003-8-12-00.sbn\0\0\0\0")).toMatchObject({ kind: "list", members: ["P003-8-12-00.sbn"] });
});

test.each([
  ["nothing", "", /names no file/],
  ["comments alone", "# only\n#HARDWARE_COMP_1 5\n", /names no file/],
  ["a path", "P003.sbn\n../P003.sbn\n", /line 2/],
  ["a name with a blank inside", "P003 8.sbn\n", /line 1/],
  ["octets that are no text", "P003.sbn\n\u00ff\u00fe\u0001\n", /line 2/],
  ["more than any list", "a.sbn\n".repeat(5000), /longer than/],
])("%s is damaged", (_, text, why) => {
  expect(read(text)).toMatchObject({ kind: "damaged", why: expect.stringMatching(why) });
});

test("S42 no octets make it throw, and every member is a plain file name", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.constantFrom("a.sbn", "#", "\r\n", " ", "=", "LA_X=1")),
      (octets, words) => {
        for (const list of [readLoads(octets), read(words.join(""))]) {
          if (list.kind === "list") for (const name of list.members) expect(name).toMatch(/^[A-Za-z0-9][\w.()-]*$/);
        }
      },
    ),
    { numRuns: 3000 },
  );
});
