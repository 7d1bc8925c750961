import { expect, test } from "vitest";
import type { Datagram } from "../../src/sim/datagram.ts";
import { createLink } from "../../src/sim/link.ts";
import { chance, createRandom } from "../../src/sim/random.ts";
import type { Ipv4 } from "../../src/wire/address.ts";

const ANY = { ip: "192.0.2.1" as Ipv4, port: 1 };
const DATAGRAM: Datagram = { from: ANY, to: ANY, octets: new Uint8Array() };

test("a link loses, doubles, delays and reorders about as much as it was told", () => {
  const link = createLink({ loss: 0.2, duplication: 0.1, delay: 5, jitter: 20 }, 1);
  const arrivals = Array.from({ length: 20_000 }, (_, now) => link.carry(DATAGRAM, now));
  const share = (copies: number) => arrivals.filter(({ length }) => length === copies).length / arrivals.length;
  expect(share(0)).toBeCloseTo(0.2, 1);
  expect(share(2)).toBeCloseTo(0.08, 1);
  expect(arrivals.every((times, now) => times.every((at) => at >= now + 5 && at < now + 25))).toBe(true);
  const once = arrivals.flatMap(([first]) => (first === undefined ? [] : [first]));
  expect(once.some((at, i) => i > 0 && at < (once[i - 1] as number))).toBe(true);
});

test("dice of the same seed fall the same way, and stay in 0..1", () => {
  const [a, b] = [createRandom(9), createRandom(9)];
  for (let i = 0; i < 1000; i++) {
    const value = a.next();
    expect(value).toBe(b.next());
    expect(value >= 0 && value < 1).toBe(true);
  }
  const throws = Array.from({ length: 1000 }, (_, i) => chance(1, "phone", i));
  expect(throws.reduce((x, y) => x + y, 0) / 1000).toBeCloseTo(0.5, 1);
  expect(chance(1, "phone", 7)).toBe(throws[7]);
});
