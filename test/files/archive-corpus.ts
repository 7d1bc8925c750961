import { crc32, deflateRawSync } from "node:zlib";
import { createRandom } from "../../src/sim/random.ts";
import { type RawEntry, rawZip, signedFile } from "../synthetic-firmware.ts";
import { HOSTILE_ARCHIVES } from "./hostile-archives.ts";

/** An archive that somebody sends to do harm. `refused`: it may not be taken in; else it may only do no harm. */
export interface CorpusArchive {
  readonly told: string;
  readonly refused: boolean;
  readonly octets: Uint8Array;
}

const GOOD = "P0S3-8-12-00.sb2";
const goodBody = signedFile(GOOD, new Uint8Array(600));
const good: RawEntry = { name: GOOD, body: goodBody };
const body = Uint8Array.from(Buffer.from("root:x:0:0:root:/root:/bin/sh\n"));
const zip = (...entries: RawEntry[]) => rawZip([good, ...entries], (octets) => crc32(octets));

const LEADING_OUT = [
  "../x",
  "../../x",
  "../../../../../../../../tmp/provision-escaped",
  "a/../../x",
  "./../x",
  "..",
  "../",
  "a/..",
  "/",
  "//",
  "/x",
  "/tmp/provision-escaped",
  "//host/share/x",
  "C:/x",
  "c:x",
  "Z:\\x",
  "\\x",
  "..\\x",
  "a\\..\\..\\x",
  "\\\\?\\C:\\x",
  "a//b",
  "a/./b",
  "./x",
  "x/",
  ".\\x",
  "\u0000",
  "x\u0000.bin",
  "a\rb",
  "\u001b]0;x\u0007",
  "x\u007f",
];
const FOLDED: readonly (readonly [string, string])[] = [
  ["K.bin", "\u212a.bin"],
  ["s.bin", "\u017f.bin"],
  ["\u00e5.bin", "\u212b.bin"],
  ["1.bin", "\u2460.bin"],
  ["ff.bin", "\ufb00.bin"],
  ["a.bin", "\uff21.bin"],
  ["viii.bin", "\u2177.bin"],
  ["2.bin", "\u00b2.bin"],
  ["\u00e9.bin", "e\u0301.bin"],
  ["A.BIN", "a.bin"],
  ["x.bin", "x.bin"],
  ["x/y.bin", "X/Y.BIN"],
  ["\u1e9b.bin", "\u1e61.bin"],
  ["fi/x.bin", "\ufb01/x.bin"],
  ["x", "x/"],
];
const KINDS = [0o120777, 0o010644, 0o020644, 0o060644, 0o140644];
const TARGETS = ["/etc", "../..", "/etc/passwd", "vault", "."];

/** Archives of S40 and S41: names, links, twins, lies, cuts and damage; the same ones each time. */
export function archiveCorpus(): readonly CorpusArchive[] {
  return [
    ...HOSTILE_ARCHIVES.map(({ told, octets }) => ({ told, octets, refused: true })),
    ...names(),
    ...links(),
    ...twins(),
    ...lies(),
    ...cuts(),
    ...damage(),
  ];
}

function names(): CorpusArchive[] {
  return LEADING_OUT.flatMap((name) => {
    const packed = deflateRawSync(body);
    const variants: readonly (readonly [string, RawEntry])[] = [
      ["stored", { name, body }],
      ["packed", { name, body: packed, method: 8, size: body.length, crc: crc32(body) }],
      ["in another character set", { name, body, flags: 0 }],
      ["as firmware", { name: `${name}/${GOOD}`, body: goodBody }],
      ["as a folder", { name: `${name}/`, body: new Uint8Array(), mode: 0o040755 }],
    ];
    // "x/" is an ordinary folder, and in the other character set a control character is a picture (PC code page 437).
    const picture = [...name].some((character) => character < " " || character === "\u007f");
    return variants.map(([how, entry]) => ({
      told: `${JSON.stringify(name)} ${how}`,
      refused: name !== "x/" && !(picture && entry.flags === 0),
      octets: zip(entry),
    }));
  });
}

function links(): CorpusArchive[] {
  return KINDS.flatMap((mode) =>
    TARGETS.flatMap((target) => {
      const link: RawEntry = { name: "dir", body: Buffer.from(target), mode };
      const told = `mode ${mode.toString(8)} to ${target}`;
      return [
        { told, refused: true, octets: zip(link) },
        { told: `${told}, written through`, refused: true, octets: zip(link, { name: `dir/${GOOD}`, body: goodBody }) },
      ];
    }),
  );
}

function twins(): CorpusArchive[] {
  return FOLDED.flatMap(([one, other]) => [
    { told: `${one} and ${other}`, refused: true, octets: zip({ name: one, body }, { name: other, body }) },
    { told: `${other} and ${one}`, refused: true, octets: zip({ name: other, body }, { name: one, body }) },
  ]);
}

function lies(): CorpusArchive[] {
  const length = goodBody.length;
  const packed = deflateRawSync(goodBody);
  const list: CorpusArchive[] = [];
  for (const method of [0, 8]) {
    const honest = method === 0 ? goodBody : packed;
    const base: RawEntry = { name: GOOD, body: honest, method, size: length, crc: crc32(goodBody) };
    const change = (told: string, entry: RawEntry) =>
      void list.push({
        told: `${told}, method ${method}`,
        refused: true,
        octets: rawZip([entry], (octets) => crc32(octets)),
      });
    for (const size of [0, 1, length - 1, length + 1, 0x7fffffff, 0xfffffffe])
      change(`size ${size}`, { ...base, size });
    for (const packedSize of [0, 1, honest.length - 1, honest.length + 500, 0x7fffffff])
      change(`packed size ${packedSize}`, { ...base, packedSize });
    for (const crc of [0, 1]) change(`sum ${crc}`, { ...base, crc });
    for (const at of [1, 4, 60, 1e6, 0xfffffffe]) change(`at ${at}`, { ...base, name: `x${GOOD}`, at });
  }
  return list;
}

function cuts(): CorpusArchive[] {
  const whole = zip({ name: "readme.txt", body });
  return Array.from({ length: 40 }, (_, i) => {
    const length = Math.floor((whole.length * i) / 40);
    return { told: `cut after ${length} octets`, refused: true, octets: whole.slice(0, length) };
  });
}

function damage(): CorpusArchive[] {
  const random = createRandom(41);
  const whole = zip({ name: "readme.txt", body });
  return Array.from({ length: 60 }, (_, i) => {
    const octets = Uint8Array.from(whole);
    for (let change = 0; change < 3; change++)
      octets[Math.floor(random.next() * octets.length)] = Math.floor(random.next() * 256);
    return { told: `three octets changed, ${i}`, refused: false, octets };
  });
}
