import { type PackageFile, readImage, signedImage } from "../images.ts";
import { join, latin1, number16, octets16, textOf } from "../octets.ts";

const MAGIC = "kup100000000\0";
const HARDWARE_AT = 16;
const HEAD = 32;

/** Hardware numbers of `upgradecode` and of the images (cisco.md §4.4, §6.1). */
export const HARDWARE = { ATA: 0x301, "7902": 0x401, "7905": 0x501, "7912": 0x601 } as const;

/** What an image for these phones is. */
export interface AtaImage {
  readonly hardware: number;
  readonly sound: boolean;
  /** The name in the signed header, where there is one. */
  readonly signedName: string | undefined;
}

/**
 * A `.zup` for `hardware`: `kup100000000`, hardware, software type, version, `+kxz`, and a filling with its own sum
 * (cisco.md §4.4; the octets between those are the witness's own).
 */
export function zupImage(hardware: number, size: number): Uint8Array {
  const body = new Uint8Array(Math.max(HEAD + 8, size));
  body.fill(0xa5, HEAD);
  body.set(latin1(MAGIC));
  body.set(join(octets16(0), octets16(hardware), octets16(0x0400), octets16(0x0100), latin1("+kxz")), HARDWARE_AT);
  body.set(octets16(sumOf(body)), body.length - 2);
  return body;
}

/** The `.zup` and the signed `.sbin` of a load, e.g. `CP7912080001SIP060412A`. */
export function ataPackageOf(load: string, hardware: number, size = 300_000): readonly PackageFile[] {
  const zup = zupImage(hardware, size);
  return [
    { name: `${load}.zup`, octets: zup },
    { name: `${load}.sbin`, octets: signedImage(`${load}.sbin`, zup) },
  ];
}

/** Reads a `.zup` or `.sbin`; undefined when it is neither. */
export function readAtaImage(octets: Uint8Array): AtaImage | undefined {
  const image = readImage(octets);
  const zup = image.is === "signed" ? image.body : octets;
  if (textOf(zup, 0, MAGIC.length) !== MAGIC) return undefined;
  const sound = number16(zup, zup.length - 2) === sumOf(zup) && (image.is !== "signed" || image.sound);
  return {
    hardware: number16(zup, HARDWARE_AT + 2),
    sound,
    signedName: image.is === "signed" ? image.name : undefined,
  };
}

/** The build date in a load name, as `upgradecode` writes it: `…SIP060412A` is 0x060412a. Undefined without one. */
export function imageIdOf(load: string): number | undefined {
  const found = /(\d{6})([a-f])$/i.exec(load);
  return found === null ? undefined : Number.parseInt(`${found[1]}${found[2]}`, 16);
}

function sumOf(zup: Uint8Array): number {
  return zup.subarray(0, -2).reduce((sum, octet) => (sum + octet) & 0xffff, zup.length & 0xffff);
}
