import { describe, expect, it } from "vitest";
import type { UploadDesk } from "../../src/provision/ports.ts";
import { encodeTftp } from "../../src/wire/tftp.ts";
import { serving, TRANSPORTS } from "./tftp-serving.ts";
import { fetchFile, pattern, rrq } from "./tftp-wire.ts";

const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** What RFC 764 makes of a text. */
const encoded = (text: string) => ascii(text.replace(/\r|\n/g, (c) => (c === "\n" ? "\r\n" : "\r\0")));

describe.each(TRANSPORTS)("netascii, over %s", { concurrent: true }, (_kind, open) => {
  const arrives = (text: string) =>
    serving(open, { a: ascii(text) }, async (served) => {
      const got = await fetchFile(served.port, "a", {}, { mode: "netascii" });
      expect(got.octets).toEqual(encoded(text));
    });

  it("T030 LF becomes CR LF", () => arrives("one\ntwo\n"));

  it("T031 a lone CR becomes CR NUL", () => arrives("one\rtwo\r"));

  it("T032 a pair is cut where the block ends", async () => {
    await arrives(`${"x".repeat(511)}\nrest`);
    await arrives(`${"x".repeat(510)}\nrest`);
    await arrives(`${"x".repeat(511)}\rrest`);
  });

  it("T033 a file of line ends alone, at every remainder of 512", () =>
    serving(open, {}, async (served) => {
      const sizes = Array.from({ length: 257 }, (_, n) => n);
      const one = async () => {
        for (let size = sizes.pop(); size !== undefined; size = sizes.pop()) {
          served.desk.files.set(`n${size}`, ascii("\n".repeat(size)));
          const got = await fetchFile(served.port, `n${size}`, {}, { mode: "netascii" });
          expect(got.octets, `${size}`).toEqual(encoded("\n".repeat(size)));
        }
      };
      await Promise.all(Array.from({ length: 8 }, one));
    }));

  it("T034 a block sent again is the same block", () =>
    serving(open, { a: ascii(`${"\r\n".repeat(400)}end`) }, async (served) => {
      const wire = await served.wire();
      wire.send(served.port, rrq("a", {}, "netascii"));
      const first = await wire.packet();
      expect(await wire.packet()).toEqual(first);
      wire.send(first.port, { op: "ACK", block: 1 });
      const second = await wire.packet();
      expect(await wire.packet()).toEqual(second);
      const [one, two] = [first, second].map((packet) => (packet.op === "DATA" ? packet.octets : pattern(0)));
      expect(Buffer.concat([one!, two!])).toEqual(Buffer.from(encoded("\r\n".repeat(400)).subarray(0, 1024)));
    }));

  it("T035 tsize is left out of the OACK, because nobody knows it", () =>
    serving(open, { a: ascii("a\nb") }, async (served) => {
      const got = await fetchFile(served.port, "a", { tsize: 0, blksize: 600 }, { mode: "netascii" });
      expect(got.oack).toEqual([{ name: "blksize", value: "600" }]);
      expect(got.octets).toEqual(ascii("a\r\nb"));
    }));

  it("T036 windowsize is declined", () =>
    serving(open, { a: ascii("a\nb") }, async (served) => {
      const got = await fetchFile(served.port, "a", { windowsize: 4, blksize: 600 }, { mode: "netascii" });
      expect(got.oack).toEqual([{ name: "blksize", value: "600" }]);
    }));

  it("T037 CR LF of the source becomes CR NUL CR LF, as FreeBSD's tests have it", () =>
    serving(open, { a: ascii("foo\nbar\rbaz\n"), b: ascii("a\r\nb") }, async (served) => {
      const a = await fetchFile(served.port, "a", {}, { mode: "netascii" });
      expect(a.octets).toEqual(ascii("foo\r\nbar\r\0baz\r\n"));
      const b = await fetchFile(served.port, "b", {}, { mode: "netascii" });
      expect(b.octets).toEqual(ascii("a\r\0\r\nb"));
    }));

  it("T038 an upload is decoded, a CR at the end of a block included", () => {
    let stored: Uint8Array | undefined;
    const uploads: UploadDesk = {
      offer: async () => ({
        is: "accepted",
        limit: 10_000,
        store: async (octets) => {
          stored = octets;
          return "stored";
        },
      }),
    };
    return serving(
      open,
      {},
      async (served) => {
        const wire = await served.wire();
        wire.send(served.port, encodeTftp({ op: "WRQ", filename: "a", mode: "netascii", options: [] }));
        const { port } = await wire.packet();
        const text = `${"x".repeat(511)}\r`;
        wire.send(port, { op: "DATA", block: 1, octets: ascii(text) });
        expect(await wire.packet()).toMatchObject({ op: "ACK", block: 1 });
        wire.send(port, { op: "DATA", block: 2, octets: ascii("\nend\r\0.\r\n") });
        expect(await wire.packet()).toMatchObject({ op: "ACK", block: 2 });
        expect(Buffer.from(stored!).toString()).toBe(`${"x".repeat(511)}\nend\r.\n`);
      },
      { uploads },
    );
  });
});
