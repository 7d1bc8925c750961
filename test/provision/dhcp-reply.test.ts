import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { leaseTimes } from "../../src/dhcp/reply.ts";
import { decodeDhcp } from "../../src/wire/dhcp.ts";
import { addressesValue, addressOption, MESSAGE, numberValue, OPTION } from "../../src/wire/dhcp-options.ts";
import {
  codes,
  discover,
  dora,
  HERE,
  type Heard,
  ip,
  message,
  office,
  rebooting,
  renewing,
  SERVER,
  selecting,
  settings,
  stranger,
  text,
  world,
} from "./dhcp-world.ts";

const CISCO = text("Cisco Systems, Inc. IP Phone CP-7960G\0");
const POLYCOM = text("Polycom-SPIP335");
const RELAY = { source: { address: ip("198.51.100.1"), port: 67 }, interfaceAddress: SERVER };
const list = (...asked: number[]) => [OPTION.parameterRequestList, Uint8Array.from(asked)] as const;
const number = (packet: Heard, code: number) =>
  new DataView((packet.options.get(code) as Uint8Array).slice().buffer).getUint32(0);

describe("the fields and options of a reply", () => {
  test("D030 fields come from the request bit by bit, hops and secs are 0", async () => {
    const at = await world();
    const chaddr = Uint8Array.from({ length: 16 }, (_, i) => 16 - i);
    const fields = { htype: 6, hlen: 9, hops: 3, xid: 0xfedcba98, secs: 77, flags: 0x8001, chaddr };
    const offer = await at.ask(discover({ fields: { ...fields, giaddr: ip("198.51.100.1") } }), RELAY);
    expect(offer).toMatchObject({ ...fields, op: 2, hops: 0, secs: 0, giaddr: "198.51.100.1" });
  });

  test("D031 ciaddr and yiaddr are those of RFC 2131 table 3 for OFFER, ACK, renewed ACK, NAK and INFORM", async () => {
    const at = await world();
    const offer = await at.ask(discover());
    expect(offer).toMatchObject({ ciaddr: "0.0.0.0", yiaddr: "192.0.2.100" });
    expect(await at.ask(selecting(ip("192.0.2.100")))).toMatchObject({ ciaddr: "0.0.0.0", yiaddr: "192.0.2.100" });
    const renewed = await at.ask(renewing(ip("192.0.2.100")));
    expect(renewed).toMatchObject({ ciaddr: "192.0.2.100", yiaddr: "192.0.2.100" });
    const nak = await at.ask(rebooting(ip("192.0.2.7")));
    expect(nak).toMatchObject({ type: MESSAGE.nak, ciaddr: "0.0.0.0", yiaddr: "0.0.0.0", siaddr: "0.0.0.0" });
    const informed = await at.ask(message(MESSAGE.inform, { fields: { ciaddr: ip("192.0.2.9") } }));
    expect(informed).toMatchObject({ type: MESSAGE.ack, ciaddr: "192.0.2.9", yiaddr: "0.0.0.0" });
  });

  test("D032 53 and 54 lead every reply; times are in OFFER and ACK alone; a NAK says little", async () => {
    const at = await world();
    const address = await dora(at);
    for (const packet of [discover(), selecting(address), renewing(address)]) {
      const reply = (await at.ask(packet)) as Heard;
      expect(codes(reply).slice(0, 6)).toEqual([53, 54, 51, 58, 59, 1]);
      expect(addressOption(reply.options, 54)).toBe(SERVER);
    }
    const nak = (await at.ask(rebooting(ip("203.0.113.7"), { options: [[61, text("me")]] }))) as Heard;
    expect(codes(nak)).toEqual([53, 54, 56, 61]);
    const known = (await at.ask(rebooting(ip("192.0.2.7")))) as Heard;
    expect(codes(known)).toEqual([53, 54, 56]);
    const informed = (await at.ask(message(MESSAGE.inform, { fields: { ciaddr: address } }))) as Heard;
    expect(codes(informed).slice(0, 2)).toEqual([53, 54]);
    for (const code of [51, 58, 59]) expect(codes(informed)).not.toContain(code);
  });

  test("D033 what a client says to us is not said back: 50, 55, 57", async () => {
    const at = await world();
    const said = [[50, addressesValue([ip("192.0.2.150")])], list(50, 55, 57, 1), [57, Uint8Array.of(5, 0)]] as const;
    const offer = (await at.ask(discover({ options: said }))) as Heard;
    for (const code of [50, 55, 57]) expect(codes(offer)).not.toContain(code);
  });

  test("D034 a client id is echoed unchanged in OFFER, ACK and NAK, and absent where none was sent", async () => {
    const at = await world();
    const clientId = Uint8Array.of(0, 255, 1, 2, 0, 0);
    const saying = { from: stranger(1), options: [[61, clientId]] as const };
    const offer = (await at.ask(discover(saying))) as Heard;
    const ack = (await at.ask(selecting(offer.yiaddr, saying))) as Heard;
    const nak = (await at.ask(rebooting(ip("203.0.113.9"), saying))) as Heard;
    for (const reply of [offer, ack, nak]) expect(reply.options.get(61)).toEqual(clientId);
    expect([offer.type, ack.type, nak.type]).toEqual([2, 5, 6]);
    expect(((await at.ask(discover())) as Heard).options.has(61)).toBe(false);
  });

  test("D035 the mask comes before the router, then what was asked in that order", async () => {
    const at = await world();
    const order = (asked: readonly number[]) =>
      at.ask(discover({ from: stranger(1), options: [list(...asked)] })).then((o) => codes(o!));
    expect(await order([3, 1, 66, 15, 6])).toEqual([53, 54, 51, 58, 59, 1, 3, 66, 15, 6]);
    expect(await order([150, 66])).toEqual([53, 54, 51, 58, 59, 1, 150, 66, 3]);
    expect(await order([6, 42, 3, 1])).toEqual([53, 54, 51, 58, 59, 1, 6, 42, 3]);
  });

  test("D036 options come only when asked for, but phones get their boot server always", async () => {
    const at = await world();
    expect(codes((await at.ask(discover({ from: stranger(3), options: [list(1)] }))) as Heard)).toEqual([
      53, 54, 51, 58, 59, 1, 3,
    ]);
    const cisco = (await at.ask(discover({ from: stranger(1), options: [list(1), [60, CISCO]] }))) as Heard;
    expect(codes(cisco).slice(7)).toEqual([66, 150]);
    const polycom = (await at.ask(discover({ from: stranger(2), options: [list(1), [60, POLYCOM]] }))) as Heard;
    expect(codes(polycom).slice(7)).toEqual([66, 160]);
  });

  test("D036 a client that sends no list is told everything but voice VLANs", async () => {
    const at = await world();
    const offer = (await at.ask(discover())) as Heard;
    expect(codes(offer)).toEqual([53, 54, 51, 58, 59, 1, 3, 6, 15, 28, 66, 150, 42, 2]);
  });

  test("D037 150 is addresses in order of preference, 66 text without a NUL", async () => {
    const at = await world({ boot: { ...settings.boot, moreServers: [ip("192.0.2.11"), ip("192.0.2.12")] } });
    const offer = (await at.ask(discover({ options: [list(66, 150)] }))) as Heard;
    expect(offer.options.get(150)).toEqual(addressesValue([SERVER, ip("192.0.2.11"), ip("192.0.2.12")]));
    expect(offer.options.get(66)).toEqual(text("192.0.2.10"));
  });

  test("D038 no option stands twice in a reply unless it is one long value", async () => {
    const at = await world();
    const asked = [66, 66, 150, 66, 3, 1, 3, 150];
    const { octets } = (await at.ask(discover({ options: [list(...asked), [60, CISCO]] }))) as Heard;
    const seen: number[] = [];
    for (let i = 240; octets[i] !== 255; i += 2 + (octets[i + 1] as number)) seen.push(octets[i] as number);
    expect(new Set(seen).size).toBe(seen.length);
  });

  test.each([
    ["CP-7940G\0", 150],
    ["CP-7960G\0", 150],
    ["CP-7941G\0", 150],
    ["CP-7970G\0", 150],
    ["7905", 150],
    ["7912", 150],
    ["CP-7906G\0", 150],
    ["CP-7911G\0", 150],
    ["CP-7975G\0", 150],
  ])("D039 66, 150 and siaddr name one server to a Cisco phone that calls itself %j", async (model) => {
    const at = await world();
    const vendor = text(`Cisco Systems, Inc. IP Phone ${model}`);
    const offer = (await at.ask(discover({ options: [[60, vendor]] }))) as Heard;
    expect(offer.options.get(66)).toEqual(text(offer.siaddr));
    expect(addressOption(offer.options, 150)).toBe(offer.siaddr);
    expect([offer.sname.length, offer.file.length, offer.options.has(67)]).toEqual([0, 0, false]);
  });

  test.each(["Polycom-SPIP335", "Polycom-VVX310", "Polycom-SoundPointIP-SPIP_601"])(
    "D039 66, 160 and siaddr name one server to a Polycom phone that calls itself %s",
    async (vendor) => {
      const at = await world();
      const offer = (await at.ask(discover({ options: [[60, text(vendor)]] }))) as Heard;
      expect(offer.options.get(66)).toEqual(text(offer.siaddr));
      expect(offer.options.get(160)).toEqual(text(offer.siaddr));
    },
  );

  test("D039 where the admin gives a URL, Polycom phones read it in 66 and 160, others the address", async () => {
    const polycomUrl = "http://192.0.2.10/polycom";
    const at = await world({ boot: { ...settings.boot, polycomUrl } });
    const polycom = (await at.ask(discover({ options: [[60, POLYCOM]] }))) as Heard;
    expect(polycom.options.get(66)).toEqual(text(polycomUrl));
    expect(polycom.options.get(160)).toEqual(text(polycomUrl));
    const cisco = (await at.ask(discover({ from: stranger(1), options: [[60, CISCO]] }))) as Heard;
    expect(cisco.options.get(66)).toEqual(text("192.0.2.10"));
    expect(cisco.options.has(160)).toBe(false);
  });

  test("D041 no reply is longer than option 57, the interface and 576 allow, headers counted", async () => {
    const at = await world({ largestReply: 1000 });
    const much = { options: [[61, new Uint8Array(255).fill(1)]] as (readonly [number, Uint8Array])[] };
    const size = async (value?: number) => {
      const options = [
        ...much.options,
        ...(value === undefined ? [] : [[57, Uint8Array.of(value >> 8, value)] as const]),
      ];
      return ((await at.ask(discover({ options }))) as Heard).octets.length;
    };
    expect(await size()).toBeLessThanOrEqual(548);
    expect(await size(600)).toBeLessThanOrEqual(572);
    expect(await size(65535)).toBeLessThanOrEqual(1000);
  });

  test("D015 an option 57 below 576 counts as 576, one of two octets only", async () => {
    const at = await world();
    for (const value of [[0, 10], [2, 63], [255, 255], [1], []])
      expect(((await at.ask(discover({ options: [[57, Uint8Array.from(value)]] }))) as Heard).options.has(66)).toBe(
        true,
      );
  });

  test("D042 a reply that is too long is overloaded: into file, then sname, and 82 stays last in options", async () => {
    const at = await world({
      boot: { ...settings.boot, vendorSpecific: { cisco: new Uint8Array(120).fill(7) } },
    });
    const options = [
      [60, CISCO],
      [61, new Uint8Array(100).fill(3)],
      [82, Uint8Array.of(1, 90, ...new Uint8Array(90).fill(5))],
    ] as const;
    const offer = (await at.ask(discover({ options, fields: { giaddr: ip("198.51.100.1") } }), RELAY)) as Heard;
    expect(offer.octets.length).toBeLessThanOrEqual(548);
    expect([...offer.octets.subarray(243, 246)]).toEqual([52, 1, 1]);
    expect(offer.options.get(43)?.length).toBe(120);
    const end = offer.octets.lastIndexOf(255);
    expect([...offer.octets.subarray(end - 94, end - 92)]).toEqual([82, 92]);
  });

  test("D043 D114 what still does not fit is left out, least important first, and never what a phone boots by", async () => {
    const at = await world({
      boot: { ...settings.boot, vendorSpecific: { cisco: new Uint8Array(250).fill(7) } },
    });
    const options = [
      [60, CISCO],
      [82, Uint8Array.of(1, 253, ...new Uint8Array(253).fill(5))],
    ] as const;
    const offer = (await at.ask(discover({ options, fields: { giaddr: ip("198.51.100.1") } }), RELAY)) as Heard;
    expect(offer.octets.length).toBeLessThanOrEqual(548);
    for (const code of [53, 54, 51, 58, 59, 1, 3, 66, 150, 82]) expect(codes(offer)).toContain(code);
    expect(codes(offer)).not.toContain(43);
    expect(offer.notes.map((note) => note.event)).toContain("dhcp.shortened");
  });

  test("D043 a client id and relay information of 255 octets each still get an answer within the limit", async () => {
    const at = await world();
    const options = [
      [60, CISCO],
      [61, new Uint8Array(255).fill(3)],
      [82, Uint8Array.of(1, 253, ...new Uint8Array(253).fill(5))],
    ] as const;
    const offer = (await at.ask(discover({ options, fields: { giaddr: ip("198.51.100.1") } }), RELAY)) as Heard;
    expect(offer.octets.length).toBeLessThanOrEqual(548);
    for (const code of [53, 54, 51, 1, 3, 66, 82]) expect(codes(offer)).toContain(code);
  });

  test("D044 whatever is asked, the reply decodes and its options are what the settings say", async () => {
    const at = await world({ limits: { ...settings.limits, client: { burst: 1e9, perSecond: 1 } } });
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 255 }),
        fc.uint8Array({ maxLength: 255 }),
        fc.option(fc.integer({ min: 0, max: 65535 }), { nil: undefined }),
        async (asked, clientId, largest) => {
          const options: (readonly [number, Uint8Array])[] = [
            [55, asked],
            [61, clientId],
          ];
          if (largest !== undefined) options.push([57, Uint8Array.of(largest >> 8, largest)]);
          const answer = await at.answer(discover({ from: stranger(clientId.length), options }));
          if (answer.is === "silence") return;
          expect(answer.octets.length).toBeLessThanOrEqual(Math.max(548, Math.min(largest ?? 0, 65535) - 28));
          expect(addressOption(decodeDhcp(answer.octets).options, 54)).toBe(SERVER);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("D045 T1 is half of the lease, T2 seven eighths, and no lease is for ever", async () => {
    const at = await world();
    const offer = (await at.ask(discover())) as Heard;
    expect([58, 59, 51].map((code) => number(offer, code))).toEqual([1800, 3150, 3600]);
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 0xfffffffe }), fc.double({ min: 0, max: 0.999, noNaN: true }), (s, r) => {
        const times = leaseTimes(s, r);
        expect(times.renewal).toBeLessThan(times.rebinding);
        expect(times.rebinding).toBeLessThan(times.lease);
        expect(times.lease).toBeLessThan(0xffffffff);
      }),
    );
  });

  test("D046 T1 strays by up to five percent either way", () => {
    expect(leaseTimes(100_000, 0).renewal).toBe(47_500);
    expect(leaseTimes(100_000, 0.999999).renewal).toBe(52_499);
    expect(Math.abs(leaseTimes(100_000, 0.5).renewal - 50_000)).toBeLessThanOrEqual(1);
  });

  test("D133 option 43 is sent to the family it was set for and to nobody else", async () => {
    const polycom = Uint8Array.of(1, 2, 3);
    const at = await world({ boot: { ...settings.boot, vendorSpecific: { polycom } } });
    const ask = async (n: number, vendor: Uint8Array) =>
      ((await at.ask(discover({ from: stranger(n), options: [list(43), [60, vendor]] }))) as Heard).options.get(43);
    expect(await ask(1, POLYCOM)).toEqual(polycom);
    expect(await ask(2, CISCO)).toBeUndefined();
    expect(await ask(3, text("MSFT 5.0"))).toBeUndefined();
  });

  test("voice VLANs are told to Polycom phones that ask, in the grammar they read", async () => {
    const at = await world({ boot: { ...settings.boot, voiceVlan: 10 } });
    for (const code of [128, 144, 157, 191]) {
      const offer = (await at.ask(discover({ options: [list(code), [60, POLYCOM]] }))) as Heard;
      expect(offer.options.get(code)).toEqual(text("VLAN-A=10;"));
    }
    expect(codes((await at.ask(discover({ options: [list(1), [60, POLYCOM]] }))) as Heard)).not.toContain(128);
  });

  test("42 is the time servers, 2 the offset in two's complement", async () => {
    const at = await world({ boot: { ...settings.boot, timeOffset: () => -18_000 } });
    const offer = (await at.ask(discover({ options: [list(42, 2)] }))) as Heard;
    expect(offer.options.get(42)).toEqual(addressesValue([ip("192.0.2.3")]));
    expect(offer.options.get(2)).toEqual(Uint8Array.of(0xff, 0xff, 0xb9, 0xb0));
    expect(numberValue(-1)).toEqual(Uint8Array.of(255, 255, 255, 255));
  });

  test("a subnet without router, name servers and domain says nothing of them", async () => {
    const { router: _router, domain: _domain, ...bare } = office;
    const at = await world({
      subnets: [{ ...bare, dns: [] }],
      boot: { server: SERVER, moreServers: [], ntp: [], vendorSpecific: {} },
    });
    expect(codes((await at.ask(discover(), HERE)) as Heard)).toEqual([53, 54, 51, 58, 59, 1, 28, 66, 150]);
  });
});
