import type { PackageFile } from "../images.ts";
import { join, latin1, number16, octets16, textOf } from "../octets.ts";
import { imageNames } from "./master.ts";
import { imageMark, POLYCOM_MODELS } from "./models.ts";
import { olderThan } from "./version.ts";

/** What an image says of itself in its first block. The real layout is not public: this one is the witness's own. */
export interface PolycomHead {
  readonly kind: "bootrom" | "sip";
  readonly version: string;
  /** Part numbers that it holds an image for; several in a combined file (polycom.md §1.1 step 4). */
  readonly parts: readonly string[];
  /** For UC Software: the Updater that comes with it (polycom.md §4.1). */
  readonly updater: string | undefined;
}

const MAGIC = "SIMULATED-LD";

/** A synthetic `.ld` of `size` octets. Its head must fit in 512 octets: some thirty part numbers. */
export function polycomImage(head: PolycomHead, size: number): Uint8Array {
  const lines = [MAGIC, head.kind, head.version, head.updater ?? "", head.parts.join(" "), ""].join("\n");
  const octets = new Uint8Array(Math.max(size, lines.length + 2)).fill(0x5a);
  octets.set(latin1(lines));
  return join(octets.subarray(0, -2), octets16(sumOf(octets)));
}

/** The file of one release for one model, under the name that the model asks for first (polycom.md §1.4). */
export function polycomPackageOf(tag: string, kind: PolycomHead["kind"], version: string, size = 500_000): PackageFile {
  const model = POLYCOM_MODELS.get(tag);
  if (model === undefined) throw new RangeError(`${tag} is not a Polycom model`);
  const updater = kind === "sip" && !olderThan(version, "4.0") ? loaderWith(version) : undefined;
  const octets = polycomImage({ kind, version, parts: [imageMark(model)], updater }, size);
  return { name: imageNames(`${kind}.ld`, model.part)[0] ?? `${kind}.ld`, octets };
}

/**
 * The BootROM or Updater that a phone with this application has. The pairs of 5.5.2, 5.7.3 and 5.9.8 were read off a
 * phone (polycom.md §4.1); the others follow the neighbouring release (grade D).
 */
export function loaderWith(application: string): string {
  if (olderThan(application, "3.2")) return "4.1.4.0122";
  if (olderThan(application, "4.0")) return "4.2.3.0003";
  if (olderThan(application, "5.0")) return application.replace(/^4\.\d+/, "5.0");
  if (olderThan(application, "5.7.3")) return "5.7.2.21547";
  if (olderThan(application, "5.8")) return "5.9.3.1730";
  return olderThan(application, "6.0") ? "5.9.8.4127" : application;
}

/** Reads the head from the first block; undefined when it is no image. */
export function readPolycomHead(firstBlock: Uint8Array): PolycomHead | undefined {
  const [magic, kind, version, updater, parts] = textOf(firstBlock.subarray(0, 512)).split("\n");
  if (magic !== MAGIC || version === undefined || parts === undefined) return undefined;
  if (kind !== "bootrom" && kind !== "sip") return undefined;
  return { kind, version, parts: parts.split(" "), updater: updater === "" ? undefined : updater };
}

/** Whether a whole image is unchanged and not cut short. */
export function isSound(octets: Uint8Array): boolean {
  return octets.length > 2 && number16(octets, octets.length - 2) === sumOf(octets);
}

function sumOf(octets: Uint8Array): number {
  return octets.subarray(0, -2).reduce((sum, octet) => (sum * 31 + octet) & 0xffff, octets.length & 0xffff);
}
