import type { Edge, Release } from "../../src/firmware/release.ts";
import type { Stage } from "../../src/migration/migration.ts";

/** A stage as bare as a table of ways needs it. */
export function bareStage(number: number, from: Release | undefined, edge: Edge, release: Release): Stage {
  const view = { publications: [], images: [] };
  return {
    number,
    from,
    release,
    lever: edge.lever,
    view: { waiting: view, installing: view },
    publishes: [],
    requires: [],
    siteFiles: [],
    oneWay: edge.oneWay,
    operator: [],
    looks: [],
    expects: [edge.rule],
    typicalSeconds: edge.typicalSeconds,
    because: edge.because,
  };
}
