import { describe, expect, test } from "vitest";
import { createCiscoAta } from "../../src/sim/cisco-ata/character.ts";
import { createCiscoJava } from "../../src/sim/cisco-java/character.ts";
import { javaFlashWith } from "../../src/sim/cisco-java/flash.ts";
import { javaPackageOf } from "../../src/sim/cisco-java/packages.ts";
import { signedFilling, unsignedImage } from "../../src/sim/images.ts";
import { createPolycom, type FlashPolycom } from "../../src/sim/polycom/character.ts";
import { polycomImage } from "../../src/sim/polycom/images.ts";
import { POLYCOM_MODELS } from "../../src/sim/polycom/models.ts";
import type { Operator } from "../../src/sim/run.ts";
import { type Seat, seat } from "../../src/sim/seat.ts";
import type { Ipv4 } from "../../src/wire/address.ts";
import { put, type Site, siteWith, xmlDefault } from "./site.ts";
import { attempt, MAC, type Trial, type Tried, trySeat } from "./tried.ts";

/**
 * Goal R44: a simulator that survives everything proves nothing. Each row keeps a rule, and the phone arrives; then
 * breaks that rule alone, and it does not.
 */
interface Row {
  readonly rule: string;
  readonly to: string;
  readonly kept: () => Trial;
  readonly broken: (kept: Trial) => Trial;
}

const SIP_FILE = "SIP000E84C060A6.cnf";
const HOUR = 3600_000;

/** A step of a phone without the loader, by OS79XX.TXT and the target's own files. */
function byOs79xx(from: string, told: string, load: string): Trial {
  const site = siteWith([load]);
  put(site, "OS79XX.TXT", told);
  if (load.startsWith("P0S3")) {
    put(site, "SIPDefault.cnf", `image_version: ${load}\n`);
    put(site, SIP_FILE, "line1_name: 100\n");
  } else put(site, "XMLDefault.cnf.xml", xmlDefault(load));
  return { from, site, until: HOUR };
}

function byXmlDefault(from: string, load: string): Trial {
  const site = siteWith([load]);
  put(site, "XMLDefault.cnf.xml", xmlDefault(load));
  if (load.startsWith("P0S3")) put(site, SIP_FILE, "line1_name: 100\n");
  return { from, site, until: HOUR };
}

function byImageVersion(from: string, load: string): Trial {
  const site = siteWith([load]);
  put(site, "SIPDefault.cnf", `image_version: ${load}\n`);
  put(site, SIP_FILE, "line1_name: 100\n");
  if (!load.startsWith("P0S3")) put(site, "XMLDefault.cnf.xml", xmlDefault(load));
  return { from, site, until: HOUR };
}

const from = (load: string) => (kept: Trial) => ({ ...kept, from: load });
const site = (change: (site: Site) => void) => (kept: Trial) => {
  change(kept.site);
  return kept;
};
const flip = (file: string, at: number) =>
  site((files) => {
    const octets = files.get(file)?.slice() ?? new Uint8Array();
    octets[at] = (octets[at] as number) ^ 4;
    files.set(file, octets);
  });
const cut = (file: string) => site((files) => files.set(file, (files.get(file) as Uint8Array).subarray(0, 2500)));
const drop = (file: string) => site((files) => files.delete(file));

const OLD_STEP = () => byXmlDefault("P00303010102", "P00303030300");
const UNIVERSAL = () => byXmlDefault("P00308000900", "P0S3-8-12-00");

const rows: readonly Row[] = [
  row("R1: SIP 4.4 does not go to 7.4", "P0S3-07-4-00", toSip74, from("P0S3-04-4-00")),
  row("R1: SIP 3.2 does not go to 7.4", "P0S3-07-4-00", toSip74, from("P0S3-03-2-00")),
  row("R1: SIP 2.3 does not go to 7.4", "P0S3-07-4-00", toSip74, from("P0S30203")),
  row("R1: SIP 5.3 does not go to 7.4", "P0S3-07-4-00", toSip74, from("P0S3-05-3-00")),
  row("R4: SCCP 3.1 does not go to 8.0(9)", "P00308000900", toSccp80, from("P00303010102")),
  row("R12: SCCP 2.x does not go to 5.0(5)", "P00305000500", toSccp50, from("P00302000100")),
  row("R6: SIP 3.2 does not go to SCCP 5.0(5)", "P00305000500", toSccp50, from("P0S3-03-2-00")),
  row("R5: SCCP 2.x does not take SIP 4.4", "P0S3-04-4-00", toSip44, from("P00302000100")),
  row("R3: signed does not go back to unsigned", "P0S3-04-4-00", toSip44, from("P0S3-05-3-00")),
  row("an unsigned image is whole", "P00303030300", OLD_STEP, cut("P00303030300.bin")),
  row("an unsigned image is unchanged", "P00303030300", OLD_STEP, flip("P00303030300.bin", 700)),
  row(
    "an unsigned image is for this hardware",
    "P00303030300",
    OLD_STEP,
    site((s) => s.set("P00303030300.bin", unsignedImage("P00403030300", 9000))),
  ),
  row(
    "a .bin is not a .sbn under another name",
    "P00303030300",
    OLD_STEP,
    site((s) => s.set("P00303030300.bin", signedFilling("P00303030300.sbn", 9000))),
  ),
  row("a loader is whole", "P0S3-8-12-00", UNIVERSAL, cut("P003-8-12-00.sbn")),
  row("a loader is unchanged", "P0S3-8-12-00", UNIVERSAL, flip("P003-8-12-00.sbn", 900)),
  row("an application is whole", "P0S3-8-12-00", UNIVERSAL, cut("P0S3-8-12-00.sb2")),
  row("an application is unchanged", "P0S3-8-12-00", UNIVERSAL, flip("P0S3-8-12-00.sb2", 5000)),
  row(
    "a signed file has the name in its header",
    "P0S3-8-12-00",
    UNIVERSAL,
    site((s) => s.set("P0S3-8-12-00.sb2", signedFilling("P0S3-08-11-00.sb2", 9000))),
  ),
  row(
    "a list is that of its own package",
    "P0S3-8-12-00",
    UNIVERSAL,
    site((s) => s.set("P0S3-8-12-00.loads", siteWith(["P0S3-08-11-00"]).get("P0S3-08-11-00.loads") as Uint8Array)),
  ),
  row("N6: the loader is there", "P0S3-8-12-00", UNIVERSAL, drop("P003-8-12-00.sbn")),
  row("N6: the list is there", "P0S3-8-12-00", UNIVERSAL, drop("P0S3-8-12-00.loads")),
  row("N6: the application is there", "P0S3-8-12-00", UNIVERSAL, drop("P0S3-8-12-00.sb2")),
  row("R47: a file of the stage stays until the phone has it", "P0S3-8-12-00", UNIVERSAL, (kept) => ({
    ...kept,
    onAsk: (name, files) => {
      if (name === "P003-8-12-00.sbn") files.delete("P0S3-8-12-00.sb2");
    },
  })),
  row("R47: what a torn write asks for stays", "P00303030300", OLD_STEP, (kept) =>
    cutInWrite(kept, (files) => files.delete("P00303030300.bin")),
  ),
  row("nobody pulls the plug while a fragile loader is written", "P0S3-8-12-00", UNIVERSAL, (kept) =>
    cutInWrite({ ...kept, habits: { fragileLoader: true } }, () => undefined),
  ),
  row("N7: the lease names a TFTP server", "P0S3-8-12-00", UNIVERSAL, (kept) => ({ ...kept, tftp: false })),
  row("N7: options 66 and 150 name the server that is there", "P0S3-8-12-00", UNIVERSAL, (kept) => ({
    ...kept,
    tftp: "192.0.2.99" as Ipv4,
  })),
  row("N8: the file of the new protocol is there", "P0S3-8-12-00", UNIVERSAL, drop(SIP_FILE)),
  row(
    "N9: no SEP file of the old protocol is left",
    "P0S3-8-12-00",
    UNIVERSAL,
    site((s) => put(s, "SEP000E84C060A6.cnf.xml", "<device><loadInformation>P00308000900</loadInformation></device>")),
  ),
  row(
    "N9: no SIP file of the old protocol is left",
    "P00308000900",
    () => {
      const trial = byXmlDefault("P0S3-8-12-00", "P00308000900");
      return trial;
    },
    site((s) => put(s, SIP_FILE, "image_version: P0S3-8-12-00\nline1_name: 100\n")),
  ),
  row(
    "N4: SIP 2.x gets a short SIPDefault.cnf",
    "P0S3-04-4-00",
    () => byImageVersion("P0S30203", "P0S3-04-4-00"),
    site((s) => put(s, "SIPDefault.cnf", `image_version: P0S3-04-4-00\n${"#\n".repeat(400)}`)),
  ),
  row(
    "N5: SIP up to 2.1 gets a name of eight characters",
    "P0S30203",
    () => byImageVersion("P0S30100", "P0S30203"),
    (kept) => ({ ...byImageVersion("P0S30100", "P0S3-04-4-00"), until: kept.until ?? HOUR }),
  ),
  row(
    "N3: OS79XX.TXT is one name and nothing else",
    "P0S30203",
    toSip23,
    site((s) => put(s, "OS79XX.TXT", "P0S30203\n")),
  ),
  row(
    "N2: the name has a digit zero",
    "P0S30203",
    toSip23,
    site((s) => put(s, "OS79XX.TXT", "POS30203")),
  ),
  row(
    "the configuration is XML",
    "P0S3-8-12-00",
    UNIVERSAL,
    site((s) => put(s, "XMLDefault.cnf.xml", `${xmlDefault("P0S3-8-12-00")}</Default>`)),
  ),
  row(
    "no file is answered with nothing",
    "P0S3-8-12-00",
    UNIVERSAL,
    site((s) => put(s, "CTLSEP000E84C060A6.tlv", "")),
  ),
  row(
    "the load is that of the model",
    "P0S3-8-12-00",
    UNIVERSAL,
    site((s) =>
      put(
        s,
        "XMLDefault.cnf.xml",
        xmlDefault("P0S3-8-12-00")
          .replace("loadInformation7 ", "loadInformation9 ")
          .replace("/loadInformation7", "/loadInformation9"),
      ),
    ),
  ),
];

function row(rule: string, to: string, kept: () => Trial, broken: Row["broken"]): Row {
  return { rule, to, kept, broken };
}

function toSip74(): Trial {
  return byOs79xx("P0S3-06-3-00", "P003-07-4-00", "P0S3-07-4-00");
}

function toSccp80(): Trial {
  return byXmlDefault("P00305000500", "P00308000900");
}

function toSccp50(): Trial {
  return byOs79xx("P0S3-04-4-00", "P00305000500", "P00305000500");
}

function toSip44(): Trial {
  return byOs79xx("P00303010102", "P0S3-04-4-00", "P0S3-04-4-00");
}

function toSip23(): Trial {
  return byOs79xx("P00303010102", "P0S30203", "P0S30203");
}

/** Pulls the plug two seconds into the first write. */
function cutInWrite(kept: Trial, change: (site: Site) => void): Trial {
  const held: { phone?: Seat; done?: boolean } = {};
  return {
    ...kept,
    seatIs: (phone) => {
      held.phone = phone;
    },
    operator: (now: number, act: Operator) => {
      const write = held.phone?.log.find(({ what }) => what === "writes");
      if (held.phone !== undefined && write !== undefined && held.done !== true && now > write.at + 2000) {
        held.done = true;
        change(kept.site);
        act.powerCycle(held.phone);
      }
      return held.done === true && now > 1200_000;
    },
  };
}

const arrived = ({ phone }: Tried, to: string) => phone.running === to && phone.mood === "settled";

describe("7940 and 7960: with the rule kept the phone arrives, with it broken it does not", () => {
  test.each(rows)("$rule", async ({ to, kept, broken }) => {
    expect(arrived(await attempt(kept()), to)).toBe(true);
    expect(arrived(await attempt(broken(kept())), to)).toBe(false);
  });

  test("there are more than thirty of them", () => {
    expect(rows.length).toBeGreaterThan(30);
  });
});

describe("Java phones", () => {
  const files = (...loads: string[]): Site =>
    new Map(loads.flatMap((load) => javaPackageOf(load, 200).map((f) => [f.name, f.octets] as const)));
  const sep = (load: string) =>
    `<device><processNodeName>10.0.0.1</processNodeName><line button="1"><featureID>9</featureID><proxy>10.0.0.1</proxy></line><loadInformation>${load}</loadInformation></device>`;
  const NEW = "SIP41.9-4-2SR3-1S";
  const good = () => {
    const all = files(NEW);
    put(all, "SEP000E84C060A6.cnf.xml", sep(NEW));
    return { all, flash: javaFlashWith("SIP41.8-5-2S"), model: "7941" };
  };
  test.each<[string, (made: ReturnType<typeof good>) => Partial<ReturnType<typeof good>> | undefined]>([
    ["J1: the bridge comes first", () => ({ flash: javaFlashWith("SCCP41.8-3-1S") })],
    [
      "every component is there",
      ({ all }) => {
        all.delete("cnu41.9-4-2ES26.sbn");
        return undefined;
      },
    ],
    [
      "the list is there",
      ({ all }) => {
        all.delete(`${NEW}.loads`);
        return undefined;
      },
    ],
    ["the load is of the model's family", () => ({ model: "7970" })],
    ["J7: no old trust list", ({ flash }) => ({ flash: { ...flash, trustList: true } })],
    [
      "J2: a phone in its boot loader sees its term file",
      ({ all, flash }) => {
        all.delete("term41.default.loads");
        const { application: _, ...bare } = flash;
        return { flash: bare };
      },
    ],
  ])("%s", async (_rule, spoil) => {
    const go = ({ all, flash, model }: ReturnType<typeof good>) =>
      trySeat({ phone: seat(createCiscoJava(MAC, model, 1), flash), site: all, until: HOUR });
    expect(arrived(await go(good()), NEW)).toBe(true);
    const made = good();
    expect(arrived(await go({ ...made, ...spoil(made) }), NEW)).toBe(false);
  });
});

describe("Polycom", () => {
  const part = POLYCOM_MODELS.get("SPIP650")?.part ?? "";
  const good = (): { all: Site; flash: FlashPolycom } => {
    const all: Site = new Map();
    put(all, "000000000000.cfg", '<APPLICATION APP_FILE_PATH="sip.ld" CONFIG_FILES=""/>');
    const head = { kind: "sip", version: "4.0.15", parts: [part], updater: "5.0.15" } as const;
    all.set(`${part}.sip.ld`, polycomImage(head, 4000));
    all.set(
      `${part}.bootrom.ld`,
      polycomImage({ kind: "bootrom", version: "4.4.0", parts: [part], updater: undefined }, 3000),
    );
    return { all, flash: { loader: "4.2.3", application: "3.2.7" } };
  };
  test.each<[string, (made: ReturnType<typeof good>) => Partial<ReturnType<typeof good>> | undefined]>([
    [
      "P4: the Upgrader comes before UC Software",
      ({ all }) => {
        all.delete(`${part}.bootrom.ld`);
        return undefined;
      },
    ],
    ["P4: BootROM 2.5 goes by 3.x", () => ({ flash: { loader: "2.5.0", application: "1.6.7" } })],
    [
      "the image is there",
      ({ all }) => {
        all.delete(`${part}.sip.ld`);
        return undefined;
      },
    ],
    [
      "the image is whole",
      ({ all }) => {
        all.set(`${part}.sip.ld`, (all.get(`${part}.sip.ld`) as Uint8Array).subarray(0, 3000));
        return undefined;
      },
    ],
    [
      "the master file names the image",
      ({ all }) => {
        put(all, "000000000000.cfg", "<APPLICATION/>");
        return undefined;
      },
    ],
  ])("%s", async (_rule, spoil) => {
    const go = ({ all, flash }: ReturnType<typeof good>) =>
      trySeat({ phone: seat(createPolycom(MAC, "SPIP650", 1), flash), site: all, until: HOUR });
    expect(arrived(await go(good()), "4.0.15")).toBe(true);
    const made = good();
    expect(arrived(await go({ ...made, ...spoil(made) }), "4.0.15")).toBe(false);
  });
});

test("an ATA is left alone by a profile for other hardware", async () => {
  const flash = { load: "ATA030100SIP050211A", checksSignatures: true };
  const { phone } = await trySeat({ phone: seat(createCiscoAta(MAC, "ATA", 1), flash), site: new Map(), until: HOUR });
  expect(phone).toMatchObject({ mood: "stuck", running: flash.load });
});
