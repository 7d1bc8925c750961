import { describe, expect, test } from "vitest";
import type { Migration } from "../../src/migration/migration.ts";
import { createNoteSieve } from "../../src/provision/dhcp-notes.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Mac } from "../../src/wire/address.ts";
import { ipv4ToOctets } from "../../src/wire/address.ts";
import { MESSAGE, OPTION } from "../../src/wire/dhcp-options.ts";
import { NOT_PHONES } from "./dhcp-fingerprints.ts";
import {
  declining,
  discover,
  dora,
  ip,
  message,
  PHONE,
  rebooting,
  releasing,
  renewing,
  SERVER,
  selecting,
  settings,
  stranger,
  text,
  world,
} from "./dhcp-world.ts";

const unlimited = { ...settings.limits, client: { burst: 1e9, perSecond: 1e9 } };

function enrolled(mac: Mac, at: "waiting" | "cancelled"): Migration {
  return {
    mac,
    model: "7960",
    family: "cisco-7940",
    target: "P0S3-8-12-00",
    stages: [],
    progress: at === "waiting" ? { at, stage: 1 } : { at, running: undefined },
    wish: "go",
    enrolledAt: 0,
    since: 0,
  } as unknown as Migration;
}

describe("whom the service answers", () => {
  test("D135 in mode phones nothing that is no phone gets one reply, whatever it sends", async () => {
    expect(NOT_PHONES.length).toBeGreaterThanOrEqual(60);
    const at = await world({ answer: "phones", limits: unlimited });
    const mine = [[OPTION.serverId, ipv4ToOctets(SERVER)]] as const;
    const address = ip("192.0.2.120");
    let replies = 0;
    for (const [n, { vendorClass, asks }] of NOT_PHONES.entries()) {
      const asked = [OPTION.parameterRequestList, Uint8Array.from(asks.split(",").map(Number))] as const;
      const options = vendorClass === undefined ? [asked] : [asked, [OPTION.vendorClass, text(vendorClass)] as const];
      const saying = { from: stranger(n), options };
      for (const packet of [
        discover(saying),
        discover({ ...saying, options: [...options, ...mine] }),
        selecting(address, saying),
        rebooting(address, saying),
        renewing(address, saying),
        rebooting(ip("203.0.113.1"), saying),
        declining(address, saying),
        releasing(address, saying),
        message(MESSAGE.inform, { ...saying, fields: { ciaddr: address } }),
      ])
        if ((await at.ask(packet)) !== undefined) replies++;
    }
    expect(replies).toBe(0);
    expect(await at.store.leases()).toEqual([]);
  });

  test("D135 in mode phones a phone is known by option 60, by its OUI or by the inventory", async () => {
    const store = createMemoryStore();
    await store.putPhones([{ mac: stranger(7), lines: [], settings: {} }]);
    const at = await world({ answer: "phones" }, store);
    const byClass = { from: stranger(1), options: [[60, text("Cisco Systems, Inc. IP Phone CP-7960G\0")]] as const };
    expect((await at.ask(discover(byClass)))?.type).toBe(MESSAGE.offer);
    expect((await at.ask(discover({ from: PHONE })))?.type).toBe(MESSAGE.offer);
    expect((await at.ask(discover({ from: stranger(7) })))?.type).toBe(MESSAGE.offer);
    expect(await at.ask(discover({ from: stranger(8) }))).toBeUndefined();
  });

  test("D136 a PC behind a phone, on the same port of the same relay, gets nothing", async () => {
    const at = await world({ answer: "phones" });
    const circuit = [82, Uint8Array.of(1, 2, 0xca, 0xfe)] as const;
    const fields = { giaddr: ip("198.51.100.1") };
    expect((await at.ask(discover({ fields, options: [circuit] })))?.type).toBe(MESSAGE.offer);
    const pc = { from: stranger(1), fields, options: [circuit, [60, text("MSFT 5.0")]] as const };
    expect(await at.ask(discover(pc))).toBeUndefined();
  });

  test("D138 a PC that calls itself a phone gets an address and the boot server, and no more than any phone", async () => {
    const at = await world({ answer: "phones" });
    const options = [
      [60, text("Cisco Systems, Inc. IP Phone CP-7960G\0")],
      [55, Uint8Array.from({ length: 254 }, (_, i) => i + 1)],
    ] as const;
    const offer = await at.ask(discover({ from: stranger(1), options }));
    expect([...(offer?.options.keys() ?? [])].sort((a, b) => a - b)).toEqual([
      1, 2, 3, 6, 15, 28, 42, 51, 53, 54, 58, 59, 66, 150,
    ]);
  });

  test("in mode enrolled only phones under migration are answered, and whoever holds a lease can keep it", async () => {
    const store = createMemoryStore();
    await store.putMigration(enrolled(PHONE, "waiting"), []);
    const at = await world({ answer: "enrolled" }, store);
    const address = await dora(at);
    expect(await at.ask(discover({ from: stranger(1) }))).toBeUndefined();
    await store.putMigration(enrolled(PHONE, "cancelled"), []);
    expect((await at.ask(renewing(address)))?.type).toBe(MESSAGE.ack);
    await at.ask(releasing(address));
    expect(await at.ask(discover())).toBeUndefined();
  });

  test("D139 clients that are not answered cost one line of the log a minute", async () => {
    const at = await world({ answer: "phones" });
    const sieve = createNoteSieve();
    let lines = 0;
    for (let n = 0; n < 600; n++) {
      at.now += 100;
      const { notes } = await at.answer(discover({ from: stranger(n) }));
      for (const note of notes) lines += sieve.pass(note, at.now).length;
    }
    expect(lines).toBeLessThanOrEqual(3);
  });

  test("D142 a client that takes another server's offer is seen at once", async () => {
    const at = await world();
    const answer = await at.answer(selecting(ip("192.0.2.7"), {}, ip("192.0.2.66")));
    expect(answer.notes).toMatchObject([{ event: "dhcp.other-server", detail: expect.stringContaining("192.0.2.66") }]);
  });

  test("what a phone says of itself is a sighting, once for each lease and not for each packet", async () => {
    const at = await world({ answer: "phones" });
    const options = [[60, text("Cisco Systems, Inc. IP Phone CP-7960G\0")]] as const;
    const address = await dora(at, { options });
    await at.ask(selecting(address, { options }));
    expect(await at.store.sightings(PHONE, 9)).toMatchObject([
      { mac: PHONE, ip: address, by: "dhcp", model: "7960", evidence: "DHCP: CP-7960G" },
    ]);
    expect(await at.store.holderOf(address)).toMatchObject({ mac: PHONE });
  });
});
