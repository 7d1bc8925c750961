import { describe, expect, test } from "vitest";
import { encodeDhcp } from "../../src/wire/dhcp.ts";
import { MESSAGE, OPTION } from "../../src/wire/dhcp-options.ts";
import { discover, dora, HERE, ip, message, PHONE, settings, stranger, text, type World, world } from "./dhcp-world.ts";

const offered = async (at: World, ...args: Parameters<typeof discover>) =>
  (await at.ask(discover(...args)))?.type === MESSAGE.offer;

describe("what the desk accepts as a message", () => {
  test("D001 a BOOTREQUEST over Ethernet with option 53 is answered", async () => {
    expect(await offered(await world())).toBe(true);
  });

  test("D002 a BOOTREPLY is answered by silence, whatever it asks", async () => {
    const at = await world();
    for (const op of [0, 2, 3, 255]) expect(await at.ask(discover({ fields: { op } }))).toBeUndefined();
  });

  test("D003 a BOOTP request without option 53 is answered by silence", async () => {
    const at = await world();
    expect(await at.ask({ ...discover(), options: new Map() })).toBeUndefined();
    expect(await at.store.leases()).toEqual([]);
  });

  test("D005 a hardware address of 7 or 16 octets is a client like any other, none at all needs a client id", async () => {
    const at = await world();
    for (const hlen of [7, 16]) expect(await offered(at, { from: stranger(hlen), fields: { hlen } })).toBe(true);
    for (const htype of [0, 6, 32]) expect(await offered(at, { from: stranger(htype), fields: { htype } })).toBe(true);
    expect(await offered(at, { fields: { hlen: 0 } })).toBe(false);
    expect(await offered(at, { fields: { hlen: 0 }, options: [[OPTION.clientId, Uint8Array.of(0, 1)]] })).toBe(true);
  });

  test("D006 sixteen hops are taken, seventeen are a loop", async () => {
    const at = await world();
    for (const hops of [0, 1, 16]) expect(await offered(at, { fields: { hops } })).toBe(true);
    expect(await offered(at, { fields: { hops: 17 } })).toBe(false);
  });

  test("D009 an option 53 of no octet or of two is no message type", async () => {
    const at = await world();
    for (const value of [[], [1, 1]])
      expect(await at.ask({ ...discover(), options: new Map([[53, Uint8Array.from(value)]]) })).toBeUndefined();
  });

  test("D010 two options 53 are one of two octets, and dropped", async () => {
    const at = await world();
    for (const second of [1, 3]) {
      const octets = new Uint8Array(246);
      octets.set(encodeDhcp(discover())?.subarray(0, 240) ?? []);
      octets.set([53, 1, 1, 53, 1, second], 240);
      const { decodeDhcp } = await import("../../src/wire/dhcp.ts");
      expect((await at.desk.answer(decodeDhcp(octets), HERE, at.now)).is).toBe("silence");
    }
  });

  test("D011 D121 message types that are no client's, leasequery among them, are answered by silence", async () => {
    const at = await world({ limits: { ...settings.limits, client: { burst: 1000, perSecond: 1 } } });
    for (let type = 0; type < 256; type++) {
      if ([1, 3, 4, 7, 8].includes(type)) continue;
      expect(await at.ask(message(type))).toBeUndefined();
    }
  });

  test("D012 a client id of no octet or one is none; one of 255 is taken and echoed", async () => {
    const at = await world();
    const address = await dora(at);
    for (const value of [new Uint8Array(0), Uint8Array.of(1)])
      expect((await at.ask(discover({ options: [[61, value]] })))?.yiaddr).toBe(address);
    const long = new Uint8Array(255).fill(9);
    const offer = await at.ask(discover({ options: [[61, long]] }));
    expect(offer?.yiaddr).not.toBe(address);
    expect(offer?.options.get(61)).toEqual(long);
  });

  test("D012 a client id of type 1 and its own MAC is the same client as one that sends none", async () => {
    const at = await world();
    const address = await dora(at);
    const clientId = Uint8Array.of(1, 0, 0x0e, 0x84, 0xc0, 0x60, 0xa6);
    expect((await at.ask(discover({ options: [[61, clientId]] })))?.yiaddr).toBe(address);
  });

  test("D013 host names of any content cost nobody a lease", async () => {
    const at = await world();
    const names = [[], [0], new Array(255).fill(65), [0xc0, 0x0c], [63, ...new Array(70).fill(255)], [...text("a..b")]];
    for (const [i, name] of names.entries())
      for (const code of [12, 81])
        expect(await offered(at, { from: stranger(i), options: [[code, Uint8Array.from(name)]] })).toBe(true);
  });

  test("D014 a parameter request list may be full, repeat itself and name 0 and 255", async () => {
    const at = await world();
    const list = Uint8Array.from({ length: 255 }, (_, i) => (i % 2 === 0 ? i : 66));
    const offer = await at.ask(discover({ options: [[55, Uint8Array.from([0, 255, 255, ...list.subarray(3)])]] }));
    expect(offer?.options.get(66)).toEqual(text("192.0.2.10"));
  });

  test("D017 options of policy that are malformed are as if they were absent", async () => {
    const at = await world();
    for (const code of [43, 60, 77, 124, 125])
      for (const value of [[], [0], [255, 255], [0, 0, 0x36, 0x3d, 200, 1, 90]])
        expect(await offered(at, { options: [[code, Uint8Array.from(value)]] })).toBe(true);
  });

  test("D022 a DISCOVER that no configured subnet fits is answered by silence, and the next one is answered", async () => {
    const at = await world();
    const elsewhere = { ...HERE, interfaceAddress: ip("203.0.113.1"), unicast: true };
    expect(await at.ask(discover({ options: [[55, Uint8Array.of(1, 3, 6)]] }), elsewhere)).toBeUndefined();
    expect(await offered(at, { from: PHONE })).toBe(true);
  });
});
