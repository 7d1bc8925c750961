import { expect, test } from "vitest";
import { createNeighbours } from "../../src/net/neighbours.ts";
import type { Ipv4 } from "../../src/wire/address.ts";

const head = "IP address       HW type     Flags       HW address            Mask     Device\n";
const row = (ip: string, mac: string, flags = "0x2") =>
  `${ip.padEnd(17)}0x1         ${flags}         ${mac}     *        eth0\n`;
const at = (text: string, ip: string, now = 0) =>
  createNeighbours(
    () => now,
    () => text,
  )(ip as Ipv4);

test("an address on the segment is the station that answers for it", () => {
  expect(at(head + row("192.0.2.50", "00:0e:84:c0:60:a6"), "192.0.2.50")).toBe("000e84c060a6");
});

test("an address that has not answered yet, or that is not there, is nobody's", () => {
  expect(at(head + row("192.0.2.50", "00:00:00:00:00:00", "0x0"), "192.0.2.50")).toBeUndefined();
  expect(at(head, "192.0.2.50")).toBeUndefined();
});

test("a station that answers for several addresses is a proxy and names no phone", () => {
  const proxy = row("192.0.2.50", "00:00:0c:07:ac:01") + row("192.0.2.51", "00:00:0c:07:ac:01");
  expect(at(head + proxy, "192.0.2.50")).toBeUndefined();
});

test("a table that is damaged or cannot be read leaves everything unknown", () => {
  expect(at("\0\0 garbage", "192.0.2.50")).toBeUndefined();
  const unreadable = createNeighbours(
    () => 0,
    () => {
      throw new Error("no such file");
    },
  );
  expect(unreadable("192.0.2.50" as Ipv4)).toBeUndefined();
});

test("the table is read again once a second, and not more often", () => {
  let now = 0;
  let reads = 0;
  const around = createNeighbours(
    () => now,
    () => {
      reads += 1;
      return head;
    },
  );
  for (; now < 2_000; now += 100) around("192.0.2.50" as Ipv4);
  expect(reads).toBe(2);
});
