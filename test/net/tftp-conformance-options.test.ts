import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSiteFiles } from "../../src/files/site-files.ts";
import type { FileDesk, Image } from "../../src/provision/ports.ts";
import { decodeTftp, encodeTftp, type TftpOption } from "../../src/wire/tftp.ts";
import { type Served, StandingClock, serving, TRANSPORTS, until } from "./tftp-serving.ts";
import { fetchFile, pattern, rrq, type Wire } from "./tftp-wire.ts";

const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** The first packet that answers these options, and who sent it. */
async function first(served: Served, options: Readonly<Record<string, string | number>>, name = "a") {
  const wire = await served.wire();
  wire.send(served.port, rrq(name, options));
  return { wire, packet: await wire.packet() };
}

/** The options of the OACK; undefined when the answer is DATA. */
async function agreed(served: Served, options: Readonly<Record<string, string | number>>) {
  const { packet } = await first(served, options);
  if (packet.op === "OACK") return Object.fromEntries(packet.options.map(({ name, value }) => [name, value]));
  expect(packet).toMatchObject({ op: "DATA", block: 1 });
  return undefined;
}

function request(options: readonly TftpOption[]): Uint8Array {
  return encodeTftp({ op: "RRQ", filename: "a", mode: "octet", options });
}

async function windowed(served: Served, windowsize: number): Promise<{ wire: Wire; port: number }> {
  const { wire, packet } = await first(served, { windowsize });
  wire.send(packet.port, { op: "ACK", block: 0 });
  return { wire, port: packet.port };
}

async function blocks(wire: Wire, count: number): Promise<number[]> {
  const seen: number[] = [];
  while (seen.length < count) {
    const packet = await wire.packet();
    if (packet.op === "DATA") seen.push(packet.block);
  }
  return seen;
}

describe.each(TRANSPORTS)("options, over %s", { concurrent: true }, (_kind, open) => {
  const files = { a: pattern(20_000) };

  it("T080 names count in any case and come back in lower case", () =>
    serving(open, files, async (served) => {
      expect(await agreed(served, { BLKSIZE: 600, TSize: 0 })).toEqual({ blksize: "600", tsize: "20000" });
    }));

  it("T081 an unknown option is left out, and unknown ones alone mean no OACK", () =>
    serving(open, files, async (served) => {
      expect(await agreed(served, { colour: "red", blksize: 600 })).toEqual({ blksize: "600" });
      expect(await agreed(served, { colour: "red" })).toBeUndefined();
    }));

  it("T082 the OACK holds nothing that was not asked", () =>
    serving(open, files, async (served) => {
      expect(await agreed(served, { timeout: 3 })).toEqual({ timeout: "3" });
    }));

  it("T083 the order of options means nothing", () =>
    serving(open, files, async (served) => {
      const one = await agreed(served, { blksize: 600, tsize: 0, windowsize: 2 });
      expect(await agreed(served, { windowsize: 2, tsize: 0, blksize: 600 })).toEqual(one);
    }));

  it("T084 of an option given twice the first counts, and it is answered once", () =>
    serving(open, files, async (served) => {
      const wire = await served.wire();
      wire.send(
        served.port,
        request([
          { name: "blksize", value: "600" },
          { name: "BLKSIZE", value: "700" },
        ]),
      );
      expect(await wire.packet()).toMatchObject({ op: "OACK", options: [{ name: "blksize", value: "600" }] });
    }));

  it("T085 a value that is no number drops its option, and the file comes", () =>
    serving(open, files, async (served) => {
      for (const value of ["", "abc", "1428 ", "-5", "0x100", "1e3", "12345678901234567890"]) {
        expect(await agreed(served, { blksize: value }), value).toBeUndefined();
      }
      const wire = await served.wire();
      wire.send(served.port, ascii("\0\x01a\0octet\0blksize\0"));
      expect(await wire.packet()).toMatchObject({ op: "DATA", block: 1 });
    }));

  it("T086 OACK, ACK 0, DATA 1; a lost ACK 0 brings the OACK again, and so does a repeated request", () =>
    serving(open, files, async (served) => {
      const { wire, packet } = await first(served, { blksize: 600 });
      expect(await wire.packet()).toEqual(packet);
      await new Promise((later) => setTimeout(later, 120));
      wire.send(served.port, rrq("a", { blksize: 600 }));
      expect(await wire.packet()).toEqual(packet);
      wire.send(packet.port, { op: "ACK", block: 0 });
      expect(await wire.packet()).toMatchObject({ op: "DATA", block: 1, port: packet.port });
    }));

  it("T087 ERROR 8 for an OACK ends the transfer in silence", () =>
    serving(open, files, async (served) => {
      const { wire, packet } = await first(served, { blksize: 600 });
      wire.send(packet.port, { op: "ERROR", code: 8, message: "no" });
      await until(() => served.counters.live === 0, 500);
      expect(await wire.during(650)).toEqual([]);
    }));

  it("T088 a client that ignores the OACK and asks again without options gets the plain file", () =>
    serving(open, files, async (served) => {
      await first(served, { blksize: 600 });
      expect((await fetchFile(served.port, "a")).octets).toEqual(pattern(20_000));
    }));

  it("T089 after an OACK neither DATA nor ACK 1 begins the transfer", () =>
    serving(open, files, async (served) => {
      const { wire, packet } = await first(served, { blksize: 600 });
      wire.send(packet.port, { op: "DATA", block: 1, octets: pattern(5) });
      wire.send(packet.port, { op: "ACK", block: 1 });
      expect(await wire.during(200)).toEqual([]);
    }));

  it("T090 no OACK is longer than 512 octets", () =>
    serving(open, files, async (served) => {
      const options: TftpOption[] = [];
      for (const name of ["blksize", "timeout", "tsize", "windowsize"]) {
        for (let n = 0; n < 6; n++) options.push({ name, value: "100" });
      }
      const wire = await served.wire();
      wire.send(served.port, request(options));
      const oack = await wire.next();
      expect(decodeTftp(oack!.octets).op).toBe("OACK");
      expect(oack!.octets.length).toBeLessThan(100);
    }));

  it("T091 fifty small options are read to the last", () =>
    serving(open, files, async (served) => {
      const many = Array.from({ length: 49 }, (_, n) => ({ name: `x${n + 10}`, value: "1" }));
      const wire = await served.wire();
      wire.send(served.port, request([...many, { name: "tsize", value: "0" }]));
      expect(await wire.packet()).toMatchObject({ op: "OACK", options: [{ name: "tsize", value: "20000" }] });
    }));

  it("T092 a request of zeros alone is never served", () =>
    serving(open, files, async (served) => {
      const soup = new Uint8Array(512);
      soup[1] = 1;
      for (const { octets } of await served.answers(soup, 300)) {
        expect(decodeTftp(octets)).toMatchObject({ op: "ERROR", code: 4 });
      }
    }));

  it("T100 a block size that was asked is the answer, or less", () =>
    serving(
      open,
      files,
      async (served) => {
        for (const blksize of [8, 512, 1024, 1428, 1456, 1468, 16_384, 65_464]) {
          expect(await agreed(served, { blksize })).toEqual({ blksize: String(blksize) });
          if (blksize >= 512) expect((await fetchFile(served.port, "a", { blksize })).octets).toEqual(pattern(20_000));
        }
      },
      { offers: { blksize: 65_464, windowsize: 64 } },
    ));

  it("T101 a block size below 8 is dropped and not raised", () =>
    serving(open, files, async (served) => {
      for (let blksize = 0; blksize < 8; blksize++) expect(await agreed(served, { blksize })).toBeUndefined();
    }));

  it("T102 a block size beyond all bounds is cut and never wraps", () =>
    serving(
      open,
      files,
      async (served) => {
        for (const blksize of [65_465, 99_999, 2 ** 31, 2 ** 32 + 512]) {
          expect(await agreed(served, { blksize })).toEqual({ blksize: "65464" });
        }
      },
      { offers: { blksize: 65_464, windowsize: 64 } },
    ));

  it("T103 without a word of the administrator no block is longer than fits one Ethernet frame", () =>
    serving(open, files, async (served) => {
      const { packet, wire } = await first(served, { blksize: 65_464 });
      expect(packet).toMatchObject({ op: "OACK", options: [{ name: "blksize", value: "1468" }] });
      wire.send(packet.port, { op: "ACK", block: 0 });
      expect((await wire.next())!.octets.length).toBe(1472);
    }));

  it("T104 the block that is shorter than agreed is the last, at every size", () =>
    serving(open, {}, async (served) => {
      for (const blksize of [8, 1428]) {
        for (const size of [3 * blksize - 1, 3 * blksize, 3 * blksize + 1]) {
          served.desk.files.set(`${blksize}-${size}`, pattern(size));
          const got = await fetchFile(served.port, `${blksize}-${size}`, { blksize });
          expect(got.blocks).toBe(Math.floor(size / blksize) + 1);
          expect(got.octets).toEqual(pattern(size));
        }
      }
    }));

  it("T105 blksize2 and rollover, which only HPA's server knows, are ignored", () =>
    serving(open, files, async (served) => {
      expect(await agreed(served, { blksize2: 1024, rollover: 0 })).toBeUndefined();
    }));

  it("T110 a timeout of 1 to 255 comes back as it was, others are dropped", () =>
    serving(open, files, async (served) => {
      for (const timeout of [1, 5, 255]) expect(await agreed(served, { timeout })).toEqual({ timeout: `${timeout}` });
      for (const timeout of [0, 256, "abc"]) expect(await agreed(served, { timeout })).toBeUndefined();
    }));

  it("T111 tsize 0 is answered with the exact size", () =>
    serving(open, files, async (served) => {
      expect(await agreed(served, { tsize: 0 })).toEqual({ tsize: "20000" });
    }));

  it("T112 tsize 77 is answered with the exact size too", () =>
    serving(open, files, async (served) => {
      expect(await agreed(served, { tsize: 77 })).toEqual({ tsize: "20000" });
    }));

  it("T113 the size of a file of 5 GiB is right", () => {
    const sparse: Image = {
      name: "a",
      key: "sparse",
      size: 5 * 2 ** 30,
      read: async (_offset, length) => new Uint8Array(length),
      close: async () => {},
    };
    return serving(open, { a: sparse }, async (served) => {
      expect(await agreed(served, { tsize: 0 })).toEqual({ tsize: "5368709120" });
    });
  });

  it("T114 a file that is replaced after the OACK is sent as it was", async () => {
    const root = await mkdtemp(join(tmpdir(), "provision-tftp-"));
    try {
      await writeFile(join(root, "a"), pattern(9000, 1));
      await writeFile(join(root, "new"), pattern(100, 2));
      const site = await openSiteFiles(root);
      const desk: FileDesk = {
        async answer({ filename }) {
          const image = await site.find(filename);
          return image ? { is: "image", image } : { is: "refused", why: "not-found", because: "" };
        },
        delivered() {},
      };
      await serving(
        open,
        {},
        async (served) => {
          const { wire, packet } = await first(served, { tsize: 0 });
          expect(packet).toMatchObject({ op: "OACK", options: [{ name: "tsize", value: "9000" }] });
          await rename(join(root, "new"), join(root, "a"));
          wire.send(packet.port, { op: "ACK", block: 0 });
          const whole: Uint8Array[] = [];
          while (whole.length < 18) {
            const data = await wire.packet();
            if (data.op !== "DATA" || data.block !== whole.length + 1) continue;
            whole.push(data.octets);
            wire.send(packet.port, { op: "ACK", block: data.block });
          }
          expect(Buffer.compare(Buffer.concat(whole), pattern(9000, 1))).toBe(0);
        },
        { desk },
      );
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });

  it("T115 a window of 1 is lock step", () =>
    serving(
      open,
      files,
      async (served) => {
        const { wire, port } = await windowed(served, 1);
        expect(await blocks(wire, 1)).toEqual([1]);
        expect(await wire.during(20)).toEqual([]);
        wire.send(port, { op: "ACK", block: 1 });
        expect(await blocks(wire, 1)).toEqual([2]);
      },
      { clock: new StandingClock() },
    ));

  it.each([2, 4, 16, 64])("T116 a window of %d is so many blocks, and then a wait", (windowsize) =>
    serving(
      open,
      { a: pattern(512 * 200) },
      async (served) => {
        const { wire, port } = await windowed(served, windowsize);
        const window = (from: number) => Array.from({ length: windowsize }, (_, n) => from + n);
        expect(await blocks(wire, windowsize)).toEqual(window(1));
        expect(await wire.during(15)).toEqual([]);
        wire.send(port, { op: "ACK", block: windowsize });
        expect(await blocks(wire, windowsize)).toEqual(window(windowsize + 1));
      },
      { clock: new StandingClock() },
    ),
  );

  it("T117 after a gap the window begins with the missing block (the example of RFC 7440)", () =>
    serving(
      open,
      { a: pattern(512 * 12 + 5) },
      async (served) => {
        const { wire, port } = await windowed(served, 4);
        expect(await blocks(wire, 4)).toEqual([1, 2, 3, 4]);
        wire.send(port, { op: "ACK", block: 4 });
        expect(await blocks(wire, 4)).toEqual([5, 6, 7, 8]);
        wire.send(port, { op: "ACK", block: 5 });
        expect(await blocks(wire, 4)).toEqual([6, 7, 8, 9]);
        wire.send(port, { op: "ACK", block: 9 });
        expect(await blocks(wire, 4)).toEqual([10, 11, 12, 13]);
        wire.send(port, { op: "ACK", block: 13 });
        await until(() => served.counters.done === 1);
      },
      { clock: new StandingClock() },
    ));

  it("T118 a window whose last block is lost is sent again whole when the wait is over", () =>
    serving(open, files, async (served) => {
      const { wire } = await windowed(served, 4);
      expect(await blocks(wire, 8)).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
    }));

  it("T119 many equal ACKs inside a window bring it once more, not once each", () => {
    const clock = new StandingClock();
    return serving(
      open,
      files,
      async (served) => {
        const { wire, port } = await windowed(served, 4);
        expect(await blocks(wire, 4)).toEqual([1, 2, 3, 4]);
        clock.advance(10);
        wire.send(port, { op: "ACK", block: 4 });
        expect(await blocks(wire, 4)).toEqual([5, 6, 7, 8]);
        clock.advance(10);
        for (let n = 0; n < 20; n++) wire.send(port, { op: "ACK", block: 4 });
        expect((await blocks(wire, 4)).length).toBe(4);
        expect(await wire.during(60)).toEqual([]);
      },
      { clock },
    );
  });

  it("T120 a window of 0 or 65536 is dropped, a huge one is cut", () =>
    serving(open, files, async (served) => {
      for (const windowsize of [0, 65_536]) expect(await agreed(served, { windowsize })).toBeUndefined();
      for (const windowsize of [65, 65_535]) expect(await agreed(served, { windowsize })).toEqual({ windowsize: "64" });
    }));

  it("T121 packets that overtake each other inside a window cost nothing", () =>
    serving(
      open,
      { a: pattern(512 * 160 + 1) },
      async (served) => {
        const { wire, port } = await windowed(served, 16);
        const seen = new Set<number>();
        let sent = 0;
        while (seen.size < 161) {
          const window: number[] = [];
          while (window.length < Math.min(16, 161 - seen.size)) {
            const [block] = await blocks(wire, 1);
            sent++;
            if (!seen.has(block!)) window.push(block!);
          }
          // A client that keeps what comes early says nothing until the window is whole.
          for (const block of window.sort(() => 0.5 - Math.random())) seen.add(block);
          wire.send(port, { op: "ACK", block: Math.max(...window) });
        }
        expect(sent).toBeLessThanOrEqual(161 * 1.05);
      },
      { clock: new StandingClock() },
    ));

  it("T122 after three waits in vain the window is half as wide", () => {
    const clock = new StandingClock();
    return serving(
      open,
      files,
      async (served) => {
        const { wire } = await windowed(served, 8);
        expect((await blocks(wire, 8)).length).toBe(8);
        const sizes: number[] = [];
        for (let n = 0; n < 3; n++) {
          for (let ms = 0; ms < 10_000; ms += 10) {
            clock.advance(10);
            await new Promise((later) => setImmediate(later));
            const heard = await wire.during(0);
            if (heard.length === 0) continue;
            await new Promise((later) => setTimeout(later, 20));
            sizes.push(heard.length + (await wire.during(5)).length);
            break;
          }
        }
        expect(sizes).toEqual([8, 8, 4]);
      },
      { clock },
    );
  });

  it("T123 multicast is ignored", () =>
    serving(open, files, async (served) => {
      expect(await agreed(served, { multicast: "" })).toBeUndefined();
    }));

  it("T124 msftwindow is ignored", () =>
    serving(open, files, async (served) => {
      expect(await agreed(served, { msftwindow: 31_416, tsize: 0 })).toEqual({ tsize: "20000" });
    }));
});
