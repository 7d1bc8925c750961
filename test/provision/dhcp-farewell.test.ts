import { describe, expect, test } from "vitest";
import type { Ipv4 } from "../../src/wire/address.ts";
import { ipv4ToOctets } from "../../src/wire/address.ts";
import { MESSAGE, OPTION } from "../../src/wire/dhcp-options.ts";
import {
  codes,
  declining,
  discover,
  dora,
  HERE,
  type Heard,
  ip,
  message,
  net,
  office,
  PHONE,
  releasing,
  SERVER,
  selecting,
  settings,
  stranger,
  text,
  world,
} from "./dhcp-world.ts";

const inform = (ciaddr: Ipv4, more: Parameters<typeof message>[1] = {}) =>
  message(MESSAGE.inform, { ...more, fields: { ...more.fields, ciaddr } });

describe("DECLINE", () => {
  test("D090 a declined address rests a day, with a warning and no reply, and nobody is offered it", async () => {
    const at = await world({
      subnets: [{ ...office, pools: [{ first: ip("192.0.2.100"), last: ip("192.0.2.101") }] }],
    });
    const bad = await dora(at);
    const answer = await at.answer(declining(bad));
    expect(answer).toMatchObject({ is: "silence", notes: [{ event: "lease.declined", ip: bad }] });
    expect(await at.store.leases()).toMatchObject([{ ip: bad, at: "declined", until: at.now + 86_400_000 }]);
    const other = await dora(at);
    expect(other).not.toBe(bad);
    expect(await at.ask(discover({ from: stranger(1) }))).toBeUndefined();
    at.now += 86_399_000;
    expect((await at.ask(discover({ from: stranger(1) })))?.yiaddr).toBe(other);
    at.now += 2000;
    expect((await at.ask(discover({ from: stranger(2) })))?.yiaddr).toBe(bad);
  });

  test("D091 a DECLINE of an address that its client does not hold, or to another server, changes nothing", async () => {
    const at = await world();
    const address = await dora(at);
    await at.ask(declining(address, { from: stranger(1) }));
    await at.ask(declining(ip("192.0.2.150")));
    await at.ask(message(MESSAGE.decline, { options: [[50, ipv4ToOctets(address)]] }));
    await at.ask(message(MESSAGE.decline, { options: [[54, ipv4ToOctets(SERVER)]] }));
    expect(await at.store.leases()).toMatchObject([{ ip: address, at: "bound" }]);
  });

  test("D092 a client that declines more than five addresses in an hour is not answered for that hour", async () => {
    const at = await world();
    for (let n = 0; n < 6; n++) await at.ask(declining(await dora(at)));
    expect(await at.ask(discover())).toBeUndefined();
    expect((await at.ask(discover({ from: stranger(1) })))?.type).toBe(MESSAGE.offer);
    at.now += 3_600_001;
    expect((await at.ask(discover()))?.type).toBe(MESSAGE.offer);
  });

  test("D092 ten thousand forged DECLINEs take nothing, and those of real holders one percent for long", async () => {
    const subnet = {
      ...office,
      subnet: net("10.0.0.0/16"),
      pools: [{ first: ip("10.0.1.0"), last: ip("10.0.9.255") }],
    };
    const at = await world({ subnets: [subnet] });
    const here = { ...HERE, interfaceAddress: ip("10.0.0.1") };
    for (let n = 0; n < 10_000; n++)
      await at.answer(declining(ip(`10.0.${1 + (n % 9)}.${n % 256}`), { from: stranger(n) }), here);
    expect(await at.store.leases()).toEqual([]);
    for (let n = 0; n < 300; n++) {
      const from = stranger(20_000 + n);
      const offered = (await at.ask(discover({ from }), here)) as Heard;
      await at.ask(selecting(offered.yiaddr, { from }), here);
      await at.ask(declining(offered.yiaddr, { from }), here);
    }
    at.now += 31_000;
    const resting = (await at.store.leases()).filter((lease) => lease.at === "declined" && lease.until > at.now);
    expect(resting.length).toBeLessThanOrEqual(23);
  });

  test("D093 where the admin allows it, the address that has rested longest is used when nothing else is left", async () => {
    const subnets = [{ ...office, pools: [{ first: ip("192.0.2.100"), last: ip("192.0.2.101") }] }];
    const at = await world({ subnets, reuseQuarantined: true });
    const first = await dora(at, { from: stranger(1) });
    await at.ask(declining(first, { from: stranger(1) }));
    at.now += 1000;
    const second = await dora(at, { from: stranger(2) });
    await at.ask(declining(second, { from: stranger(2) }));
    expect((await at.ask(discover({ from: stranger(3) })))?.yiaddr).toBe(first);
  });
});

describe("RELEASE", () => {
  test("D094 a released address is free, its record stays, and nothing is sent", async () => {
    const at = await world();
    const address = await dora(at);
    const answer = await at.answer(releasing(address));
    expect(answer).toMatchObject({ is: "silence", notes: [{ event: "lease.released" }] });
    expect(await at.store.leases()).toMatchObject([{ ip: address, at: "released", mac: PHONE }]);
  });

  test("D095 a RELEASE by another client, to another server or without an address changes nothing", async () => {
    const at = await world();
    const address = await dora(at);
    const elsewhere = [[OPTION.serverId, ipv4ToOctets(ip("192.0.2.99"))]] as const;
    await at.ask(releasing(address, { from: stranger(1) }));
    await at.ask(releasing(address, { options: [[61, text("someone else")]] }));
    await at.ask(message(MESSAGE.release, { options: elsewhere, fields: { ciaddr: address } }));
    await at.ask(message(MESSAGE.release, { fields: { ciaddr: address } }));
    await at.ask(releasing(ip("0.0.0.0")));
    expect(await at.store.leases()).toMatchObject([{ ip: address, at: "bound" }]);
  });

  test("D094 a RELEASE without option 54 counts where it was sent to our own address (systemd-networkd 252)", async () => {
    const at = await world();
    const address = await dora(at);
    const nameless = message(MESSAGE.release, { fields: { ciaddr: address } });
    await at.ask(nameless, { ...HERE, unicast: false });
    expect(await at.store.leases()).toMatchObject([{ at: "bound" }]);
    await at.ask(nameless, { ...HERE, unicast: true });
    expect(await at.store.leases()).toMatchObject([{ ip: address, at: "released" }]);
  });
});

describe("INFORM", () => {
  test("D097 is answered straight to ciaddr with options and no lease, and nothing is stored", async () => {
    const at = await world();
    const ack = (await at.ask(inform(ip("192.0.2.77"), { from: stranger(1) }))) as Heard;
    expect(ack).toMatchObject({ type: MESSAGE.ack, yiaddr: "0.0.0.0", to: { by: "unicast", address: "192.0.2.77" } });
    for (const code of [51, 58, 59]) expect(codes(ack)).not.toContain(code);
    expect(ack.options.get(66)).toEqual(text("192.0.2.10"));
    expect(await at.store.leases()).toEqual([]);
  });

  test("D097 a Polycom phone that had no option 66 is told 66 and 160", async () => {
    const at = await world({ answer: "phones" });
    const options = [[60, text("Polycom-SPIP335")]] as const;
    const ack = (await at.ask(inform(ip("192.0.2.77"), { from: stranger(1), options }))) as Heard;
    expect(codes(ack)).toEqual(expect.arrayContaining([66, 160]));
    expect(await at.store.sightings(stranger(1), 9)).toMatchObject([{ by: "dhcp", ip: "192.0.2.77" }]);
  });

  test("D098 through a relay with a ciaddr of no configured subnet it is silence", async () => {
    const at = await world();
    expect(await at.ask(inform(ip("203.0.113.7"), { fields: { giaddr: ip("198.51.100.1") } }))).toBeUndefined();
    expect(await at.ask(inform(ip("0.0.0.0")))).toBeUndefined();
    const relayed = await at.ask(inform(ip("198.51.100.7"), { fields: { giaddr: ip("198.51.100.1") } }));
    expect(relayed).toMatchObject({ to: { by: "unicast", address: "198.51.100.7" } });
  });

  test("D099 what is no phone is not informed where only phones are answered", async () => {
    const at = await world({ answer: "phones" });
    expect(await at.ask(inform(ip("192.0.2.77"), { from: stranger(1) }))).toBeUndefined();
    expect((await at.ask(inform(ip("192.0.2.77"))))?.type).toBe(MESSAGE.ack);
    expect(settings.answer).toBe("everyone");
  });
});
