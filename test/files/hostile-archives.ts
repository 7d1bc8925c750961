import { crc32, deflateRawSync } from "node:zlib";
import { type RawEntry, rawZip, signedFile } from "../synthetic-firmware.ts";

const GOOD = "P0S3-8-12-00.sb2";
const good: RawEntry = { name: GOOD, body: signedFile(GOOD, new Uint8Array(600)) };
const body = Uint8Array.from(Buffer.from("root:x:0:0"));

/** A zip that must not be taken in, and the code that says why. */
export interface HostileArchive {
  readonly told: string;
  readonly code: string;
  readonly octets: Uint8Array;
}

function zip(...entries: RawEntry[]): Uint8Array {
  return rawZip([good, ...entries], (octets) => crc32(octets));
}

const unsafeNames: readonly (readonly [string, string])[] = [
  ["the folder above", "../evil.bin"],
  ["two folders above", "../../etc/cron.d/evil"],
  ["above from within", "a/b/../../../evil"],
  ["an absolute path", "/etc/passwd"],
  ["two slashes", "//etc/passwd"],
  ["a drive letter", "C:\\Windows\\evil"],
  ["a drive letter with slashes", "c:/evil"],
  ["backslashes", "..\\..\\evil"],
  ["a host", "\\\\host\\share"],
  ["a dot in the middle", "a/./b"],
  ["an empty part", "a//b"],
  ["a newline", "a\nb"],
  ["an escape", "\u001b[2Jx"],
  ["a NUL", "P0S3.sb2\0.txt"],
  ["a long name", `${"x".repeat(600)}.bin`],
  ["dots alone", ".."],
];

const deep = deflateRawSync(new Uint8Array(8 * 2 ** 20));

/** S40 and S41: what other programs were broken with. */
export const HOSTILE_ARCHIVES: readonly HostileArchive[] = [
  ...unsafeNames.map(([told, name]) => ({ told, code: "unsafe-name", octets: zip({ name, body }) })),
  { told: "a name twice", code: "same-name", octets: zip({ name: GOOD, body }) },
  { told: "a name twice but for its case", code: "same-name", octets: zip({ name: GOOD.toLowerCase(), body }) },
  {
    told: "a name twice but for its Unicode form",
    code: "same-name",
    octets: zip({ name: "ﬁrm", body }, { name: "firm", body }),
  },
  {
    told: "a file and a folder of one name",
    code: "same-name",
    octets: zip({ name: "a", body }, { name: "a/", body: new Uint8Array() }),
  },
  {
    told: "a symbolic link",
    code: "not-a-file",
    octets: zip({ name: "link", body: Buffer.from("/etc"), mode: 0o120777 }),
  },
  { told: "a FIFO", code: "not-a-file", octets: zip({ name: "fifo", body, mode: 0o010644 }) },
  { told: "a device", code: "not-a-file", octets: zip({ name: "dev", body, mode: 0o060644 }) },
  { told: "an archive inside", code: "nested", octets: zip({ name: "inner.zip", body }) },
  {
    told: "an encrypted entry",
    code: "encrypted",
    octets: zip({ name: "x", body: new Uint8Array(22), size: 10, flags: 0x801 }),
  },
  { told: "an unknown compression", code: "compression", octets: zip({ name: "x", body, method: 12 }) },
  {
    told: "8 MiB of zeros in 8 KiB",
    code: "bomb",
    octets: zip({ name: "zeros", body: deep, method: 8, size: 8 * 2 ** 20, crc: 0 }),
  },
  {
    told: "a claim of 4 GB",
    code: "too-large",
    octets: zip({ name: "big", body: deep, method: 8, size: 0xfffffff0, crc: 0 }),
  },
  {
    told: "five claims of 500 MiB",
    code: "too-large",
    octets: zip(
      ...Array.from({ length: 5 }, (_, i) => ({
        name: `big${i}`,
        body: new Uint8Array(2_700_000),
        method: 8,
        size: 500 * 2 ** 20,
      })),
    ),
  },
  {
    told: "entries that share their octets",
    code: "bomb",
    octets: zip({ name: "one", body }, { name: "two", body, at: 0 }),
  },
  {
    told: "more entries than a package has",
    code: "too-many",
    octets: rawZip(
      Array.from({ length: 5001 }, (_, i) => ({ name: `f${i}`, body: new Uint8Array() })),
      () => 0,
    ),
  },
  { told: "a checksum that does not fit", code: "damaged-archive", octets: rawZip([{ ...good, crc: 1 }], () => 0) },
  {
    told: "more octets than were claimed",
    code: "damaged-archive",
    octets: rawZip([{ name: GOOD, body: deflateRawSync(new Uint8Array(5000)), method: 8, size: 700, crc: 1 }], () => 0),
  },
  {
    told: "fewer octets than were claimed",
    code: "damaged-archive",
    octets: rawZip([{ name: GOOD, body: deflateRawSync(new Uint8Array(500)), method: 8, size: 700, crc: 1 }], () => 0),
  },
  {
    told: "a packed stream of nonsense",
    code: "damaged-archive",
    octets: rawZip(
      [{ name: GOOD, body: Uint8Array.from({ length: 99 }, (_, i) => i * 7), method: 8, size: 700 }],
      () => 0,
    ),
  },
  { told: "half a zip", code: "damaged-archive", octets: zip().slice(0, 500) },
  {
    told: "a local header where none is",
    code: "damaged-archive",
    octets: zip({ name: GOOD.replace("12", "11"), body, at: 9e6 }),
  },
  { told: "a zip of one octet", code: "damaged-archive", octets: Uint8Array.of(80) },
];
