import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DHCP_DEFAULTS } from "../../src/dhcp/settings.ts";
import { createDhcpDesk } from "../../src/provision/answer-dhcp.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { type Ipv4, ipv4FromNumber, type Mac } from "../../src/wire/address.ts";

const leases = 100_000;

test(`a desk with ${leases} leases on disk answers within a second of its start (R65)`, async () => {
  const folder = mkdtempSync(join(tmpdir(), "provision-cold-"));
  const path = join(folder, "provision.db");
  try {
    const filling = await openSqliteStore(path);
    const until = 4_000_000_000_000;
    const lease = (n: number) => {
      const mac = (0x0004f2000000 + n).toString(16).padStart(12, "0") as Mac;
      return filling.putLease({ ip: ipv4FromNumber(0x0a010000 + n), mac, clientKey: mac, at: "bound", until });
    };
    await Promise.all(Array.from({ length: leases }, (_, n) => lease(n)));
    await filling.close();

    const began = performance.now();
    const store = await openSqliteStore(path);
    const network = "10.0.0.0" as Ipv4;
    const server = "10.0.0.1" as Ipv4;
    await createDhcpDesk(
      {
        ...DHCP_DEFAULTS,
        answer: "everyone",
        serverAddress: server,
        authoritative: true,
        subnets: [
          {
            subnet: { network, prefix: 8 },
            pools: [{ first: "10.1.0.0" as Ipv4, last: "10.2.255.255" as Ipv4 }],
            dns: [],
            leaseTime: 3600,
            reservations: [],
          },
        ],
        boot: { server, moreServers: [], ntp: [], vendorSpecific: {} },
      },
      store,
      { ports: { server: 67, client: 68 }, random: () => 0.5 },
    );
    const spent = performance.now() - began;
    console.log(
      `dhcp-cold-start: ${leases} leases, ${spent.toFixed(0)} ms from opening the database to the first answer`,
    );
    await store.close();
    expect(spent).toBeLessThan(1_000);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
