import { expect, test } from "vitest";
import { createCisco7940 } from "../../src/sim/cisco-7940/character.ts";
import { flashWith } from "../../src/sim/cisco-7940/flash.ts";
import { createLink } from "../../src/sim/link.ts";
import { run } from "../../src/sim/run.ts";
import { type Seat, seat } from "../../src/sim/seat.ts";
import { runOverUdp } from "../../src/sim/udp-link.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { scriptedServer } from "./scripted-server.ts";
import { overUdp } from "./scripted-udp.ts";
import { FIRST_LEASE, put, SERVER, siteWith, xmlDefault } from "./site.ts";

const MAC = "000e84c060a6" as Mac;

/** An admin's site that leads from SCCP 3.1 to SIP 8.12: the next load is published when the phone has settled. */
function climbingSite() {
  const site = siteWith(["P00305000500", "P00308000900", "P0S3-8-12-00"]);
  const loads = ["P00305000500", "P00308000900", "P0S3-8-12-00"];
  put(site, "XMLDefault.cnf.xml", xmlDefault(loads[0] as string));
  put(site, "SIPDefault.cnf", 'image_version: "P0S3-8-12-00"\ntftp_cfg_dir: "./"\n');
  const next = (phones: readonly Seat[]) => {
    const load = loads[0];
    if (load === undefined || phones.some((phone) => phone.running !== load || phone.mood === "busy")) return false;
    loads.shift();
    if (loads[0] === undefined) return true;
    put(site, "XMLDefault.cnf.xml", xmlDefault(loads[0]));
    if (loads[0].startsWith("P0S3")) {
      for (const phone of phones) put(site, `SIP${phone.mac.toUpperCase()}.cnf`, "line1_name: 100\n");
    }
    return "next" as const;
  };
  return { site, next };
}

test.each([0, 0.05, 0.2])("a 7960 goes from SCCP 3.1 by 5.0(5) and 8.0(9) to SIP 8.12 with %s loss", async (loss) => {
  const { site, next } = climbingSite();
  const phone = seat(createCisco7940({ mac: MAC, model: "7960", seed: 1 }), flashWith("P00303010102"));
  const server = scriptedServer({
    file: (name) => site.get(name.replace(/^\.\//, "")),
    address: SERVER,
    firstLease: FIRST_LEASE,
    tftp: SERVER,
  });
  const ran = await run({
    seats: [phone],
    server,
    link: createLink({ loss, duplication: loss / 2, delay: 1, jitter: loss * 50 }, 7),
    until: 6 * 3600_000,
    operator: (_now, act) => {
      if (phone.mood === "busy") return false;
      const what = next([phone]);
      if (what === "next") act.powerCycle(phone);
      return what === true;
    },
  });
  expect(ran.ended).toBe("stopped");
  expect(phone).toMatchObject({ running: "P0S3-8-12-00", mood: "settled", screen: "SIP registering" });
});

test("the same journey over real UDP on loopback, two phones at once, time a hundred times as fast", async () => {
  const { site, next } = climbingSite();
  const address = "127.61.0.1" as Ipv4;
  const script = scriptedServer({
    file: (name) => site.get(name.replace(/^\.\//, "")),
    address,
    firstLease: "127.61.1.1" as Ipv4,
    tftp: address,
  });
  const server = await overUdp(script, address);
  const phones = [MAC, "000e84c060a7" as Mac].map((mac, i) =>
    seat(createCisco7940({ mac, model: i === 0 ? "7960" : "7940", seed: 2 }), flashWith("P00303010102")),
  );
  try {
    const ran = await runOverUdp({
      seats: phones.map((phone, i) => ({ seat: phone, address: `127.61.0.${10 + i}` as Ipv4 })),
      places: { tftp: server.tftp, dhcp: server.dhcp },
      speed: 100,
      until: 3600_000,
      operator: (_now, act) => {
        if (phones.some((phone) => phone.mood === "busy")) return false;
        const what = next(phones);
        if (what === "next") for (const phone of phones) act.powerCycle(phone);
        return what === true;
      },
    });
    expect(ran.ended).toBe("stopped");
    for (const phone of phones) {
      expect(phone).toMatchObject({ running: "P0S3-8-12-00", mood: "settled", screen: "SIP registering" });
    }
  } finally {
    server.close();
  }
});
