import { describe, expect, test } from "vitest";
import { createDhcpProbe } from "../../src/net/dhcp-probe.ts";
import { ip } from "../provision/dhcp-world.ts";

const HEADER = "IP address       HW type     Flags       HW address            Mask     Device\n";

describe("the probe of an address", () => {
  test("D062 a host that refuses the datagram has the address", async () => {
    const probe = createDhcpProbe({ from: ip("127.0.0.1"), elapsed: () => 0, table: () => HEADER });
    expect(await probe(ip("127.0.0.1"))).toBe("used");
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
    expect(reads, "all of one moment are answered by one reading of the kernel's table").toBe(1);
  });
});
