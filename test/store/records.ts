import type { Lease } from "../../src/dhcp/lease.ts";
import type { Migration } from "../../src/migration/migration.ts";
import type { Phone, Sighting } from "../../src/phones/phone.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";

export const MAC_A = "000e84c060a6" as Mac;
export const MAC_B = "0004f2aabbcc" as Mac;

export function phoneOf(mac: Mac, label?: string): Phone {
  return {
    mac,
    model: "7960",
    lines: [{ name: "100", displayName: "Zoë <&\"'>", password: "s3cret" }],
    settings: { "Room ✓": "4;11" },
    ...(label === undefined ? {} : { label }),
  };
}

export function leaseOf(ip: string, mac: Mac = MAC_A): Lease {
  return { at: "bound", until: 1_700_000_000_000, ip: ip as Ipv4, mac, clientKey: `01${mac}`, vendorClass: "4369" };
}

export function sightingOf(mac: Mac, at: number): Sighting {
  return { at, mac, ip: "192.0.2.7" as Ipv4, by: "tftp", evidence: `asked for file ${at}` };
}

export function migrationOf(mac: Mac, stage: number): Migration {
  return {
    mac,
    model: "7960",
    family: "cisco-7940",
    target: "P0S3-8-12-00",
    stages: [{ from: undefined, to: "P00305000500", lever: "load_information" }],
    progress: { at: "waiting", stage },
    wish: "go",
    job: "2026-11-20 #1",
    wave: 1,
    startAt: 0,
    enrolledAt: 5,
    since: 6,
  };
}
