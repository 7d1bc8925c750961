import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MalformedPacket } from "../../src/wire/malformed.ts";
import { ackedBlock, decodeTftp, encodeTftp, type TftpPacket, writeDataHeader } from "../../src/wire/tftp.ts";

const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

const CASES: readonly { name: string; octets: Uint8Array; value: TftpPacket }[] = [
  {
    name: "a plain RRQ (RFC 1350 §5)",
    octets: ascii("\0\x01OS79XX.TXT\0octet\0"),
    value: { op: "RRQ", filename: "OS79XX.TXT", mode: "octet", options: [] },
  },
  {
    name: "an RRQ with options (RFC 2347 §3)",
    octets: ascii("\0\x01sip.ld\0octet\0blksize\x001428\0tsize\x000\0"),
    value: {
      op: "RRQ",
      filename: "sip.ld",
      mode: "octet",
      options: [
        { name: "blksize", value: "1428" },
        { name: "tsize", value: "0" },
      ],
    },
  },
  {
    name: "a WRQ of a Polycom log",
    octets: ascii("\0\x020004f2000001-app.log\0octet\0"),
    value: { op: "WRQ", filename: "0004f2000001-app.log", mode: "octet", options: [] },
  },
  {
    name: "DATA",
    octets: ascii("\0\x03\x01\x02abc"),
    value: { op: "DATA", block: 258, octets: ascii("abc") },
  },
  { name: "an empty DATA", octets: ascii("\0\x03\0\x01"), value: { op: "DATA", block: 1, octets: ascii("") } },
  { name: "ACK 65535", octets: ascii("\0\x04\xff\xff"), value: { op: "ACK", block: 65_535 } },
  {
    name: "ERROR 1",
    octets: ascii("\0\x05\0\x01File not found\0"),
    value: { op: "ERROR", code: 1, message: "File not found" },
  },
  {
    name: "OACK (RFC 2347 §4)",
    octets: ascii("\0\x06tsize\x00756000\0"),
    value: { op: "OACK", options: [{ name: "tsize", value: "756000" }] },
  },
];

const LENIENT: readonly { name: string; octets: Uint8Array; value: TftpPacket }[] = [
  {
    name: "the trailing zero of a 7960 of 2000 (cisco.md §8)",
    octets: ascii("\0\x01OS79XX.TXT\0octet\0\0"),
    value: { op: "RRQ", filename: "OS79XX.TXT", mode: "octet", options: [] },
  },
  {
    name: "rubbish without an end after the mode (T025)",
    octets: ascii("\0\x01a\0octet\0rubbish"),
    value: { op: "RRQ", filename: "a", mode: "octet", options: [] },
  },
  {
    name: "an option without a value (T085)",
    octets: ascii("\0\x01a\0octet\0tsize\x000\0blksize\0"),
    value: { op: "RRQ", filename: "a", mode: "octet", options: [{ name: "tsize", value: "0" }] },
  },
  { name: "an ACK with more behind it (T058)", octets: ascii("\0\x04\0\x05junk"), value: { op: "ACK", block: 5 } },
  {
    name: "an ERROR without its zero",
    octets: ascii("\0\x05\0\0gone"),
    value: { op: "ERROR", code: 0, message: "gone" },
  },
];

describe("the TFTP codec", () => {
  for (const { name, octets, value } of CASES) {
    it(`reads and writes ${name}`, () => {
      expect(decodeTftp(octets)).toEqual(value);
      expect(encodeTftp(value)).toEqual(octets);
    });
  }

  for (const { name, octets, value } of LENIENT) {
    it(`tolerates ${name}`, () => {
      expect(decodeTftp(octets)).toEqual(value);
    });
  }

  it.each([
    ["nothing", ""],
    ["one octet", "\0"],
    ["two octets", "\0\x01"],
    ["an ACK of three octets (T059)", "\0\x04\0"],
    ["a name without an end (T024)", "\0\x01name"],
    ["a mode without an end (T024)", "\0\x01name\0octet"],
    ["opcode 0", "\0\0abcd"],
    ["opcode 7", "\0\x07abcd"],
    ["an OACK without an option", "\0\x06\0\0"],
    ["opcode 0x0101", "\x01\x01a\0octet\0"],
    ["a request of 513 octets", `\0\x01${"a".repeat(504)}\0octet\0`],
  ])("calls %s malformed", (_name, text) => {
    expect(() => decodeTftp(ascii(text))).toThrow(MalformedPacket);
  });

  it("reads any octets as a value or as malformed, and writes again what it read", () => {
    const opcode = fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 255);
    const hostile = fc
      .tuple(opcode, fc.uint8Array({ maxLength: 600 }))
      .map(([code, rest]) => Uint8Array.from([0, code, ...rest]));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 20 }), hostile), (octets) => {
        let value: TftpPacket;
        try {
          value = decodeTftp(octets);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedPacket);
          return;
        }
        expect(ackedBlock(octets)).toBe(value.op === "ACK" ? value.block : -1);
        if (value.op === "OACK" && octets.length > 512) return;
        expect(decodeTftp(encodeTftp(value))).toEqual(value);
      }),
    );
  });

  it("carries any value across", () => {
    const text = (longest: number) =>
      fc
        .uint8Array({ maxLength: longest, min: 1 })
        .map((octets) => Array.from(octets, (octet) => String.fromCharCode(octet)).join(""));
    const options = fc.array(fc.record({ name: text(20).filter((name) => name !== ""), value: text(20) }), {
      maxLength: 6,
    });
    const number = fc.integer({ min: 0, max: 65_535 });
    const packet: fc.Arbitrary<TftpPacket> = fc.oneof(
      fc.record({ op: fc.constantFrom("RRQ" as const, "WRQ" as const), filename: text(100), mode: text(10), options }),
      fc.record({ op: fc.constant("DATA" as const), block: number, octets: fc.uint8Array({ maxLength: 1500 }) }),
      fc.record({ op: fc.constant("ACK" as const), block: number }),
      fc.record({ op: fc.constant("ERROR" as const), code: number, message: text(100) }),
      fc.record({ op: fc.constant("OACK" as const), options: options.filter((list) => list.length > 0) }),
    );
    fc.assert(
      fc.property(packet, (value) => {
        expect(decodeTftp(encodeTftp(value))).toEqual(value);
      }),
    );
  });

  it.each<[string, TftpPacket]>([
    ["a zero in a name", { op: "RRQ", filename: "a\0b", mode: "octet", options: [] }],
    ["a character beyond one octet", { op: "ERROR", code: 0, message: "\u{20ac}" }],
    ["a block number of 65536", { op: "ACK", block: 65_536 }],
    ["a request beyond 512 octets", { op: "RRQ", filename: "a".repeat(504), mode: "octet", options: [] }],
    ["an option without a name", { op: "OACK", options: [{ name: "", value: "1" }] }],
  ])("does not write %s", (_name, value) => {
    expect(() => encodeTftp(value)).toThrow(MalformedPacket);
  });

  it("writes the head of DATA alone for those who bring their own octets", () => {
    const head = new Uint8Array(4);
    writeDataHeader(head, 65_535);
    expect(head).toEqual(Uint8Array.from([0, 3, 255, 255]));
  });
});
