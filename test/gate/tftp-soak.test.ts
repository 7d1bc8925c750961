import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { residentMemory } from "../memory.ts";
import { serving, TRANSPORTS, until } from "../net/tftp-serving.ts";
import { fetchFile, MemoryImage, pattern } from "../net/tftp-wire.ts";

const descriptors = () => readdirSync("/proc/self/fd").length;

it.each(TRANSPORTS)(
  "R66 the transfers of an hour leave no memory, no socket and no timer, over %s",
  async (_kind, open) => {
    const image = new MemoryImage("image", pattern(60_000));
    const before = descriptors();
    await serving(
      open,
      { image, config: pattern(1900), text: pattern(700) },
      async (served) => {
        let first = 0;
        const names = ["config", "text", "missing", "image"];
        let started = 0;
        const phone = async () => {
          while (started < 12_000) {
            const n = started++;
            await fetchFile(served.port, names[n % 4]!, n % 8 === 3 ? { blksize: 1428, windowsize: 4 } : {}).catch(
              () => {},
            );
            if (n === 4000) {
              first = residentMemory();
            }
          }
        };
        await Promise.all(Array.from({ length: 20 }, phone));
        await until(() => served.counters.live === 0);
        const grown = residentMemory() - first;
        console.log(
          `R66: ${served.counters.done} transfers, RSS +${(grown / 2 ** 20).toFixed(1)} MiB after the first third`,
        );
        expect(grown).toBeLessThan(48 * 2 ** 20);
        expect(image.closed).toBe(image.opened);
      },
      { sockets: 64 },
    );
    await until(() => descriptors() <= before + 2);
  },
);

it.each(TRANSPORTS)("T070 in lockstep, plain: every size round the wrap, over %s", async (_kind, open) => {
  for (const size of [65_535 * 512 - 1, 65_535 * 512, 65_536 * 512, 65_536 * 512 + 1, 33_600_000]) {
    const octets = pattern(size);
    await serving(open, { a: new MemoryImage(`a${size}`, octets) }, async (served) => {
      const got = await fetchFile(served.port, "a");
      expect(Buffer.compare(got.octets, octets)).toBe(0);
    });
  }
});
