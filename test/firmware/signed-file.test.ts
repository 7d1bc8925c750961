import fc from "fast-check";
import { expect, test } from "vitest";
import { readSignedHeader } from "../../src/firmware/signed-file.ts";
import { binImage, HEADER_LENGTH, octetsOf, signedFile } from "../synthetic-firmware.ts";

const NAME = "P0S3-8-12-00.sb2";

test("a signed file says its name, where its body begins, and how it was signed (cisco.md §4.4)", () => {
  expect(readSignedHeader(signedFile(NAME, octetsOf(NAME, 1000)))).toEqual({
    kind: "signed",
    name: NAME,
    headerLength: HEADER_LENGTH,
    hashAlgorithm: "SHA-1",
    signatureLength: 256,
    signer: "CN=Synthetic;OU=Test;O=Nobody",
    issuer: "CN=None",
  });
});

test("the body does not matter: its first octets may look like a header", () => {
  const nested = signedFile(NAME, signedFile("P003-8-12-00.sbn", new Uint8Array(10)));
  expect(readSignedHeader(nested)).toMatchObject({ kind: "signed", name: NAME });
});

test.each([
  ["an empty file", new Uint8Array()],
  ["two octets", Uint8Array.of(1, 0)],
  ["an unsigned image", binImage("P003-8-12-00.bin", 5000)],
  ["text", Uint8Array.from(Buffer.from("P003-8-12-00"))],
  ["a zip", Uint8Array.from(Buffer.from("PK\u0003\u0004"))],
])("%s is unsigned", (_, octets) => {
  expect(readSignedHeader(octets)).toEqual({ kind: "unsigned" });
});

test.each([
  ["a header without an end", signedFile(NAME, new Uint8Array()).slice(0, 300), /ends after 300 octets/],
  ["a header without a length", Uint8Array.of(1, 0, 2, 1, 1, 3, 0, 0, 0, 0), /how long/],
  ["a header too short for a name", Uint8Array.of(1, 0, 2, 1, 1, 2, 0, 2, 0, 10), /too few/],
  ["a name with a path in it", signedFile("../etc/passwd", new Uint8Array(5)), /no file name/],
  ["a name of blanks", signedFile("   ", new Uint8Array(5)), /no file name/],
  ["a field that runs past the header", overwritten(10, [3, 0xff, 0xff]), /runs past/],
  [
    "padding alone",
    overwritten(
      10,
      Array.from({ length: HEADER_LENGTH - 10 }, () => 0x0d),
    ),
    /no file name/,
  ],
])("%s is damaged", (_, octets, why) => {
  expect(readSignedHeader(octets)).toMatchObject({ kind: "damaged", why: expect.stringMatching(why) });
});

test("a timestamp of newer files is read, and an unknown hash is said to be unknown", () => {
  const octets = signedFile(NAME, new Uint8Array(8));
  const hash = octets.findIndex((_, at) => octets[at] === 8 && octets[at + 1] === 0 && octets[at + 2] === 1 && at > 10);
  octets[hash + 3] = 9;
  const padding = octets.indexOf(0x0d, octets.indexOf(0x0e, 330) + 3);
  octets.set([0x0f, 0, 4, 0x60, 0, 0, 1], padding);
  expect(readSignedHeader(octets)).toMatchObject({ hashAlgorithm: "unknown", signedAt: 0x60000001 });
});

test("S42 no octets make it throw, and a signed answer always has a plain file name", () => {
  const mutated = fc
    .tuple(fc.array(fc.tuple(fc.nat(HEADER_LENGTH), fc.nat(255)), { maxLength: 8 }), fc.nat(500))
    .map(([changes, length]) => {
      const octets = signedFile(NAME, new Uint8Array(96)).slice(0, length);
      for (const [at, value] of changes) if (at < octets.length) octets[at] = value;
      return octets;
    });
  const opened = fc
    .uint8Array({ maxLength: 300 })
    .map((rest) => Uint8Array.from([1, 0, 2, 1, 1, 2, 0, 2, 1, 0, ...rest]));
  fc.assert(
    fc.property(fc.oneof(mutated, opened, fc.uint8Array({ maxLength: 300 })), (octets) => {
      const header = readSignedHeader(octets);
      if (header.kind === "signed") {
        expect(header.name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._()-]*$/);
        expect(header.headerLength).toBeLessThanOrEqual(octets.length);
      }
    }),
    { numRuns: 5000 },
  );
});

function overwritten(at: number, octets: readonly number[]): Uint8Array {
  const file = signedFile(NAME, new Uint8Array(8));
  file.set(octets, at);
  return file;
}
