import { join, latin1, number16, octets16, textOf } from "../octets.ts";

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
