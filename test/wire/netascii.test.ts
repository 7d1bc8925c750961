import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeNetascii, encodeNetascii, type NetasciiDebt } from "../../src/wire/netascii.ts";

const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** Encodes through blocks of `size` octets. */
function inBlocks(source: Uint8Array, size: number): Uint8Array {
  const out: number[] = [];
  let read = 0;
  let owed: NetasciiDebt = -1;
  do {
    const block = new Uint8Array(size);
    const step = encodeNetascii(source, read, block, 0, owed);
    out.push(...block.subarray(0, step.written));
    read += step.read;
    owed = step.owed;
  } while (read < source.length || owed !== -1);
  return Uint8Array.from(out);
}

function decodeInPieces(octets: Uint8Array, size: number): Uint8Array {
  const out: number[] = [];
  let heldCr = false;
  for (let at = 0; at < octets.length; at += size) {
    const step = decodeNetascii(octets.subarray(at, at + size), heldCr);
    out.push(...step.octets);
    heldCr = step.heldCr;
  }
  if (heldCr) out.push(13);
  return Uint8Array.from(out);
}

describe("netascii", () => {
  it.each([
    ["LF", "a\nb", "a\r\nb"],
    ["a lone CR", "a\rb", "a\r\0b"],
    ["CR LF of the source (the example of FreeBSD's tests)", "foo\nbar\rbaz\n", "foo\r\nbar\r\0baz\r\n"],
    ["CR LF together", "a\r\nb", "a\r\0\r\nb"],
  ])("writes %s", (_name, source, wire) => {
    expect(inBlocks(ascii(source), 512)).toEqual(ascii(wire));
  });

  it("comes out the same however it is cut, and means what went in", () => {
    const text = fc
      .array(fc.constantFrom(10, 13, 0, 65, 255), { maxLength: 200 })
      .map((octets) => Uint8Array.from(octets));
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), (source, size, pieces) => {
        const whole = inBlocks(source, 10_000);
        expect(inBlocks(source, size)).toEqual(whole);
        expect(decodeInPieces(whole, pieces)).toEqual(source);
      }),
    );
  });

  it("keeps a CR that neither LF nor NUL follows", () => {
    expect(decodeInPieces(ascii("a\rb\r"), 2)).toEqual(ascii("a\rb\r"));
  });
});
