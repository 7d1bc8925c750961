import { describe, expect, test } from "vitest";
import { createDhcpProbe } from "../../src/net/dhcp-probe.ts";
import { ip } from "../provision/dhcp-world.ts";

const HEADER = "IP address       HW type     Flags       HW address            Mask     Device\n";
const line = (address: string, flags: string, mac: string) =>
  `${address}      0x1         ${flags}         ${mac}     *        eth0\n`;

describe("the probe of an address", () => {
  test("D062 a host that refuses the datagram has the address", async () => {
    const probe = createDhcpProbe({ from: ip("127.0.0.1"), elapsed: () => 0, table: () => HEADER });
    expect(await probe(ip("127.0.0.1"))).toBe("used");
  });

  test("D062 a host that answers the kernel's ARP request has the address, within a moment", async () => {
    let text = HEADER;
    const probe = createDhcpProbe({ from: ip("127.0.0.1"), elapsed: () => 0, table: () => text });
    // Documentation addresses are nobody's; the table is what the kernel would write.
    const asked = probe(ip("192.0.2.77"));
    text += line("192.0.2.77", "0x0", "00:00:00:00:00:00");
    setTimeout(() => {
      text = HEADER + line("192.0.2.77", "0x2", "00:0e:84:c0:60:a6");
    }, 60);
    expect(["used", "free"]).toContain(await asked);
  });

  test("D062 nobody's address is free, in less than half a second, and is not asked for again at once", async () => {
    let reads = 0;
    let now = 0;
    const table = () => {
      reads++;
      throw new Error("no /proc here");
    };
    const probe = createDhcpProbe({ from: ip("127.0.0.1"), elapsed: () => now, table });
    const began = performance.now();
    expect(await probe(ip("192.0.2.78"))).toBe("free");
    expect(performance.now() - began).toBeLessThan(500);
    const asked = reads;
    expect(await probe(ip("192.0.2.78"))).toBe("free");
    expect(reads).toBe(asked);
    now += 31_000;
    await probe(ip("192.0.2.78"));
    expect(reads).toBeGreaterThan(asked);
  });

  test("D062 beyond two hundred a second addresses are taken for free unasked", async () => {
    let reads = 0;
    const probe = createDhcpProbe({
      from: ip("127.0.0.1"),
      elapsed: () => 0,
      table: () => {
        reads++;
        return HEADER;
      },
    });
    const all = Array.from({ length: 300 }, (_, n) => probe(ip(`127.0.${1 + (n >> 8)}.${n & 255}`)));
    const found = await Promise.all(all);
    expect(found.filter((one) => one === "used")).toHaveLength(200);
    expect(reads).toBeGreaterThanOrEqual(200);
  });
});
