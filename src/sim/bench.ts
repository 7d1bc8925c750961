import type { Mac } from "../wire/address.ts";
import { createCisco7940 } from "./cisco-7940/character.ts";
import { flashWith } from "./cisco-7940/flash.ts";
import { packageOf } from "./cisco-7940/packages.ts";
import { type AtaModel, createCiscoAta } from "./cisco-ata/character.ts";
import { ataPackageOf, HARDWARE } from "./cisco-ata/images.ts";
import { createCiscoJava } from "./cisco-java/character.ts";
import { JAVA_MODELS, javaFlashWith } from "./cisco-java/flash.ts";
import { javaPackageOf } from "./cisco-java/packages.ts";
import type { PackageFile } from "./images.ts";
import { createPolycom } from "./polycom/character.ts";
import { polycomImage } from "./polycom/images.ts";
import { POLYCOM_MODELS } from "./polycom/models.ts";
import { type Seat, seat } from "./seat.ts";

/** How phones of one model are put on a desk, and what their firmware is made of. */
export interface Bench {
  /** A phone that has run `load` for years, switched off. Throws a RangeError for a load that its model cannot have. */
  seat(mac: Mac, load: string, seed: number): Seat;
  /** The files of the package of `load`. `size` is that of its largest image in octets, where its true size is not wanted. */
  files(load: string, size?: number): readonly PackageFile[];
  /** What the phone's own word for `load` is: what {@link Seat.running} says when it runs it. */
  running(load: string): string;
}

/** The bench for a model by the name that admins use, e.g. `7960`, `7961G-GE`, `SPIP650`; undefined where none is simulated. */
export function benchFor(model: string): Bench | undefined {
  if (model === "7940" || model === "7960") return cisco7940(model);
  if (JAVA_MODELS[model] !== undefined) return ciscoJava(model);
  const ata = model.replace(/^ATA.*/, "ATA");
  if (ata in HARDWARE) return ciscoAta(ata as AtaModel);
  return POLYCOM_MODELS.has(model) ? polycom(model) : undefined;
}

function cisco7940(model: "7940" | "7960"): Bench {
  return {
    seat: (mac, load, seed) => seat(createCisco7940({ mac, model, seed }), flashWith(load)),
    files: (load, size) =>
      size === undefined ? packageOf(load) : packageOf(load, { loader: Math.ceil(size / 2), application: size }),
    running: (load) => load,
  };
}

/** `apps` of a Java phone; the other series have one or ten images of about that size. */
const JAVA_LARGEST = 3_157_527;

function ciscoJava(model: string): Bench {
  return {
    seat: (mac, load, seed) => seat(createCiscoJava(mac, model, seed), javaFlashWith(load)),
    files: (load, size = JAVA_LARGEST) => javaPackageOf(load, JAVA_LARGEST / size),
    running: (load) => load,
  };
}

function ciscoAta(model: AtaModel): Bench {
  return {
    // Signatures are checked by SIP from 1.1 on (cisco.md §5.1 R3); SCCP loads of these phones are not known to.
    seat: (mac, load, seed) => seat(createCiscoAta(mac, model, seed), { load, checksSignatures: load.includes("SIP") }),
    files: (load, size) => ataPackageOf(load, HARDWARE[model], size),
    running: (load) => load,
  };
}

/** The Updater that a UC Software release brings (polycom.md §4.1); before 4.0 there is none in it. */
const UPDATERS: Readonly<Record<string, string>> = {
  "4.0": "5.0.8",
  "5.5": "5.7.2.21547",
  "5.7": "5.9.3.1730",
  "5.9": "5.9.8.4127",
};

function polycom(tag: string): Bench {
  const model = POLYCOM_MODELS.get(tag);
  const part = model?.part ?? "";
  const read = (load: string) => {
    const [, kind, version] = /^[A-Z0-9]+\.(bootrom-)?(.+)$/.exec(load) ?? [];
    if (version === undefined) throw new RangeError(`${load} is not a release of a Polycom phone`);
    return { bootrom: kind !== undefined, version };
  };
  const updaterOf = (version: string) =>
    UPDATERS[version.split(".").slice(0, 2).join(".")] ?? (/^[6-9]\./.test(version) ? version : undefined);
  return {
    seat(mac, load, seed) {
      const { bootrom, version } = read(load);
      const flash = bootrom
        ? { loader: version }
        : { loader: updaterOf(version) ?? model?.leastBootRom ?? "2.6.2", application: version };
      return seat(createPolycom(mac, tag, seed), flash);
    },
    files(load, size = 400_000) {
      const { bootrom, version } = read(load);
      const updater = bootrom ? undefined : updaterOf(version);
      const head = { kind: bootrom ? ("bootrom" as const) : ("sip" as const), version, parts: [part], updater };
      const name = bootrom ? "bootrom.ld" : "sip.ld";
      return [{ name: `${part}.${name}`, octets: polycomImage(head, size) }];
    },
    running: (load) => read(load).version,
  };
}
