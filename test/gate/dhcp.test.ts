import { describe, expect, test } from "vitest";
import { decodeDhcp, encodeDhcp } from "../../src/wire/dhcp.ts";
import { MESSAGE, OPTION } from "../../src/wire/dhcp-options.ts";
import { MalformedPacket } from "../../src/wire/malformed.ts";
import { liveHeap } from "../memory.ts";
import { NOT_PHONES } from "../provision/dhcp-fingerprints.ts";
import { compareWithModel } from "../provision/dhcp-model.ts";
import {
  declining,
  discover,
  dora,
  HERE,
  ip,
  message,
  office,
  PHONE,
  rebooting,
  releasing,
  renewing,
  selecting,
  settings,
  stranger,
  text,
  world,
} from "../provision/dhcp-world.ts";

const MILLION = Number(process.env.DHCP_FUZZ ?? 1_000_000);
const unlimited = { ...settings.limits, client: { burst: 1e9, perSecond: 1e9 } };

/** xorshift32: the same packets in every run. */
function dice(seed: number): (n: number) => number {
  let x = seed;
  return (n) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % n;
  };
}

describe("DHCP, the long figures", () => {
  test(`R01 ${MILLION} random and mutated packets: no error but MalformedPacket, a phone is served throughout, memory stays`, async () => {
    const roll = dice(7);
    const at = await world({ limits: { ...settings.limits } });
    const seeds = [
      discover({
        options: [
          [60, text("Cisco Systems, Inc. IP Phone CP-7960G\0")],
          [55, Uint8Array.of(1, 3, 66, 150)],
        ],
      }),
      selecting(ip("192.0.2.120")),
      rebooting(ip("192.0.2.121")),
      renewing(ip("192.0.2.122")),
      releasing(ip("192.0.2.123")),
      declining(ip("192.0.2.124")),
      message(MESSAGE.inform, { fields: { ciaddr: ip("192.0.2.9") } }),
      discover({
        fields: { giaddr: ip("198.51.100.1") },
        options: [[82, Uint8Array.of(1, 2, 3, 4, 5, 4, 192, 0, 2, 0)]],
      }),
    ].map((packet) => encodeDhcp(packet) as Uint8Array);
    const mine = await dora(at, { from: stranger(999_999) });
    let malformed = 0;
    let answered = 0;
    let before = 0;
    for (let n = 0; n < MILLION; n++) {
      if (n === Math.floor(MILLION / 10)) before = liveHeap();
      const octets = (seeds[roll(seeds.length)] as Uint8Array).slice(0, roll(8) === 0 ? roll(301) : 300);
      // Another client each time, then a few octets anywhere.
      for (let i = 31; i < 34 && i < octets.length; i++) octets[i] = roll(256);
      for (let flips = roll(6); flips > 0; flips--) octets[roll(octets.length)] = roll(256);
      if (roll(3) === 0) for (let i = 240 + roll(40); i < octets.length; i++) octets[i] = roll(256);
      try {
        if ((await at.desk.answer(decodeDhcp(octets), HERE, at.now)).is === "reply") answered++;
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedPacket);
        malformed++;
      }
      if (n % 100 === 0) at.now += 1000;
      if (n % 50_000 === 0) expect((await at.ask(renewing(mine, { from: stranger(999_999) })))?.type).toBe(MESSAGE.ack);
    }
    const grown = (liveHeap() - before) / 2 ** 20;
    console.log(`${MILLION} packets: ${malformed} malformed, ${answered} answered, heap ${grown.toFixed(1)} MiB more`);
    expect(malformed).toBeGreaterThan(MILLION / 100);
    expect(grown).toBeLessThan(32);
  });

  test(`R50 D135 ${MILLION} requests of 60 kinds of clients that are no phones: not one reply`, async () => {
    const at = await world({ answer: "phones", limits: unlimited });
    const address = ip("192.0.2.120");
    const packets = NOT_PHONES.flatMap(({ vendorClass, asks }, n) => {
      const asked = [OPTION.parameterRequestList, Uint8Array.from(asks.split(",").map(Number))] as const;
      const options = vendorClass === undefined ? [asked] : [asked, [OPTION.vendorClass, text(vendorClass)] as const];
      const saying = { from: stranger(n), options };
      return [
        discover(saying),
        selecting(address, saying),
        rebooting(address, saying),
        renewing(address, saying),
        releasing(address, saying),
        declining(address, saying),
        message(MESSAGE.inform, { ...saying, fields: { ciaddr: address } }),
      ];
    });
    let replies = 0;
    for (let n = 0; n < MILLION; n++) {
      const packet = packets[n % packets.length] as (typeof packets)[number];
      if ((await at.desk.answer(packet, HERE, at.now)).is === "reply") replies++;
    }
    expect(replies).toBe(0);
  });

  test("R50 D140 100,000 mixed requests beside another server: no NAK to anybody whose binding is not ours", async () => {
    const at = await world({ authoritative: false, limits: unlimited });
    const roll = dice(11);
    let naks = 0;
    for (let n = 0; n < 100_000; n++) {
      const from = stranger(1 + roll(50_000));
      const address = ip(`${["192.0.2", "198.51.100", "203.0.113"][roll(3)]}.${roll(256)}`);
      const packet = [
        rebooting(address, { from }),
        renewing(address, { from }),
        selecting(address, { from }, ip("192.0.2.99")),
      ][roll(3)] as ReturnType<typeof discover>;
      const answer = await at.desk.answer(packet, HERE, at.now);
      if (answer.is === "reply" && answer.octets[242] === MESSAGE.nak) naks++;
    }
    expect(naks).toBe(0);
    expect(await dora(at, { from: PHONE })).toBe(office.pools[0]?.first);
  });

  test("R03 a million random steps agree with a plain second server", async () => {
    let acks = 0;
    for (let seed = 1; seed <= 20; seed++) acks += (await compareWithModel(seed * 7919, MILLION / 20)).acks;
    expect(acks).toBeGreaterThan(MILLION / 20);
  });
});
