import type { Edge, Lever, Release, ReleaseFile } from "../../src/firmware/release.ts";

/** Hand-made releases for tests of stages and progress; the shipped manifest has its own tests. */
const because = [{ reason: "made for a test", source: "this file", grade: "D" as const }];

function file(name: string, role: ReleaseFile["role"], signed: boolean): ReleaseFile {
  return { name, role, signed };
}

export const sccp31: Release = {
  load: "P00303010102",
  protocol: "SCCP",
  version: "3.1",
  signed: false,
  files: [file("P00303010102.bin", "application", false)],
  because,
};

export const sccp505: Release = {
  load: "P00305000500",
  protocol: "SCCP",
  version: "5.0(5)",
  signed: true,
  files: [file("P00305000500.bin", "application", false), file("P00305000500.sbn", "application", true)],
  because,
};

export const sccp809: Release = {
  load: "P00308000900",
  protocol: "SCCP",
  version: "8.0(9)",
  signed: true,
  loader: "P00308000900",
  files: [
    file("P00308000900.bin", "loader", false),
    file("P00308000900.sbn", "loader", true),
    file("P00308000900.loads", "manifest", true),
    file("P00308000900.sb2", "application", true),
  ],
  because,
};

export const sip812: Release = {
  load: "P0S3-8-12-00",
  protocol: "SIP",
  version: "8.12",
  signed: true,
  loader: "P003-8-12-00",
  files: [
    file("P003-8-12-00.bin", "loader", false),
    file("P003-8-12-00.sbn", "loader", true),
    file("P0S3-8-12-00.loads", "manifest", true),
    file("P0S3-8-12-00.sb2", "application", true),
  ],
  because,
};

export const sip23: Release = {
  load: "P0S30203",
  protocol: "SIP",
  version: "2.3",
  signed: false,
  files: [file("P0S30203.bin", "application", false)],
  because,
};

export const sip44: Release = {
  load: "P0S3-04-4-00",
  protocol: "SIP",
  version: "4.4",
  signed: false,
  files: [file("P0S3-04-4-00.bin", "application", false)],
  because,
};

export function edge(from: Release, to: Release, lever: Lever): Edge {
  return {
    from: from.load,
    to: to.load,
    lever,
    policy: "strict",
    oneWay: false,
    rule: "test",
    typicalSeconds: 120,
    because,
  };
}
