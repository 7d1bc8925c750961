import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Ipv4, ipv4FromNumber } from "../../src/wire/address.ts";
import { type DhcpPacket, decodeDhcp, encodeDhcp, NO_ADDRESS } from "../../src/wire/dhcp.ts";
import { OPTION, subOptions } from "../../src/wire/dhcp-options.ts";
import { MalformedPacket } from "../../src/wire/malformed.ts";

const empty: DhcpPacket = {
  op: 1,
  htype: 1,
  hlen: 6,
  hops: 0,
  xid: 0x84c060a6,
  secs: 0,
  flags: 0,
  ciaddr: NO_ADDRESS,
  yiaddr: NO_ADDRESS,
  siaddr: NO_ADDRESS,
  giaddr: NO_ADDRESS,
  chaddr: new Uint8Array(16),
  sname: new Uint8Array(0),
  file: new Uint8Array(0),
  options: new Map(),
};

function octetsOf(options: readonly number[], edit: (octets: Uint8Array) => void = () => {}): Uint8Array {
  const octets = new Uint8Array(240 + options.length);
  octets.set([1, 1, 6]);
  octets.set([0x63, 0x82, 0x53, 0x63], 236);
  octets.set(options, 240);
  edit(octets);
  return octets;
}

const anAddress: fc.Arbitrary<Ipv4> = fc.integer({ min: 0, max: 0xffffffff }).map((n) => ipv4FromNumber(n));
const trimmed = (max: number) =>
  fc.uint8Array({ maxLength: max }).map((a) => {
    let end = a.length;
    while (end > 0 && a[end - 1] === 0) end--;
    return a.slice(0, end);
  });
const aCode = fc.integer({ min: 1, max: 254 }).filter((code) => code !== 52);
const aPacket: fc.Arbitrary<DhcpPacket> = fc.record({
  op: fc.integer({ min: 0, max: 255 }),
  htype: fc.integer({ min: 0, max: 255 }),
  hlen: fc.integer({ min: 0, max: 16 }),
  hops: fc.integer({ min: 0, max: 255 }),
  xid: fc.integer({ min: 0, max: 0xffffffff }),
  secs: fc.integer({ min: 0, max: 65535 }),
  flags: fc.integer({ min: 0, max: 65535 }),
  ciaddr: anAddress,
  yiaddr: anAddress,
  siaddr: anAddress,
  giaddr: anAddress,
  chaddr: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  sname: trimmed(64),
  file: trimmed(128),
  options: fc.array(fc.tuple(aCode, fc.uint8Array({ maxLength: 700 })), { maxLength: 12 }).map((list) => new Map(list)),
});

const plain = (packet: DhcpPacket) => ({
  ...packet,
  chaddr: [...packet.chaddr],
  sname: [...packet.sname],
  file: [...packet.file],
  options: [...packet.options].map(([code, value]) => [code, [...value]] as const).sort((a, b) => a[0] - b[0]),
});

describe("the DHCP codec", () => {
  test("D023 any octets decode to a value or to MalformedPacket, and what decoded survives encoding", () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 1500 }),
      fc.uint8Array({ maxLength: 400 }).map((options) => octetsOf([...options])),
      fc
        .tuple(fc.integer({ min: 0, max: 4 }), fc.uint8Array({ minLength: 192, maxLength: 192 }))
        .map(([overload, fields]) => octetsOf([53, 1, 1, 52, 1, overload], (octets) => octets.set(fields, 44))),
    );
    fc.assert(
      fc.property(hostile, (octets) => {
        let packet: DhcpPacket;
        try {
          packet = decodeDhcp(octets);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedPacket);
          return;
        }
        const again = encodeDhcp(packet) as Uint8Array;
        expect(plain(decodeDhcp(again))).toEqual(plain(packet));
        expect(encodeDhcp(decodeDhcp(again))).toEqual(again);
      }),
      { numRuns: 2000 },
    );
  });

  test("any message survives encoding and decoding, unknown and long options included", () => {
    fc.assert(
      fc.property(aPacket, (packet) => {
        expect(plain(decodeDhcp(encodeDhcp(packet) as Uint8Array))).toEqual(plain(packet));
      }),
      { numRuns: 500 },
    );
  });

  test("any message that fits into a limit, overloaded or not, keeps to it and survives", () => {
    fc.assert(
      fc.property(aPacket, fc.integer({ min: 300, max: 1472 }), fc.boolean(), (made, limit, bare) => {
        const packet = bare ? { ...made, sname: new Uint8Array(0), file: new Uint8Array(0) } : made;
        const octets = encodeDhcp(packet, limit);
        if (octets === undefined) return;
        expect(octets.length).toBeLessThanOrEqual(limit);
        expect(plain(decodeDhcp(octets))).toEqual(plain(packet));
      }),
      { numRuns: 500 },
    );
  });

  test("D040 a message is padded to the 300 octets of BOOTP", () => {
    expect(encodeDhcp(empty)).toHaveLength(300);
  });

  test("D004 fewer than 240 octets are malformed, 240 are enough", () => {
    expect(() => decodeDhcp(octetsOf([]).subarray(0, 239))).toThrow(MalformedPacket);
    expect(decodeDhcp(octetsOf([])).options.size).toBe(0);
  });

  test("D003 another magic cookie is malformed", () => {
    expect(() => decodeDhcp(octetsOf([53, 1, 1, 255], (octets) => octets.set([0], 236)))).toThrow(/magic/);
  });

  test("D005 hlen up to 16 is read, above it is malformed", () => {
    expect(decodeDhcp(octetsOf([255], (octets) => octets.set([16], 2))).hlen).toBe(16);
    for (const hlen of [17, 255])
      expect(() => decodeDhcp(octetsOf([255], (octets) => octets.set([hlen], 2)))).toThrow(MalformedPacket);
  });

  test("D007 runs of pad, a missing end and garbage behind the end are accepted", () => {
    expect([...decodeDhcp(octetsOf([0, 0, 0, 53, 1, 1, 0, 0])).options.keys()]).toEqual([53]);
    expect([...decodeDhcp(octetsOf([53, 1, 1, 255, 12, 200])).options.keys()]).toEqual([53]);
  });

  test("D008 an option that runs past the end is malformed, and the error says what was claimed", () => {
    expect(() => decodeDhcp(octetsOf([53, 1, 1, 12, 9, 65]))).toThrow(
      "option 12 in options claims 9 octets, 1 are left",
    );
    expect(() => decodeDhcp(octetsOf([53, 1, 1, 12]))).toThrow(MalformedPacket);
  });

  test("D020 option 52 in a request is followed once: options, then file, then sname", () => {
    const octets = octetsOf([53, 1, 3, 52, 1, 3, 60, 1, 65, 255], (all) => {
      all.set([60, 1, 66, 52, 1, 3, 255], 108);
      all.set([60, 1, 67, 255], 44);
    });
    const packet = decodeDhcp(octets);
    expect([...(packet.options.get(60) as Uint8Array)]).toEqual([65, 66, 67]);
    expect(packet.options.has(OPTION.overload)).toBe(false);
    expect(packet.file).toHaveLength(0);
    expect(() => decodeDhcp(octetsOf([52, 1, 4, 255]))).toThrow(MalformedPacket);
    expect(() => decodeDhcp(octetsOf([52, 1, 1, 255], (all) => all.set([60, 200], 108)))).toThrow(/in file/);
  });

  test("D021 pieces of one option are joined in the order they came", () => {
    const packet = decodeDhcp(octetsOf([61, 2, 0, 1, 53, 1, 1, 61, 2, 2, 3, 255]));
    expect([...(packet.options.get(61) as Uint8Array)]).toEqual([0, 1, 2, 3]);
  });

  test("D038 a value above 255 octets is split into adjacent pieces of 255 and a rest", () => {
    const octets = encodeDhcp({ ...empty, options: new Map([[43, new Uint8Array(600).fill(7)]]) }) as Uint8Array;
    expect([octets[240], octets[241], octets[497], octets[498], octets[754], octets[755]]).toEqual([
      43, 255, 43, 255, 43, 90,
    ]);
    expect(octets[846]).toBe(255);
  });

  test("D042 what does not fit goes to file and sname, each closed, option 52 says which, and 82 stays in options", () => {
    const value = (length: number) => new Uint8Array(length).fill(1);
    const options = new Map([
      [82, value(40)],
      [53, value(1)],
      [43, value(60)],
      [15, value(100)],
      [12, value(50)],
    ]);
    const octets = encodeDhcp({ ...empty, options }, 240 + 120) as Uint8Array;
    expect([...octets.subarray(240, 246)]).toEqual([53, 1, 1, 52, 1, 3]);
    expect([octets[108], octets[108 + 102]]).toEqual([15, 255]);
    expect([octets[44], octets[44 + 52]]).toEqual([12, 255]);
    expect([octets[246], octets[246 + 62]]).toEqual([43, 82]);
    expect(encodeDhcp({ ...empty, options }, 240 + 60)).toBeUndefined();
    expect(encodeDhcp({ ...empty, file: value(1), sname: value(1), options }, 240 + 120)).toBeUndefined();
  });

  test("D110 relay information is written last, wherever it stood", () => {
    const octets = encodeDhcp({
      ...empty,
      options: new Map([
        [82, Uint8Array.of(1, 1, 9)],
        [53, Uint8Array.of(2)],
      ]),
    }) as Uint8Array;
    expect([...octets.subarray(240, 249)]).toEqual([53, 1, 2, 82, 3, 1, 1, 9, 255]);
  });

  test("D016 sub-options that run past their option have no reading, and nothing throws", () => {
    expect(subOptions(Uint8Array.of(1, 9, 1))).toBeUndefined();
    expect(subOptions(Uint8Array.of(1))).toBeUndefined();
    expect([...(subOptions(Uint8Array.of(1, 1, 7, 9, 0, 1, 1, 8)) ?? [])]).toEqual([
      [1, Uint8Array.of(7)],
      [9, Uint8Array.of()],
    ]);
  });
});
