import { describe, expect, test } from "vitest";
import { latin1, textOf } from "../../src/sim/octets.ts";
import { createPolycom, type FlashPolycom, polycomFlashWith } from "../../src/sim/polycom/character.ts";
import { loaderWith, polycomImage, polycomPackageOf } from "../../src/sim/polycom/images.ts";
import { imageNames, readMaster } from "../../src/sim/polycom/master.ts";
import { POLYCOM_MODELS } from "../../src/sim/polycom/models.ts";
import { type Seat, seat } from "../../src/sim/seat.ts";
import type { Mac } from "../../src/wire/address.ts";
import { put, type Site } from "./site.ts";
import { type Trial, trySeat } from "./tried.ts";

const MAC = "0004f2123456" as Mac;
const ZEROS = "000000000000.cfg";

function run(tag: string, flash: FlashPolycom, site: Site, rest: Partial<Trial> = {}) {
  return trySeat({ until: 3600_000, ...rest, phone: seat(createPolycom(MAC, tag, 1), flash), site });
}

const partOf = (tag: string) => POLYCOM_MODELS.get(tag)?.part ?? "";

function master(site: Site, attributes: string): void {
  put(site, ZEROS, `<?xml version="1.0" standalone="yes"?><APPLICATION ${attributes}/>`);
}

function sip(site: Site, name: string, version: string, tags: readonly string[], updater?: string): void {
  site.set(name, polycomImage({ kind: "sip", version, parts: tags.map(partOf), updater }, 5000));
}

function bootRom(site: Site, tag: string, version: string): void {
  const head = { kind: "bootrom", version, parts: [partOf(tag)], updater: undefined } as const;
  site.set(`${partOf(tag)}.bootrom.ld`, polycomImage(head, 3000));
}

const LINE = '<phone reg.1.address="100"/>';

describe("a BootROM phone", () => {
  test("asks for its BootROM first, then the master files, the image by part number, and hands in its logs", async () => {
    const site: Site = new Map();
    master(site, 'APP_FILE_PATH="sip.ld" CONFIG_FILES="phone1.cfg, sip.cfg"');
    sip(site, "sip.ld", "3.1.8", ["SPIP301", "SPIP601"]);
    put(site, "phone1.cfg", LINE);
    put(site, "sip.cfg", "<sip/>");
    const { phone, asked, server } = await run("SPIP601", { loader: "4.1.4", application: "3.1.8" }, site);
    expect(phone).toMatchObject({ mood: "settled", screen: "SIP registering", boot: 1 });
    expect(asked).toEqual([
      "2345-11605-001.bootrom.ld",
      "bootrom.ld",
      `${MAC}.cfg`,
      ZEROS,
      "2345-11605-001.sip.ld",
      "sip.ld",
      `${MAC}.cfg`,
      ZEROS,
      "phone1.cfg",
      "sip.cfg",
      `${MAC}-phone.cfg`,
      `${MAC}-directory.xml`,
      "000000000000-directory.xml",
    ]);
    expect([...server.uploads.keys()]).toEqual([`${MAC}-boot.log`, `${MAC}-app.log`]);
    expect(textOf(server.uploads.get(`${MAC}-boot.log`) as Uint8Array)).toContain("BootROM, Version=4.1.4\n");
  });

  test("opens the image at every boot and closes it after one block when the version is its own", async () => {
    const site: Site = new Map();
    master(site, 'APP_FILE_PATH="sip.ld"');
    sip(site, "sip.ld", "3.1.8", ["SPIP601"]);
    const { phone, datagrams } = await run("SPIP601", { loader: "4.1.4", application: "3.1.8" }, site);
    expect(phone.log.map(({ text }) => text)).toContain("sip.ld seen-enough");
    expect(datagrams).toBeLessThan(60);
  });

  test("a newer BootROM formats the file system; the application comes back from the server", async () => {
    const site: Site = new Map();
    master(site, 'APP_FILE_PATH="sip.ld"');
    sip(site, "sip.ld", "3.1.8", ["SPIP601"]);
    bootRom(site, "SPIP601", "4.1.4.0122");
    const { phone } = await run("SPIP601", { loader: "3.2.2", application: "3.1.8" }, site);
    expect(phone).toMatchObject({ mood: "settled", running: "3.1.8", boot: 3 });
    expect(phone.log.filter(({ what }) => what === "boots").map(({ text }) => text)).toEqual(["3.1.8", "", "3.1.8"]);
  });

  test("BootROM 2.5 straight to 4.1.4 is the end of the phone; by 3.x it is not (P4)", async () => {
    const site: Site = new Map();
    bootRom(site, "SPIP601", "4.1.4.0122");
    expect((await run("SPIP601", { loader: "2.5.0", application: "1.6.7" }, site)).phone.mood).toBe("dead");
    bootRom(site, "SPIP601", "3.1.3");
    const half = await run("SPIP601", { loader: "2.5.0", application: "1.6.7" }, site, {
      operator: (now) => now > 300_000,
    });
    expect(half.phone).toMatchObject({ mood: "stuck", screen: "No application", flash: { loader: "3.1.3" } });
  });

  test("a BootROM 3.x never goes back to 2.x", async () => {
    const site: Site = new Map();
    bootRom(site, "SPIP601", "2.6.2");
    master(site, 'APP_FILE_PATH="sip.ld"');
    sip(site, "sip.ld", "3.1.3", ["SPIP601"]);
    const { phone } = await run("SPIP601", { loader: "3.1.3", application: "3.1.3" }, site);
    expect(phone).toMatchObject({ mood: "settled", boot: 1 });
  });

  test("a power cut while the BootROM is written ends the phone; one while the application is written does not", async () => {
    const seats: { phone?: Seat } = {};
    const cutAt = (write: number) => {
      let done = false;
      return {
        seatIs: (phone: Seat) => {
          seats.phone = phone;
        },
        operator: ((_now, act) => {
          const writes = seats.phone?.log.filter(({ what }) => what === "writes").length ?? 0;
          if (!done && writes === write && seats.phone !== undefined) {
            done = true;
            act.powerCycle(seats.phone);
          }
          return done && seats.phone?.mood !== "busy";
        }) satisfies Trial["operator"],
      };
    };
    const site: Site = new Map();
    master(site, 'APP_FILE_PATH="sip.ld"');
    sip(site, "sip.ld", "3.1.8", ["SPIP601"]);
    const app = await run("SPIP601", { loader: "4.1.4", application: "3.1.3" }, site, cutAt(1));
    expect(app.phone).toMatchObject({ mood: "settled", running: "3.1.8" });
    bootRom(site, "SPIP601", "4.1.4");
    const rom = await run("SPIP601", { loader: "3.1.3", application: "3.1.3" }, site, cutAt(1));
    expect(rom.phone.mood).toBe("dead");
  });
});

describe("UC Software", () => {
  test("an IP 7000 on a BootROM that hangs on sip_401b.ld is freed by the Updater (§4.3)", async () => {
    const site: Site = new Map();
    master(site, 'APP_FILE_PATH="sip_401b.ld"');
    sip(site, "sip_401b.ld", "4.0.1", ["SSIP7000"], "5.0.1");
    const from: FlashPolycom = { loader: "4.2.2", application: "3.2.7" };
    const hung = await run("SSIP7000", from, site, { operator: (now) => now > 300_000 });
    expect(hung.asked).toContain("3111-40000-001.sip_401b.ld");
    expect(hung.phone).toMatchObject({ mood: "stuck", screen: "Updating...", running: "3.2.7" });
    bootRom(site, "SSIP7000", "5.0.8");
    const { phone } = await run("SSIP7000", from, site);
    expect(phone).toMatchObject({ mood: "settled", running: "4.0.1" });
  });

  test("a SoundPoint needs BootROM 4.4.0B before 4.0.15, and then asks for no bootrom.ld any more", async () => {
    const site: Site = new Map();
    master(site, 'APP_FILE_PATH="sip.ld"');
    sip(site, "2345-12600-001.sip.ld", "4.0.15", ["SPIP650"], "5.0.15");
    const from: FlashPolycom = { loader: "4.2.3", application: "3.2.7" };
    const stuck = await run("SPIP650", from, site, { operator: (now) => now > 300_000 });
    expect(stuck.phone).toMatchObject({ mood: "stuck", running: "3.2.7" });
    bootRom(site, "SPIP650", "4.4.0B");
    const { phone, asked } = await run("SPIP650", from, site);
    expect(phone).toMatchObject({ mood: "settled", running: "4.0.15" });
    expect(asked.slice(asked.lastIndexOf("2345-12600-001.bootrom.ld")).includes("2345-12600-001.sip.ld")).toBe(true);
  });

  test("the Updater's order, with the logs of the last run first (trace of an IP 670)", async () => {
    const site: Site = new Map();
    master(site, 'APP_FILE_PATH="sip.ld"');
    sip(site, "2345-12670-001.sip.ld", "4.0.12", ["SPIP670"], "5.0.12");
    const { asked, server } = await run("SPIP670", { loader: "5.0.12", application: "4.0.12" }, site);
    expect([...server.uploads.keys()]).toEqual([`${MAC}-app.log`, `${MAC}-boot.log`]);
    expect(asked).toEqual([
      `${MAC}.cfg`,
      ZEROS,
      "2345-12670-001.sip.ld",
      `${MAC}.cfg`,
      ZEROS,
      `${MAC}-phone.cfg`,
      `${MAC}-web.cfg`,
      "000000000000-license.cfg",
      `${MAC}-license.cfg`,
      `${MAC}-directory.xml`,
      "000000000000-directory.xml",
    ]);
  });

  test("VVX 400: 5.5.2 refuses the container of 5.9.8, takes 5.7.3, and then 5.9.8 (P5)", async () => {
    const site: Site = new Map();
    master(site, 'APP_FILE_PATH="sip.ld"');
    const from: FlashPolycom = { loader: "5.7.2", application: "5.5.2.8571" };
    const image = `${partOf("VVX400")}.sip.ld`;
    sip(site, image, "5.9.8.5760", ["VVX400"], "5.9.8.4127");
    expect((await run("VVX400", from, site)).phone).toMatchObject({ mood: "stuck", running: "5.5.2.8571" });
    sip(site, image, "5.7.3.1797", ["VVX400"], "5.9.3.1730");
    expect((await run("VVX400", from, site)).phone).toMatchObject({ mood: "settled", running: "5.7.3.1797" });
    sip(site, image, "5.9.8.5760", ["VVX400"], "5.9.8.4127");
    const last = await run("VVX400", { loader: "5.9.3.1730", application: "5.7.3.1797" }, site);
    expect(last.phone).toMatchObject({ mood: "settled", running: "5.9.8.5760" });
  });

  test.each([
    ["SPIP331", "4.1.0", "5.0.11"],
    ["VVX400", "6.0.0", "5.9.8"],
    ["SPIP601", "3.2.0", "4.1.4"],
  ])("%s does not take %s, which is not for it", async (tag, version, loader) => {
    const site: Site = new Map();
    master(site, 'APP_FILE_PATH="sip.ld"');
    sip(site, "sip.ld", version, [tag]);
    const { phone } = await run(tag, { loader, application: "3.1.3" }, site);
    expect(phone).toMatchObject({ mood: "stuck", running: "3.1.3" });
  });
});

describe("files", () => {
  test("a damaged image and one for other models change nothing", async () => {
    const site: Site = new Map();
    master(site, `APP_FILE_PATH="sip.ld" CONFIG_FILES="[PHONE_MAC_ADDRESS]-extension.cfg"`);
    put(site, `${MAC}-extension.cfg`, LINE);
    sip(site, "sip.ld", "3.1.8", ["SPIP501"]);
    const foreign = await run("SPIP601", { loader: "4.1.4", application: "3.1.3" }, site);
    expect(foreign.phone).toMatchObject({ mood: "settled", running: "3.1.3" });
    sip(site, "sip.ld", "3.1.8", ["SPIP601"]);
    site.set("sip.ld", (site.get("sip.ld") as Uint8Array).subarray(0, 4000));
    const cut = await run("SPIP601", { loader: "4.1.4", application: "3.1.3" }, site);
    expect(cut.phone).toMatchObject({ mood: "stuck", screen: "Image is corrupt", running: "3.1.3" });
  });

  test("without a master file the phone starts what it has; without an application it starts nothing", async () => {
    expect((await run("SPIP601", { loader: "4.1.4", application: "3.1.3" }, new Map())).phone.mood).toBe("settled");
    const bare = await run("SPIP601", { loader: "4.1.4" }, new Map());
    expect(bare.phone).toMatchObject({ mood: "stuck", screen: "No application" });
  });

  test("one master file serves old and new models (P2), and SIP before 3.1 knows no suffix", () => {
    const file = latin1(
      '<APPLICATION APP_FILE_PATH="sip.ld" CONFIG_FILES=""><APPLICATION_SPIP301 APP_FILE_PATH_SPIP301="sip_318.ld" CONFIG_FILES_SPIP301="phone1_318.cfg, sip_318.cfg"/></APPLICATION>',
    );
    expect(readMaster(file, "SPIP301", MAC, "3.1.3")).toEqual({
      application: "sip_318.ld",
      configFiles: ["phone1_318.cfg", "sip_318.cfg"],
    });
    expect(readMaster(file, "SPIP650", MAC, "4.0.15")).toEqual({ application: "sip.ld", configFiles: [] });
    expect(readMaster(file, "SPIP301", MAC, "2.1.3").application).toBe("sip.ld");
    expect(readMaster(latin1("<ALL reg.1.address='1'/>"), "SPIP301", MAC, "4.0").application).toBeUndefined();
  });

  test("the part number stands before the base name, in the folder", () => {
    expect(imageNames("polycom/4.0.X/sip.ld", "2345-12600-001")).toEqual([
      "polycom/4.0.X/2345-12600-001.sip.ld",
      "polycom/4.0.X/sip.ld",
    ]);
  });

  test("a configuration file that is named and missing is a fault", async () => {
    const site: Site = new Map();
    master(site, 'APP_FILE_PATH="" CONFIG_FILES="site.cfg"');
    const { phone } = await run("SPIP601", { loader: "4.1.4", application: "3.1.3" }, site);
    expect(phone).toMatchObject({ mood: "stuck", screen: "Config file error" });
  });
});

test.each<[string, FlashPolycom, string]>([
  ["Application is not signed", { loader: "3.1.3", application: "1.6.7" }, "1.4.1"],
  ["BootROM 3.1.0 or later is needed", { loader: "2.6.2", application: "1.6.7" }, "3.1.8"],
])("it shows %s, over and over", async (screen, flash, version) => {
  const site: Site = new Map();
  master(site, 'APP_FILE_PATH="sip.ld"');
  sip(site, "sip.ld", version, ["SPIP601"]);
  const { phone } = await run("SPIP601", flash, site, { operator: (now) => now > 300_000 });
  expect(phone).toMatchObject({ mood: "stuck", screen, running: flash.application });
  expect(phone.boot).toBeGreaterThan(4);
});

test("from UC Software back to 3.x a phone needs a downgrader", async () => {
  const site: Site = new Map();
  master(site, 'APP_FILE_PATH="sip.ld"');
  sip(site, "sip.ld", "3.2.7", ["SPIP650"]);
  const { phone } = await run("SPIP650", polycomFlashWith("4.0.15.1009"), site, { operator: (now) => now > 300_000 });
  expect(phone).toMatchObject({ mood: "stuck", screen: "A downgrader is needed", running: "4.0.15.1009" });
});

test("a BootROM file of another model is left alone", async () => {
  const site: Site = new Map();
  bootRom(site, "SPIP501", "4.1.4");
  site.set("2345-11605-001.bootrom.ld", site.get("2345-11500-030.bootrom.ld") as Uint8Array);
  const { phone } = await run("SPIP601", { loader: "3.1.3", application: "3.1.3" }, site);
  expect(phone).toMatchObject({ mood: "settled", boot: 1, flash: { loader: "3.1.3" } });
});

test("packages carry the name that the model asks for first, and the Updater that goes with the release", async () => {
  expect(polycomPackageOf("SPIP601", "sip", "3.1.8.0070", 600).name).toBe("2345-11605-001.sip.ld");
  expect(polycomPackageOf("SPIP300", "bootrom", "4.1.4.0122", 600).name).toBe("bootrom.ld");
  expect(loaderWith("4.0.15.1009")).toBe("5.0.15.1009");
  for (const [tag, from, to] of [
    ["SPIP300", "2.1.2", "2.1.3"],
    ["VVX410", "5.5.2.8571", "5.7.3.1797"],
    ["VVX410", "5.7.3.1797", "5.9.8.5760"],
    ["VVX601", "5.9.6.2327", "6.4.6"],
  ] as const) {
    const site: Site = new Map();
    master(site, 'APP_FILE_PATH="sip.ld"');
    const { name, octets } = polycomPackageOf(tag, "sip", to, 3000);
    site.set(name, octets);
    const { phone } = await run(tag, polycomFlashWith(from), site);
    expect(phone).toMatchObject({ mood: "settled", running: to });
  }
});
