import { expect, test } from "vitest";
import type { Datagram } from "../../src/sim/datagram.ts";
import { join, latin1, octets16, textOf } from "../../src/sim/octets.ts";
import {
  beginTransfer,
  type FileWish,
  type TftpManner,
  type Transfer,
  transferReceives,
  transferWakes,
  underWay,
} from "../../src/sim/tftp-client.ts";
import type { Ipv4 } from "../../src/wire/address.ts";

const MANNER: TftpManner = { trailingNul: false, retryAfter: 4000, triesPerPort: 5, ports: 3 };
const PHONE = { ip: "192.0.2.100" as Ipv4, port: 50_000 };
const SERVER = { ip: "192.0.2.10" as Ipv4, port: 69 };
const TID = { ip: SERVER.ip, port: 40_000 };

const begin = (wish: FileWish, manner = MANNER) => beginTransfer(wish, manner, PHONE, SERVER, 0);
const from = (octets: Uint8Array, peer = TID): Datagram => ({ from: peer, to: PHONE, octets });
const data = (block: number, length: number) =>
  join(octets16(3), octets16(block), new Uint8Array(length).fill(block & 255));

test("an old 7960 asks for OS79XX.TXT in twenty octets, with one zero too many (capture of December 2000)", () => {
  const { send } = begin({ name: "OS79XX.TXT" }, { ...MANNER, trailingNul: true });
  expect(textOf((send[0] as Datagram).octets)).toBe("\0\x01OS79XX.TXT\0octet\0\0");
  expect(send[0]?.octets.length).toBe(20);
});

test("a UAL phone's request for CTLSEP is 31 octets: no option (capture SCR358, a frame of 73)", () => {
  expect(begin({ name: "CTLSEP000E84C060A6.tlv" }).send[0]?.octets.length).toBe(73 - 42);
});

test("silence: the same request every 4 s, five times from each of three ports, then a timeout", () => {
  let moved: ReturnType<typeof transferWakes> = begin({ name: "a" });
  const sent: [number, number][] = [[0, PHONE.port]];
  while (underWay(moved.transfer)) {
    const now = moved.transfer.dueAt;
    moved = transferWakes(moved.transfer, now);
    for (const { from } of moved.send) sent.push([now, from.port]);
  }
  expect(moved.transfer).toEqual({ is: "timeout", name: "a" });
  expect(sent.length).toBe(15);
  expect(sent[4]).toEqual([16_000, 50_000]);
  expect(sent[5]).toEqual([20_000, 50_001]);
  expect(sent[14]).toEqual([56_000, 50_002]);
});

test("every block is acknowledged to the TID that answered, and the file comes out whole", () => {
  let transfer: Transfer = begin({ name: "a" }).transfer;
  const first = transferReceives(transfer, from(data(1, 512)), 10);
  expect(first.send[0]).toMatchObject({ to: TID, octets: Uint8Array.of(0, 4, 0, 1) });
  transfer = first.transfer as Transfer;
  const last = transferReceives(transfer, from(data(2, 3)), 20);
  expect(last.transfer).toMatchObject({ is: "whole", octets: { length: 515 } });
  expect(last.send[0]?.octets).toEqual(Uint8Array.of(0, 4, 0, 2));
});

test("a block that came twice is acknowledged twice, one that is ahead is not", () => {
  const { transfer } = transferReceives(begin({ name: "a" }).transfer, from(data(1, 512)), 10);
  expect(transferReceives(transfer as Transfer, from(data(1, 512)), 11).send[0]?.octets).toEqual(
    Uint8Array.of(0, 4, 0, 1),
  );
  expect(transferReceives(transfer as Transfer, from(data(3, 512)), 12).send).toEqual([]);
});

test("a packet from another TID is answered with error 5 and changes nothing (RFC 1350 §4)", () => {
  const { transfer } = transferReceives(begin({ name: "a" }).transfer, from(data(1, 512)), 10);
  const stranger = { ip: SERVER.ip, port: 41_000 };
  const moved = transferReceives(transfer as Transfer, from(data(2, 512), stranger), 11);
  expect(moved.transfer).toBe(transfer);
  expect(moved.send[0]).toMatchObject({ to: stranger });
  expect(moved.send[0]?.octets.subarray(0, 4)).toEqual(Uint8Array.of(0, 5, 0, 5));
});

test("a block of more than 512 octets ends the transfer with the phone's own words", () => {
  const { transfer } = transferReceives(begin({ name: "a" }).transfer, from(data(1, 513)), 10);
  expect(transfer).toEqual({ is: "broken-off", name: "a", why: "Data block exceeds 512" });
});

test("an OACK, which nobody asked for, ends it as an illegal operation", () => {
  const oack = join(octets16(6), latin1("blksize\x001024\0"));
  expect(transferReceives(begin({ name: "a" }).transfer, from(oack), 10).transfer).toMatchObject({ why: "Illegal Op" });
});

test("error 1 is not found; any other error breaks off with its text", () => {
  const error = (code: number, text: string) => from(join(octets16(5), octets16(code), latin1(`${text}\0`)));
  const { transfer } = begin({ name: "a" });
  expect(transferReceives(transfer, error(1, "No such file"), 1).transfer).toEqual({ is: "not-found", name: "a" });
  expect(transferReceives(transfer, error(2, "no"), 1).transfer).toMatchObject({ is: "broken-off", why: "no" });
});

test("a file above the limit is refused with Buffer Full, one at the limit is not", () => {
  const { transfer } = begin({ name: "a", limit: 512 });
  const full = transferReceives(transfer, from(data(1, 512)), 1);
  const over = transferReceives(full.transfer as Transfer, from(data(2, 1)), 2);
  expect(over.transfer).toEqual({ is: "too-big", name: "a" });
  expect(over.send[0]?.octets.subarray(0, 4)).toEqual(Uint8Array.of(0, 5, 0, 3));
  expect(transferReceives(full.transfer as Transfer, from(data(2, 0)), 2).transfer).toMatchObject({ is: "whole" });
});

test("block numbers wrap to 0 after 65,535, as an image of 41 MB needs them to", () => {
  let transfer: Transfer = begin({ name: "a" }).transfer;
  for (let block = 1; block <= 65_537; block++) {
    const moved = transferReceives(transfer, from(data(block & 0xffff, 512)), block);
    transfer = moved.transfer as Transfer;
  }
  expect(transfer.blocks).toBe(65_537);
});

test.each([0, 1, 511, 512, 513, 1024])("an upload of %i octets arrives whole and ends with a short block", (length) => {
  const upload = new Uint8Array(length).fill(7);
  let moved: ReturnType<typeof transferReceives> = begin({ name: "a-boot.log", upload });
  expect(moved.send[0]?.octets[1]).toBe(2);
  const blocks: number[] = [];
  for (let ack = 0; underWay(moved.transfer); ack++) {
    moved = transferReceives(moved.transfer, from(join(octets16(4), octets16(ack))), ack);
    for (const { octets } of moved.send) blocks.push(octets.length - 4);
  }
  expect(blocks.reduce((a, b) => a + b, 0)).toBe(length);
  expect(blocks.at(-1)).toBeLessThan(512);
  expect(moved.transfer).toMatchObject({ is: "whole" });
});
