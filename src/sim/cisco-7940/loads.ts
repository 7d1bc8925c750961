/** What the name of a 7940/7960 load says (cisco.md §4.1). */
export interface Load {
  readonly name: string;
  readonly protocol: "SCCP" | "SIP" | "MGCP";
  readonly major: number;
  readonly minor: number;
  /** Loads from 5.0 on are signed (cisco.md §5.1 R3). */
  readonly signed: boolean;
  /** Whether it comes with the universal application loader: SIP from 7.0, SCCP from 6.0 (cisco.md §5.1 R9). */
  readonly universal: boolean;
}

const SHAPES: readonly RegExp[] = [
  /^P0([0SM])3-(\d{1,2})-(\d{1,2})-(\d{2})$/,
  /^P0([0SM])3(\d{2})(\d{2})(?:\d{4}|(?:SR|T)\d{2,3})$/,
  /^P0([0SM])3(\d{2})(\d{2})$/,
];

/**
 * Reads a load name; undefined for a name of other hardware or of none. `P0S30203` is SIP 2.3, `P0S30100` 1.0,
 * `P00305000500` SCCP 5.0(5), `P003-8-12-00` the loader of 8.12.
 */
export function readLoad(name: string): Load | undefined {
  for (const shape of SHAPES) {
    const found = shape.exec(name);
    if (found === null) continue;
    const protocol = { "0": "SCCP", S: "SIP", M: "MGCP" }[found[1] as "0" | "S" | "M"] as Load["protocol"];
    const major = Number(found[2]);
    const minor = Number(found[3]);
    const universal = major >= (protocol === "SCCP" && !isLoader(name) ? 6 : 7);
    return { name, protocol, major, minor, signed: major >= 5, universal };
  }
  return undefined;
}

/** Whether `name` is the loader of a SIP package: `P003-` and hyphens, where an SCCP load has digits only. */
export function isLoader(name: string): boolean {
  return name.startsWith("P003-");
}

/** SCCP loads before 3.1 know no XML and ask for `SEP<MAC>.cnf` (cisco.md §2.1 3b; the border is a deduction, D). */
export function readsXml(load: Load): boolean {
  return load.major > 3 || (load.major === 3 && load.minor >= 1);
}

/** Whether `load` is older than `major`.`minor`. */
export function before(load: Load, major: number, minor = 0): boolean {
  return load.major < major || (load.major === major && load.minor < minor);
}
