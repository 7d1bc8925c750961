import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ipv4ToOctets } from "../../src/wire/address.ts";
import { addressOption, MESSAGE, OPTION } from "../../src/wire/dhcp-options.ts";
import {
  discover,
  dora,
  HERE,
  type Heard,
  ip,
  message,
  office,
  rebooting,
  remote,
  renewing,
  SERVER,
  selecting,
  settings,
  stranger,
  world,
} from "./dhcp-world.ts";

const GIADDR = ip("198.51.100.1");
const RELAY = { source: { address: GIADDR, port: 4011 }, interfaceAddress: SERVER };
const relayed = { fields: { giaddr: GIADDR } };
const info = (...octets: number[]) => [OPTION.relayInformation, Uint8Array.from(octets)] as const;

describe("through relay agents", () => {
  test("D110 D112 option 82 comes back octet by octet in OFFER, ACK and NAK, unknown sub-options and all", async () => {
    const at = await world();
    const saying = { ...relayed, options: [info(1, 2, 0xca, 0xfe, 200, 1, 9, 2, 0)] };
    const offer = (await at.ask(discover(saying), RELAY)) as Heard;
    const ack = (await at.ask(selecting(offer.yiaddr, saying), RELAY)) as Heard;
    const nak = (await at.ask(rebooting(ip("203.0.113.9"), saying), RELAY)) as Heard;
    expect([offer.type, ack.type, nak.type]).toEqual([2, 5, 6]);
    for (const reply of [offer, ack, nak]) {
      expect(reply.options.get(82)).toEqual(saying.options[0]?.[1]);
      expect([...reply.options.keys()].at(-1)).toBe(82);
    }
  });

  test("D016 D110 sub-options that overrun are echoed as they came", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 250 }), async (value) => {
        const at = await world();
        const offer = (await at.ask(discover({ ...relayed, options: [[82, value]] }), RELAY)) as Heard | undefined;
        // A well-formed link selection (sub-option 5) may point nowhere.
        if (offer === undefined) return;
        expect(offer.options.get(82)).toEqual(value);
      }),
      { numRuns: 100 },
    );
  });

  test("D111 where no option 82 came, none is sent", async () => {
    const at = await world();
    expect(((await at.ask(discover(relayed), RELAY)) as Heard).options.has(82)).toBe(false);
  });

  test("D113 option 82 that no relay put there is echoed and believed in nothing", async () => {
    const reservations = [{ ip: ip("192.0.2.60"), circuitId: "cafe" }];
    const at = await world({ subnets: [{ ...office, reservations }, remote] });
    const options = [info(1, 2, 0xca, 0xfe, 5, 4, 198, 51, 100, 0, 11, 4, 9, 9, 9, 9)];
    const offer = (await at.ask(discover({ options }))) as Heard;
    expect(offer.yiaddr).toBe("192.0.2.100");
    expect(addressOption(offer.options, 54)).toBe(SERVER);
    expect(offer.options.get(82)).toEqual(options[0]?.[1]);
    expect((await at.store.leases()).length).toBe(0);
  });

  test("D115 link selection chooses the pool, and the answer still goes to giaddr", async () => {
    const at = await world();
    const saying = { fields: { giaddr: ip("192.0.2.1") }, options: [info(5, 4, 198, 51, 100, 0)] };
    expect(await at.ask(discover(saying), RELAY)).toMatchObject({
      yiaddr: "198.51.100.100",
      to: { by: "relay", address: "192.0.2.1", port: 67 },
    });
  });

  test("D116 the server id that a relay asks for is ours in replies, and taken for ours in a REQUEST", async () => {
    const at = await world();
    const override = ip("198.51.100.1");
    const saying = { ...relayed, options: [info(11, 4, 198, 51, 100, 1)] };
    const offer = (await at.ask(discover(saying), RELAY)) as Heard;
    expect(addressOption(offer.options, 54)).toBe(override);
    const ack = (await at.ask(selecting(offer.yiaddr, saying, override), RELAY)) as Heard;
    expect(ack.type).toBe(MESSAGE.ack);
    expect(addressOption(ack.options, 54)).toBe(override);
    const wary = await world({ trustRelays: false });
    expect(addressOption(((await wary.ask(discover(saying), RELAY)) as Heard).options, 54)).toBe(SERVER);
  });

  test("D117 D118 relay flags and virtual subnet selection are echoed and change nothing", async () => {
    const at = await world();
    const options = [info(10, 1, 0x80, 151, 1, 0)];
    const offer = (await at.ask(discover({ ...relayed, options }), RELAY)) as Heard;
    expect(offer).toMatchObject({ yiaddr: "198.51.100.100", to: { by: "relay", port: 67 } });
    expect(offer.options.get(82)).toEqual(options[0]?.[1]);
  });

  test("D105 a relay that asks by sub-option 19 is answered at its own port, others at 67", async () => {
    const at = await world();
    const saying = { ...relayed, options: [info(19, 0)] };
    expect((await at.ask(discover(saying), RELAY))?.to.port).toBe(4011);
    expect((await at.ask(discover(relayed), RELAY))?.to.port).toBe(67);
    const wary = await world({ trustRelays: false });
    expect((await wary.ask(discover(saying), RELAY))?.to.port).toBe(67);
  });

  test("D119 a relay of no configured subnet is answered by silence, with a note", async () => {
    const at = await world();
    const answer = await at.answer(discover({ fields: { giaddr: ip("203.0.113.1") } }), RELAY);
    expect(answer).toMatchObject({ is: "silence", notes: [{ event: "dhcp.ignored" }] });
  });

  test("D120 a giaddr that is ours, loopback, multicast or broadcast is answered by silence", async () => {
    const at = await world();
    for (const none of ["192.0.2.10", "127.0.0.1", "224.0.0.5", "255.255.255.255", "0.0.0.1"])
      expect(await at.ask(discover({ fields: { giaddr: ip(none) } }), RELAY)).toBeUndefined();
  });

  test("D107 of two relays in a row the first one's giaddr counts, hops and all", async () => {
    const at = await world();
    const offer = await at.ask(discover({ fields: { giaddr: GIADDR, hops: 2 } }), HERE);
    expect(offer).toMatchObject({ yiaddr: "198.51.100.100", giaddr: GIADDR, hops: 0, to: { address: GIADDR } });
  });

  test("D106 all sixteen flags come back", async () => {
    const at = await world();
    expect((await at.ask(discover({ fields: { flags: 0x1234 } })))?.flags).toBe(0x1234);
  });

  test("D104 option 54 is the address of the interface that answers", async () => {
    const at = await world();
    expect(addressOption(((await at.ask(discover())) as Heard).options, 54)).toBe(SERVER);
  });

  test("D122 a renewal that comes past the relay keeps what the relay said, and its reservation", async () => {
    const reservations = [{ ip: ip("198.51.100.20"), circuitId: "cafe" }];
    const at = await world({ subnets: [office, { ...remote, reservations }] });
    const saying = { ...relayed, options: [info(1, 2, 0xca, 0xfe)] };
    const offer = (await at.ask(discover(saying), RELAY)) as Heard;
    await at.ask(selecting(offer.yiaddr, saying), RELAY);
    expect(offer.yiaddr).toBe("198.51.100.20");
    at.now += 3_600_000;
    expect((await at.ask(renewing(offer.yiaddr), { ...HERE, unicast: true }))?.type).toBe(MESSAGE.ack);
    expect(await at.store.leases()).toMatchObject([{ relayInformation: "0102cafe", at: "bound" }]);
  });

  test("a leasequery of a relay is answered by silence", async () => {
    const at = await world();
    expect(await at.ask(message(10, relayed), RELAY)).toBeUndefined();
    expect(await dora(at, { from: stranger(1) })).toBe("192.0.2.100");
    expect(ipv4ToOctets(SERVER)).toHaveLength(4);
    expect(settings.trustRelays).toBe(true);
  });
});
