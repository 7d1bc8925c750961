import type { NetworkInterfaceInfo } from "node:os";
import { describe, expect, test } from "vitest";
import { dhcpSettings, findDhcpPlace } from "../../src/server/dhcp-settings.ts";
import type { Failure } from "../../src/server/failure.ts";
import { createSite } from "./site.ts";

const at = (address: string) => [{ address, family: "IPv4" } as NetworkInterfaceInfo];
const machine = { lo: at("127.0.0.1"), eth0: at("192.0.2.10"), eth1: [...at("10.0.0.1"), ...at("198.51.100.7")] };

function place(more: string, serverAddress = "192.0.2.10") {
  const { config } = createSite(more);
  const site = { ...config.site, serverAddress: serverAddress as typeof config.site.serverAddress };
  return findDhcpPlace({ ...config, site }, machine);
}

describe("the interface for DHCP", () => {
  test("is the one that is named, with the address of the server or of a subnet", () => {
    expect(place("dhcp: { interface: eth0 }\n")).toEqual({ interface: "eth0", address: "192.0.2.10" });
    expect(place("dhcp: { interface: eth1, subnets: [ { subnet: 198.51.100.0/24 } ] }\n").address).toBe("198.51.100.7");
    expect(place("dhcp: { interface: eth1 }\n").address).toBe("10.0.0.1");
  });

  test("is else the one that has the server's address", () => expect(place("").interface).toBe("eth0"));

  test.each([
    ["dhcp: { interface: eth9 }\n", "192.0.2.10", "there is no interface eth9 with an IPv4 address"],
    ["", "203.0.113.1", "no interface of this machine has the address 203.0.113.1"],
  ])("is refused with those that there are where there is none: %s", (more, address, said) => {
    try {
      place(more, address);
      expect.unreachable();
    } catch (error) {
      expect((error as Failure).findings[0]).toMatchObject({
        message: said,
        remedy: "name one of: lo (127.0.0.1), eth0 (192.0.2.10), eth1 (10.0.0.1), eth1 (198.51.100.7)",
      });
    }
  });
});

describe("what the DHCP service is told", () => {
  test("comes from the configuration; host names are no addresses for option 42, and only everyone's server says NAK", () => {
    const { config } = createSite(`dhcp:
  answer: everyone
  subnets:
    - subnet: 192.0.2.0/24
      pool: "192.0.2.10-20, 192.0.2.30-40"
      router: 192.0.2.1
      leaseTime: 2h
      sharedNetwork: floor
      reservations:
        - { mac: 000e84c060a6, ip: 192.0.2.5 }
        - { clientId: lobby, ip: 192.0.2.6 }
        - { circuitId: g1, remoteId: "0x01ff", ip: 192.0.2.7 }
    - { subnet: 198.51.100.0/24, sharedNetwork: floor }
`);
    const site = { ...config.site, ntp: ["pool.example.net", "192.0.2.1"] };
    expect(dhcpSettings({ ...config, site }, config.site.serverAddress)).toMatchObject({
      answer: "everyone",
      authoritative: true,
      boot: { server: "127.0.0.1", ntp: ["192.0.2.1"] },
      subnets: [
        {
          pools: [
            { first: "192.0.2.10", last: "192.0.2.20" },
            { first: "192.0.2.30", last: "192.0.2.40" },
          ],
          leaseTime: 7200,
          router: "192.0.2.1",
          sharedNetwork: "floor",
          reservations: [
            { mac: "000e84c060a6", ip: "192.0.2.5" },
            { clientId: "6c6f626279", ip: "192.0.2.6" },
            { circuitId: "6731", remoteId: "01ff", ip: "192.0.2.7" },
          ],
        },
        { sharedNetwork: "floor", reservations: [] },
      ],
    });
    expect(dhcpSettings(createSite("").config, config.site.serverAddress).authoritative).toBe(false);
  });
});
