import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DhcpSubnet } from "../../src/dhcp/settings.ts";
import type { Ipv4 } from "../../src/wire/address.ts";
import { ipv4ToOctets } from "../../src/wire/address.ts";
import { MESSAGE, OPTION } from "../../src/wire/dhcp-options.ts";
import {
  declining,
  discover,
  dora,
  HERE,
  ip,
  net,
  office,
  PHONE,
  rebooting,
  releasing,
  remote,
  renewing,
  SERVER,
  selecting,
  settings,
  stranger,
  text,
  type World,
  world,
} from "./dhcp-world.ts";

const small = (count: number, more: Partial<DhcpSubnet> = {}): DhcpSubnet => ({
  ...office,
  pools: [{ first: ip("192.0.2.100"), last: ip(`192.0.2.${99 + count}`) }],
  ...more,
});
const wish = (address: Ipv4) => [[OPTION.requestedAddress, ipv4ToOctets(address)]] as const;
const offer = async (at: World, n: number, ...rest: [Parameters<typeof discover>[0]?]) =>
  (await at.ask(discover({ from: stranger(n), ...rest[0] })))?.yiaddr;
const RELAY = { source: { address: ip("198.51.100.1"), port: 67 }, interfaceAddress: SERVER };

describe("which address a DISCOVER is offered", () => {
  test("D050 a new client is offered an address of the pool of its own subnet", async () => {
    const at = await world();
    expect(await offer(at, 1)).toBe("192.0.2.100");
    const far = await at.ask(discover({ from: stranger(2), fields: { giaddr: ip("198.51.100.1") } }), RELAY);
    expect(far?.yiaddr).toBe("198.51.100.100");
  });

  test("D051 a client that is bound is offered its own address", async () => {
    const at = await world();
    await dora(at, { from: stranger(1) });
    const mine = await dora(at, { from: stranger(2) });
    at.now += 1_800_000;
    expect(await offer(at, 2)).toBe(mine);
  });

  test("D052 D096 a client whose lease ran out or was released is offered the same address while it is free", async () => {
    const at = await world();
    const first = await dora(at, { from: stranger(1) });
    const second = await dora(at, { from: stranger(2) });
    await at.ask(releasing(second, { from: stranger(2) }));
    at.now += 3_600_001;
    expect(await offer(at, 2)).toBe(second);
    expect(await offer(at, 1)).toBe(first);
  });

  test("D053 a wish is granted when the address is free", async () => {
    const at = await world();
    expect(await offer(at, 1, { options: wish(ip("192.0.2.177")) })).toBe("192.0.2.177");
  });

  test("D053 a wish for what is in use, reserved, outside, network, broadcast, ours or the router's gets another", async () => {
    const wide = small(100, {
      pools: [{ first: ip("192.0.2.0"), last: ip("192.0.2.255") }],
      reservations: [{ ip: ip("192.0.2.50"), mac: PHONE }],
    });
    const at = await world({ subnets: [wide] });
    const used = await dora(at, { from: stranger(1), options: wish(ip("192.0.2.60")) });
    const forbidden = [used, "192.0.2.50", "203.0.113.5", "192.0.2.0", "192.0.2.255", SERVER, "192.0.2.1", "192.0.2.2"];
    for (const [i, address] of forbidden.entries()) {
      const got = await offer(at, 10 + i, { options: wish(ip(address)) });
      expect(got).toBeDefined();
      expect(forbidden).not.toContain(got);
    }
  });

  test("D054 a repeated DISCOVER, with the same xid or another, is offered the same address", async () => {
    const at = await world();
    const first = await offer(at, 1);
    await offer(at, 2);
    expect(await offer(at, 1)).toBe(first);
    expect(await offer(at, 1, { fields: { xid: 99 } })).toBe(first);
    at.now += 60_000;
    expect(await offer(at, 1, { fields: { xid: 100 } })).toBe(first);
  });

  test("D055 an address that is on offer is offered to nobody else for at least ten seconds", async () => {
    const at = await world({ subnets: [small(3)] });
    const offers = [await offer(at, 1), await offer(at, 2), await offer(at, 3)];
    expect(new Set(offers).size).toBe(3);
    at.now += 10_000;
    expect(await offer(at, 4)).toBeUndefined();
    at.now += 10_000;
    expect(offers).toContain(await offer(at, 4));
  });

  test("D056 a reservation by MAC goes before one by client id, that before one by relay port", async () => {
    const me = Uint8Array.of(0, 7, 7);
    const circuit = [OPTION.relayInformation, Uint8Array.of(1, 2, 0xca, 0xfe)] as const;
    const byMac = { ip: ip("198.51.100.10"), mac: stranger(1) };
    const byClient = { ip: ip("198.51.100.11"), clientId: "000707" };
    const byCircuit = { ip: ip("198.51.100.12"), circuitId: "cafe" };
    const saying = { from: stranger(1), fields: { giaddr: ip("198.51.100.1") }, options: [[61, me], circuit] as const };
    const ask = async (reservations: DhcpSubnet["reservations"]) =>
      (await (await world({ subnets: [{ ...remote, reservations }] })).ask(discover(saying), RELAY))?.yiaddr;
    expect(await ask([byCircuit, byClient, byMac])).toBe(byMac.ip);
    expect(await ask([byCircuit, byClient])).toBe(byClient.ip);
    expect(await ask([byCircuit])).toBe(byCircuit.ip);
  });

  test("D056 a port is told apart by its switch where ports of several switches are called alike", async () => {
    const option82 = [OPTION.relayInformation, Uint8Array.of(1, 2, 0xca, 0xfe, 2, 1, 0xb1)] as const;
    const anywhere = { ip: ip("198.51.100.12"), circuitId: "cafe" };
    const there = { ip: ip("198.51.100.13"), circuitId: "cafe", remoteId: "b1" };
    const wholeSwitch = { ip: ip("198.51.100.14"), remoteId: "b1" };
    const elsewhere = { ip: ip("198.51.100.15"), circuitId: "cafe", remoteId: "b2" };
    const saying = { from: stranger(1), fields: { giaddr: ip("198.51.100.1") }, options: [option82] };
    const ask = async (...reservations: DhcpSubnet["reservations"]) =>
      (await (await world({ subnets: [{ ...remote, reservations }] })).ask(discover(saying), RELAY))?.yiaddr;
    expect(await ask(wholeSwitch, anywhere, elsewhere, there)).toBe(there.ip);
    expect(await ask(wholeSwitch, anywhere, elsewhere)).toBe(anywhere.ip);
    expect(await ask(wholeSwitch, elsewhere)).toBe(wholeSwitch.ip);
    expect(await ask(elsewhere)).toBe("198.51.100.100");
  });

  test("D056 a reservation by client id reaches a client that sends none by `01` and its MAC, and one of one octet (D012)", async () => {
    const reservations = [{ ip: ip("192.0.2.60"), clientId: `01${PHONE}` }];
    for (const options of [[], [[61, Uint8Array.of(9)]]] as const) {
      const at = await world({ subnets: [{ ...office, reservations }] });
      expect(await dora(at, { options })).toBe("192.0.2.60");
    }
  });

  test("D056 a reserved client is bound, renews and comes back to its address, whatever MAC it has", async () => {
    const reservations = [{ ip: ip("192.0.2.60"), clientId: "6c6f626279" }];
    const at = await world({ subnets: [{ ...office, reservations }] });
    const options = [[61, text("lobby")]] as const;
    expect(await dora(at, { from: stranger(1), options })).toBe("192.0.2.60");
    expect((await at.ask(renewing(ip("192.0.2.60"), { from: stranger(1), options })))?.type).toBe(MESSAGE.ack);
    expect((await at.ask(rebooting(ip("192.0.2.60"), { from: stranger(2), options })))?.type).toBe(MESSAGE.ack);
    expect(await dora(at, { from: stranger(3), options: [[61, text("hall")]] })).toBe("192.0.2.100");
  });

  test("D056 a reserved address is given to nobody else, even when the pool is empty and it is free", async () => {
    const subnet = small(2, { reservations: [{ ip: ip("192.0.2.100"), mac: PHONE }] });
    const at = await world({ subnets: [subnet] });
    expect(await dora(at, { from: stranger(1) })).toBe("192.0.2.101");
    expect(await offer(at, 2)).toBeUndefined();
    expect(await offer(at, 2, { options: wish(ip("192.0.2.100")) })).toBeUndefined();
    expect(await dora(at)).toBe("192.0.2.100");
  });

  test("D056 a reservation made while another holds the address waits until that lease ends", async () => {
    const before = await world({ subnets: [small(2)] });
    const taken = await dora(before, { from: stranger(1) });
    const at = await world({ subnets: [small(2, { reservations: [{ ip: taken, mac: PHONE }] })] }, before.store);
    expect(await dora(at)).toBe("192.0.2.101");
    at.now += 3_600_001;
    expect(await dora(at)).toBe(taken);
  });

  test("D057 an empty pool is silence with an event; then the longest expired goes first, then released, then rested", async () => {
    const at = await world({ subnets: [small(4)], quarantine: 600 });
    const got: Ipv4[] = [];
    for (const n of [1, 2, 3, 4]) {
      got.push(await dora(at, { from: stranger(n) }));
      at.now += 1000;
    }
    const empty = await at.answer(discover({ from: stranger(9) }));
    expect(empty).toMatchObject({ is: "silence", notes: [{ event: "pool.exhausted" }] });
    await at.ask(declining(got[3] as Ipv4, { from: stranger(4) }));
    await at.ask(releasing(got[2] as Ipv4, { from: stranger(3) }));
    at.now += 3_600_000;
    const order = [await offer(at, 10), await offer(at, 11), await offer(at, 12), await offer(at, 13)];
    expect(order).toEqual([got[0], got[1], got[2], got[3]]);
  });

  test("D057 no live lease is ever given away, whatever the order of events", async () => {
    const action = fc.record({
      client: fc.integer({ min: 0, max: 7 }),
      act: fc.constantFrom("dora", "discover", "release", "decline", "wait"),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        const at = await world({ subnets: [small(4)], quarantine: 500 });
        const held = new Map<Ipv4, { by: number; until: number }>();
        for (const { client, act } of actions) {
          const from = stranger(client);
          if (act === "wait") at.now += 700_000;
          else if (act === "release" || act === "decline") {
            const mine = [...held].find(([, lease]) => lease.by === client && lease.until > at.now)?.[0];
            if (mine === undefined) continue;
            await at.ask(act === "release" ? releasing(mine, { from }) : declining(mine, { from }));
            held.delete(mine);
          } else {
            const offered = await at.ask(discover({ from }));
            if (offered === undefined) continue;
            const lease = held.get(offered.yiaddr);
            expect(lease === undefined || lease.until <= at.now || lease.by === client).toBe(true);
            if (act === "discover") continue;
            const ack = await at.ask(selecting(offered.yiaddr, { from }));
            expect(ack?.type).toBe(MESSAGE.ack);
            held.set(offered.yiaddr, { by: client, until: at.now + 3_600_000 - 10_000 });
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test.each([1, 2, 254])("D058 a pool of %i gives out each of its addresses once", async (count) => {
    const subnet: DhcpSubnet = {
      ...office,
      subnet: net("10.0.0.0/16"),
      pools: [{ first: ip("10.0.1.1"), last: ip(`10.0.1.${count}`) }],
    };
    const at = await world({ subnets: [subnet] });
    const here = { ...HERE, interfaceAddress: ip("10.0.0.1") };
    const got = new Set<Ipv4>();
    for (let n = 0; n < count; n++) {
      const from = stranger(n);
      const offered = await at.ask(discover({ from }), here);
      await at.ask(selecting(offered?.yiaddr as Ipv4, { from }), here);
      got.add(offered?.yiaddr as Ipv4);
    }
    expect(got.size).toBe(count);
    expect(await at.ask(discover({ from: stranger(count) }), here)).toBeUndefined();
  });

  test("D058 a pool of 65,534 gives out every address once, and picks as fast at its end as at its start", async () => {
    const subnet: DhcpSubnet = {
      ...office,
      subnet: net("10.1.0.0/16"),
      pools: [{ first: ip("10.1.0.1"), last: ip("10.1.255.254") }],
    };
    const { createNetwork } = await import("../../src/dhcp/network.ts");
    const { createLeaseTable } = await import("../../src/dhcp/table.ts");
    const network = createNetwork({ ...settings, subnets: [subnet] });
    const table = createLeaseTable([], network);
    const pool = network.poolOf(ip("10.1.0.1"));
    // The router, name server and server of these settings are outside.
    expect(pool?.size).toBe(65_534);
    const take = (n: number, now: number) => {
      const picked = pool?.pick(now, false);
      if (picked === undefined) return undefined;
      table.apply(picked, { is: "bind", to: { mac: stranger(n), clientKey: `${n}` }, until: now + 1000 }, now);
      return picked;
    };
    const got = new Set<Ipv4>();
    for (let n = 0; n < 65_534; n++) got.add(take(n, 0) as Ipv4);
    expect(got.size).toBe(65_534);
    expect(take(70_000, 0)).toBeUndefined();
    for (let n = 0; n < 65_534; n++) got.delete(take(80_000 + n, 1000) as Ipv4);
    expect(got.size).toBe(0);
  });

  test("D059 D118 subnet selection and virtual subnets of a client itself are ignored", async () => {
    const at = await world();
    const options = [
      [118, ipv4ToOctets(ip("198.51.100.0"))],
      [221, Uint8Array.of(0, 65)],
    ] as const;
    expect(await offer(at, 1, { options })).toBe("192.0.2.100");
  });

  test("D059 subnet selection through a relay is obeyed only where relays are trusted", async () => {
    const options = [
      [118, ipv4ToOctets(ip("198.51.100.0"))],
      [82, Uint8Array.of(1, 1, 5)],
    ] as const;
    const saying = { from: stranger(1), options, fields: { giaddr: ip("192.0.2.1") } };
    expect((await (await world()).ask(discover(saying), RELAY))?.yiaddr).toBe("198.51.100.100");
    const wary = await world({ trustRelays: false });
    expect((await wary.ask(discover(saying), RELAY))?.yiaddr).toBe("192.0.2.100");
  });

  test("D060 rapid commit is answered by an OFFER like any DISCOVER", async () => {
    const at = await world();
    const reply = await at.ask(discover({ options: [[OPTION.rapidCommit, new Uint8Array(0)]] }));
    expect(reply?.type).toBe(MESSAGE.offer);
    expect(reply?.options.has(80)).toBe(false);
  });

  test("D061 option 108 is not sent to those who ask for it", async () => {
    const at = await world();
    const reply = await at.ask(discover({ options: [[55, Uint8Array.of(108, 1)]] }));
    expect(reply?.options.has(108)).toBe(false);
  });

  test("D063 a DISCOVER with ciaddr, with option 54 and with any secs is answered", async () => {
    const at = await world();
    for (const fields of [{ ciaddr: ip("192.0.2.150") }, { secs: 0xffff }])
      expect((await at.ask(discover({ fields })))?.type).toBe(MESSAGE.offer);
    expect((await at.ask(discover({ options: [[54, ipv4ToOctets(SERVER)]] })))?.type).toBe(MESSAGE.offer);
  });

  test("D064 of two thousand DISCOVERs 99 in 100 are answered within ten milliseconds", async () => {
    const at = await world({ limits: { ...settings.limits, client: { burst: 1e9, perSecond: 1 } } });
    const took: number[] = [];
    for (let n = 0; n < 2000; n++) {
      const began = performance.now();
      await at.answer(discover({ from: stranger(n % 20) }));
      took.push(performance.now() - began);
    }
    expect(took.sort((a, b) => a - b)[1979]).toBeLessThan(10);
  });

  describe("on a wire with several subnets", () => {
    const sharing = { sharedNetwork: "floor" };
    const one = ip("198.51.100.100");
    const twin: DhcpSubnet = { ...remote, ...sharing, pools: [{ first: one, last: one }] };

    test("the subnets help each other out, and each tells its own mask and router", async () => {
      const at = await world({ subnets: [small(1, sharing), twin] });
      expect(await dora(at, { from: stranger(1) })).toBe("192.0.2.100");
      const second = await at.ask(discover({ from: stranger(2) }));
      expect(second).toMatchObject({ yiaddr: one });
      expect(second?.options.get(OPTION.router)).toEqual(ipv4ToOctets(ip("198.51.100.1")));
      expect(await dora(at, { from: stranger(2) })).toBe(one);
      expect(await offer(at, 3)).toBeUndefined();
    });

    test("a client keeps its address of either subnet, by renewal, reboot and DISCOVER", async () => {
      const at = await world({ subnets: [small(2, sharing), twin] });
      const wished = { options: wish(one) };
      expect(await dora(at, wished)).toBe(one);
      expect((await at.ask(renewing(one)))?.type).toBe(MESSAGE.ack);
      expect((await at.ask(rebooting(one)))?.type).toBe(MESSAGE.ack);
      expect((await at.ask(discover()))?.yiaddr).toBe(one);
    });

    test("D053 a wish is granted in any of them", async () => {
      const at = await world({ subnets: [small(2, sharing), twin] });
      expect(await offer(at, 1, { options: wish(one) })).toBe(one);
      expect(await offer(at, 2, { options: wish(one) })).toBe("192.0.2.100");
    });

    test("D056 a reservation in any of them reaches a client of the wire, directly and through a relay in either", async () => {
      const reservations = [{ ip: ip("198.51.100.9"), mac: PHONE }];
      const subnets = [small(2, sharing), { ...twin, reservations }];
      expect(await dora(await world({ subnets }))).toBe("198.51.100.9");
      for (const giaddr of ["192.0.2.1", "198.51.100.1"]) {
        const relayed = discover({ fields: { giaddr: ip(giaddr) } });
        expect((await (await world({ subnets })).ask(relayed, RELAY))?.yiaddr).toBe("198.51.100.9");
      }
    });

    test("D083 an address of a subnet on another wire is refused, one of the same wire is not", async () => {
      const apart = { ...remote, subnet: net("203.0.113.0/24"), pools: [], router: ip("203.0.113.1") };
      const at = await world({ subnets: [small(2, sharing), twin, apart] });
      expect(await dora(at)).toBe("192.0.2.100");
      const elsewhere = { fields: { giaddr: ip("203.0.113.1") } };
      const sameWire = { fields: { giaddr: ip("198.51.100.1") } };
      expect((await at.ask(rebooting(ip("192.0.2.100"), elsewhere), RELAY))?.type).toBe(MESSAGE.nak);
      expect((await at.ask(rebooting(ip("192.0.2.100"), sameWire), RELAY))?.type).toBe(MESSAGE.ack);
    });
  });
});

describe("the probe before an offer", () => {
  const probing = (used: ReadonlySet<string>) => {
    const asked: string[] = [];
    const probe = (address: Ipv4) => {
      asked.push(address);
      return Promise.resolve(used.has(address) ? ("used" as const) : ("free" as const));
    };
    return { asked, probe };
  };

  test("D062 an address that answers is quarantined and another offered; the next client is not offered it either", async () => {
    const { asked, probe } = probing(new Set(["192.0.2.100"]));
    const at = await world({}, undefined, { probe });
    const reply = await at.ask(discover({ from: stranger(1) }));
    expect(reply?.yiaddr).toBe("192.0.2.101");
    expect(reply?.notes.map((note) => note.event)).toEqual(["lease.conflict", "lease.offered"]);
    expect(await offer(at, 2)).toBe("192.0.2.102");
    expect(asked).toEqual(["192.0.2.100", "192.0.2.101", "192.0.2.102"]);
    expect(await at.store.leases()).toMatchObject([{ ip: "192.0.2.100", at: "declined" }]);
  });

  test("D062 the same client's last address is not probed: the client itself may answer", async () => {
    const { asked, probe } = probing(new Set());
    const at = await world({}, undefined, { probe });
    await dora(at);
    at.now += 4_000_000;
    await dora(at);
    expect(asked).toEqual(["192.0.2.100"]);
  });

  test("D062 when three addresses answer, that DISCOVER is silence and the next one goes on", async () => {
    const { probe } = probing(new Set(["192.0.2.100", "192.0.2.101", "192.0.2.102"]));
    const at = await world({}, undefined, { probe });
    expect(await offer(at, 1)).toBeUndefined();
    expect(await offer(at, 1)).toBe("192.0.2.103");
  });

  test("D062 a repeated DISCOVER waits for the probe under way, and the address is probed once", async () => {
    let finish: (result: "free") => void = () => {};
    let asked = 0;
    const probe = () => {
      asked++;
      return new Promise<"free">((resolve) => {
        finish = resolve;
      });
    };
    const at = await world({}, undefined, { probe });
    const both = [at.ask(discover({ from: stranger(1) })), at.ask(discover({ from: stranger(1) }))];
    await Promise.resolve();
    finish("free");
    const [first, second] = await Promise.all(both);
    expect([first?.yiaddr, second?.yiaddr, asked]).toEqual(["192.0.2.100", "192.0.2.100", 1]);
  });

  test("D062 a probe that fails counts as no answer", async () => {
    const at = await world({}, undefined, { probe: () => Promise.reject(new Error("no ARP here")) });
    expect(await offer(at, 1)).toBe("192.0.2.100");
  });
});
