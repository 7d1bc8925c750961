import { describe, expect, test } from "vitest";
import { MESSAGE, OPTION } from "../../src/wire/dhcp-options.ts";
import {
  codes,
  declining,
  discover,
  dora,
  HERE,
  ip,
  NOON,
  office,
  PHONE,
  releasing,
  renewing,
  SERVER,
  selecting,
  stranger,
  world,
} from "./dhcp-world.ts";

describe("the DHCP desk", () => {
  test("a phone gets an address, the boot server in 66, 150 and siaddr, and the lease is in the store", async () => {
    const at = await world();
    const offer = await at.ask(discover());
    expect(offer).toMatchObject({ type: MESSAGE.offer, yiaddr: "192.0.2.100", siaddr: SERVER });
    const ack = await at.ask(selecting(ip("192.0.2.100")));
    expect(ack).toMatchObject({ type: MESSAGE.ack, yiaddr: "192.0.2.100", siaddr: SERVER });
    expect(await at.store.leases()).toMatchObject([
      { ip: "192.0.2.100", mac: PHONE, at: "bound", until: NOON + 3_600_000 },
    ]);
  });
  test("a reservation, a release and a decline", async () => {
    const at = await world({ subnets: [{ ...office, reservations: [{ ip: ip("192.0.2.50"), mac: PHONE }] }] });
    expect(await dora(at)).toBe("192.0.2.50");
    const other = await dora(at, { from: stranger(1) });
    expect(await at.ask(releasing(other, { from: stranger(1) }))).toBeUndefined();
    expect(await dora(at, { from: stranger(1) })).toBe(other);
    await at.ask(declining(other, { from: stranger(1) }));
    expect(await dora(at, { from: stranger(1) })).not.toBe(other);
    expect(HERE).toBeDefined();
    expect(codes((await at.ask(renewing(ip("192.0.2.50"))))!)).toContain(OPTION.leaseTime);
  });
});
