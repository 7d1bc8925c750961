import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSiteFiles } from "../../src/files/site-files.ts";
import type { FileDesk, Image } from "../../src/provision/ports.ts";
import { decodeTftp, encodeTftp } from "../../src/wire/tftp.ts";
import { serving, TRANSPORTS, until } from "./tftp-serving.ts";
import { fetchFile, MemoryImage, pattern, rrq } from "./tftp-wire.ts";

const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const sha = (octets: Uint8Array) => createHash("sha256").update(octets).digest("hex");
const ERROR_1 = { op: "ERROR", code: 1, message: "File not found" };

/** A desk over a folder, as a site without enrolled phones has it. */
async function folderDesk(root: string): Promise<FileDesk> {
  const files = await openSiteFiles(root);
  return {
    async answer({ filename }) {
      const image = await files.find(filename);
      if (image === undefined) return { is: "refused", why: "not-found", because: "no such file" };
      return { is: "image", image };
    },
    delivered() {},
  };
}

async function inFolder(body: (root: string) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "provision-tftp-"));
  try {
    await body(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

describe.each(TRANSPORTS)("the base protocol, over %s", { concurrent: true }, (_kind, open) => {
  it("T001 a small file comes from another port than 69 to the port that asked, and nothing follows its ACK", () =>
    serving(open, { a: pattern(100) }, async (served) => {
      const wire = await served.wire();
      wire.send(served.port, rrq("a"));
      const data = await wire.packet();
      expect(data).toMatchObject({ op: "DATA", block: 1, octets: pattern(100) });
      expect(data.port).not.toBe(served.port);
      wire.send(data.port, { op: "ACK", block: 1 });
      expect(await wire.during(650)).toEqual([]);
    }));

  it("T002 transfers are spread over 64 random ports, and no client gets the same port twice in a row", () =>
    serving(
      open,
      { a: pattern(10) },
      async (served) => {
        const ports: number[] = [];
        for (let n = 0; n < 400; n++) ports.push((await fetchFile(served.port, "a")).port);
        for (let n = 1; n < ports.length; n++) expect(ports[n]).not.toBe(ports[n - 1]);
        const different = [...new Set(ports)].sort((a, b) => a - b);
        expect(different.length).toBeGreaterThanOrEqual(56);
        const steps = ports.slice(1).map((port, n) => port - (ports[n] as number));
        expect(steps.filter((step) => step === 1).length).toBeLessThan(20);
        expect(different.at(-1)! - different[0]!).toBeGreaterThan(different.length * 4);
      },
      { sockets: 64 },
    ));

  it("T003 an empty file is one DATA of no octets, and its ACK ends it", () =>
    serving(open, { empty: pattern(0) }, async (served) => {
      const wire = await served.wire();
      wire.send(served.port, rrq("empty"));
      const data = await wire.packet();
      expect(data).toMatchObject({ op: "DATA", block: 1, octets: new Uint8Array(0) });
      wire.send(data.port, { op: "ACK", block: 1 });
      await until(() => served.counters.done === 1);
    }));

  it.each([
    ["T004 511 octets", 511, 1],
    ["T005 512 octets", 512, 2],
    ["T006 513 octets", 513, 2],
  ])("%s come in the right number of blocks", (_name, size, blocks) =>
    serving(open, { a: pattern(size) }, async (served) => {
      const got = await fetchFile(served.port, "a");
      expect(got.blocks).toBe(blocks);
      expect(got.octets).toEqual(pattern(size));
    }),
  );

  it("T007 a multiple of 512 ends in an empty block, up to 65535 blocks of it", () =>
    serving(open, { big: new MemoryImage("big", pattern(65_535 * 512)) }, async (served) => {
      for (let n = 1; n <= 8; n++) {
        served.desk.files.set(`${n}`, pattern(n * 512));
        expect((await fetchFile(served.port, `${n}`)).blocks).toBe(n + 1);
      }
      // In windows of 64, which the gate's run in lockstep (test/gate) does without.
      const got = await fetchFile(served.port, "big", { windowsize: 64 });
      expect(got.blocks).toBe(65_536);
      expect(sha(got.octets)).toBe(sha(pattern(65_535 * 512)));
    }));

  it("T008 every size from 0 to 2100, and to 64 at blksize 8, arrives as it is", () =>
    serving(open, {}, async (served) => {
      const sizes = [
        ...Array.from({ length: 2101 }, (_, size) => [size, {}] as const),
        ...Array.from({ length: 65 }, (_, size) => [size, { blksize: 8 }] as const),
      ];
      const one = async () => {
        for (let next = sizes.pop(); next !== undefined; next = sizes.pop()) {
          const [size, options] = next;
          served.desk.files.set(`s${size}`, pattern(size, size + 1));
          const got = await fetchFile(served.port, `s${size}`, options);
          expect(sha(got.octets), `${size} octets`).toBe(sha(pattern(size, size + 1)));
        }
      };
      await Promise.all(Array.from({ length: 16 }, one));
    }));

  it("T009 without an ACK only the first block comes, again and again", () =>
    serving(open, { a: pattern(2000) }, async (served) => {
      const heard = await served.answers(rrq("a"), 1800);
      expect(heard.length).toBeGreaterThanOrEqual(2);
      for (const { octets } of heard) expect(decodeTftp(octets)).toMatchObject({ op: "DATA", block: 1 });
    }));

  it("T010 an ACK brings exactly one block", () =>
    serving(open, { a: pattern(5000) }, async (served) => {
      const wire = await served.wire();
      wire.send(served.port, rrq("a"));
      for (let block = 1; block <= 5; block++) {
        const data = await wire.packet();
        expect(data).toMatchObject({ op: "DATA", block });
        expect(await wire.during(20)).toEqual([]);
        wire.send(data.port, { op: "ACK", block });
      }
    }));

  it("T011 the last block is sent again until its ACK comes, and then the port says nothing more", () =>
    serving(open, { a: pattern(10) }, async (served) => {
      const wire = await served.wire();
      wire.send(served.port, rrq("a"));
      const first = await wire.packet();
      expect(await wire.packet()).toEqual(first);
      wire.send(first.port, { op: "ACK", block: 1 });
      await until(() => served.counters.done === 1);
      wire.send(first.port, { op: "ACK", block: 1 });
      expect(await wire.during(300)).toEqual([]);
    }));

  it("T012 a missing file is ERROR 1, once", () =>
    serving(open, {}, async (served) => {
      const heard = await served.answers(rrq("none"), 1200);
      expect(heard.map(({ octets }) => decodeTftp(octets))).toEqual([ERROR_1]);
    }));

  it("T013 what is not this phone's looks like what is not there", () =>
    serving(open, {}, async (served) => {
      const [missing] = await served.answers(rrq("none"));
      served.desk.answer = async () => ({ is: "refused", why: "not-yours", because: "it is another phone's" });
      const [foreign] = await served.answers(rrq("SEP000E84C060A6.cnf.xml"));
      expect(foreign?.octets).toEqual(missing?.octets);
    }));

  it("T014 an ERROR text is short ASCII that names no path and no version", () =>
    serving(open, {}, async (served) => {
      served.desk.answer = () => Promise.reject(new Error("EIO at /srv/tftp/secret, node 20"));
      for (const packet of [
        rrq("a"),
        rrq("../x"),
        rrq("a", {}, "mail"),
        encodeTftp({ op: "WRQ", filename: "a", mode: "octet", options: [] }),
      ]) {
        const [answer] = await served.answers(packet, 200);
        const octets = answer?.octets as Uint8Array;
        expect(octets.length).toBeLessThanOrEqual(4 + 128);
        expect(octets.at(-1)).toBe(0);
        expect(Buffer.from(octets.subarray(4, -1)).toString()).toMatch(/^[A-Za-z ]+$/);
      }
    }));

  it("T015 a folder, '.', '' and 'sub/' are ERROR 1 and never an empty file", () =>
    inFolder(async (root) => {
      await mkdir(join(root, "sub"));
      const desk = await folderDesk(root);
      await serving(
        open,
        {},
        async (served) => {
          for (const name of [".", "", "sub/", "sub", "/", "./"]) {
            const [answer] = await served.answers(rrq(name), 200);
            expect(decodeTftp(answer!.octets), name).toEqual(ERROR_1);
          }
        },
        { desk },
      );
    }));

  it("T016 an ERROR is answered by nothing, at either port", () =>
    serving(open, { a: pattern(10) }, async (served) => {
      const wire = await served.wire();
      wire.send(served.port, { op: "ERROR", code: 0, message: "x" });
      wire.send(served.port, rrq("a"));
      const { port } = await wire.packet();
      const stranger = await served.wire();
      stranger.send(port, { op: "ERROR", code: 5, message: "x" });
      expect(await stranger.during(650)).toEqual([]);
    }));

  it("T017 an ERROR of the client ends the transfer at once and closes the file", () => {
    const image = new MemoryImage("a", pattern(5000));
    return serving(open, { a: image }, async (served) => {
      const wire = await served.wire();
      wire.send(served.port, rrq("a"));
      const { port } = await wire.packet();
      wire.send(port, { op: "ERROR", code: 0, message: "enough" });
      await until(() => image.closed === 1 && served.counters.live === 0, 500);
      expect(await wire.during(650)).toEqual([]);
      expect(served.desk.outcomes).toEqual(["a broken-off"]);
    });
  });

  it("T018 DATA or an ACK to port 69 is answered by nothing", () =>
    serving(open, {}, async (served) => {
      expect(await served.answers(encodeTftp({ op: "ACK", block: 1 }))).toEqual([]);
      expect(await served.answers(encodeTftp({ op: "DATA", block: 1, octets: pattern(5) }))).toEqual([]);
    }));

  it("T019 an unknown opcode is answered by nothing and ends no transfer", () =>
    serving(open, { a: pattern(600) }, async (served) => {
      const wire = await served.wire();
      wire.send(served.port, rrq("a"));
      const { port } = await wire.packet();
      for (const opcode of [0, 6, 7, 8, 9, 255, 65_535]) {
        const octets = Uint8Array.of(opcode >> 8, opcode & 255, 0, 1, 0);
        wire.send(port, octets);
        wire.send(served.port, octets);
      }
      expect(await wire.during(200)).toEqual([]);
      wire.send(port, { op: "ACK", block: 1 });
      expect(await wire.packet()).toMatchObject({ op: "DATA", block: 2 });
    }));

  it("T020 datagrams of 0 to 3 octets are answered by nothing", () =>
    serving(open, {}, async (served) => {
      const wire = await served.wire();
      for (const octets of [[], [0], [0, 1], [0, 1, 0], [0, 1, 97], [0, 4, 0]]) {
        wire.send(served.port, Uint8Array.from(octets));
      }
      expect(await wire.during(650)).toEqual([]);
    }));

  it.each(["octet", "OCTET", "OcTeT"])("T021 the mode %s is served", (mode) =>
    serving(open, { a: pattern(10) }, async (served) => {
      expect((await fetchFile(served.port, "a", {}, { mode })).octets).toEqual(pattern(10));
    }),
  );

  it("T022 the mode netascii is served, in any case", () =>
    serving(open, { a: ascii("x\ny") }, async (served) => {
      for (const mode of ["netascii", "NetASCII"]) {
        expect((await fetchFile(served.port, "a", {}, { mode })).octets).toEqual(ascii("x\r\ny"));
      }
    }));

  it.each(["mail", "binary", "ascii", ""])("T023 the mode '%s' is ERROR 4", (mode) =>
    serving(open, { a: pattern(10) }, async (served) => {
      const [answer] = await served.answers(rrq("a", {}, mode), 200);
      expect(decodeTftp(answer!.octets)).toMatchObject({ op: "ERROR", code: 4 });
    }),
  );

  it("T024 a request whose name or mode has no end is never served", () =>
    serving(open, { a: pattern(10), name: pattern(10) }, async (served) => {
      const wire = await served.wire();
      for (const text of ["\0\x01name", "\0\x01a\0octet", "\0\x01a\0", "\0\x01a"]) wire.send(served.port, ascii(text));
      expect(await wire.during(650)).toEqual([]);
    }));

  it("T025 rubbish after the mode is ignored, the extra zero of an old 7960 included", () =>
    serving(open, { a: pattern(10) }, async (served) => {
      for (const text of ["\0\x01a\0octet\0\0", "\0\x01a\0octet\0junk", "\0\x01a\0octet\0\0\0\0"]) {
        const wire = await served.wire();
        wire.send(served.port, ascii(text));
        expect(await wire.packet()).toMatchObject({ op: "DATA", block: 1 });
      }
    }));

  it("T026 names of 1 to 255 octets are looked up, longer ones are ERROR 1, and more than 512 octets are nothing", () =>
    serving(open, { a: pattern(1), ["b".repeat(255)]: pattern(2) }, async (served) => {
      expect((await fetchFile(served.port, "a")).octets).toEqual(pattern(1));
      expect((await fetchFile(served.port, "b".repeat(255))).octets).toEqual(pattern(2));
      for (const length of [256, 400, 503]) {
        const [answer] = await served.answers(rrq("b".repeat(length)), 200);
        expect(decodeTftp(answer!.octets)).toEqual(ERROR_1);
      }
      for (const length of [505, 600, 4000]) {
        expect(await served.answers(ascii(`\0\x01${"b".repeat(length)}\0octet\0`))).toEqual([]);
      }
    }));

  it("T027 a file that the server may not read is an ERROR", () =>
    inFolder(async (root) => {
      await writeFile(join(root, "a"), "secret");
      await chmod(join(root, "a"), 0);
      const desk = await folderDesk(root);
      const refusing: FileDesk = {
        ...desk,
        // root reads everything; the refusal of the system is then made here.
        answer: (request) =>
          process.getuid?.() === 0
            ? Promise.reject(new Error("EACCES"))
            : desk.answer(request).catch((e) => Promise.reject(e)),
      };
      await serving(
        open,
        {},
        async (served) => {
          const [answer] = await served.answers(rrq("a"), 200);
          expect(decodeTftp(answer!.octets)).toMatchObject({ op: "ERROR" });
        },
        { desk: refusing },
      );
    }));

  it("T028 what is no regular file is refused at once, and 64 such requests slow nobody down", () =>
    inFolder(async (root) => {
      execFileSync("mkfifo", [join(root, "fifo")]);
      await symlink("/dev/zero", join(root, "zero"));
      await symlink("/proc/self/mem", join(root, "mem"));
      await writeFile(join(root, "a"), pattern(200_000));
      const socket = createServer().listen(join(root, "sock"));
      const desk = await folderDesk(root);
      try {
        await serving(
          open,
          {},
          async (served) => {
            for (const name of ["fifo", "zero", "mem", "sock"]) {
              const wire = await served.wire();
              const start = performance.now();
              wire.send(served.port, rrq(name));
              expect(await wire.packet(), name).toMatchObject(ERROR_1);
              expect(performance.now() - start).toBeLessThan(500);
            }
            const stuck = await served.wire();
            for (let n = 0; n < 64; n++) stuck.send(served.port, rrq(n % 2 ? "fifo" : "zero", { n }));
            const start = performance.now();
            expect((await fetchFile(served.port, "a")).octets.length).toBe(200_000);
            expect(performance.now() - start).toBeLessThan(3000);
          },
          { desk },
        );
      } finally {
        socket.close();
      }
    }));

  it("T029 a disk that fails gives ERROR 0 and never a short block", () => {
    const octets = pattern(2_000_000);
    const failing = (from: number, short: boolean): Image => ({
      name: "big",
      key: `failing ${from} ${short}`,
      size: octets.length,
      async read(offset, length) {
        if (offset + length <= from) return octets.slice(offset, offset + length);
        if (short) return octets.slice(offset, Math.max(offset, from));
        throw new Error("EIO");
      },
      close: async () => {},
    });
    return serving(open, {}, async (served) => {
      for (let block = 0; block < 20; block++) {
        for (const short of [true, false]) {
          served.desk.files.set("big", failing(block * 100_000, short));
          await expect(fetchFile(served.port, "big", { blksize: 1468 }), `${block}`).rejects.toThrow("ERROR 0");
        }
      }
    });
  });
});
