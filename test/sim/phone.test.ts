import { expect, test } from "vitest";
import { createCisco7940 } from "../../src/sim/cisco-7940/character.ts";
import { flashWith } from "../../src/sim/cisco-7940/flash.ts";
import { createCiscoJava } from "../../src/sim/cisco-java/character.ts";
import { javaFlashWith } from "../../src/sim/cisco-java/flash.ts";
import { EVERYBODY } from "../../src/sim/datagram.ts";
import type { Phone, PhoneState, Stepped } from "../../src/sim/phone.ts";
import { createPolycom } from "../../src/sim/polycom/character.ts";
import type { Mac } from "../../src/wire/address.ts";
import { decodeDhcp } from "../../src/wire/dhcp.ts";
import { OPTION } from "../../src/wire/dhcp-options.ts";
import { decodeTftp } from "../../src/wire/tftp.ts";
import { scriptedServer } from "./scripted-server.ts";
import { FIRST_LEASE, put, SERVER, siteWith, xmlDefault } from "./site.ts";
import { attempt, MAC } from "./tried.ts";

/** Lets a phone boot for `steps` steps and hands each step to `look`, with the state before it. */
async function watch<F>(
  phone: Phone<F>,
  flash: F,
  steps: number,
  look: (before: PhoneState<F>, event: Parameters<Phone<F>["step"]>[1], now: number, stepped: Stepped<F>) => void,
): Promise<void> {
  const site = siteWith(["P00305000500"]);
  put(site, "XMLDefault.cnf.xml", xmlDefault("P00305000500"));
  const server = scriptedServer({
    file: (name) => site.get(name),
    address: SERVER,
    firstLease: FIRST_LEASE,
    tftp: SERVER,
  });
  let state = phone.start(flash);
  let now = 0;
  const events: Parameters<Phone<F>["step"]>[1][] = [{ is: "powerOn" }];
  for (let i = 0; i < steps; i++) {
    const event = events.shift() ?? { is: "wake" };
    const stepped = phone.step(state, event, now);
    look(state, event, now, stepped);
    for (const datagram of stepped.send) {
      for (const answer of await server.receives(datagram, now)) events.push({ is: "datagram", datagram: answer });
    }
    state = stepped.state;
    if (events.length === 0) now = stepped.wakeAt ?? now;
  }
}

const plain = (stepped: Stepped<unknown>) => JSON.stringify(stepped);

test("a step depends on state, event and time alone: taken twice, it leads to the same place", async () => {
  const phone = createCisco7940({ mac: MAC, model: "7960", seed: 1 });
  let steps = 0;
  await watch(phone, flashWith("P00303010102"), 60, (before, event, now, stepped) => {
    steps += 1;
    const kept = JSON.stringify(before);
    expect(plain(phone.step(before, event, now))).toBe(plain(stepped));
    expect(JSON.stringify(before)).toBe(kept);
  });
  expect(steps).toBe(60);
});

test("the product's codecs read every datagram that a phone sends", async () => {
  const seen = new Set<string>();
  await watch(
    createCisco7940({ mac: MAC, model: "7960", seed: 1 }),
    flashWith("P00303010102"),
    60,
    (...[, , , step]) => {
      for (const { to, octets } of step.send) {
        if (to.ip === EVERYBODY) seen.add(`dhcp ${decodeDhcp(octets).options.get(53)?.[0]}`);
        else {
          const packet = decodeTftp(octets);
          seen.add(packet.op);
          if (packet.op === "RRQ") expect(packet.options).toEqual([]);
        }
      }
    },
  );
  expect([...seen].sort()).toEqual(["ACK", "RRQ", "dhcp 1", "dhcp 3"]);
});

test("each stage presents itself as the sources quote it", async () => {
  const classOf = async <F>(phone: Phone<F>, flash: F) => {
    let vendorClass = "";
    await watch(phone, flash, 3, (...[, , , { send }]) => {
      const [first] = send;
      if (first?.to.ip !== EVERYBODY) return;
      vendorClass = String.fromCharCode(...(decodeDhcp(first.octets).options.get(OPTION.vendorClass) ?? []));
    });
    return vendorClass;
  };
  const cisco = (model: "7940" | "7960") => createCisco7940({ mac: MAC, model, seed: 1 });
  expect(await classOf(cisco("7960"), flashWith("P00305000500"))).toBe("Cisco Systems, Inc. IP Phone\0");
  expect(await classOf(cisco("7940"), flashWith("P0S3-8-12-00"))).toBe("Cisco Systems, Inc. IP Phone CP-7940G\0");
  expect(await classOf(createCiscoJava(MAC, "7961G-GE", 1), javaFlashWith("SIP41.8-5-2S"))).toBe(
    "Cisco Systems, Inc. IP Phone CP-7961G-GE\0",
  );
  const polycom = await classOf(createPolycom("0004f2123456" as Mac, "SPIP601", 1), { loader: "3.1.0" });
  expect(polycom.slice(0, 4)).toBe("\0\0\x36\x3d");
  expect(polycom).toContain("\x02\x15SoundPointIP-SPIP_601\x03\x102345-11605-001,2");
});

test("a phone takes another address at its next boot when it is one of those that do", async () => {
  const site = siteWith(["P0S3-8-12-00"]);
  put(site, "XMLDefault.cnf.xml", xmlDefault("P0S3-8-12-00"));
  put(site, "SIP000E84C060A6.cnf", "line1_name: 100\n");
  const { phone, server } = await attempt({ from: "P00308000900", site, habits: { changesAddress: true } });
  expect(phone.mood).toBe("settled");
  expect(new Set(server.asked.map(({ ip }) => ip)).size).toBe(3);
});

test("an SCCP phone may spell the default file in its own way, and hunt again after its application was written", async () => {
  const site = siteWith(["P0S3-8-12-00"]);
  put(site, "xmlDefault.CNF.XML", xmlDefault("P0S3-8-12-00"));
  put(site, "SIP000E84C060A6.cnf", "line1_name: 100\n");
  const habits = { shoutsXmlDefault: true, huntsTwice: true };
  const { phone, asked } = await attempt({ from: "P00308000900", site, habits });
  expect(phone).toMatchObject({ mood: "settled", running: "P0S3-8-12-00" });
  expect(asked.filter((name) => name === "P0S3-8-12-00.loads").length).toBe(3);
});

test("without DHCP an address and a server set by hand are used, until a loader wipes them", async () => {
  const site = siteWith(["P00308000900"]);
  put(site, "XMLDefault.cnf.xml", xmlDefault("P00305000500"));
  const settings = { ip: "192.0.2.77" as never, tftp: SERVER };
  const { phone, server } = await attempt({ from: { application: "P00305000500", settings }, site });
  expect(phone.mood).toBe("settled");
  expect(new Set(server.asked.map(({ ip }) => ip))).toEqual(new Set(["192.0.2.77"]));
});
