import { describe, expect, test } from "vitest";
import { destinationOf, isHostAddress } from "../../src/dhcp/destination.ts";
import { discover, ip, renewing } from "../provision/dhcp-world.ts";

const PORTS = { server: 67, client: 68 };
const giaddr = ip("198.51.100.1");

describe("where a reply goes", () => {
  test("D100 through a relay to giaddr and the server port, whatever else is set", () => {
    for (const kind of ["offer", "ack", "nak"] as const)
      expect(destinationOf(discover({ fields: { giaddr, ciaddr: ip("192.0.2.7") } }), kind, PORTS)).toEqual({
        by: "relay",
        address: giaddr,
        port: 67,
      });
  });

  test("D101 to a client with an address straight to it", () => {
    expect(destinationOf(renewing(ip("192.0.2.7")), "ack", PORTS)).toEqual({
      by: "unicast",
      address: "192.0.2.7",
      port: 68,
    });
  });

  test("D102 D103 to a client without an address by broadcast, with the broadcast flag and without", () => {
    for (const flags of [0x8000, 0])
      expect(destinationOf(discover({ fields: { flags } }), "offer", PORTS)).toEqual({
        by: "broadcast",
        address: "255.255.255.255",
        port: 68,
      });
  });

  test("D105 the relay's own port only where it is given", () => {
    expect(destinationOf(discover({ fields: { giaddr } }), "offer", PORTS, 4000).port).toBe(4000);
    expect(destinationOf(discover(), "offer", PORTS, 4000).port).toBe(68);
  });

  test("a rehearsal has ports of its own", () => {
    expect(destinationOf(renewing(ip("192.0.2.7")), "ack", { server: 6767, client: 6868 }).port).toBe(6868);
    expect(destinationOf(discover({ fields: { giaddr } }), "ack", { server: 6767, client: 6868 }).port).toBe(6767);
  });

  test("this network, loopback, multicast and broadcast are no host's address", () => {
    for (const none of ["0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"])
      expect(isHostAddress(ip(none))).toBe(false);
    for (const host of ["10.0.0.1", "192.0.2.1", "223.255.255.254"]) expect(isHostAddress(ip(host))).toBe(true);
  });
});
