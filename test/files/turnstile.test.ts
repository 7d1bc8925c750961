import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Turnstile } from "../../src/files/turnstile.ts";

/** A disk whose answers are given by hand. */
function disk() {
  const asked: { answer: (value: string) => void; fail: (error: Error) => void }[] = [];
  return {
    asked,
    work: () => new Promise<string>((answer, fail) => asked.push({ answer, fail })),
  };
}

const never = (): void => {
  throw new Error("nothing came late");
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a turnstile before a disk", () => {
  it("lets as many in as there are places, and the others in the order in which they came", async () => {
    const { asked, work } = disk();
    const turnstile = new Turnstile(2, 5000);
    const given = ["a", "b", "c", "d"].map((what) => turnstile.pass(what, work, never));
    expect(asked.length).toBe(2);
    asked[1]!.answer("second");
    await expect(given[1]).resolves.toBe("second");
    await Promise.resolve();
    expect(asked.length).toBe(3);
    asked[2]!.answer("third");
    await expect(given[2]).resolves.toBe("third");
    asked[0]!.fail(new Error("EIO"));
    await expect(given[0]).rejects.toThrow("EIO");
    asked[3]!.answer("fourth");
    await expect(given[3]).resolves.toBe("fourth");
  });

  it("turns away whoever waits longer than the patience, and names what does not answer", async () => {
    const { work } = disk();
    const turnstile = new Turnstile(1, 5000);
    const inside = turnstile.pass("nfs", work, never);
    const outside = turnstile.pass("other", work, never);
    const both = Promise.allSettled([inside, outside]);
    await vi.advanceTimersByTimeAsync(5000);
    const [first, second] = await both;
    expect(first).toMatchObject({ status: "rejected", reason: { code: "E_DISK_SILENT" } });
    expect(String((first as PromiseRejectedResult).reason)).toContain("nfs");
    expect(second).toMatchObject({ status: "rejected", reason: { code: "E_DISK_SILENT" } });
  });

  it("lets one in for a thing, so that the first moments of a dead mount leave room for all else", async () => {
    const { asked, work } = disk();
    const turnstile = new Turnstile(2, 5000);
    const dead = Array.from({ length: 64 }, () => turnstile.pass("nfs", work, never));
    const told = Promise.all(dead.map((one) => expect(one).rejects.toMatchObject({ code: "E_DISK_SILENT" })));
    expect(asked.length).toBe(1);
    const alive = turnstile.pass("root", work, never);
    asked[1]!.answer("here");
    await expect(alive).resolves.toBe("here");
    await vi.advanceTimersByTimeAsync(5000);
    await told;
    expect(asked.length).toBe(2);
  });

  it("holds one place for what does not answer, however many come for it, and lets the others pass", async () => {
    const { asked, work } = disk();
    const turnstile = new Turnstile(2, 5000);
    const dead = turnstile.pass("nfs", work, never);
    const told = expect(dead).rejects.toMatchObject({ code: "E_DISK_SILENT" });
    await vi.advanceTimersByTimeAsync(5000);
    await told;
    for (let n = 0; n < 64; n++) {
      await expect(turnstile.pass("nfs", work, never)).rejects.toMatchObject({ code: "E_DISK_SILENT" });
    }
    expect(asked.length).toBe(1);
    const alive = turnstile.pass("root", work, never);
    asked[1]!.answer("here");
    await expect(alive).resolves.toBe("here");
  });

  it("hands what comes too late to whoever frees it, and asks that disk again", async () => {
    const { asked, work } = disk();
    const turnstile = new Turnstile(1, 5000);
    const late: string[] = [];
    const told = expect(turnstile.pass("nfs", work, (answer) => late.push(answer))).rejects.toThrow("nfs");
    await vi.advanceTimersByTimeAsync(5000);
    await told;
    asked[0]!.answer("an open file");
    await vi.advanceTimersByTimeAsync(0);
    expect(late).toEqual(["an open file"]);
    const again = turnstile.pass("nfs", work, never);
    asked[1]!.answer("back");
    await expect(again).resolves.toBe("back");
  });

  it("never lets more in than there are places, nor two for one thing, and forgets nobody", async () => {
    vi.useRealTimers();
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.record({ what: fc.constantFrom("a", "b", "c"), fails: fc.boolean(), turns: fc.nat(4) }), {
          maxLength: 40,
        }),
        async (places, calls) => {
          const turnstile = new Turnstile(places, 60_000);
          let inside = 0;
          let most = 0;
          const within = new Set<string>();
          const results = await Promise.allSettled(
            calls.map(({ what, fails, turns }, n) =>
              turnstile.pass(
                what,
                async () => {
                  most = Math.max(most, ++inside);
                  expect(within.has(what)).toBe(false);
                  within.add(what);
                  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
                  inside--;
                  within.delete(what);
                  if (fails) throw new Error(`${n}`);
                  return n;
                },
                never,
              ),
            ),
          );
          expect(most).toBeLessThanOrEqual(places);
          expect(results.map((r) => (r.status === "fulfilled" ? r.value : (r.reason as Error).message))).toEqual(
            calls.map(({ fails }, n) => (fails ? `${n}` : n)),
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});
