import { expect, test } from "vitest";
import type { Phone, Sighting } from "../../src/phones/phone.ts";
import { readPlaces } from "../../src/provision/recognise.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";

const gone = "000e84c060a6" as Mac;
const came = "000e84aaaaaa" as Mac;
const here = "192.0.2.50" as Ipv4;
const there = "192.0.2.60" as Ipv4;

const phone = (mac: Mac, label?: string): Phone => ({
  mac,
  lines: [],
  settings: {},
  ...(label === undefined ? {} : { label }),
});
const sighting = (mac: Mac, ip: Ipv4, at: number): Sighting => ({ mac, ip, at, by: "tftp", evidence: "asked" });

async function noticed(
  sightings: readonly Sighting[],
  phones: readonly Phone[] = [],
  prepare?: (store: ReturnType<typeof createMemoryStore>) => Promise<unknown>,
) {
  const store = createMemoryStore();
  await store.putPhones(phones);
  for (const one of sightings) await store.putSighting(one);
  await prepare?.(store);
  return (await readPlaces(store)).noticed(gone, await store.sightings(gone, 40));
}

test("a phone that turns up at another address has moved", async () => {
  expect(await noticed([sighting(gone, here, 1), sighting(gone, there, 2), sighting(gone, there, 3)])).toEqual([
    { what: "moved", words: "it moved from 192.0.2.50 to 192.0.2.60" },
  ]);
});

test("another phone with its label, seen after it, stands in its place", async () => {
  const seen = [sighting(gone, here, 1), sighting(came, there, 2)];
  expect(await noticed(seen, [phone(gone, "Room 7"), phone(came, "Room 7")])).toEqual([
    {
      what: "replaced",
      words: "00:0e:84:aa:aa:aa was seen after it with the same label, Room 7",
      by: "00:0e:84:aa:aa:aa",
    },
  ]);
  expect(
    await noticed(
      seen.toReversed().map((s, i) => ({ ...s, at: i + 1 })),
      [phone(gone, "R"), phone(came, "R")],
    ),
  ).toEqual([]);
});

test("another phone at its address, seen after it, stands in its place", async () => {
  const seen = [sighting(gone, here, 1), sighting(came, here, 2)];
  const found = await noticed(seen, [], (store) => store.putHolder(here, came, 2));
  expect(found).toMatchObject([{ what: "replaced", by: "00:0e:84:aa:aa:aa" }]);
});

test("another phone on its switch port stands in its place, unless the relay says the same for everybody", async () => {
  const lease = (mac: Mac, ip: string) => ({
    ip: ip as Ipv4,
    mac,
    clientKey: mac,
    relayInformation: "010400070102",
    at: "bound" as const,
    until: 1e12,
  });
  const seen = [sighting(gone, here, 1), sighting(came, there, 2)];
  const two = await noticed(seen, [], async (store) => {
    await store.putLease(lease(gone, here));
    await store.putLease(lease(came, there));
  });
  expect(two).toMatchObject([{ what: "replaced", by: "00:0e:84:aa:aa:aa" }]);
  const many = await noticed(seen, [], async (store) => {
    for (const [i, mac] of [gone, came, "000000000001", "000000000002"].entries())
      await store.putLease(lease(mac as Mac, `192.0.2.${i + 50}`));
  });
  expect(many).toEqual([]);
});

test("of a phone that was never seen nothing is said", async () => {
  expect(await noticed([], [phone(gone, "x"), phone(came, "x")])).toEqual([]);
});
