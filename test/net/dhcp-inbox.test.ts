import { expect, test, vi } from "vitest";
import { createInbox } from "../../src/net/dhcp-inbox.ts";
import { encodeDhcp } from "../../src/wire/dhcp.ts";
import { discover, ip, selecting, stranger } from "../provision/dhcp-world.ts";

const source = { address: ip("192.0.2.1"), port: 68 };
const octetsOf = (packet: ReturnType<typeof discover>) => encodeDhcp(packet) as Uint8Array;

test("a REQUEST is heard before the DISCOVERs that came first, and each kind in its order", async () => {
  const heard: number[] = [];
  const take = createInbox((octets) => heard.push(octets[33] as number));
  for (const n of [1, 2]) take(octetsOf(discover({ from: stranger(n) })), source, true);
  for (const n of [3, 4]) take(octetsOf(selecting(ip("192.0.2.100"), { from: stranger(n) })), source, true);
  await vi.waitFor(() => expect(heard).toHaveLength(4));
  expect(heard).toEqual([3, 4, 1, 2]);
});

test("after a turn of several the thread naps, once their answers have left; after one or two it does not", async () => {
  const octets = octetsOf(discover());
  const seen: string[] = [];
  const take = createInbox(
    () => queueMicrotask(() => seen.push("answered")),
    () => seen.push("nap"),
  );
  const hear = async (messages: number) => {
    seen.length = 0;
    for (let n = 0; n < messages; n++) take(octets, source, true);
    await vi.waitFor(() => expect(seen.filter((what) => what === "answered")).toHaveLength(messages));
    await new Promise((resolve) => setImmediate(resolve));
    return seen.filter((what) => what === "nap").length;
  };
  expect(await hear(1)).toBe(0);
  expect(await hear(2)).toBe(0);
  expect(await hear(3)).toBe(1);
  expect(seen.at(-1)).toBe("nap");
});

test("a flood is heard in turns that leave timers room, and what is beyond the inbox is dropped", async () => {
  let heard = 0;
  const busy = (until: number): void => {
    while (performance.now() < until);
  };
  const take = createInbox(() => {
    heard++;
    busy(performance.now() + 0.05);
  });
  const octets = octetsOf(discover());
  for (let n = 0; n < 10_000; n++) take(octets, source, undefined);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(heard).toBeGreaterThan(0);
  expect(heard).toBeLessThan(4096);
  await vi.waitFor(() => expect(heard).toBe(4096), { timeout: 5000 });
});
