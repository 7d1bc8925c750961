import type { Ipv4, Mac } from "../../wire/address.ts";
import { type Key, readJavaLoad } from "./loads.ts";
import { componentsOf } from "./packages.ts";

/** What a Java phone keeps without power. */
export interface FlashJava {
  /** The keys its boot loader trusts: those of the last load that was installed. */
  readonly trusted: Key;
  /** The load it runs and its components; absent after a factory reset, a format or a torn write. */
  readonly application?: { readonly load: string; readonly components: readonly string[] };
  /** A CTL or ITL file of another CallManager: the phone then believes no configuration of ours (J9). */
  readonly trustList: boolean;
  /** A full format has begun and is not over. Without power now, nothing is left to start from. */
  readonly formatting?: "asked" | "interrupted";
  readonly settings: { readonly tftp?: Ipv4 };
}

/** A model of the Java phones, or of the later ones that read the same files, with its CallManager code. */
export interface JavaModel {
  readonly series: string;
  /** The number of its `term<NN>.default.loads`; a 69xx or 894x is not known to have such a list. */
  readonly term?: string;
  readonly code: number;
  readonly option60: string;
  /** It tries HTTP first whatever load it runs (cisco.md §2.2, request log of an 8945, grade A). */
  readonly web?: true;
}

/** The models, by the name on the case (cisco.md §4.3, §7.1). */
export const JAVA_MODELS: Readonly<Record<string, JavaModel>> = {
  "7906": { series: "11", term: "06", code: 369, option60: "CP-7906G" },
  "7911": { series: "11", term: "11", code: 307, option60: "CP-7911G" },
  "7931": { series: "31", term: "31", code: 348, option60: "CP-7931G" },
  "7941": { series: "41", term: "41", code: 115, option60: "CP-7941G" },
  "7941G-GE": { series: "41", term: "41", code: 309, option60: "CP-7941G-GE" },
  "7961": { series: "41", term: "61", code: 30018, option60: "CP-7961G" },
  "7961G-GE": { series: "41", term: "61", code: 308, option60: "CP-7961G-GE" },
  "7942": { series: "42", term: "42", code: 434, option60: "CP-7942G" },
  "7962": { series: "42", term: "62", code: 404, option60: "CP-7962G" },
  "7945": { series: "45", term: "45", code: 435, option60: "CP-7945G" },
  "7965": { series: "45", term: "65", code: 436, option60: "CP-7965G" },
  "7970": { series: "70", term: "70", code: 30006, option60: "CP-7970G" },
  "7971": { series: "70", term: "71", code: 119, option60: "CP-7971G-GE" },
  "7975": { series: "75", term: "75", code: 437, option60: "CP-7975G" },
  // Option 60 of the 69xx is not recorded; it follows the others (D). The 894x send no NUL (cisco.md §8).
  "6921": { series: "69xx", code: 495, option60: "CP-6921" },
  "6941": { series: "69xx", code: 496, option60: "CP-6941" },
  "6961": { series: "69xx", code: 497, option60: "CP-6961" },
  "8941": { series: "894x", code: 586, option60: "CP-8941", web: true },
  "8945": { series: "894x", code: 585, option60: "CP-8945", web: true },
};

/** One Java phone. */
export interface IdentityJava {
  readonly mac: Mac;
  readonly model: JavaModel;
}

/** A phone that has run `load` for years. Throws for a name of no such load. */
export function javaFlashWith(load: string): FlashJava {
  const read = readJavaLoad(load);
  if (read === undefined)
    throw new RangeError(`${load} is not the name of a load of the Java phones, the 69xx or the 894x`);
  const components = componentsOf(read);
  return { trusted: read.key, application: { load, components }, trustList: false, settings: {} };
}
