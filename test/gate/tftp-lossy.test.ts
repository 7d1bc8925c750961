import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { type Impairment, lossyRelay } from "../net/lossy-relay.ts";
import { serving, TRANSPORTS } from "../net/tftp-serving.ts";
import { MemoryImage, pattern } from "../net/tftp-wire.ts";

const MEGABYTE = pattern(1_000_000);

/** One file of 1 MB through a bad link to curl with blocks of 1428; seconds, and what the link saw. */
async function curlThrough(impairment: Impairment) {
  const folder = await mkdtemp(join(tmpdir(), "provision-gate-"));
  const [, open] = TRANSPORTS[1]!;
  let seconds = 0;
  let counts = { data: 0, lost: 0, distinct: new Set<number>(), lostData: 0, lostAck: 0 };
  await serving(open, { a: new MemoryImage("a", MEGABYTE) }, async (served) => {
    const relay = await lossyRelay(served.port, impairment);
    const start = performance.now();
    const url = `tftp://127.0.0.1:${relay.port}/a`;
    await promisify(execFile)("curl", [
      "-s",
      "--max-time",
      "120",
      "--tftp-blksize",
      "1428",
      "-o",
      join(folder, "a"),
      url,
    ]);
    seconds = (performance.now() - start) / 1000;
    counts = relay.counts;
    relay.close();
    expect(Buffer.compare(await readFile(join(folder, "a")), MEGABYTE)).toBe(0);
  });
  await rm(folder, { recursive: true, force: true });
  return { seconds, counts };
}

const BLOCKS = Math.floor(1_000_000 / 1428) + 1;

it.each([
  [0.01, 3],
  [0.05, 12],
])("R13 1 MB to curl at a loss of %d takes at most %d s, and no more DATA than the loss forces", async (loss, goal) => {
  const { seconds, counts } = await curlThrough({ loss, seed: 7 });
  const forced = BLOCKS + counts.lostData + counts.lostAck;
  console.log(
    `R13 loss ${loss * 100} %: ${seconds.toFixed(2)} s, ${counts.data} DATA, ${(counts.data / forced).toFixed(3)} of forced`,
  );
  expect(seconds).toBeLessThanOrEqual(goal);
  expect(counts.data).toBeLessThanOrEqual(1.3 * forced);
});

it("R13 a link that doubles 30 % of all packets costs no more than 5 % of DATA", async () => {
  const { counts } = await curlThrough({ duplicate: 0.3, seed: 8 });
  console.log(`R13 doubled: ${counts.data} DATA for ${BLOCKS} blocks`);
  expect(counts.data).toBeLessThanOrEqual(1.05 * BLOCKS);
});

it("R13 a jitter of 1 to 9 ms makes us send no more than 2 % twice", async () => {
  const { counts } = await curlThrough({ jitter: [1, 9], seed: 9 });
  console.log(`R13 jitter: ${counts.data} DATA for ${BLOCKS} blocks`);
  expect(counts.data).toBeLessThanOrEqual(1.02 * BLOCKS);
});
