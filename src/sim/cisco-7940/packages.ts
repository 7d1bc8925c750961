import { loadsFile, type PackageFile, signedFilling, unsignedImage } from "../images.ts";
import { loaderOf } from "./flash.ts";
import { readLoad } from "./loads.ts";

/** Sizes of the signed files of a release, in octets, header included. The `.bin` is 404 octets less (cisco.md §4.3). */
export interface PackageSizes {
  readonly loader: number;
  readonly application: number;
}

/** SIP 8.12 as measured (cisco.md §4.3); other releases are of the same order. */
const MEASURED: Readonly<Record<string, PackageSizes>> = {
  P00307020300: { loader: 129_400, application: 681_290 },
  P00308000500: { loader: 130_228, application: 705_536 },
  P0030801SR02: { loader: 130_956, application: 708_460 },
  "P0S3-8-12-00": { loader: 130_956, application: 756_524 },
};
const TYPICAL: PackageSizes = { loader: 130_228, application: 705_536 };
const HEADER = 404;

/**
 * The files of the package of `load`, by its name (cisco.md §4.1, §4.3): a `.bin` up to 4.x; `.bin` and `.sbn` for 5.x
 * and SIP 6.x; with the universal loader `.bin`, `.sbn`, `.loads` and `.sb2`. `sizes` replaces the true sizes, for runs
 * in which only the order of events matters. Throws for a name of no 7940/7960 load.
 */
export function packageOf(load: string, sizes = MEASURED[load] ?? TYPICAL): readonly PackageFile[] {
  const read = readLoad(load);
  if (read === undefined) throw new RangeError(`${load} is not the name of a 7940/7960 load`);
  if (!read.universal) {
    const bin = { name: `${load}.bin`, octets: unsignedImage(load, sizes.application - HEADER) };
    return read.signed ? [bin, signed(`${load}.sbn`, sizes.application)] : [bin];
  }
  const loader = loaderOf(load);
  const members = [`${loader}.sbn`, `${load}.sb2`];
  return [
    { name: `${loader}.bin`, octets: unsignedImage(loader, sizes.loader - HEADER) },
    signed(`${loader}.sbn`, sizes.loader),
    { name: `${load}.loads`, octets: loadsFile(load, members) },
    signed(`${load}.sb2`, sizes.application),
  ];
}

function signed(name: string, size: number): PackageFile {
  return { name, octets: signedFilling(name, size) };
}
