import { type PackageFile, signedFilling, signedImage } from "../images.ts";
import { latin1 } from "../octets.ts";
import { type JavaLoad, readJavaLoad } from "./loads.ts";

/** Sizes of SCCP41 9.4(2)SR3, octets with header (cisco.md §4.3). */
const MEASURED = { jar: 1_630_052, cnu: 556_833, apps: 3_157_527, dsp: 562_693, cvm: 2_219_477 };

/** Component labels that differ from the release's own (cisco.md §4.3, "Release↔component"). */
const LABELS: Readonly<Record<string, string>> = {
  "9-4-2SR3-1": "9-4-2ES26",
  "9-4-2SR1-1": "9-4-2ES9",
  "9-4-2-1": "9-4-2TH1-1",
  "9-3-1SR4-1": "9-3-1ES26",
  "8-4-2": "8-4-2-38",
  "8-2-2SR2": "8-2-2TR2",
  "8-5-4": "8-5-4TH1-6",
  "9-2-1": "9-2-1TH1-13",
  "8-5-2": "8-5-2TH1-9",
  "8-3-1": "8-3-0-50",
};

/** Phones by the family number of their loads: the numbers of their `term<NN>.default.loads`. */
const TERMS: Readonly<Record<string, readonly string[]>> = {
  11: ["06", "11"],
  31: ["31"],
  41: ["41", "61"],
  42: ["42", "62"],
  45: ["45", "65"],
  70: ["70", "71"],
  75: ["75"],
};

/**
 * Octets of the files of an 894x load: ten pieces and a boot part, as an analysis of SIP 9.4(2)SR2 counts and measures
 * them; how the pieces are called is a guess (grade D).
 */
const PIECE = 3_145_120;
const LAST_PIECE = 2_371_948;
const BOOT_PART = { name: "BOOT894x.0-0-2-0.bin.sgn", size: 111_552 };
/** No 69xx image was measured (grade D). */
const IMAGE_69XX = 4_000_000;

/** The components of a load in the order of its `.loads` file: five of a Java phone. */
export function componentsOf(load: JavaLoad): readonly string[] {
  if (load.series === "69xx") return [`${load.name}.zz.sgn`];
  if (load.series === "894x")
    return [BOOT_PART.name, ...Array.from({ length: 10 }, (_, i) => `${load.name}.bin${i + 1}.sgn`)];
  const release = load.name.replace(/^\D+\d+\.|S$/g, "");
  const label = LABELS[release] ?? release;
  const stem = `${load.series}${load.protocol.toLowerCase()}`;
  return [
    `jar${stem}.${label}.sbn`,
    `cnu${load.series}.${label}.sbn`,
    `apps${load.series}.${label}.sbn`,
    `dsp${load.series}.${label}.sbn`,
    `cvm${stem}.${label}.sbn`,
  ];
}

/**
 * The files of the package of `load` (cisco.md §4.3, §4.4): five components, `<load>.loads`, and the
 * `term<NN>.default.loads` of each phone of the family, which has the same name in SIP and SCCP packages and other
 * contents. `divisor` makes the components smaller; `named` are the component files where their label is known and is not
 * the release's own. Throws for a name of no Java load.
 */
export function javaPackageOf(load: string, divisor = 1, named?: readonly string[]): readonly PackageFile[] {
  const read = readJavaLoad(load);
  if (read === undefined)
    throw new RangeError(`${load} is not the name of a load of the Java phones, the 69xx or the 894x`);
  const components = named ?? componentsOf(read);
  const lists = [`${load}.loads`, ...(TERMS[read.series] ?? []).map((term) => `term${term}.default.loads`)];
  return [
    ...components.map((name) => ({ name, octets: signedFilling(name, Math.ceil(sizeOf(name) / divisor)) })),
    ...lists.map((name) => ({ name, octets: signedImage(name, listing(load, components)) })),
  ];
}

function sizeOf(component: string): number {
  if (component === BOOT_PART.name) return BOOT_PART.size;
  if (component.endsWith(".zz.sgn")) return IMAGE_69XX;
  if (component.endsWith(".sgn")) return component.endsWith(".bin10.sgn") ? LAST_PIECE : PIECE;
  const kind = /^[a-z]+?(?=\d)/i.exec(component)?.[0]?.toLowerCase();
  return MEASURED[kind as keyof typeof MEASURED] ?? MEASURED.jar;
}

/** CRLF, comments, and a blank behind the dsp line, as real files have (cisco.md §4.4). */
function listing(load: string, components: readonly string[]): Uint8Array {
  const lines = components.map((name) => (name.startsWith("dsp") ? `${name} ` : name));
  return latin1([`# ${load}`, "#HARDWARE_COMP_1 5", ...lines, ""].join("\r\n"));
}
