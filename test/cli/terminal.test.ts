import { PassThrough } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sayJson, type Terminal, table } from "../../src/cli/terminal.ts";

function said(value: unknown): string {
  const out = new PassThrough({ highWaterMark: 1e9 });
  sayJson({ out } as unknown as Terminal, value);
  return out.read().toString("utf8");
}

test("a document in pieces is the text that JSON.stringify indents", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(said(value)).toBe(`${JSON.stringify(value, null, 2)}\n`);
    }),
  );
  const document = { phones: [{ a: [], b: "x\ny", c: undefined }, undefined], none: undefined, empty: {}, list: [] };
  expect(said(document)).toBe(`${JSON.stringify(document, null, 2)}\n`);
});

test("a table of two hundred thousand rows is as wide as its widest cell", () => {
  const rows = Array.from({ length: 200_000 }, (_, i) => [`${i}`, "x"]);
  const [header, first] = table(["NUMBER", "X"], rows).split("\n");
  expect(header).toBe("NUMBER  X");
  expect(first).toBe("0       x");
});
