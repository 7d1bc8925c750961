import { createHash } from "node:crypto";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { readIndex } from "../../src/files/vault-index.ts";
import { createVaultReader } from "../../src/files/vault-reader.ts";

/** Puts a file with one bit changed in the place of `path`. */
export function flipBit(path: string, at: number): void {
  const content = readFileSync(path);
  content[at] = (content[at] as number) ^ (1 << (at % 8));
  rmSync(path);
  writeFileSync(path, content);
}

/**
 * Reads the object at `path` of the vault in `folder` block by block, `trials` times, and damages it in the middle of
 * each. One piece is cached, so nearly all come from the disk. `wrong` counts blocks that were not the object's own.
 */
export async function damageWhileReading(
  folder: string,
  path: string,
  octets: Uint8Array,
  trials: number,
): Promise<{ readonly wrong: number; readonly errors: number }> {
  const index = await readIndex(folder);
  const facts = index.objects.get(createHash("sha256").update(octets).digest("hex"))!;
  const outcome = { wrong: 0, errors: 0 };
  for (let trial = 0; trial < trials; trial++) {
    rmSync(path, { force: true });
    writeFileSync(path, octets);
    const image = (await createVaultReader(folder, 65_536).open("image", facts))!;
    const strike = 1428 * ((trial * 37) % Math.floor(octets.length / 1428));
    for (let offset = 0; offset < octets.length; offset += 1428) {
      if (offset === strike) damage(trial, path, octets);
      const piece = await image.read(offset, 1428).catch(() => undefined);
      if (piece === undefined) {
        outcome.errors++;
        break;
      }
      if (Buffer.compare(piece, octets.subarray(offset, offset + 1428)) !== 0) outcome.wrong++;
    }
    await image.close();
  }
  rmSync(path, { force: true });
  writeFileSync(path, octets);
  return outcome;
}

function damage(trial: number, path: string, octets: Uint8Array): void {
  const end = octets.length;
  const ways = [
    () => writeFileSync(path, Buffer.alloc(end, trial)),
    () => truncateSync(path, (trial * 7919) % end),
    () => writeFileSync(path, Buffer.concat([octets.subarray(0, end - 1), Buffer.of((octets[end - 1] as number) ^ 1)])),
    () => flipBit(path, (trial * 7919) % end),
    () => rmSync(path),
  ];
  ways[trial % ways.length]?.();
}
