import type { KnownRelease } from "../../src/files/assignment.ts";
import type { Release } from "../../src/firmware/release.ts";

export const FAMILY = "cisco-7940";

/** SIP 8.12, with the sizes that were measured (cisco.md §4.3). */
export const SIP_8_12: Release = {
  load: "P0S3-8-12-00",
  protocol: "SIP",
  version: "8.12",
  signed: true,
  loader: "P003-8-12-00",
  files: [
    { name: "P003-8-12-00.bin", role: "loader", signed: false, size: 130_552 },
    { name: "P003-8-12-00.sbn", role: "loader", signed: true, size: 130_956 },
    { name: "P0S3-8-12-00.loads", role: "manifest", signed: true, size: 458 },
    { name: "P0S3-8-12-00.sb2", role: "application", signed: true, size: 756_524 },
  ],
  because: [],
};

/** SCCP 8.0(5), with the sizes of a CME flash listing (cisco.md §4.3). */
export const SCCP_8: Release = {
  load: "P00308000500",
  protocol: "SCCP",
  version: "8.0(5)",
  signed: true,
  loader: "P00308000500",
  files: [
    { name: "P00308000500.bin", role: "loader", signed: false, size: 129_824 },
    { name: "P00308000500.sbn", role: "loader", signed: true, size: 130_228 },
    { name: "P00308000500.loads", role: "manifest", signed: true, size: 458 },
    { name: "P00308000500.sb2", role: "application", signed: true, size: 705_536 },
  ],
  because: [],
};

/** Before signatures: one file. */
export const SCCP_3: Release = {
  load: "P00303010102",
  protocol: "SCCP",
  version: "3.1(1.2)",
  signed: false,
  files: [{ name: "P00303010102.bin", role: "application", signed: false }],
  because: [],
};

function javaRelease(load: string, label: string, family: string): Release {
  const component = (part: string): Release["files"][number] => ({
    name: `${part}${family}.${label}.sbn`,
    role: "component",
    signed: true,
  });
  return {
    load,
    protocol: "SCCP",
    version: label,
    signed: true,
    files: [
      { name: `${load}.loads`, role: "manifest", signed: true },
      { name: "term41.default.loads", role: "manifest", signed: true },
      component("apps"),
      component("cnu"),
    ],
    because: [],
  };
}

/** Two releases of one family that both bring a `term41.default.loads` of their own, and one of other hardware. */
export const JAVA_OLD = javaRelease("SCCP41.8-5-2S", "8-5-2TH1-9", "41");
export const JAVA_NEW = javaRelease("SCCP41.9-4-2SR3-1S", "9-4-2ES26", "41");
export const JAVA_42 = javaRelease("SCCP42.9-4-2SR3-1S", "9-4-2ES26", "42");

export const KNOWN: readonly KnownRelease[] = [
  ...[SIP_8_12, SCCP_8, SCCP_3].map((release) => ({ family: FAMILY, release })),
  ...[JAVA_OLD, JAVA_NEW, JAVA_42].map((release) => ({ family: "cisco-java", release })),
];
