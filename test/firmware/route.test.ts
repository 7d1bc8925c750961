import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allowed, barriersBetween } from "../../src/firmware/graph.ts";
import type { BlockedEdge, Edge, Policy, Release, UpdateGraph } from "../../src/firmware/release.ts";
import { route } from "../../src/firmware/route.ts";

const because = { reason: "Made up by a test.", source: "test", grade: "A" } as const;

/** Any small graph: up to nine releases of two protocols, with barriers, dead ends, withdrawn ones and blocked pairs. */
const graphs: fc.Arbitrary<UpdateGraph> = fc
  .record({
    releases: fc.array(
      fc.record({ sip: fc.boolean(), barrier: fc.boolean(), deadEnd: fc.boolean(), withdrawn: fc.boolean() }),
      { minLength: 2, maxLength: 9 },
    ),
    edges: fc.array(
      fc.record({
        from: fc.nat(8),
        to: fc.nat(8),
        documented: fc.boolean(),
        last: fc.boolean(),
        grade: fc.constantFrom("A", "B", "C", "D"),
      }),
      { maxLength: 40 },
    ),
    blocked: fc.array(fc.tuple(fc.nat(8), fc.nat(8)), { maxLength: 8 }),
  })
  .map((drawn) => {
    const releases = drawn.releases.map(
      (r, at): Release => ({
        load: `L${at}`,
        protocol: r.sip ? "SIP" : "SCCP",
        version: `${at}.0`,
        signed: false,
        files: [],
        because: [because],
        ...(r.barrier ? { barrier: because } : {}),
        ...(r.deadEnd ? { deadEnd: because } : {}),
        ...(r.withdrawn ? { withdrawn: because } : {}),
      }),
    );
    const inside = (at: number): boolean => at < releases.length;
    const blocked = drawn.blocked.map(
      ([from, to]): BlockedEdge => ({ from: `L${from}`, to: `L${to}`, rule: "never", because }),
    );
    const edges = drawn.edges
      .filter((e) => inside(e.from) && inside(e.to) && e.from !== e.to)
      .filter((e) => !blocked.some((pair) => pair.from === `L${e.from}` && pair.to === `L${e.to}`))
      .map(
        (e, at): Edge => ({
          from: `L${e.from}`,
          to: `L${e.to}`,
          lever: "os79xx",
          policy: e.documented ? "documented" : "strict",
          oneWay: true,
          rule: `r${at}`,
          typicalSeconds: 1,
          because: [{ ...because, grade: e.grade as "A" }],
          ...(e.last ? { onlyLast: true } : {}),
        }),
      );
    return { family: "random", releases: new Map(releases.map((r) => [r.load, r])), edges, blocked };
  });

const policies = fc.constantFrom<Policy>("strict", "documented");

function everyPair(graph: UpdateGraph, each: (from: string, to: string) => void): void {
  for (const from of graph.releases.keys()) for (const to of graph.releases.keys()) if (from !== to) each(from, to);
}

/** The number of steps of the shortest way from stop to stop, by plain breadth-first search: a second opinion. */
function fewest(graph: UpdateGraph, stops: readonly string[]): number | undefined {
  let total = 0;
  for (const [at, stop] of stops.slice(1).entries()) {
    const final = at === stops.length - 2;
    let layer = new Set([stops[at] ?? ""]);
    const seen = new Set(layer);
    let length = 0;
    while (!layer.has(stop) && layer.size > 0) {
      const next = new Set<string>();
      for (const edge of graph.edges) {
        if (layer.has(edge.from) && !seen.has(edge.to) && (!edge.onlyLast || (final && edge.to === stop)))
          next.add(edge.to);
      }
      for (const load of next) seen.add(load);
      layer = next;
      length++;
    }
    if (layer.size === 0) return undefined;
    total += length;
  }
  return total;
}

describe("a way through any graph", () => {
  test("joins its ends by allowed steps, never over a blocked one, never out of a dead end, never into a withdrawn release", () => {
    fc.assert(
      fc.property(graphs, policies, (graph, policy) => {
        const within = allowed(graph, { model: "any", policy });
        everyPair(within, (from, to) => {
          const way = route(within, from, to, policy);
          let at = from;
          for (const [index, edge] of (way ?? []).entries()) {
            expect(edge.from).toBe(at);
            expect(policy === "documented" || edge.policy === "strict").toBe(true);
            expect(graph.blocked.some((pair) => pair.from === edge.from && pair.to === edge.to)).toBe(false);
            expect(graph.releases.get(edge.from)?.deadEnd).toBeUndefined();
            expect(graph.releases.get(edge.to)?.withdrawn).toBeUndefined();
            if (edge.onlyLast) expect(index).toBe((way?.length ?? 0) - 1);
            at = edge.to;
          }
          if (way !== undefined) expect(at).toBe(to);
        });
      }),
      { numRuns: 200 },
    );
  });

  test("visits every barrier between two releases of a protocol, under strict", () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const within = allowed(graph, { model: "any", policy: "strict" });
        everyPair(within, (from, to) => {
          const way = route(within, from, to, "strict");
          const seen = way?.map((edge) => edge.to) ?? [];
          if (way !== undefined)
            for (const barrier of barriersBetween(within, from, to)) expect(seen).toContain(barrier.load);
        });
      }),
      { numRuns: 200 },
    );
  });

  test("is the shortest that stops where it must, and is there whenever one is", () => {
    fc.assert(
      fc.property(graphs, policies, (graph, policy) => {
        const within = allowed(graph, { model: "any", policy });
        everyPair(within, (from, to) => {
          const stops = policy === "strict" ? barriersBetween(within, from, to).map((release) => release.load) : [];
          expect(route(within, from, to, policy)?.length).toBe(fewest(within, [from, ...stops, to]));
        });
      }),
      { numRuns: 200 },
    );
  });

  test("is called one-way exactly where there is no way back", () => {
    fc.assert(
      fc.property(graphs, policies, (graph, policy) => {
        const within = allowed(graph, { model: "any", policy });
        for (const edge of within.edges) {
          expect(edge.oneWay, `${edge.from}>${edge.to}`).toBe(route(within, edge.to, edge.from, policy) === undefined);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("does not depend on the order in which steps are written down", () => {
    fc.assert(
      fc.property(graphs, policies, (graph, policy) => {
        const within = allowed(graph, { model: "any", policy });
        const turned = { ...within, edges: [...within.edges].reverse() };
        everyPair(within, (from, to) => {
          expect(route(turned, from, to, policy)).toEqual(route(within, from, to, policy));
        });
      }),
      { numRuns: 100 },
    );
  });
});
