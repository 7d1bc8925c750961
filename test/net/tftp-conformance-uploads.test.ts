import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openUploads, type UploadOptions } from "../../src/files/uploads.ts";
import type { TftpOptions } from "../../src/net/tftp-listener.ts";
import type { OpenUdp } from "../../src/net/udp.ts";
import { polycomWrites } from "../../src/phones/polycom-writes.ts";
import type { UploadDesk } from "../../src/provision/ports.ts";
import { encodeTftp, type TftpPacket } from "../../src/wire/tftp.ts";
import { type Served, StandingClock, serving, TRANSPORTS, until } from "./tftp-serving.ts";
import { pattern, type Wire } from "./tftp-wire.ts";

const MAC = "0004f2abcdef";
const LOG = `${MAC}-app.log`;
const CONFIG = `${MAC}-phone.cfg`;

function wrq(filename: string, options: Readonly<Record<string, string | number>> = {}): Uint8Array {
  const list = Object.entries(options).map(([name, value]) => ({ name, value: String(value) }));
  return encodeTftp({ op: "WRQ", filename, mode: "octet", options: list });
}

const data = (block: number, octets: Uint8Array): TftpPacket => ({ op: "DATA", block, octets });

/** A service with a folder that the phone at 127.0.0.1, whose MAC is known, may write to. */
async function writing(
  open: () => Promise<OpenUdp>,
  body: (served: Served, folder: string) => Promise<void>,
  options: Partial<UploadOptions> & {
    readonly clock?: StandingClock;
    readonly desk?: (desk: UploadDesk) => UploadDesk;
    readonly service?: Partial<TftpOptions>;
  } = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "provision-tftp-"));
  const { clock, desk, service, ...more } = options;
  const uploads = await openUploads({
    directory: folder,
    leastFree: 0,
    mayWrite: async ({ filename, ip }) => {
      const file = polycomWrites(filename);
      if (file === undefined || file.mac !== MAC || ip !== "127.0.0.1") return undefined;
      return { name: file.name, owner: file.mac, existing: file.existing };
    },
    ...more,
  });
  try {
    await serving(open, {}, (served) => body(served, folder), {
      uploads: desk?.(uploads) ?? uploads,
      ...(clock && { clock }),
      ...service,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Asks to write and gets the first ACK. */
async function begin(served: Served, name: string, options = {}): Promise<{ wire: Wire; port: number }> {
  const wire = await served.wire();
  wire.send(served.port, wrq(name, options));
  const { port } = await wire.packet();
  return { wire, port };
}

async function put(served: Served, name: string, octets: Uint8Array, blksize = 512): Promise<void> {
  const { wire, port } = await begin(served, name, blksize === 512 ? {} : { blksize });
  for (let block = 1; ; block++) {
    const piece = octets.subarray((block - 1) * blksize, block * blksize);
    wire.send(port, data(block % 65_536, piece));
    let heard = await wire.packet();
    while (heard.op === "ACK" && heard.block !== block % 65_536) heard = await wire.packet();
    if (heard.op !== "ACK") throw new Error(JSON.stringify(heard));
    if (piece.length < blksize) return;
  }
}

describe.each(TRANSPORTS)("uploads, over %s", { concurrent: true }, (_kind, open) => {
  it("T130 without an upload desk every WRQ is ERROR 2", () =>
    serving(open, {}, async (served) => {
      const wire = await served.wire();
      wire.send(served.port, wrq(LOG));
      expect(await wire.packet()).toMatchObject({ op: "ERROR", code: 2 });
    }));

  it("T131 only the names that a Polycom phone writes are accepted", () =>
    writing(open, async (served, folder) => {
      for (const name of ["app.log", "boot.log", "phone.cfg", "web.cfg", "directory.xml", "calls.xml"]) {
        await put(served, `${MAC}-${name}`, pattern(100));
      }
      expect(await readdir(folder)).toHaveLength(6);
      for (const name of [`${MAC}.cfg`, "sip.ld", "SEP0004F2ABCDEF.cnf.xml", "000000000000-directory.xml"]) {
        const wire = await served.wire();
        wire.send(served.port, wrq(name));
        expect(await wire.packet(), name).toMatchObject({ op: "ERROR", code: 2 });
      }
    }));

  it("T132 the file that is there stays as it is until the new one is whole", () =>
    writing(open, async (served, folder) => {
      await writeFile(join(folder, CONFIG), "old");
      const { wire, port } = await begin(served, CONFIG);
      wire.send(port, data(1, pattern(512)));
      await wire.packet();
      expect(await readFile(join(folder, CONFIG), "utf8")).toBe("old");
      wire.send(port, data(2, pattern(10)));
      expect(await wire.packet()).toMatchObject({ op: "ACK", block: 2 });
      expect((await readFile(join(folder, CONFIG))).length).toBe(522);
      expect(await readdir(folder)).toEqual([CONFIG]);
    }));

  it("T133 a file that is not to be written over is ERROR 6", () =>
    writing(
      open,
      async (served, folder) => {
        await writeFile(join(folder, CONFIG), "old");
        const wire = await served.wire();
        wire.send(served.port, wrq(CONFIG));
        expect(await wire.packet()).toMatchObject({ op: "ERROR", code: 6 });
      },
      { mayWrite: async () => ({ name: CONFIG, owner: MAC, existing: "keep" }) },
    ));

  it("T134 an announced size beyond the limit is ERROR 3 at once", () =>
    writing(
      open,
      async (served) => {
        const wire = await served.wire();
        wire.send(served.port, wrq(LOG, { tsize: 5000 }));
        expect(await wire.packet()).toMatchObject({ op: "ERROR", code: 3 });
      },
      { limit: 1000 },
    ));

  it("T135 a limit that is reached on the way is ERROR 3, and nothing is left", () =>
    writing(
      open,
      async (served, folder) => {
        const { wire, port } = await begin(served, LOG);
        wire.send(port, data(1, pattern(512)));
        await wire.packet();
        wire.send(port, data(2, pattern(512)));
        expect(await wire.packet()).toMatchObject({ op: "ERROR", code: 3 });
        expect(await readdir(folder)).toEqual([]);
      },
      { limit: 1000 },
    ));

  it("T136 a full disk is ERROR 3 instead of the last ACK, and the old file stays", () =>
    writing(
      open,
      async (served, folder) => {
        await writeFile(join(folder, CONFIG), "old");
        for (const name of [CONFIG, LOG]) {
          const { wire, port } = await begin(served, name);
          wire.send(port, data(1, pattern(10)));
          expect(await wire.packet(), name).toMatchObject({ op: "ERROR", code: 3 });
        }
        expect(await readFile(join(folder, CONFIG), "utf8")).toBe("old");
        expect(await readdir(folder)).toEqual([CONFIG]);
      },
      {
        desk: (desk) => ({
          async offer(request, size) {
            const answer = await desk.offer(request, size);
            if (answer.is === "refused" || request.filename === CONFIG) {
              return answer.is === "refused" ? answer : { ...answer, store: async () => "no-room" };
            }
            return {
              ...answer,
              store: () => Promise.reject(Object.assign(new Error("no space left"), { code: "ENOSPC" })),
            };
          },
        }),
      },
    ));

  it("T137 a phone that breaks off or falls silent leaves nothing", () => {
    const clock = new StandingClock();
    return writing(
      open,
      async (served, folder) => {
        for (const silent of [false, true]) {
          const { wire, port } = await begin(served, LOG);
          wire.send(port, data(1, pattern(512)));
          await wire.packet();
          if (!silent) wire.send(port, { op: "ERROR", code: 0, message: "enough" });
          for (let s = 0; silent && s < 40; s++) clock.advance(1000);
          await until(() => served.counters.live === 0);
        }
        expect(await readdir(folder)).toEqual([]);
        expect(served.events.filter(({ event }) => event === "upload.broken")).toHaveLength(2);
      },
      { clock },
    );
  });

  it("T138 one phone has one upload at a time, and so many octets a minute", () =>
    writing(
      open,
      async (served) => {
        const first = await begin(served, LOG);
        const second = await served.wire();
        second.send(served.port, wrq(CONFIG));
        expect(await second.during(300)).toEqual([]);
        first.wire.send(first.port, data(1, pattern(500)));
        expect(await first.wire.packet()).toMatchObject({ op: "ACK", block: 1 });
        await put(served, CONFIG, pattern(400));
        second.send(served.port, wrq(CONFIG));
        expect(await second.packet()).toMatchObject({ op: "ERROR", code: 3 });
      },
      { perMinute: 900, service: { trusts: () => false } },
    ));

  it("T138 all phones together have so many uploads at once", () =>
    writing(
      open,
      async (served) => {
        await begin(served, LOG);
        await begin(served, CONFIG);
        const third = await served.wire();
        third.send(served.port, wrq(`${MAC}-boot.log`));
        expect(await third.during(300)).toEqual([]);
      },
      { service: { limits: { uploads: 2 } } },
    ));

  it("T139 a block that comes twice is acknowledged twice and written once", () =>
    writing(open, async (served, folder) => {
      const { wire, port } = await begin(served, CONFIG);
      for (let n = 0; n < 3; n++) {
        wire.send(port, data(1, pattern(512)));
        expect(await wire.packet()).toMatchObject({ op: "ACK", block: 1 });
      }
      wire.send(port, data(2, pattern(1)));
      expect(await wire.packet()).toMatchObject({ op: "ACK", block: 2 });
      wire.send(port, data(2, pattern(1)));
      expect(await wire.packet()).toMatchObject({ op: "ACK", block: 2 });
      expect((await readFile(join(folder, CONFIG))).length).toBe(513);
    }));

  it("T140 a block that comes early is not taken", () =>
    writing(open, async (served, folder) => {
      const { wire, port } = await begin(served, CONFIG);
      wire.send(port, data(2, pattern(5)));
      expect(await wire.during(100)).toEqual([]);
      wire.send(port, data(1, pattern(7)));
      expect(await wire.packet()).toMatchObject({ op: "ACK", block: 1 });
      expect((await readFile(join(folder, CONFIG))).length).toBe(7);
    }));

  it("T141 a block longer than was agreed is ERROR 4 and ends the upload", () =>
    writing(open, async (served, folder) => {
      const { wire, port } = await begin(served, CONFIG);
      wire.send(port, data(1, pattern(513)));
      expect(await wire.packet()).toMatchObject({ op: "ERROR", code: 4 });
      expect(await readdir(folder)).toEqual([]);
    }));

  it("T142 an upload of more than 65535 blocks wraps", { timeout: 60_000 }, () =>
    writing(open, async (served, folder) => {
      const octets = pattern(8 * 65_540 + 3);
      const { wire, port } = await begin(served, CONFIG, { blksize: 8, windowsize: 64 });
      let block = 0;
      while (block * 8 <= octets.length) {
        const to = Math.min(block + 64, Math.floor(octets.length / 8) + 1);
        for (let n = block + 1; n <= to; n++) wire.send(port, data(n % 65_536, octets.subarray((n - 1) * 8, n * 8)));
        const answer = await wire.packet();
        if (answer.op !== "ACK") throw new Error(JSON.stringify(answer));
        block += (answer.block - (block % 65_536) + 65_536) % 65_536;
      }
      expect(Buffer.compare(await readFile(join(folder, CONFIG)), octets)).toBe(0);
    }),
  );

  it("T143 a phone may write its own files and no other's", () =>
    writing(open, async (served, folder) => {
      for (const [address, name] of [
        ["127.0.0.1", "0004f2000001-app.log"],
        ["127.0.0.9", LOG],
      ] as const) {
        const wire = await served.wire(address);
        wire.send(served.port, wrq(name));
        expect(await wire.packet(), name).toMatchObject({ op: "ERROR", code: 2 });
      }
      expect(await readdir(folder)).toEqual([]);
    }));
});
