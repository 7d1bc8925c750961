import { describe, expect, test } from "vitest";
import type { Lease } from "../../src/dhcp/lease.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { type Ipv4, ipv4ToOctets } from "../../src/wire/address.ts";
import { BROADCAST_FLAG, NO_ADDRESS } from "../../src/wire/dhcp.ts";
import { addressOption, MESSAGE, OPTION } from "../../src/wire/dhcp-options.ts";
import { expected, type Row, rows } from "./dhcp-request-reference.ts";
import {
  discover,
  dora,
  HERE,
  ip,
  message,
  NOON,
  office,
  PHONE,
  rebooting,
  remote,
  renewing,
  SERVER,
  selecting,
  stranger,
  type World,
  world,
} from "./dhcp-world.ts";

const ADDRESS = { "0": NO_ADDRESS, M: ip("192.0.2.120"), W: ip("192.0.2.121"), F: ip("203.0.113.5") };
const RELAY = { "0": NO_ADDRESS, ours: ip("192.0.2.1"), unknown: ip("203.0.113.1") };
const MINE = "01000e84c060a6";

function remembered(binding: Row["binding"]): Lease[] {
  const until = NOON + 3_000_000;
  const own = { ip: ADDRESS.M, mac: PHONE, clientKey: MINE };
  switch (binding) {
    case "bound":
      return [{ ...own, at: "bound", until }];
    case "expired":
      return [{ ...own, at: "bound", until: NOON - 1 }];
    case "another's":
      return [{ ip: ADDRESS.M, mac: stranger(1), clientKey: "other", at: "bound", until }];
    default:
      return [];
  }
}

async function outcome(row: Row): Promise<string> {
  const store = createMemoryStore();
  for (const lease of remembered(row.binding)) await store.putLease(lease);
  const at = await world({ authoritative: row.authoritative }, store);
  if (row.binding === "offered")
    await at.ask(discover({ options: [[OPTION.requestedAddress, ipv4ToOctets(ADDRESS.M)]] }));
  const options: [number, Uint8Array][] = [];
  if (row.option54 !== "none") options.push([54, ipv4ToOctets(row.option54 === "ours" ? SERVER : ip("192.0.2.99"))]);
  if (row.option50 !== "none") options.push([50, ipv4ToOctets(ADDRESS[row.option50])]);
  const fields = { ciaddr: ADDRESS[row.ciaddr], giaddr: RELAY[row.giaddr] };
  const reply = await at.ask(message(MESSAGE.request, { options, fields }));
  if (reply === undefined) return "silence";
  if (reply.type === MESSAGE.nak) return "NAK";
  expect(reply.type).toBe(MESSAGE.ack);
  expect((await store.leases()).find((lease) => lease.ip === reply.yiaddr)).toMatchObject({ at: "bound", mac: PHONE });
  return `ACK ${reply.yiaddr === ADDRESS.M ? "M" : reply.yiaddr === ADDRESS.W ? "W" : reply.yiaddr}`;
}

describe("the REQUEST table", () => {
  test("D070 D071 D072 D073 D074 D075 D076 D077 D078 all 1,440 rows are decided as the reference from the RFC decides them", async () => {
    const table = rows();
    expect(table).toHaveLength(1440);
    const wrong: unknown[] = [];
    for (const row of table) {
      const got = await outcome(row);
      if (got !== expected(row)) wrong.push({ ...row, got, expected: expected(row) });
    }
    expect(wrong).toEqual([]);
  });

  test("D070 a client that takes our offer gets its ACK", async () => {
    const at = await world();
    expect(await dora(at)).toBe("192.0.2.100");
  });

  test("D071 D141 a client that takes another's offer is answered by silence, and ours is free at once", async () => {
    const at = await world({
      subnets: [{ ...office, pools: [{ first: ip("192.0.2.100"), last: ip("192.0.2.100") }] }],
    });
    expect((await at.ask(discover({ from: stranger(1) })))?.yiaddr).toBe("192.0.2.100");
    expect(await at.ask(discover({ from: stranger(2) }))).toBeUndefined();
    const answer = await at.answer(selecting(ip("192.0.2.222"), { from: stranger(1) }, ip("192.0.2.99")));
    expect(answer).toMatchObject({ is: "silence", notes: [{ event: "dhcp.other-server" }] });
    expect((await at.ask(discover({ from: stranger(2) })))?.yiaddr).toBe("192.0.2.100");
  });

  test("D072 a client that asks us for another address than it was offered is refused", async () => {
    const at = await world();
    await at.ask(discover());
    expect((await at.ask(selecting(ip("192.0.2.150"))))?.type).toBe(MESSAGE.nak);
  });

  test("D073 after a restart an offer that nobody remembers is honoured when the address is free", async () => {
    const at = await world();
    expect((await at.ask(selecting(ip("192.0.2.150"))))?.yiaddr).toBe("192.0.2.150");
  });

  test("D074 a rebooting client keeps its address, is refused on the wrong network, and is unknown in silence", async () => {
    const at = await world();
    const address = await dora(at);
    expect((await at.ask(rebooting(address)))?.yiaddr).toBe(address);
    expect((await at.ask(rebooting(ip("203.0.113.9"))))?.type).toBe(MESSAGE.nak);
    expect((await at.ask(rebooting(ip("192.0.2.150"))))?.type).toBe(MESSAGE.nak);
    expect(await at.ask(rebooting(ip("192.0.2.151"), { from: stranger(1) }))).toBeUndefined();
  });

  test("D075 a renewal is answered straight to the client and extends the lease", async () => {
    const at = await world();
    const address = await dora(at);
    at.now += 1_800_000;
    const ack = await at.ask(renewing(address), { ...HERE, unicast: true });
    expect(ack).toMatchObject({ type: MESSAGE.ack, to: { by: "unicast", address, port: 68 } });
    expect(await at.store.leases()).toMatchObject([{ until: at.now + 3_600_000 }]);
  });

  test("D075 a renewal of another client's address is refused", async () => {
    const at = await world();
    const address = await dora(at, { from: stranger(1) });
    expect((await at.ask(renewing(address)))?.type).toBe(MESSAGE.nak);
    expect((await at.ask(renewing(ip("192.0.2.180"))))?.type).toBe(MESSAGE.nak);
  });

  test("D075 a routed renewal from a remote subnet is answered though no relay took part", async () => {
    const at = await world();
    const far = { source: { address: ip("198.51.100.1"), port: 67 }, interfaceAddress: SERVER };
    const fields = { giaddr: ip("198.51.100.1") };
    const offered = await at.ask(discover({ fields }), far);
    const address = offered?.yiaddr as Ipv4;
    await at.ask(selecting(address, { fields }), far);
    at.now += 3_600_000;
    expect((await at.ask(renewing(address), { ...HERE, unicast: true }))?.type).toBe(MESSAGE.ack);
  });

  test("D076 a rebinding broadcast is answered where the address is right for the wire it came from", async () => {
    const at = await world();
    const address = await dora(at);
    at.now += 3_200_000;
    expect((await at.ask(renewing(address), { ...HERE, unicast: false }))?.type).toBe(MESSAGE.ack);
    const elsewhere = { ...HERE, interfaceAddress: ip("198.51.100.10"), unicast: false };
    expect((await at.ask(renewing(address), elsewhere))?.type).toBe(MESSAGE.nak);
  });

  test("D077 D078 two addresses that differ, or none at all, are answered by silence", async () => {
    const at = await world();
    const address = await dora(at);
    const other = [[OPTION.requestedAddress, ipv4ToOctets(ip("192.0.2.150"))]] as const;
    expect(await at.ask(renewing(address, { options: other }))).toBeUndefined();
    expect(await at.ask(message(MESSAGE.request))).toBeUndefined();
    expect(await at.ask(message(MESSAGE.request, { options: [[54, ipv4ToOctets(SERVER)]] }))).toBeUndefined();
  });

  test("D079 a repeated REQUEST gets the same ACK again and is stored once", async () => {
    const store = createMemoryStore();
    let writes = 0;
    const counting = {
      ...store,
      putLease: (lease: Lease) => {
        writes++;
        return store.putLease(lease);
      },
    };
    const at = await world({}, counting);
    await at.ask(discover());
    const first = await at.ask(selecting(ip("192.0.2.100")));
    const again = await at.ask(selecting(ip("192.0.2.100")));
    expect(again?.octets).toEqual(first?.octets);
    at.now += 4000;
    const later = await at.ask(selecting(ip("192.0.2.100")));
    expect(later?.options.get(OPTION.leaseTime)).toEqual(Uint8Array.of(0, 0, 0x0e, 0x0c));
    expect(writes).toBe(1);
  });

  test("D080 a client that was refused starts again and gets an address", async () => {
    const at = await world();
    expect((await at.ask(rebooting(ip("203.0.113.9"))))?.type).toBe(MESSAGE.nak);
    expect(await dora(at)).toBe("192.0.2.100");
  });

  test("D081 no ACK leaves before the store has said that the lease is durable", async () => {
    const store = createMemoryStore();
    let settle: () => void = () => {};
    const slow = {
      ...store,
      putLease: async (lease: Lease) => {
        await new Promise<void>((resolve) => {
          settle = resolve;
        });
        await store.putLease(lease);
      },
    };
    const at = await world({}, slow);
    await at.ask(discover());
    let acked = 0;
    const answers = [1, 2, 3].map(() => at.ask(selecting(ip("192.0.2.100"))).then(() => acked++));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(acked).toBe(0);
    settle();
    await Promise.all(answers);
    expect(acked).toBe(3);
  });

  test("D082 a client whose lease ran out and whose address another has now is refused", async () => {
    const at = await world({
      subnets: [{ ...office, pools: [{ first: ip("192.0.2.100"), last: ip("192.0.2.100") }] }],
    });
    const address = await dora(at);
    at.now += 3_600_001;
    expect(await dora(at, { from: stranger(1) })).toBe(address);
    expect((await at.ask(renewing(address)))?.type).toBe(MESSAGE.nak);
    expect((await at.ask(rebooting(address)))?.type).toBe(MESSAGE.nak);
  });

  test("D083 a phone that moved is refused, gets an address of its new subnet, and the old one is free again", async () => {
    const at = await world();
    const old = await dora(at);
    const fields = { giaddr: ip("198.51.100.1") };
    expect((await at.ask(rebooting(old, { fields })))?.type).toBe(MESSAGE.nak);
    const offered = await at.ask(discover({ fields }));
    expect((await at.ask(selecting(offered?.yiaddr as Ipv4, { fields })))?.type).toBe(MESSAGE.ack);
    expect(await at.store.leases()).toMatchObject([
      { ip: old, at: "released" },
      { ip: offered?.yiaddr, at: "bound" },
    ]);
    expect(offered?.yiaddr).toBe(remote.pools[0]?.first);
  });

  test("D084 a NAK is broadcast, and through a relay it goes there with the broadcast flag set", async () => {
    const at = await world();
    await dora(at);
    const direct = await at.ask(rebooting(ip("203.0.113.9"), { fields: { flags: 0 } }));
    expect(direct).toMatchObject({ flags: 0, to: { by: "broadcast", address: "255.255.255.255", port: 68 } });
    const busy = await at.ask(renewing(ip("203.0.113.9")));
    expect(busy).toMatchObject({ type: MESSAGE.nak, to: { by: "broadcast" } });
    const giaddr = ip("192.0.2.1");
    const relayed = await at.ask(rebooting(ip("203.0.113.9"), { fields: { flags: 0, giaddr } }));
    expect(relayed).toMatchObject({ flags: BROADCAST_FLAG, to: { by: "relay", address: giaddr, port: 67 } });
  });

  test("D140 beside another server nobody is refused whose binding we neither hold nor held", async () => {
    const at: World = await world({ authoritative: false, answer: "everyone" });
    const known = await dora(at);
    let answered = 0;
    for (let n = 1; n <= 2000; n++) {
      const from = stranger(n);
      const foreign = ip(`192.0.2.${n % 255}`);
      const address = foreign === known ? ip("192.0.2.201") : foreign;
      const kinds = [rebooting(address, { from }), renewing(address, { from }), rebooting(ip("203.0.113.8"), { from })];
      if ((await at.ask(kinds[n % 3] as never)) !== undefined) answered++;
    }
    expect(answered).toBe(0);
    expect((await at.ask(rebooting(ip("203.0.113.8"))))?.type).toBe(MESSAGE.nak);
    expect(addressOption((await at.ask(renewing(known)))?.options as never, 54)).toBe(SERVER);
  });
});
