import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openUploads, type UploadOptions } from "../../src/files/uploads.ts";
import { polycomWrites } from "../../src/phones/polycom-writes.ts";
import type { FileRequest, UploadAnswer } from "../../src/provision/ports.ts";
import type { Ipv4 } from "../../src/wire/address.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "provision-uploads-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const desk = (more: Partial<UploadOptions> = {}) =>
  openUploads({
    directory,
    leastFree: 0,
    mayWrite: async ({ filename }) => {
      const file = polycomWrites(filename);
      return file && { name: file.name, owner: file.mac, existing: file.existing };
    },
    ...more,
  });

const asks = (filename: string, at = 0): FileRequest => ({ by: "tftp", ip: "192.0.2.7" as Ipv4, filename, at });

function accepted(answer: UploadAnswer): Extract<UploadAnswer, { is: "accepted" }> {
  if (answer.is !== "accepted") throw new Error(`refused: ${answer.because}`);
  return answer;
}

const LOG = "0004f2abcdef-app.log";

describe("uploads", () => {
  it("replaces overrides and adds to logs", async () => {
    const uploads = await desk();
    for (const text of ["one", "two"]) {
      for (const name of [LOG, "0004F2ABCDEF-phone.cfg"]) {
        expect(await accepted(await uploads.offer(asks(name), undefined)).store(Buffer.from(text))).toBe("stored");
      }
    }
    expect(await readFile(join(directory, LOG), "utf8")).toBe("onetwo");
    expect(await readFile(join(directory, "0004f2abcdef-phone.cfg"), "utf8")).toBe("two");
    expect((await readdir(directory)).sort()).toEqual([LOG, "0004f2abcdef-phone.cfg"].sort());
  });

  it("puts a log aside when it is full, and keeps so many", async () => {
    const uploads = await desk({ limit: 10, logsKept: 2 });
    for (const text of ["aaaaaaa", "bbbbbbb", "ccccccc", "ddddddd"]) {
      await accepted(await uploads.offer(asks(LOG), undefined)).store(Buffer.from(text));
    }
    const kept = await Promise.all(
      [LOG, `${LOG}.1`, `${LOG}.2`].map((name) => readFile(join(directory, name), "utf8")),
    );
    expect(kept).toEqual(["ddddddd", "ccccccc", "bbbbbbb"]);
    expect(await readdir(directory)).toHaveLength(3);
  });

  it("loses nothing when two uploads of one log end together", async () => {
    const uploads = await desk();
    const [one, two] = [await uploads.offer(asks(LOG), undefined), await uploads.offer(asks(LOG), undefined)];
    await Promise.all([accepted(one).store(Buffer.from("1")), accepted(two).store(Buffer.from("2"))]);
    expect((await readFile(join(directory, LOG), "utf8")).split("").sort().join("")).toBe("12");
  });

  it.each(["0004f2abcdef.cfg", "sip.ld", "000000000000-directory.xml", "0004f2abcdef-phone.cfg.bak", "x-app.log"])(
    "lets nobody write %s",
    async (name) => {
      expect(await (await desk()).offer(asks(name), undefined)).toMatchObject({ is: "refused", why: "not-allowed" });
    },
  );

  it("refuses what is announced as too large, and what would fill the disk", async () => {
    const uploads = await desk({ limit: 100 });
    expect(await uploads.offer(asks(LOG), 101)).toMatchObject({ is: "refused", why: "too-large" });
    const full = await desk({ leastFree: Number.MAX_SAFE_INTEGER });
    expect(await accepted(await full.offer(asks(LOG), 1)).store(Buffer.from("1"))).toBe("no-room");
    expect(await readdir(directory)).toEqual([]);
  });

  it("bounds what one phone writes in a minute, and no other phone", async () => {
    const uploads = await desk({ perMinute: 10 });
    await accepted(await uploads.offer(asks(LOG, 0), undefined)).store(Buffer.alloc(8));
    expect(accepted(await uploads.offer(asks(LOG, 1000), undefined)).limit).toBe(2);
    await accepted(await uploads.offer(asks(LOG, 1000), undefined)).store(Buffer.alloc(2));
    expect(await uploads.offer(asks(LOG, 2000), undefined)).toMatchObject({ is: "refused", why: "no-room" });
    expect((await uploads.offer(asks("0004f2000001-app.log", 2000), undefined)).is).toBe("accepted");
    expect((await uploads.offer(asks(LOG, 60_001), undefined)).is).toBe("accepted");
  });

  it("keeps a file that is not to be written over", async () => {
    await writeFile(join(directory, "a"), "old");
    const uploads = await desk({ mayWrite: async () => ({ name: "a", owner: "x", existing: "keep" }) });
    expect(await uploads.offer(asks("a"), undefined)).toMatchObject({ is: "refused", why: "exists" });
  });

  it("removes what a crash left half written", async () => {
    await writeFile(join(directory, `${LOG}.0123456789ab.part`), "half");
    await desk();
    expect(await readdir(directory)).toEqual([]);
  });
});
