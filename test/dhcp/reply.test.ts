import { expect, test } from "vitest";
import { offersOf, type Reply, writeReply } from "../../src/dhcp/reply.ts";
import type { Ipv4 } from "../../src/wire/address.ts";
import { decodeDhcp, encodeDhcp } from "../../src/wire/dhcp.ts";
import { addressesValue, numberValue, OPTION } from "../../src/wire/dhcp-options.ts";
import { discover, NOON, office, SERVER, settings, stranger } from "../provision/dhcp-world.ts";

const CODES = [1, 2, 3, 6, 15, 28, 42, 61, 66, 82, 150, 160, 254];

/** A list of codes, another for each `n` below 2,000. */
function list(n: number): Uint8Array {
  return Uint8Array.from([...CODES.filter((_, bit) => n & (1 << bit)), 200 + (n % 50)]);
}

test("what was encoded for one client is told to others that ask for the same, each with its own type, server and times", () => {
  const offers = new Map(
    (["cisco", "polycom", undefined] as const).map((vendor) => [vendor, offersOf(office, settings.boot, vendor, NOON)]),
  );
  for (let n = 0; n < 2000; n++) {
    // Some lists come again at once, some after more others than are kept, some never.
    const asked = n % 9 === 0 ? undefined : list(n % 3 === 0 ? n : n % 40);
    const vendor = (["cisco", "polycom", undefined] as const)[n % 3];
    const clientId = n % 4 === 0 ? Uint8Array.of(1, ...list(n)) : undefined;
    const relay = n % 5 === 0 ? Uint8Array.of(1, 2, n >> 8, n) : undefined;
    const options = new Map<number, Uint8Array>([
      ...(asked === undefined ? [] : [[OPTION.parameterRequestList, asked] as const]),
      ...(clientId === undefined ? [] : [[OPTION.clientId, clientId] as const]),
      ...(relay === undefined ? [] : [[OPTION.relayInformation, relay] as const]),
    ]);
    const request = { ...discover({ from: stranger(n) }), options };
    const serverId = (n % 7 === 0 ? "203.0.113.9" : SERVER) as Ipv4;
    const times = { lease: 3600 + n, renewal: 1800 + n, rebinding: 3150 + n };
    const told = offers.get(vendor) ?? new Map();
    const reply: Reply = { is: n % 2 ? "offer" : "ack", serverId, yiaddr: "192.0.2.100" as Ipv4, times, offers: told };
    const { octets, dropped } = writeReply(request, reply, SERVER, vendor, 1472);
    const said = decodeDhcp(octets);
    const always = vendor === "cisco" ? [66, 150] : vendor === "polycom" ? [66, 160] : [];
    const expected = new Map<number, Uint8Array>([
      [OPTION.messageType, Uint8Array.of(n % 2 ? 2 : 5)],
      [OPTION.serverId, addressesValue([serverId])],
      [OPTION.leaseTime, numberValue(times.lease)],
      [OPTION.renewalTime, numberValue(times.renewal)],
      [OPTION.rebindingTime, numberValue(times.rebinding)],
    ]);
    for (const code of [1, ...(asked ?? told.keys()), 3, ...always])
      if (told.has(code) && !expected.has(code)) expected.set(code, told.get(code) as Uint8Array);
    if (clientId !== undefined) expected.set(OPTION.clientId, clientId);
    if (relay !== undefined) expected.set(OPTION.relayInformation, relay);
    expect(dropped).toEqual([]);
    expect([...said.options]).toEqual([...expected]);
    // Octet by octet as the encoder writes whole messages.
    expect(octets).toEqual(encodeDhcp(said));
  }
});
