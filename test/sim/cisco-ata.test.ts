import { expect, test } from "vitest";
import { type AtaModel, ataFlashWith, createCiscoAta, type FlashAta } from "../../src/sim/cisco-ata/character.ts";
import { ataPackageOf, HARDWARE, imageIdOf, zupImage } from "../../src/sim/cisco-ata/images.ts";
import { readProfile } from "../../src/sim/cisco-ata/profile.ts";
import { signedImage } from "../../src/sim/images.ts";
import { join, latin1, octets16 } from "../../src/sim/octets.ts";
import { seat } from "../../src/sim/seat.ts";
import type { Site } from "./site.ts";
import { MAC, type Trial, trySeat } from "./tried.ts";

const hex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const octets32 = (value: number) => join(octets16(value >>> 16), octets16(value & 0xffff));

/** A profile as `cfgfmt` would compile it, by the rules of cisco.md §6.2. */
function compiled(upgrade: { policy?: number; hardware: number; imageId: number; file: string }): Uint8Array {
  const value = join(
    Uint8Array.of(upgrade.policy ?? 3),
    octets32(upgrade.hardware),
    octets16(0x0400),
    octets16(0x0100),
    octets32(0),
    octets16(69),
    octets32(upgrade.imageId),
    latin1(`${upgrade.file}\0`),
  );
  const payload = join(Uint8Array.of(0x91, 0x00, value.length), value);
  const sum = payload.reduce((a, b) => (a + b) & 0xffff, 0);
  return join(latin1("#ata"), Uint8Array.of(0xff, 0xfe, 4), octets16(sum), octets16(payload.length), payload);
}

function run(flash: FlashAta, model: AtaModel, site: Site, rest: Partial<Trial> = {}) {
  return trySeat({ until: 3600_000, ...rest, phone: seat(createCiscoAta(MAC, model, 1), flash), site });
}

test("the published vector with an upgradecode is read field by field", () => {
  const octets = hex(
    "23617461fffe040a04002f91002c030000030104000200c00002aa00450020514a6174613138782d76322d31352d303230393237612e7a757000",
  );
  expect(readProfile(octets)?.upgrade).toEqual({
    policy: 3,
    hardware: 0x301,
    server: "192.0.2.170",
    port: 69,
    imageId: 0x20514a,
    file: "ata18x-v2-15-020927a.zup",
  });
  expect(readProfile(hex("23617461fffe0400160003140101"))).toEqual({ upgrade: undefined });
  expect(readProfile(octets.with(20, 9))).toBeUndefined();
  expect(readProfile(latin1("#txt\nupgradecode:3"))).toBeUndefined();
});

const OLD: FlashAta = { load: "CP7912010200SIP031010A", checksSignatures: true };
const NEW = "CP7912080001SIP060412A";
const told = (changes = {}) => compiled({ hardware: 0x601, imageId: 0x060412a, file: `${NEW}.sbin`, ...changes });
const site = (profile: Uint8Array, name = "gkdefault.cfg"): Site =>
  new Map([[name, profile], ...ataPackageOf(NEW, HARDWARE["7912"], 3000).map((f) => [f.name, f.octets] as const)]);

test("a 7912 reads its profile, takes the .sbin and stays there", async () => {
  const { phone, asked } = await run(OLD, "7912", site(told()));
  expect(asked.slice(0, 3)).toEqual([`gk${MAC}`, "gkdefault.cfg", `${NEW}.sbin`]);
  expect(phone).toMatchObject({ mood: "settled", running: NEW, boot: 2 });
});

test("a 7912 asks for .sbin even when the profile says .zup, and an SCCP load reads the CallManager files first", async () => {
  const sccp: FlashAta = { load: "CP7912010200SCCP031010A", checksSignatures: true };
  const { asked } = await run(sccp, "7912", site(told({ file: `${NEW}.zup` }), `gk${MAC}`));
  expect(asked.slice(0, 5)).toEqual([
    `SEP${MAC}.cnf.xml`,
    "XMLDefault.cnf.xml",
    "SEPDefault.cnf",
    `gk${MAC}`,
    `${NEW}.sbin`,
  ]);
});

test("another hardware number, or a name of more than 31 characters, is passed over", async () => {
  for (const changes of [{ hardware: 0x501 }, { file: `${"x".repeat(40)}.sbin` }]) {
    const { phone, asked } = await run(OLD, "7912", site(told(changes)));
    expect(phone).toMatchObject({ mood: "settled", running: OLD.load });
    expect(asked.some((name) => name.endsWith(".sbin"))).toBe(false);
  }
});

test("an image id that is not the image's own upgrades the phone again at every boot", async () => {
  const { phone } = await run(OLD, "7912", site(told({ imageId: 0x060412b })), { operator: (now) => now > 600_000 });
  expect(phone.boot).toBeGreaterThan(10);
});

test("a policy other than 3 takes newer images only", async () => {
  const newer: FlashAta = { ...OLD, load: "CP7912090001SIP070101A" };
  expect((await run(newer, "7912", site(told({ policy: 1 })))).phone.running).toBe(newer.load);
  expect((await run(newer, "7912", site(told()))).phone.running).toBe(NEW);
});

test("a signed phone refuses a damaged, renamed or foreign image; an unsigned one is lost by it", async () => {
  const foreign = signedImage(`${NEW}.sbin`, zupImage(HARDWARE["7905"], 3000));
  const files = site(told());
  const cut = files.get(`${NEW}.sbin`)?.subarray(0, -600) as Uint8Array;
  for (const image of [foreign, cut, signedImage("other.sbin", zupImage(0x601, 3000)), zupImage(0x601, 3000)]) {
    const spoilt = new Map(files).set(`${NEW}.sbin`, image);
    expect((await run(OLD, "7912", spoilt)).phone.running).toBe(OLD.load);
  }
  const unaware = await run({ ...OLD, checksSignatures: false }, "7912", new Map(files).set(`${NEW}.sbin`, foreign));
  expect(unaware.phone.mood).toBe("dead");
});

test("a 7905 that checks no signature asks for .zup and then for .sbin; one that does, for .sbin alone", async () => {
  const load = "CP7905080001SIP060412A";
  const profile = compiled({ hardware: 0x501, imageId: 0x060412a, file: `${load}.zup` });
  const from: FlashAta = { load: "CP7905010000SIP021010A", checksSignatures: false };
  const [, sbin] = ataPackageOf(load, HARDWARE["7905"], 3000);
  const files: Site = new Map([
    ["lddefault.cfg", profile],
    [`${load}.sbin`, sbin?.octets as Uint8Array],
  ]);
  const unaware = await run(from, "7905", files);
  expect(unaware.asked.filter((name) => name.startsWith("CP"))).toEqual([`${load}.zup`, `${load}.sbin`]);
  expect(unaware.phone.running).toBe(load);
  const aware = await run({ ...from, checksSignatures: true }, "7905", files);
  expect(aware.asked.filter((name) => name.startsWith("CP"))).toEqual([`${load}.sbin`]);
});

test("a profile left as text is no profile", async () => {
  const { phone } = await run(OLD, "7912", site(latin1("#txt\nUseTftp:1\n")));
  expect(phone).toMatchObject({ mood: "stuck", screen: "Invalid profile", running: OLD.load });
});

test("image ids are build dates written in hexadecimal", () => {
  expect(imageIdOf(NEW)).toBe(0x060412a);
  expect(imageIdOf("ata18x-v2-15-020927a")).toBe(0x020927a);
  expect(imageIdOf("nothing")).toBeUndefined();
});

test("loads from 1.1 on check signatures; the ATA never does", () => {
  expect(ataFlashWith("CP7905010200SIP040406A").checksSignatures).toBe(true);
  expect(ataFlashWith("CP7905010000SIP021010A").checksSignatures).toBe(false);
  expect(ataFlashWith("ATA030204SCCP090202A").checksSignatures).toBe(false);
});

test("an ATA goes from one .zup to the next, as its profile names them", async () => {
  const load = "ATA030204SCCP090202A";
  const profile = compiled({ hardware: 0x301, imageId: 0x090202a, file: `${load}.zup` });
  const files: Site = new Map([["atadefault.cfg", profile]]);
  for (const { name, octets } of ataPackageOf(load, HARDWARE.ATA, 3000)) files.set(name, octets);
  const { phone } = await run(ataFlashWith("ATA030100SCCP040211A"), "ATA", files);
  expect(phone).toMatchObject({ mood: "settled", running: load });
});
