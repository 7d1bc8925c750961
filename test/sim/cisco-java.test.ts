import { describe, expect, test } from "vitest";
import { createCiscoJava } from "../../src/sim/cisco-java/character.ts";
import { type FlashJava, javaFlashWith } from "../../src/sim/cisco-java/flash.ts";
import { readJavaLoad } from "../../src/sim/cisco-java/loads.ts";
import { javaPackageOf } from "../../src/sim/cisco-java/packages.ts";
import { type Seat, seat } from "../../src/sim/seat.ts";
import { put, type Site } from "./site.ts";
import { MAC, type Trial, type Tried, trySeat } from "./tried.ts";

const SEP = "SEP000E84C060A6.cnf.xml";

function siteOf(loads: readonly string[]): Site {
  const site: Site = new Map();
  for (const load of loads) for (const { name, octets } of javaPackageOf(load, 200)) site.set(name, octets);
  return site;
}

function sep(load: string): string {
  return `<device><devicePool><callManagerGroup><members><member priority="0"><callManager><ports><ethernetPhonePort>2000</ethernetPhonePort></ports><processNodeName>10.0.0.1</processNodeName></callManager></member></members></callManagerGroup></devicePool><sipProfile><sipLines><line button="1"><featureID>9</featureID><proxy>10.0.0.1</proxy><name>100</name></line></sipLines></sipProfile><loadInformation>${load}</loadInformation></device>`;
}

function run(from: string | FlashJava, site: Site, model = "7941", rest: Partial<Trial> = {}): Promise<Tried> {
  const phone = seat(createCiscoJava(MAC, model, 1), typeof from === "string" ? javaFlashWith(from) : from);
  return trySeat({ until: 7200_000, ...rest, phone, site });
}

describe("the key window", () => {
  test.each([
    ["SCCP41.8-3-1S", "old"],
    ["TERM41.7-0-3-0S", "old"],
    ["SCCP41.8-0-4ES4-0-1S", "old"],
    ["SCCP41.8-3-3S", "both"],
    ["SIP45.8-4-2S", "both"],
    ["SIP41.8-5-2S", "both"],
    ["SIP70.8-5-2SR1S", "new"],
    ["SIP11.8-5-3S", "new"],
    ["SIP41.9-4-2SR3-1S", "new"],
  ])("%s was signed with the %s key", (name, key) => {
    expect(readJavaLoad(name)?.key).toBe(key);
  });

  test.each([
    ["SCCP41.8-3-1S", "SIP41.9-4-2SR3-1S", "Auth Fail"],
    ["SCCP41.8-3-1S", "SIP41.8-5-3S", "Auth Fail"],
    ["SCCP41.8-3-1S", "SIP41.8-5-2S", "SIP registering"],
    ["SIP41.8-5-2S", "SIP41.9-4-2SR3-1S", "SIP registering"],
    ["SIP41.9-4-2SR3-1S", "SIP41.8-5-2S", "SIP registering"],
    ["SIP41.9-4-2SR3-1S", "SIP41.8-0-3S", "Auth Fail"],
  ])("a 7941 on %s that is told %s shows %s", async (from, to, screen) => {
    const site = siteOf([to]);
    put(site, SEP, sep(to));
    const { phone } = await run(from, site);
    expect(phone.screen).toBe(screen);
    expect(phone.running).toBe(screen === "Auth Fail" ? from : to);
  });

  test("a phone in an Auth Fail loop is saved by the bridge", async () => {
    const site = siteOf(["SIP41.8-5-2S", "SIP41.9-4-2SR3-1S"]);
    put(site, SEP, sep("SIP41.9-4-2SR3-1S"));
    const { phone } = await run("SCCP41.8-3-1S", site, "7941", {
      operator: (now) => {
        if (now > 600_000) put(site, SEP, sep("SIP41.8-5-2S"));
        return now > 1200_000;
      },
    });
    expect(phone).toMatchObject({ running: "SIP41.8-5-2S", mood: "settled" });
  });
});

describe("the boot loader", () => {
  test("a factory reset installs whatever the term file lists: the other protocol, when two packages share a folder", async () => {
    const site = siteOf(["SIP41.9-4-2SR3-1S", "SCCP41.9-4-2SR3-1S"]);
    put(site, SEP, sep("SIP41.9-4-2SR3-1S"));
    const seats: { phone?: Seat } = {};
    let pressed = false;
    const { phone, asked } = await run("SIP41.9-4-2SR3-1S", site, "7961", {
      seatIs: (phone) => {
        seats.phone = phone;
      },
      operator: (_now, act) => {
        if (seats.phone?.mood === "settled" && !pressed) {
          pressed = true;
          act.keys(seats.phone, "123456789*0#");
        }
        return pressed && seats.phone?.mood === "settled";
      },
    });
    expect(asked).toContain("term61.default.loads");
    expect(phone.log.filter(({ what }) => what === "boots").map(({ text }) => text)).toContain("SCCP41.9-4-2SR3-1S");
    // Its own file then names the SIP load, and it goes there.
    expect(phone.running).toBe("SIP41.9-4-2SR3-1S");
  });

  test("an old loader refuses the term file of a new package, over and over (J2)", async () => {
    const { application: _, ...reset } = javaFlashWith("SCCP41.8-3-1S");
    const { phone, asked } = await run(reset, siteOf(["SIP41.9-4-2SR3-1S"]), "7941", {
      operator: (now) => now > 600_000,
    });
    expect(phone).toMatchObject({ mood: "stuck", screen: "Auth Fail", running: undefined });
    expect(asked.filter((name) => name === "term41.default.loads").length).toBeGreaterThan(5);
  });

  test("a component that is missing, damaged or renamed is not installed", async () => {
    for (const spoil of [
      (site: Site, name: string) => site.delete(name),
      (site: Site, name: string) => site.set(name, (site.get(name) as Uint8Array).subarray(0, -700)),
      (site: Site, name: string) => site.set(name, site.get("cnu41.8-5-2TH1-9.sbn") as Uint8Array),
    ]) {
      const site = siteOf(["SIP41.8-5-2S"]);
      put(site, SEP, sep("SIP41.8-5-2S"));
      spoil(site, "apps41.8-5-2TH1-9.sbn");
      const { phone } = await run("SCCP41.8-3-1S", site);
      expect(phone.running).toBe("SCCP41.8-3-1S");
    }
  });

  test("a load of another family is never taken", async () => {
    const site = siteOf(["SIP70.8-5-2S"]);
    put(site, SEP, sep("SIP70.8-5-2S"));
    const { phone } = await run("SIP41.8-4-2S", site);
    expect(phone.running).toBe("SIP41.8-4-2S");
    expect(phone.log.map(({ text }) => text)).toContain("Load ID Incorrect");
  });

  test("a power cut while the load is written leaves the loader, and the term file saves the phone", async () => {
    const site = siteOf(["SIP41.8-5-2S"]);
    put(site, SEP, sep("SIP41.8-5-2S"));
    const seats: { phone?: Seat } = {};
    let cut = false;
    const { phone, asked } = await run("SCCP41.8-3-1S", site, "7941", {
      seatIs: (phone) => {
        seats.phone = phone;
      },
      operator: (_now, act) => {
        if (!cut && seats.phone?.log.some(({ what }) => what === "writes")) {
          cut = true;
          act.powerCycle(seats.phone);
        }
        return seats.phone?.mood === "settled";
      },
    });
    expect(asked).toContain("term41.default.loads");
    expect(phone.running).toBe("SIP41.8-5-2S");
  });

  test("a full format looks dead for five minutes; a power cut in it ends the phone", async () => {
    const asked: FlashJava = { ...javaFlashWith("SCCP41.8-3-1S"), formatting: "asked" };
    const site = siteOf(["SIP41.8-5-2S"]);
    put(site, SEP, sep("SIP41.8-5-2S"));
    expect((await run(asked, site)).phone.running).toBe("SIP41.8-5-2S");
    const seats: { phone?: Seat } = {};
    const { phone } = await run(asked, site, "7941", {
      seatIs: (phone) => {
        seats.phone = phone;
      },
      operator: (now, act) => {
        if (now === 100_000 && seats.phone !== undefined) act.powerCycle(seats.phone);
        return now > 1200_000;
      },
    });
    expect(phone.mood).toBe("dead");
  });
});

test("a phone with the trust list of an old CallManager takes no configuration until the list is erased (J9)", async () => {
  const site = siteOf(["SIP41.8-5-2S"]);
  put(site, SEP, sep("SIP41.8-5-2S"));
  const flash: FlashJava = { ...javaFlashWith("SIP41.8-5-2S"), trustList: true };
  const { phone } = await run(flash, site);
  expect(phone).toMatchObject({ mood: "stuck", screen: "TFTP Not Authorized" });
  const seats: { phone?: Seat } = {};
  const freed = await run(flash, site, "7941", {
    seatIs: (phone) => {
      seats.phone = phone;
    },
    operator: (now, act) => {
      if (now === 100_000 && seats.phone !== undefined) act.keys(seats.phone, "erase trust list");
      return now > 300_000;
    },
  });
  expect(freed.phone.mood).toBe("settled");
});

test("without its own file a phone asks for the default and then for its own again", async () => {
  const { phone, asked } = await run("SIP41.8-5-2S", new Map(), "7941", { operator: (now) => now > 300_000 });
  expect(phone).toMatchObject({ mood: "stuck", screen: "Unprovisioned" });
  expect(asked.slice(0, 4)).toEqual(["CTLSEP000E84C060A6.tlv", SEP, "XmlDefault.cnf.xml", "CTLSEP000E84C060A6.tlv"]);
});

test("a 9.x SIP phone asks in the order that was logged, with a leading slash for an empty locale", async () => {
  const site = siteOf(["SIP41.9-4-2SR3-1S"]);
  put(site, SEP, sep("SIP41.9-4-2SR3-1S"));
  const { asked } = await run("SIP41.9-4-2SR3-1S", site);
  expect(asked).toEqual([
    "CTLSEP000E84C060A6.tlv",
    "ITLSEP000E84C060A6.tlv",
    "ITLFile.tlv",
    SEP,
    "/mk-sip.jar",
    "/g3-tones.xml",
  ]);
});

test("what is no load, no model or no key sequence is said so", async () => {
  expect(() => javaFlashWith("P0S3-8-12-00")).toThrow(RangeError);
  expect(() => javaPackageOf("P0S3-8-12-00")).toThrow(RangeError);
  expect(() => createCiscoJava(MAC, "7960", 1)).toThrow(RangeError);
  const phone = createCiscoJava(MAC, "7941", 1);
  const flash = javaFlashWith("SIP41.8-5-2S");
  expect(phone.step(phone.start(flash), { is: "keys", sequence: "12345" }, 0).state.flash).toEqual(flash);
});

describe("the 69xx and 894x", () => {
  const up = (load: string): Site => {
    const site = siteOf([load]);
    put(site, SEP, sep(load));
    return site;
  };

  test("a 6941 goes from one SIP release to the next by TFTP alone, list first, image second", async () => {
    const { phone, server, asked } = await run("SIP69xx.9-4-1-3", up("SIP69xx.9-4-1-3SR3"), "6941", { web: true });
    expect(phone).toMatchObject({ running: "SIP69xx.9-4-1-3SR3", mood: "settled" });
    expect(server.asked.some(({ web }) => web)).toBe(false);
    expect(asked).toEqual([
      "CTLSEP000E84C060A6.tlv",
      "ITLSEP000E84C060A6.tlv",
      "ITLFile.tlv",
      SEP,
      "SIP69xx.9-4-1-3SR3.loads",
      "SIP69xx.9-4-1-3SR3.zz.sgn",
      "CTLSEP000E84C060A6.tlv",
      "ITLSEP000E84C060A6.tlv",
      "ITLFile.tlv",
      SEP,
      "/rtl-sip.jar",
      "/g4-tones.xml",
    ]);
  });

  test("an 8945 tries HTTP for every file before TFTP, and takes what it finds there (pastebin te6Lx9w9)", async () => {
    const { phone, server } = await run("SIP894x.9-4-2SR2-2", up("SIP894x.9-4-2SR3-1"), "8945", { web: true });
    expect(phone).toMatchObject({ running: "SIP894x.9-4-2SR3-1", mood: "settled" });
    expect(server.asked.slice(0, 8).map(({ name, web }) => `${web === true ? "http" : "tftp"} ${name}`)).toEqual([
      "http CTLSEP000E84C060A6.tlv",
      "tftp CTLSEP000E84C060A6.tlv",
      "http ITLSEP000E84C060A6.tlv",
      "tftp ITLSEP000E84C060A6.tlv",
      "http ITLFile.tlv",
      "tftp ITLFile.tlv",
      `http ${SEP}`,
      "http SIP894x.9-4-2SR3-1.loads",
    ]);
    const images = server.asked.filter(({ name }) => name.endsWith(".sgn"));
    // The boot part of both releases is the same file, so that ten pieces are asked for.
    expect(images).toHaveLength(10);
    expect(images.every(({ web }) => web)).toBe(true);
  });

  test("an 8945 whose HTTP is refused, or never answered, goes the whole way by TFTP", async () => {
    const { phone, server } = await run("SIP894x.9-4-2SR2-2", up("SIP894x.9-4-2SR3-1"), "8945");
    expect(phone).toMatchObject({ running: "SIP894x.9-4-2SR3-1", mood: "settled" });
    expect(phone.log.some(({ text }) => text === `${SEP} by HTTP broken-off`)).toBe(true);
    expect(server.asked.some(({ web }) => web)).toBe(false);
    const dark = await run("SIP894x.9-4-2SR2-2", up("SIP894x.9-4-2SR3-1"), "8945", {
      web: true,
      // Nothing crosses this link towards port 6970.
      link: { carry: ({ to }, now) => (to.port === 6970 ? [] : [now + 1]) },
    });
    expect(dark.phone).toMatchObject({ running: "SIP894x.9-4-2SR3-1", mood: "settled" });
    expect(dark.phone.log.some(({ text }) => text === `${SEP} by HTTP timeout`)).toBe(true);
  });

  test("a 9.x Java phone tries HTTP first, an 8.x one does not (usecallmanager.nz)", async () => {
    const new9 = await run("SIP41.9-2-1S", up("SIP41.9-4-2SR3-1S"), "7941", { web: true });
    expect(new9.phone.running).toBe("SIP41.9-4-2SR3-1S");
    expect(new9.server.asked[0]).toMatchObject({ name: "CTLSEP000E84C060A6.tlv", web: true });
    const old8 = await run("SIP41.8-3-3S", up("SIP41.8-5-2S"), "7941", { web: true });
    expect(old8.phone.running).toBe("SIP41.8-5-2S");
    expect(old8.server.asked.some(({ web }) => web)).toBe(false);
  });

  test("a torn write leaves a loader that reads the phone's own file and installs what it names", async () => {
    const seats: { phone?: Seat } = {};
    let cuts = 0;
    const { phone } = await run("SIP69xx.9-4-1-3", up("SIP69xx.9-4-1-3SR3"), "6961", {
      seatIs: (seated) => {
        seats.phone = seated;
      },
      operator: (_now, act) => {
        const seated = seats.phone;
        if (seated?.log.at(-1)?.what === "writes" && cuts === 0) {
          cuts += 1;
          act.powerCycle(seated);
        }
        return cuts > 0 && seated?.mood === "settled";
      },
    });
    expect(phone.log.filter(({ what }) => what === "boots").map(({ text }) => text)).toEqual([
      "SIP69xx.9-4-1-3",
      "",
      "SIP69xx.9-4-1-3SR3",
    ]);
  });

  test("without a file that names a load the loader says so, and the reset keys take no application away", async () => {
    const { application: _, ...bare } = javaFlashWith("SIP69xx.9-4-1-3");
    const nameless: Site = new Map();
    put(nameless, SEP, sep(""));
    const empty = await run(bare, nameless, "6921", { operator: (now) => now > 300_000 });
    expect(empty.phone).toMatchObject({ screen: "No Load", mood: "stuck" });
    const flash = javaFlashWith("SIP894x.9-4-2SR2-2");
    const phone = createCiscoJava(MAC, "8941", 1);
    const pressed = phone.step(phone.start({ ...flash, trustList: true }), { is: "keys", sequence: "123456789*0#" }, 0);
    expect(pressed.state.flash).toEqual(flash);
    const format = phone.step(phone.start(flash), { is: "keys", sequence: "3491672850*#" }, 0);
    expect(format.state.flash).toEqual(flash);
  });

  test("a load of the other series, and a damaged image, are refused", async () => {
    const other = siteOf(["SIP894x.9-4-2SR3-1"]);
    put(other, SEP, sep("SIP894x.9-4-2SR3-1"));
    const wrong = await run("SIP69xx.9-4-1-3", other, "6941");
    expect(wrong.phone.running).toBe("SIP69xx.9-4-1-3");
    expect(wrong.phone.log.map(({ text }) => text)).toContain("Load ID Incorrect");
    const site = up("SIP69xx.9-4-1-3SR3");
    const image = site.get("SIP69xx.9-4-1-3SR3.zz.sgn") as Uint8Array;
    site.set("SIP69xx.9-4-1-3SR3.zz.sgn", image.subarray(0, -700));
    const damaged = await run("SIP69xx.9-4-1-3", site, "6941", { operator: (now) => now > 300_000 });
    expect(damaged.phone).toMatchObject({ running: "SIP69xx.9-4-1-3", screen: "Auth Fail" });
  });
});
