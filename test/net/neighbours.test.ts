import { expect, test } from "vitest";
import { createLookout, createNeighbours } from "../../src/net/neighbours.ts";
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

test("all who wait for somebody to answer are told by the same readings of the table, which end with the last of them", async () => {
  let reads = 0;
  let text = head;
  const lookout = createLookout(
    () => performance.now(),
    () => {
      reads++;
      return text;
    },
  );
  const all = Array.from({ length: 60 }, (_, n) => `192.0.2.${n}` as Ipv4);
  expect(all.some((ip) => lookout.has(ip))).toBe(false);
  expect(reads).toBe(1);
  const began = performance.now();
  const seen = all.map(
    (ip) =>
      new Promise<Ipv4>((resolve) => {
        const leave = lookout.wait(ip, () => {
          leave();
          resolve(ip);
        });
      }),
  );
  text += row("192.0.2.7", "00:00:00:00:00:00", "0x0");
  text += row("192.0.2.8", "00:0e:84:c0:60:a6");
  expect(await Promise.race(seen)).toBe("192.0.2.8");
  text = head + all.map((ip, n) => row(ip, `00:0e:84:c0:60:${n.toString(16).padStart(2, "0")}`)).join("");
  expect(await Promise.all(seen)).toEqual(all);
  const turns = Math.ceil((performance.now() - began) / 50);
  expect(reads).toBeLessThanOrEqual(1 + turns);
  const before = reads;
  await new Promise((later) => setTimeout(later, 150));
  expect(reads).toBe(before);
});
