import { expect, test } from "vitest";
import { HOSTILE_XML, readersOf } from "../phones/hostile-xml.ts";

test("S33 each reader is done with each hostile file within 50 ms, and its memory grows by less than 64 MiB", () => {
  const slowest: (readonly [ms: number, told: string])[] = [];
  for (const [told, octets] of HOSTILE_XML) {
    const before = process.memoryUsage().rss;
    for (const [reader, read] of readersOf(octets)) {
      // The best of five: what the reader takes, not what the machine was doing beside it.
      const took = Array.from({ length: 5 }, () => {
        const began = performance.now();
        read();
        return performance.now() - began;
      });
      slowest.push([Math.min(...took), `${told}, ${reader}`]);
    }
    expect([told, process.memoryUsage().rss - before < 64 * 2 ** 20]).toEqual([told, true]);
  }
  slowest.sort(([a], [b]) => b - a);
  console.log(
    slowest
      .slice(0, 5)
      .map(([ms, told]) => `${ms.toFixed(1)} ms: ${told}`)
      .join("\n"),
  );
  expect(slowest.filter(([ms]) => ms > 50)).toEqual([]);
});
