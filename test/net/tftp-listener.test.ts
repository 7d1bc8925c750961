import { afterEach, describe, expect, it } from "vitest";
import { startTftp, type TftpOptions, type TftpService } from "../../src/net/tftp-listener.ts";
import type { Ipv4 } from "../../src/wire/address.ts";
import { fetchFile, MemoryImage, pattern, rrq, TableDesk, Wire } from "./tftp-wire.ts";

const LOOPBACK = "127.0.0.1" as Ipv4;
const open: TftpService[] = [];

async function serve(desk: TableDesk, more: Partial<TftpOptions> = {}): Promise<TftpService> {
  const service = await startTftp({ listen: LOOPBACK, port: 0, desk, ...more });
  open.push(service);
  return service;
}

afterEach(async () => {
  for (const service of open.splice(0)) await service.stop();
});

describe("the TFTP service", () => {
  it("sends a rendered file and tells the desk that it arrived whole", async () => {
    const desk = new TableDesk({ "OS79XX.TXT": pattern(1000) });
    const { port } = await serve(desk);
    const got = await fetchFile(port, "OS79XX.TXT");
    expect(got.octets).toEqual(pattern(1000));
    await expect.poll(() => desk.outcomes).toEqual(["OS79XX.TXT whole"]);
  });

  it("sends an image with every option that was agreed", async () => {
    const image = new MemoryImage("sip.ld", pattern(1_000_001));
    const { port } = await serve(new TableDesk({ "sip.ld": image }));
    const got = await fetchFile(port, "sip.ld", { blksize: 1428, windowsize: 8, tsize: 0, timeout: 3 });
    expect(got.oack).toEqual([
      { name: "blksize", value: "1428" },
      { name: "timeout", value: "3" },
      { name: "tsize", value: "1000001" },
      { name: "windowsize", value: "8" },
    ]);
    expect(Buffer.compare(got.octets, image.octets)).toBe(0);
    await expect.poll(() => image.closed).toBe(image.opened);
  });

  it("sends a text as netascii, lines that cross a block included", async () => {
    const text = Buffer.from(`${"x".repeat(511)}\n${"y".repeat(1023)}\r\nend`);
    const { port } = await serve(new TableDesk({ "a.txt": text }));
    const got = await fetchFile(port, "a.txt", {}, { mode: "netascii" });
    expect(Buffer.from(got.octets).toString()).toBe(
      text.toString().replace(/\r|\n/g, (c) => (c === "\n" ? "\r\n" : "\r\0")),
    );
  });

  it("sends again what was lost, and gives the client its file", async () => {
    const { port, counters } = await serve(new TableDesk({ a: pattern(700) }));
    const wire = await Wire.open();
    wire.send(port, rrq("a"));
    const first = await wire.packet();
    const again = await wire.packet();
    expect(again).toEqual(first);
    wire.send(first.port, { op: "ACK", block: 1 });
    expect(await wire.packet()).toMatchObject({ op: "DATA", block: 2 });
    wire.send(first.port, { op: "ACK", block: 2 });
    await wire.during(100);
    expect(counters).toMatchObject({ done: 1, live: 0, dataSent: 3, dataResent: 1 });
    wire.close();
  });

  it("says at once that there is no such file", async () => {
    const { port } = await serve(new TableDesk());
    await expect(fetchFile(port, "CTLSEP000E84C060A6.tlv")).rejects.toThrow("ERROR 1: File not found");
  });

  it("serves the spellings of phones: /, ./ and \\ before the name", async () => {
    const desk = new TableDesk({ "SIP000E84C060A6.cnf": pattern(10) });
    const { port } = await serve(desk);
    for (const prefix of ["/", "./", "\\", ".\\"]) await fetchFile(port, `${prefix}SIP000E84C060A6.cnf`);
    expect(new Set(desk.asked.map((request) => request.filename))).toEqual(new Set(["SIP000E84C060A6.cnf"]));
  });

  it("says which capability or port to use when the port may not be bound", async () => {
    const first = await serve(new TableDesk());
    await expect(serve(new TableDesk(), { port: first.port })).rejects.toThrow(/in use: stop the other server/);
  });

  it("leaves no socket behind when it stops", async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind.includes("UDP")).length;
    await expect.poll(sockets).toBe(0);
    const service = await startTftp({ listen: LOOPBACK, port: 0, desk: new TableDesk() });
    expect(sockets()).toBe(65);
    await service.stop();
    await expect.poll(sockets).toBe(0);
  });

  it("ends live transfers with an ERROR when it stops, and closes the file", async () => {
    const image = new MemoryImage("big", pattern(5000));
    const desk = new TableDesk({ big: image });
    const service = await startTftp({ listen: LOOPBACK, port: 0, desk });
    const wire = await Wire.open();
    wire.send(service.port, rrq("big"));
    expect(await wire.packet()).toMatchObject({ op: "DATA", block: 1 });
    await service.stop();
    expect(await wire.packet()).toMatchObject({ op: "ERROR", code: 0 });
    expect(desk.outcomes).toEqual(["big broken-off"]);
    expect(image.closed).toBe(1);
    wire.close();
  });
});
