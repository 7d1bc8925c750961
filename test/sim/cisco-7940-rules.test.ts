import { describe, expect, test } from "vitest";
import { signedFilling, signedImage, unsignedImage } from "../../src/sim/images.ts";
import { latin1 } from "../../src/sim/octets.ts";
import { put, siteWith, xmlDefault } from "./site.ts";
import { attempt } from "./tried.ts";

const SIP_FILE = "SIP000E84C060A6.cnf";
const ONE_LINE = "line1_name: 100\n";

describe("signatures", () => {
  test("a phone on a signed load asks for .sbn and never for .bin", async () => {
    const site = siteWith(["P00308000900"]);
    put(site, "XMLDefault.cnf.xml", xmlDefault("P00308000900"));
    const { asked } = await attempt({ from: "P00305000500", site });
    expect(asked).toContain("P00308000900.sbn");
    expect(asked).not.toContain("P00308000900.bin");
  });

  test("a phone on a signed load refuses an unsigned image and keeps what it runs", async () => {
    const site = siteWith([]);
    put(site, "XMLDefault.cnf.xml", xmlDefault("P00303030300"));
    site.set("P00303030300.sbn", unsignedImage("P00303030300", 9000));
    const { phone } = await attempt({ from: "P00305000500", site });
    expect(phone.running).toBe("P00305000500");
    expect(phone.log.map(({ text }) => text)).toContain("Image Authentication Failed");
  });

  test("a signed file under another name than the one in its header is refused", async () => {
    const site = siteWith([]);
    put(site, "XMLDefault.cnf.xml", xmlDefault("P00305000600"));
    site.set("P00305000600.sbn", signedFilling("P00305000500.sbn", 9000));
    const { phone } = await attempt({ from: "P00305000500", site });
    expect(phone.running).toBe("P00305000500");
    expect(phone.log.map(({ text }) => text)).toContain("Image Authentication Failed");
  });

  test.each(["P003-8-12-00.sbn", "P0S3-8-12-00.sb2"])("one changed bit in %s is refused", async (file) => {
    const site = siteWith(["P0S3-8-12-00"]);
    put(site, "XMLDefault.cnf.xml", xmlDefault("P0S3-8-12-00"));
    const image = site.get(file)?.slice() ?? new Uint8Array();
    image[2000] = (image[2000] as number) ^ 1;
    site.set(file, image);
    const { phone } = await attempt({ from: "P00308000900", site });
    expect(phone).toMatchObject({ mood: "stuck", screen: "Image Authentication Failed" });
  });

  test("a signed image of other hardware is rejected", async () => {
    const site = siteWith([]);
    put(site, "XMLDefault.cnf.xml", xmlDefault("SCCP41.9-4-2-1S"));
    site.set("SCCP41.9-4-2-1S.sbn", signedFilling("SCCP41.9-4-2-1S.sbn", 9000));
    site.set("SCCP41.9-4-2-1S.loads", signedImage("SCCP41.9-4-2-1S.loads", latin1("jar41sccp.9-4-2ES26.sbn\r\n")));
    const old = await attempt({ from: "P00305000500", site });
    expect(old.phone.running).toBe("P00305000500");
    expect(old.phone.log.map(({ text }) => text)).toContain("Load Rejected HC");
    const universal = await attempt({ from: "P00308000900", site });
    expect(universal.phone.running).toBe("P00308000900");
    expect(universal.phone.screen).toMatch(/^W710 .*Load Rejected HC/);
  });

  test("an unsigned phone that is given a damaged image, or one of other hardware, is lost", async () => {
    for (const image of [
      unsignedImage("P00303030300", 9000).subarray(0, 5000),
      unsignedImage("P00403030300", 9000).fill(0, 3000, 3010),
      unsignedImage("P00403030300", 9000),
      signedFilling("P00303030300.bin", 9000),
    ]) {
      const site = siteWith([]);
      put(site, "XMLDefault.cnf.xml", xmlDefault("P00303030300"));
      site.set("P00303030300.bin", image);
      const { phone } = await attempt({ from: "P00303010102", site });
      expect(phone).toMatchObject({ mood: "dead", running: undefined });
    }
  });

  test("an unsigned image may be renamed", async () => {
    const site = siteWith([]);
    put(site, "XMLDefault.cnf.xml", xmlDefault("P00303030300"));
    site.set("P00303030300.bin", unsignedImage("P00303010102", 9000));
    const { phone } = await attempt({ from: "P00303010102", site });
    expect(phone).toMatchObject({ mood: "settled", running: "P00303030300" });
  });
});

describe("names", () => {
  test("a load with the letter O is asked for, not found, and nothing happens (N2)", async () => {
    const site = siteWith(["P0S30203"]);
    put(site, "OS79XX.TXT", "POS30203");
    put(site, "XMLDefault.cnf.xml", xmlDefault("P00303010102"));
    const { phone, asked } = await attempt({ from: "P00303010102", site });
    expect(asked).toContain("POS30203.bin");
    expect(phone).toMatchObject({ running: "P00303010102", mood: "settled" });
  });

  test.each(["P0S30203\n", "P0S30203 ", "P0S30203.bin", "P0S30203\r\nP0S30203"])(
    "OS79XX.TXT holding %j leaves the phone unprovisioned (N3)",
    async (text) => {
      const site = siteWith(["P0S30203"]);
      put(site, "OS79XX.TXT", text);
      const { phone } = await attempt({ from: "P00303010102", site, until: 60_000 });
      expect(phone).toMatchObject({ running: "P00303010102", mood: "stuck", screen: "Phone Unprovisioned" });
    },
  );

  test("SIP 2.x cannot read a SIPDefault.cnf of more than a block, and so never sees its load (N4)", async () => {
    const site = siteWith(["P0S3-04-4-00"]);
    put(site, "SIPDefault.cnf", `image_version: P0S3-04-4-00\n${"# filling\n".repeat(60)}`);
    put(site, SIP_FILE, ONE_LINE);
    const { phone } = await attempt({ from: "P0S30203", site });
    expect(phone.screen).toMatch(/^W210 TFTP Error/);
    expect(phone.running).toBe("P0S30203");
    put(site, "SIPDefault.cnf", "image_version: P0S3-04-4-00\n");
    expect((await attempt({ from: "P0S30203", site })).phone.running).toBe("P0S3-04-4-00");
  });

  test("SIP up to 2.1 refuses a load name of more than eight characters (N5)", async () => {
    const site = siteWith(["P0S3-04-4-00", "P0S30203"]);
    put(site, "SIPDefault.cnf", "image_version: P0S3-04-4-00\n");
    put(site, SIP_FILE, ONE_LINE);
    const refused = await attempt({ from: "P0S30100", site });
    expect(refused.asked).not.toContain("P0S3-04-4-00.bin");
    expect(refused.phone.running).toBe("P0S30100");
    put(site, "SIPDefault.cnf", "image_version: P0S30203\n");
    expect((await attempt({ from: "P0S30100", site })).phone.running).toBe("P0S30203");
  });
});

describe("the universal application loader", () => {
  test.each(["P003-8-12-00.sbn", "P0S3-8-12-00.sb2"])(
    "without %s it shows Protocol Application Invalid (N6)",
    async (file) => {
      const site = siteWith(["P0S3-8-12-00"]);
      site.delete(file);
      put(site, "XMLDefault.cnf.xml", xmlDefault("P0S3-8-12-00"));
      const { phone } = await attempt({ from: "P00308000900", site });
      expect(phone).toMatchObject({ mood: "stuck", screen: "Protocol Application Invalid" });
    },
  );

  test("a phone that lacks a file of the set comes back by itself once the file is there", async () => {
    const site = siteWith(["P0S3-8-12-00"]);
    const missing = site.get("P0S3-8-12-00.sb2") as Uint8Array;
    site.delete("P0S3-8-12-00.sb2");
    put(site, "XMLDefault.cnf.xml", xmlDefault("P0S3-8-12-00"));
    put(site, SIP_FILE, ONE_LINE);
    const { phone } = await attempt({
      from: "P00308000900",
      site,
      operator: (now) => {
        if (now > 600_000) site.set("P0S3-8-12-00.sb2", missing);
        return phoneSettled(now);
      },
      until: 1800_000,
    });
    expect(phone).toMatchObject({ mood: "settled", running: "P0S3-8-12-00" });
  });

  test("without the .loads the old application starts and reports W710", async () => {
    const site = siteWith(["P0S3-8-12-00"]);
    site.delete("P0S3-8-12-00.loads");
    put(site, "XMLDefault.cnf.xml", xmlDefault("P0S3-8-12-00"));
    const { phone } = await attempt({ from: "P00308000900", site });
    expect(phone).toMatchObject({ running: "P00308000900", mood: "stuck" });
    expect(phone.screen).toBe("W710 Loader failed upgrade to P0S3-8-12-00, ignoring reset");
  });

  test("a lease without a TFTP server strands it: the address set by hand went with the old load (N7)", async () => {
    const site = siteWith(["P00308000900"]);
    put(site, "XMLDefault.cnf.xml", xmlDefault("P00308000900"));
    const settings = { tftp: "192.0.2.10" as never };
    const { phone, asked } = await attempt({
      from: { application: "P00305000500", settings },
      site,
      tftp: false,
      until: 600_000,
    });
    expect(asked).toContain("P00308000900.sbn");
    expect(asked).not.toContain("P00308000900.loads");
    expect(phone).toMatchObject({ mood: "stuck", screen: "Protocol Application Invalid", running: undefined });
  });

  test("a SIP load without SIP<MAC>.cnf is unprovisioned, and asks for it again every 31 s (N8)", async () => {
    const site = siteWith(["P0S3-8-12-00"]);
    put(site, "XMLDefault.cnf.xml", xmlDefault("P0S3-8-12-00"));
    const { phone, asked } = await attempt({ from: "P00308000900", site, operator: (now) => now > 300_000 });
    expect(phone).toMatchObject({ mood: "stuck", screen: "Phone Unprovisioned", running: "P0S3-8-12-00" });
    expect(asked.filter((name) => name === SIP_FILE).length).toBeGreaterThan(5);
  });

  test("a file of the other protocol that was left behind turns the phone back (N9)", async () => {
    const site = siteWith(["P0S3-8-12-00", "P00308000900"]);
    put(site, "SEP000E84C060A6.cnf.xml", "<device><loadInformation>P00308000900</loadInformation></device>");
    put(site, "SIPDefault.cnf", "image_version: P0S3-8-12-00\n");
    put(site, SIP_FILE, ONE_LINE);
    const { phone } = await attempt({ from: "P0S3-8-12-00", site, until: 900_000 });
    expect(phone.running).toBe("P00308000900");
  });

  test.each([
    ["P0S3-07-4-00", "P0S3-06-0-00"],
    ["P0S3-8-12-00", "P00305000500"],
  ])("from %s a phone goes back to %s, which has no .loads, and has then no loader (R2)", async (from, to) => {
    const site = siteWith([to]);
    put(site, "SIPDefault.cnf", `image_version: ${to}\n`);
    put(site, SIP_FILE, ONE_LINE);
    put(site, "XMLDefault.cnf.xml", xmlDefault(to));
    const { phone, asked } = await attempt({ from, site });
    expect(asked.slice(0, asked.indexOf(`${to}.sbn`))).toContain(`${to}.loads`);
    expect(phone).toMatchObject({ mood: "settled", running: to });
    expect(asked.at(asked.indexOf(`${to}.sbn`) + 1)).toBe("OS79XX.TXT");
  });

  test("SCCP older than 3.1 reads binary files, and is unprovisioned without them", async () => {
    const bare = await attempt({ from: "P00302000100", site: siteWith([]), until: 60_000 });
    expect(bare.asked.slice(0, 3)).toEqual(["OS79XX.TXT", "SEP000E84C060A6.cnf", "SEPDefault.cnf"]);
    expect(bare.phone).toMatchObject({ mood: "stuck", screen: "Unprovisioned" });
    const site = siteWith([]);
    put(site, "SEPDefault.cnf", "\x01\x02");
    expect((await attempt({ from: "P00302000100", site })).phone.mood).toBe("settled");
  });

  test("with no file that names a load and nothing in flash it shows No Load Specified", async () => {
    const { phone } = await attempt({
      from: { loader: { load: "P003-8-12-00", sound: true }, settings: {} },
      site: siteWith([]),
    });
    expect(phone).toMatchObject({ mood: "stuck", screen: "No Load Specified" });
  });

  test("an empty SEP file sends it round in circles", async () => {
    const site = siteWith([]);
    put(site, "SEP000E84C060A6.cnf.xml", "");
    const { phone, asked } = await attempt({ from: "P00308000900", site, operator: (now) => now > 300_000 });
    expect(phone.mood).not.toBe("settled");
    expect(new Set(asked)).toEqual(new Set(["CTLSEP000E84C060A6.tlv", "SEP000E84C060A6.cnf.xml"]));
  });

  test("XML with typographic quotes is no XML", async () => {
    const site = siteWith([]);
    put(site, "XMLDefault.cnf.xml", xmlDefault("P00308000900").replace('model="IP Phone 7960"', "model=\u201dx\u201d"));
    const { phone } = await attempt({ from: "P00308000900", site });
    expect(phone).toMatchObject({ mood: "stuck", screen: "XML Error [4]: Parse Error" });
  });
});

describe("hops that hurt", () => {
  test.each([
    ["SIP 2.3 straight to 7.4 (R1)", "P0S30203", "P003-07-4-00", "P0S3-07-4-00", "dead"],
    ["SIP 4.4 straight to 7.4 (R1)", "P0S3-04-4-00", "P003-07-4-00", "P0S3-07-4-00", "dead"],
    ["SIP 5.3 straight to 7.4 (R1)", "P0S3-05-3-00", "P003-07-4-00", "P0S3-07-4-00", "stuck"],
    ["SIP 3.2 straight to SCCP 5.0 (R6)", "P0S3-03-2-00", "P00305000500", "P00305000500", "dead"],
  ])("%s", async (_name, from, told, load, mood) => {
    const site = siteWith([load]);
    put(site, "OS79XX.TXT", told);
    const { phone } = await attempt({ from, site });
    expect(phone.mood).toBe(mood);
    expect(phone.running).toBeUndefined();
  });

  test("SCCP 3.1 straight to 8.0(9) leaves a loader that starts nothing, for ever (R4)", async () => {
    const site = siteWith(["P00308000900"]);
    put(site, "XMLDefault.cnf.xml", xmlDefault("P00308000900"));
    const { phone } = await attempt({ from: "P00303010102", site, operator: (now) => now > 3000_000 });
    expect(phone).toMatchObject({ mood: "stuck", screen: "Protocol Application Invalid", running: undefined });
  });

  test("SCCP older than 3.1 straight to 5.0(5) is lost, and by P00303010102 it is not (R12)", async () => {
    const site = siteWith(["P00305000500", "P00303010102"]);
    put(site, "OS79XX.TXT", "P00305000500");
    expect((await attempt({ from: "P00302000100", site })).phone.mood).toBe("dead");
    put(site, "OS79XX.TXT", "P00303010102");
    put(site, "XMLDefault.cnf.xml", xmlDefault("P00305000500"));
    expect((await attempt({ from: "P00302000100", site })).phone.running).toBe("P00305000500");
  });

  test("very old SCCP breaks a SIP 4.4 image off again and again, every ten seconds, and takes SIP 2.3 (R5)", async () => {
    const site = siteWith(["P0S3-04-4-00", "P0S30203"]);
    put(site, "OS79XX.TXT", "P0S3-04-4-00");
    const failed = await attempt({ from: "P00302000100", site, operator: (now) => now > 100_000 });
    expect(failed.asked.filter((name) => name === "P0S3-04-4-00.bin").length).toBeGreaterThanOrEqual(9);
    expect(failed.phone).toMatchObject({ mood: "stuck", running: "P00302000100" });
    put(site, "OS79XX.TXT", "P0S30203");
    expect((await attempt({ from: "P00302000100", site })).phone.running).toBe("P0S30203");
  });

  test("SCCP 3.1 to SIP 7.4 without 5.x hurts unless the phone follows the laxer of two documents (S13)", async () => {
    const site = siteWith(["P0S3-07-4-00"]);
    put(site, "XMLDefault.cnf.xml", xmlDefault("P003-07-4-00"));
    put(site, "SIPDefault.cnf", "image_version: P0S3-07-4-00\n");
    put(site, SIP_FILE, ONE_LINE);
    expect((await attempt({ from: "P00303010102", site })).phone.mood).toBe("stuck");
    const site2 = new Map(site);
    const lax = await attempt({
      from: "P00303010102",
      site: site2,
      habits: { livesThroughB: true },
      tap: ({ octets }) => {
        if (String.fromCharCode(...octets.subarray(2, 18)) === "P003-07-4-00.bin") site2.delete("XMLDefault.cnf.xml");
        return false;
      },
    });
    expect(lax.phone.running).toBe("P0S3-07-4-00");
  });
});

function phoneSettled(now: number): boolean {
  return now > 1000_000;
}
