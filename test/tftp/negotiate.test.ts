import { describe, expect, it } from "vitest";
import { negotiate, PLAIN } from "../../src/tftp/negotiate.ts";
import type { TftpRequest } from "../../src/wire/tftp.ts";

const OFFERS = { blksize: 1468, windowsize: 64 };

function asked(options: Readonly<Record<string, string>>, mode = "octet", op: "RRQ" | "WRQ" = "RRQ"): TftpRequest {
  return { op, filename: "a", mode, options: Object.entries(options).map(([name, value]) => ({ name, value })) };
}

function agreed(options: Readonly<Record<string, string>>, mode = "octet", size: number | undefined = 1000) {
  return Object.fromEntries(negotiate(asked(options, mode), size, OFFERS).oack.map(({ name, value }) => [name, value]));
}

describe("negotiation", () => {
  it("answers no option to a client that sent none", () => {
    expect(negotiate(asked({}), 1000, OFFERS)).toBe(PLAIN);
  });

  it.each([
    ["8", "8"],
    ["512", "512"],
    ["1468", "1468"],
    ["65464", "1468"],
    ["65465", "1468"],
    ["4294967808", "1468"],
  ])("of blksize %s agrees to %s", (value, answer) => {
    expect(agreed({ blksize: value })).toEqual({ blksize: answer });
  });

  it.each(["0", "7", "abc", "1428 ", "-5", "0x100", "1e3", "", "0512", "+512", "99999999999999999999"])(
    "drops blksize %j",
    (value) => {
      expect(agreed({ blksize: value })).toEqual({});
    },
  );

  it("reads names in any case and answers in lower case, the first of two", () => {
    const request: TftpRequest = {
      ...asked({}),
      options: [
        { name: "BlkSize", value: "1024" },
        { name: "blksize", value: "600" },
      ],
    };
    expect(negotiate(request, 1, OFFERS).oack).toEqual([{ name: "blksize", value: "1024" }]);
  });

  it("answers the true size whatever number was sent, and none for netascii", () => {
    expect(agreed({ tsize: "77" })).toEqual({ tsize: "1000" });
    expect(agreed({ tsize: "0" }, "netascii", undefined)).toEqual({});
    expect(agreed({ tsize: "no" })).toEqual({});
  });

  it("echoes a timeout of 1 to 255 and drops the others", () => {
    expect(agreed({ timeout: "1" })).toEqual({ timeout: "1" });
    expect(agreed({ timeout: "255" })).toEqual({ timeout: "255" });
    expect(agreed({ timeout: "0" })).toEqual({});
    expect(agreed({ timeout: "256" })).toEqual({});
  });

  it("bounds a window, and declines one for netascii", () => {
    expect(agreed({ windowsize: "16" })).toEqual({ windowsize: "16" });
    expect(agreed({ windowsize: "65535" })).toEqual({ windowsize: "64" });
    expect(agreed({ windowsize: "65536" })).toEqual({});
    expect(agreed({ windowsize: "0" })).toEqual({});
    expect(agreed({ windowsize: "4" }, "netascii", undefined)).toEqual({});
  });

  it("leaves out what it does not know", () => {
    expect(agreed({ multicast: "", blksize2: "1024", rollover: "0", msftwindow: "31416" })).toEqual({});
  });

  it("echoes the size that an upload announces", () => {
    const terms = negotiate(asked({ tsize: "4096" }, "octet", "WRQ"), undefined, OFFERS);
    expect(terms.oack).toEqual([{ name: "tsize", value: "4096" }]);
  });
});
