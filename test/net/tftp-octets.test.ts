import { describe, expect, it } from "vitest";
import { PeerTable } from "../../src/net/peer-table.ts";
import { ImageCache, octetBlocks } from "../../src/net/tftp-octets.ts";
import { peerOf } from "../../src/net/udp.ts";
import type { Image } from "../../src/provision/ports.ts";
import { MemoryImage, pattern } from "./tftp-wire.ts";

const CHUNK = 256 * 1024;

async function whole(cache: ImageCache, image: Image, blksize: number): Promise<Uint8Array> {
  const octets = cache.use(image);
  const blocks = octetBlocks(octets, blksize);
  const parts: Uint8Array[] = [];
  for (let count = 1; count <= (blocks.last ?? 0); count++) {
    let piece = blocks.block(count);
    for (; piece === undefined; piece = blocks.block(count)) await blocks.fetch(count);
    parts.push(piece.chunk.slice(piece.start, piece.end));
  }
  octets.close();
  return Buffer.concat(parts);
}

describe("the cache of images", () => {
  it("gives every octet once, in blocks that cross its chunks", async () => {
    const image = new MemoryImage("a", pattern(3 * CHUNK + 77));
    expect(Buffer.compare(await whole(new ImageCache(1 << 30), image, 1428), image.octets)).toBe(0);
  });

  it("reads an image once for a thousand transfers, and keeps one of it open", async () => {
    const cache = new ImageCache(1 << 30);
    const octets = pattern(CHUNK + 5);
    const images = Array.from({ length: 1000 }, () => new MemoryImage("a", octets));
    const views = images.map((image) => octetBlocks(cache.use(image), 512));
    await Promise.all(views.map((blocks) => blocks.fetch(1)));
    expect(images.reduce((sum, image) => sum + image.reads, 0)).toBe(1);
    expect(cache.open).toBe(1);
    expect(cache.held).toBe(CHUNK);
    expect(images.filter((image) => image.closed === 0)).toHaveLength(1);
  });

  it("keeps within its budget, and still gives the octets right", async () => {
    const cache = new ImageCache(2 * CHUNK);
    const image = new MemoryImage("a", pattern(10 * CHUNK));
    for (let n = 0; n < 3; n++) {
      expect(Buffer.compare(await whole(cache, image, 65_464), image.octets)).toBe(0);
      expect(cache.held).toBeLessThanOrEqual(3 * CHUNK);
    }
  });

  it("closes an image when its last transfer is over", async () => {
    const cache = new ImageCache(1 << 30);
    const image = new MemoryImage("a", pattern(10));
    const [one, two] = [cache.use(image), cache.use(image)];
    one.close();
    one.close();
    expect(image.closed).toBe(1);
    two.close();
    expect(image.closed).toBe(2);
    expect(cache.open).toBe(0);
  });

  it("refuses an image that gives fewer octets than it has", async () => {
    const image: Image = {
      ...new MemoryImage("a", pattern(10)),
      name: "a",
      key: "a",
      size: 10,
      read: async () => pattern(4),
      close: async () => {},
    };
    await expect(octetBlocks(new ImageCache(1000).use(image), 512).fetch(1)).rejects.toThrow("4 octets of 10");
  });
});

describe("the table of peers", () => {
  it("finds each of many by address and port, those that fold alike included", () => {
    const table = new PeerTable<{ peer: ReturnType<typeof peerOf> }>();
    const entries = [];
    for (let n = 0; n < 5000; n++) {
      // Ports chosen so that address and port cancel each other out in the folded key.
      const port = 1 + (n % 97);
      const ip = (Math.imul(port, 0x9e3779b1) ^ (n % 13)) >>> 0;
      if (table.get(ip, port) === undefined) {
        const entry = { peer: peerOf(ip, port) };
        table.set(entry);
        entries.push(entry);
      }
    }
    expect(table.size).toBe(entries.length);
    expect(new Set(table)).toEqual(new Set(entries));
    for (const entry of entries) expect(table.get(entry.peer.ip, entry.peer.port)).toBe(entry);
    for (const entry of entries.filter((_, n) => n % 2 === 0)) {
      expect(table.delete(entry)).toBe(true);
      expect(table.delete(entry)).toBe(false);
    }
    for (const [n, entry] of entries.entries()) {
      expect(table.get(entry.peer.ip, entry.peer.port)).toBe(n % 2 === 0 ? undefined : entry);
    }
  });
});
