import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeAtaProfile, encodeAtaProfile, isAtaProfile, rc4 } from "../../src/wire/ata-profile.ts";
import { MalformedPacket } from "../../src/wire/malformed.ts";

const hex = (octets: Uint8Array) => Buffer.from(octets).toString("hex");
const octets = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

test.each([
  ["UseTftp:1", [{ tag: 20, value: "01" }], "23617461fffe0400160003140101"],
  ["SIPPort:5060", [{ tag: 69, value: "000013c4" }], "23617461fffe04012000064504000013c4"],
  ["a tag of two octets", [{ tag: 0x1100, value: "" }], "23617461fffe04009100039100" + "00"],
])("%s is these octets, both ways (cisco.md §6.2)", (_, records, wanted) => {
  const values = records.map(({ tag, value }) => ({ tag, value: octets(value) }));
  expect(hex(encodeAtaProfile(values))).toBe(wanted);
  expect(decodeAtaProfile(octets(wanted)).map(({ tag, value }) => ({ tag, value: hex(value) }))).toEqual(records);
});

test.each([
  ["", "not an #ata profile"],
  ["23747874", "not an #ata profile"],
  ["23617461", "cut off"],
  ["23617461ff", "cut off"],
  ["23617461fffd0400160003140101", "0x7FFE"],
  ["23617461fffe0500160003140101", "0x7FFE"],
  ["23617461fffe04001600", "cut off"],
  ["23617461fffe0400170003140101", "checksum"],
  ["23617461fffe0400160004140101", "length"],
  ["23617461fffe04001600031401", "length"],
  ["23617461fffe0400180003140301", "cut off"],
])("%s is refused: %s", (text, message) => {
  expect(() => decodeAtaProfile(octets(text))).toThrow(MalformedPacket);
  expect(() => decodeAtaProfile(octets(text))).toThrow(message);
});

test("any octets are a profile or malformed", () => {
  const start = fc.constantFrom("", "23617461", "23617461fffe04", "23617461fffe0400160003");
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 60 }), (head, tail) => {
      try {
        decodeAtaProfile(Uint8Array.from([...octets(head), ...tail]));
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedPacket);
      }
    }),
  );
});

test("any records survive", () => {
  const record = fc.record({ tag: fc.integer({ min: 0, max: 0x7ffd }), value: fc.uint8Array({ maxLength: 300 }) });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 12 }), (records) => {
      const profile = encodeAtaProfile(records);
      expect(isAtaProfile(profile)).toBe(true);
      expect(decodeAtaProfile(profile)).toEqual(records);
    }),
  );
});

test("what the format cannot hold is a RangeError", () => {
  expect(() => encodeAtaProfile([{ tag: 0x8000, value: new Uint8Array() }])).toThrow(RangeError);
  expect(() => encodeAtaProfile([{ tag: 0x7ffe, value: new Uint8Array() }])).toThrow(RangeError);
  expect(() => encodeAtaProfile([{ tag: 1, value: new Uint8Array(0x8000) }])).toThrow(RangeError);
  const large = { tag: 1, value: new Uint8Array(0x7fff) };
  expect(() => encodeAtaProfile([large, large, large])).toThrow(RangeError);
});

test.each([
  ["4b6579", "506c61696e74657874", "bbf316e8d940af0ad3"],
  ["57696b69", "7065646961", "1021bf0420"],
])("RC4 with key %s (the cipher's published vectors)", (key, plain, secret) => {
  expect(hex(rc4(octets(key), octets(plain)))).toBe(secret);
  expect(hex(rc4(octets(key), octets(secret)))).toBe(plain);
});

test("an RC4 key has 1 to 256 octets", () => {
  expect(() => rc4(new Uint8Array(), new Uint8Array(1))).toThrow(RangeError);
  expect(() => rc4(new Uint8Array(257), new Uint8Array(1))).toThrow(RangeError);
});
