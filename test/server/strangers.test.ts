import { afterEach, describe, expect, test } from "vitest";
import { createNamedPhones } from "../../src/provision/named-phones.ts";
import { type Service, start } from "../../src/server/start.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { liveHeap } from "../memory.ts";
import { createSite } from "./site.ts";
import { byHttp, byTftp, compareVerdicts } from "./verdicts.ts";

const services: Service[] = [];
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop("the test is over");
});

const mac = (number: number) => (0x000e84c00000 + number).toString(16).padStart(12, "0") as Mac;
const fileOf = (number: number) => `SIP${mac(number).toUpperCase()}.cnf`;

test("S22 TFTP and HTTP give 400 addresses and names the same answer, to the octet", async () => {
  const { triples, served, differing } = await compareVerdicts(400, 22);
  expect(differing).toEqual([]);
  expect([triples, served > 60, served < 340]).toEqual([400, true, true]);
});

describe("a stranger beyond a router", () => {
  test("S20 R51 who names phone after phone is caught before it has found one, by either protocol, and said once in the log", async () => {
    const site = createSite();
    const service = await start(site.config, site.log);
    services.push(service);
    const phones = [40, 61, 92].map((number) => ({
      mac: mac(number),
      model: "7960",
      running: "P0S3-8-12-00",
      lines: [{ name: "1", password: "c4nary" }],
    }));
    await service.ask.putPhones({ phones });
    for (let number = 0; number < 100; number++) {
      expect(await byHttp(service, "127.0.0.66", fileOf(number))).toBe("refused");
      if (number < 19) expect(await byTftp(service, "127.0.0.67", fileOf(30 + number))).toBe("refused");
    }
    const said = site.lines.filter(({ event }) => event === "file.not-yours");
    expect(said.map(({ ip }) => ip).sort()).toEqual(["127.0.0.66", "127.0.0.67"]);
    // A phone that is where nobody else is still gets its own.
    expect(await byTftp(service, "127.0.0.68", fileOf(40))).toContain("c4nary");
    expect(await byHttp(service, "127.0.0.68", fileOf(40))).toContain("c4nary");
  });

  test("S20 an address that many phones are said to share is not counted", async () => {
    const site = createSite();
    const access = { ...site.config.access, shared: [{ network: "127.0.0.66" as Ipv4, prefix: 32 }] };
    const service = await start({ ...site.config, access }, site.log);
    services.push(service);
    const phones = Array.from({ length: 12 }, (_, number) => ({
      mac: mac(number),
      model: "7960",
      running: "P0S3-8-12-00",
      lines: [{ name: "1", password: "c4nary" }],
    }));
    await service.ask.putPhones({ phones });
    for (let number = 0; number < 12; number++) {
      expect(await byHttp(service, "127.0.0.66", fileOf(number))).toContain("c4nary");
    }
  });

  test("what was named is forgotten after an hour, and a flood of forged addresses fills no memory", () => {
    const named = createNamedPhones();
    const ip = "192.0.2.9" as Ipv4;
    for (let number = 0; number < 8; number++) expect(named.name(ip, mac(number), number)).toBe("believed");
    expect(named.name(ip, mac(8), 8)).toBe("caught");
    expect(named.name(ip, mac(9), 9)).toBe("refused");
    expect(named.name(ip, mac(3), 10)).toBe("believed");
    expect(named.name(ip, mac(9), 3_600_010)).toBe("believed");
    const before = liveHeap();
    for (let number = 0; number < 300_000; number++) {
      named.name(`10.${number >> 16}.${(number >> 8) & 255}.${number & 255}` as Ipv4, mac(1), number);
    }
    expect(liveHeap() - before).toBeLessThan(24 * 2 ** 20);
    expect(named.name(ip, mac(1), 3_600_011)).toBe("believed");
  });
});
