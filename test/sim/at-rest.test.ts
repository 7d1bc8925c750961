import { describe, expect, test } from "vitest";
import { createCisco7940 } from "../../src/sim/cisco-7940/character.ts";
import { flashWith } from "../../src/sim/cisco-7940/flash.ts";
import { createCiscoJava } from "../../src/sim/cisco-java/character.ts";
import { javaFlashWith } from "../../src/sim/cisco-java/flash.ts";
import { latin1, textOf } from "../../src/sim/octets.ts";
import type { Phone } from "../../src/sim/phone.ts";
import { createPolycom } from "../../src/sim/polycom/character.ts";
import { type Seat, seat } from "../../src/sim/seat.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { put, SERVER, type Site, siteWith, xmlDefault } from "./site.ts";
import { MAC, trySeat } from "./tried.ts";

const PBX = { ip: "192.0.2.20" as Ipv4, port: 5060 };

function notify(event: string, body = ""): Uint8Array {
  const head = [
    "NOTIFY sip:100@192.0.2.100 SIP/2.0",
    "Via: SIP/2.0/UDP 192.0.2.20:5060;branch=z9hG4bK1",
    "From: <sip:asterisk@192.0.2.20>;tag=1",
    "To: <sip:100@192.0.2.100>",
    "Call-ID: 1@192.0.2.20",
    "CSeq: 102 NOTIFY",
    `Event: ${event}`,
    `Content-Length: ${body.length}`,
  ];
  return latin1(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** Boots a phone, sends it a NOTIFY at ten minutes, and tells how often it had booted five minutes later. */
async function told<F>(phone: Phone<F>, flash: F, site: Site, message: Uint8Array, change?: () => void) {
  const one: Seat = seat(phone, flash);
  const answers: string[] = [];
  let sent = false;
  const { asked } = await trySeat({
    phone: one,
    site,
    tap: ({ from, octets }) => {
      if (from.port === 5060 && from.ip === one.ip) answers.push(textOf(octets));
      return false;
    },
    operator: (now, act) => {
      if (now < 600_000 || sent) return now > 900_000;
      sent = true;
      change?.();
      act.send({ from: PBX, to: { ip: one.ip as Ipv4, port: 5060 }, octets: message });
      return false;
    },
  });
  return { boots: one.boot, answers, asked, mood: one.mood };
}

describe("NOTIFY", () => {
  function sipSite(sync: string): Site {
    const site = siteWith(["P0S3-8-12-00"]);
    put(site, "SIPDefault.cnf", "image_version: P0S3-8-12-00\nsync: 1\n");
    put(site, "SIP000E84C060A6.cnf", "line1_name: 100\n");
    put(site, "syncinfo.xml", sync);
    return site;
  }
  const sip = () => createCisco7940({ mac: MAC, model: "7960", seed: 1 });

  test.each([
    ['<SYNCINFO><IMAGE VERSION="*" SYNC="2"/></SYNCINFO>', 2],
    ['<IMAGE VERSION="*" SYNC="1"/>', 1],
    ['<IMAGE VERSION="P0S3-8-12-00" SYNC="1"/><IMAGE VERSION="*" SYNC="2"/>', 1],
    ["nothing", 1],
  ])("a 7960 told check-sync reads syncinfo.xml %s and has then booted %i times", async (sync, boots) => {
    const run = await told(sip(), flashWith("P0S3-8-12-00"), sipSite(sync), notify("check-sync"));
    expect(run.answers[0]).toMatch(/^SIP\/2\.0 200 OK\r\nVia: .*branch=z9hG4bK1\r\n.*CSeq: 102 NOTIFY\r\n/s);
    expect(run.asked).toContain("syncinfo.xml");
    expect(run).toMatchObject({ boots, mood: "settled" });
  });

  test("another event is answered and changes nothing; what is no NOTIFY is not answered", async () => {
    const site = sipSite('<IMAGE VERSION="*" SYNC="2"/>');
    const other = await told(sip(), flashWith("P0S3-8-12-00"), site, notify("message-summary"));
    expect(other).toMatchObject({ boots: 1, answers: [expect.stringContaining("200 OK")] });
    const noise = await told(sip(), flashWith("P0S3-8-12-00"), site, latin1("OPTIONS sip:x SIP/2.0\r\n\r\n"));
    expect(noise).toMatchObject({ boots: 1, answers: [] });
  });

  const sep =
    '<device><processNodeName>10.0.0.1</processNodeName><line button="1"><featureID>9</featureID><proxy>10.0.0.1</proxy></line><loadInformation>SIP41.8-5-2S</loadInformation></device>';
  test.each([
    ["service-control", "action=restart\r\nRegisterCallId={}\r\n", 2],
    ["service-control", "action=check-version\r\n", 1],
    ["check-sync", "", 2],
  ])("a 7941 told %s %j has then booted %i times", async (event, body, boots) => {
    const site: Site = new Map();
    put(site, "SEP000E84C060A6.cnf.xml", sep);
    const phone = createCiscoJava(MAC, "7941", 1);
    const run = await told(phone, javaFlashWith("SIP41.8-5-2S"), site, notify(event, body));
    expect(run).toMatchObject({ boots, mood: "settled" });
  });

  test("a Polycom told check-sync restarts when a listed file has changed, or when it is told always to", async () => {
    const flash = { loader: "5.0.15", application: "4.0.15" };
    const phone = () => createPolycom("0004f2123456" as Mac, "SPIP650", 1);
    const site: Site = new Map();
    put(site, "000000000000.cfg", '<APPLICATION APP_FILE_PATH="" CONFIG_FILES="site.cfg"/>');
    put(site, "site.cfg", '<a reg.1.address="100"/>');
    expect(await told(phone(), flash, site, notify("check-sync"))).toMatchObject({ boots: 1 });
    const change = () => put(site, "site.cfg", '<a reg.1.address="101"/>');
    expect(await told(phone(), flash, site, notify("check-sync"), change)).toMatchObject({ boots: 2 });
    put(site, "site.cfg", '<a voIpProt.SIP.specialEvent.checkSync.alwaysReboot="1"/>');
    expect(await told(phone(), flash, site, notify("check-sync"))).toMatchObject({ boots: 2 });
  });
});

describe("a lease", () => {
  async function rest(hours: number, answers: (now: number) => "ack" | "nak" | "silence") {
    const site = siteWith([]);
    put(site, "XMLDefault.cnf.xml", xmlDefault("P00305000500"));
    const phone = seat(createCisco7940({ mac: MAC, model: "7960", seed: 1 }), flashWith("P00305000500"));
    const asked: [number, string, Ipv4][] = [];
    await trySeat({
      phone,
      site,
      leaseSeconds: 3600,
      until: hours * 3600_000,
      operator: () => false,
      extends: (datagram, now) => {
        asked.push([Math.round(now / 60_000), datagram.from.ip, datagram.to.ip]);
        return answers(now);
      },
    });
    return { phone, asked };
  }

  test("is extended at half its time, from the server that gave it, for as long as it answers", async () => {
    const { phone, asked } = await rest(3, () => "ack");
    expect(phone).toMatchObject({ boot: 1, mood: "settled" });
    expect(asked.map(([minute]) => minute)).toEqual([30, 60, 90, 120, 150]);
    expect(asked[0]).toEqual([30, "192.0.2.100", SERVER]);
  });

  test("without an answer it asks again, from T2 on everybody, and begins anew when the lease is over", async () => {
    const { phone, asked } = await rest(1.2, () => "silence");
    expect(phone.boot).toBe(2);
    expect(asked[0]).toEqual([30, "192.0.2.100", SERVER]);
    expect(asked.filter(([minute]) => minute >= 53 && minute < 60).every(([, , to]) => to === "255.255.255.255")).toBe(
      true,
    );
    expect(asked.length).toBeGreaterThan(6);
  });

  test("a NAK makes the phone begin anew at once", async () => {
    const { phone } = await rest(0.6, () => "nak");
    expect(phone).toMatchObject({ boot: 2, mood: "settled" });
  });
});
