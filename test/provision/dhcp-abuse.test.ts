import { describe, expect, test } from "vitest";
import { createNoteSieve } from "../../src/provision/dhcp-notes.ts";
import type { Ipv4 } from "../../src/wire/address.ts";
import { MESSAGE } from "../../src/wire/dhcp-options.ts";
import {
  discover,
  dora,
  ip,
  office,
  PHONE,
  renewing,
  selecting,
  settings,
  stranger,
  text,
  world,
} from "./dhcp-world.ts";

const pool = (first: string, last: string) => [{ first: ip(first), last: ip(last) }];

describe("abuse", () => {
  test("D150 a hundred thousand invented clients in a minute take nothing from those who are bound or reserved", async () => {
    const reservations = [{ ip: ip("192.0.2.5"), mac: PHONE }];
    const at = await world({ subnets: [{ ...office, pools: pool("192.0.2.3", "192.0.2.254"), reservations }] });
    const bound: [number, Ipv4][] = [];
    for (let n = 0; n < 200; n++) bound.push([n, await dora(at, { from: stranger(n) })]);
    let held = 0;
    for (let n = 0; n < 100_000; n++) {
      if (n % 1700 === 0) at.now += 1000;
      const answer = await at.answer(discover({ from: stranger(1000 + n) }));
      if (answer.is === "reply") held++;
      if (n % 5000 === 0) {
        const [who, address] = bound[(n / 5000) % 200] as [number, Ipv4];
        expect((await at.ask(renewing(address, { from: stranger(who) })))?.type).toBe(MESSAGE.ack);
        expect((await at.ask(discover({ from: stranger(who) })))?.yiaddr).toBe(address);
      }
    }
    expect(held).toBeGreaterThan(0);
    expect((await at.ask(discover()))?.yiaddr).toBe("192.0.2.5");
    at.now += 16_000;
    expect((await at.ask(discover({ from: stranger(999_999) })))?.type).toBe(MESSAGE.offer);
  });

  test("D150 offers that nobody takes hold a quarter of the pool at most", async () => {
    const at = await world();
    let offered = 0;
    for (let n = 0; n < 100; n++) if ((await at.ask(discover({ from: stranger(n) }))) !== undefined) offered++;
    expect(offered).toBe(25);
  });

  test("D150 one port of a relay brings a few dozen new clients, and the others are not hurt by it", async () => {
    const fields = { giaddr: ip("192.0.2.1") };
    const circuit = (port: number) => [[82, Uint8Array.of(1, 1, port)]] as const;
    const at = await world({ subnets: [{ ...office, pools: pool("192.0.2.3", "192.0.2.254") }] });
    let taken = 0;
    for (let n = 0; n < 200; n++) {
      const saying = { from: stranger(n), fields, options: circuit(1) };
      const offer = await at.ask(discover(saying));
      if (offer !== undefined && (await at.ask(selecting(offer.yiaddr, saying)))?.type === MESSAGE.ack) taken++;
    }
    expect(taken).toBe(32);
    expect((await at.ask(discover({ from: stranger(900), fields, options: circuit(2) })))?.type).toBe(MESSAGE.offer);
  });

  test("D151 one MAC that invents client ids gets four addresses at most", async () => {
    const at = await world({ limits: { ...settings.limits, client: { burst: 1e9, perSecond: 1 } } });
    for (let n = 0; n < 3000; n++) {
      const options = [[61, text(`id ${n}`)]] as const;
      const offer = await at.ask(discover({ options }));
      if (offer !== undefined) await at.ask(selecting(offer.yiaddr, { options }));
    }
    expect((await at.store.leases()).filter((lease) => lease.mac === PHONE)).toHaveLength(4);
  });

  test("D152 one client id under many MACs has one lease", async () => {
    const at = await world();
    const options = [[61, text("the same")]] as const;
    const got = new Set<Ipv4>();
    for (let n = 0; n < 100; n++) got.add(await dora(at, { from: stranger(n), options }));
    expect(got.size).toBe(1);
    expect(await at.store.leases()).toHaveLength(1);
  });

  test("D153 a client that floods is cut off, and is answered again soon after it stops", async () => {
    const at = await world();
    let answered = 0;
    for (let n = 0; n < 10_000; n++) if ((await at.ask(discover())) !== undefined) answered++;
    expect(answered).toBe(40);
    at.now += 1000;
    expect((await at.ask(discover()))?.type).toBe(MESSAGE.offer);
  });

  test("D154 a flood writes less than a megabyte of log in a minute", async () => {
    const at = await world();
    const sieve = createNoteSieve();
    let size = 0;
    for (let n = 0; n < 30_000; n++) {
      at.now += 2;
      const packet = n % 3 === 0 ? discover({ from: stranger(n), fields: { op: 2 } }) : discover({ from: stranger(n) });
      for (const note of (await at.answer(packet)).notes)
        for (const line of sieve.pass(note, at.now)) size += JSON.stringify(line).length + 100;
    }
    expect(size).toBeLessThan(1_000_000);
  });

  test("what a sieve held back is counted when the minute is over", () => {
    const sieve = createNoteSieve();
    const note = { event: "pool.exhausted", detail: "192.0.2.0/24" } as const;
    expect(sieve.pass(note, 0)).toEqual([note]);
    for (let n = 1; n <= 5; n++) expect(sieve.pass(note, n)).toEqual([]);
    expect(sieve.pass(note, 60_000)).toEqual([
      { event: "pool.exhausted", detail: "5 more like the last in that minute" },
      note,
    ]);
    expect(sieve.pass(note, 30_000)).toEqual([note]);
  });

  test("D155 the records are never more than the addresses, whoever comes", async () => {
    const at = await world({ subnets: [{ ...office, pools: pool("192.0.2.100", "192.0.2.109") }], offerHold: 10 });
    for (let n = 0; n < 500; n++) {
      at.now += 4_000_000;
      await dora(at, { from: stranger(n) });
    }
    expect((await at.store.leases()).length).toBeLessThanOrEqual(10);
  });
});
