import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Lease } from "../../src/dhcp/lease.ts";
import { SIGHTINGS_KEPT, type Store } from "../../src/store/store.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { leaseOf, MAC_A, MAC_B, migrationOf, phoneOf, sightingOf } from "./records.ts";

/** One way of keeping a store: `open` may be called again after a close and must find what was written, if `durable`. */
export interface StoreUnderTest {
  readonly open: () => Promise<Store>;
  readonly discard: () => Promise<void>;
  readonly durable: boolean;
}

/** Every promise of `Store`, as facts; run on each implementation. */
export function describeStore(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`the ${name} store`, () => {
    let kept: StoreUnderTest;
    let store: Store;

    beforeEach(async () => {
      kept = await make();
      store = await kept.open();
    });

    afterEach(async () => {
      await store.close();
      await kept.discard();
    });

    test("knows nothing when it is new", async () => {
      expect(await store.phone(MAC_A)).toBeUndefined();
      expect(await store.phones()).toEqual([]);
      expect(await store.leases()).toEqual([]);
      expect(await store.holderOf("192.0.2.1" as Ipv4)).toBeUndefined();
      expect(await store.sightings(MAC_A, 10)).toEqual([]);
      expect(await store.migration(MAC_A)).toBeUndefined();
      expect(await store.migrations()).toEqual([]);
      expect(await store.history(MAC_A)).toEqual([]);
    });

    test("gives phones back as they were put, in the order of their MACs", async () => {
      await store.putPhones([phoneOf(MAC_A), phoneOf(MAC_B, "lobby")]);
      expect(await store.phone(MAC_A)).toEqual(phoneOf(MAC_A));
      expect(await store.phones()).toEqual([phoneOf(MAC_B, "lobby"), phoneOf(MAC_A)]);
    });

    test("replaces a phone that is put again, and lets the later of two in one call stand", async () => {
      await store.putPhones([phoneOf(MAC_A)]);
      await store.putPhones([phoneOf(MAC_A, "one"), phoneOf(MAC_A, "two")]);
      expect(await store.phones()).toEqual([phoneOf(MAC_A, "two")]);
    });

    const MANY = Array.from({ length: 350 }, (_, i) => (0x000e84c00000 + i * 3).toString(16).padStart(12, "0") as Mac);

    test("takes many phones in at once, each made of the one that is known, in whatever order they come", async () => {
      await store.putPhones([phoneOf(MANY[7]!, "before"), phoneOf(MAC_B)]);
      await store.takePhones(MANY.toReversed(), (mac, known) => phoneOf(mac, known?.label ?? "new"));
      const phones = await store.phones();
      expect(phones.map(({ mac }) => mac)).toEqual([MAC_B, ...MANY]);
      expect(phones.filter(({ label }) => label === "new")).toHaveLength(MANY.length - 1);
      expect(await store.phone(MANY[7]!)).toEqual(phoneOf(MANY[7]!, "before"));
    });

    test("takes none of many where one cannot be made, and the next time all", async () => {
      await store.putPhones([phoneOf(MANY[3]!, "before")]);
      const taking = store.takePhones(MANY, (mac) => {
        if (mac === MANY[340]) throw new RangeError("not this one");
        return phoneOf(mac);
      });
      await expect(taking).rejects.toThrow(new RangeError("not this one"));
      expect(await store.phones()).toEqual([phoneOf(MANY[3]!, "before")]);
      await store.takePhones(MANY.slice(0, 150), (mac) => phoneOf(mac, "second"));
      expect((await store.phones()).map(({ label }) => label)).toEqual(Array(150).fill("second"));
    });

    test("what is written right after many were taken in stands, and what is removed is gone", async () => {
      await store.takePhones(MANY, (mac) => phoneOf(mac, "taken"));
      const writes = [store.putPhones([phoneOf(MANY[300]!, "later")]), store.removePhone(MANY[301]!)];
      const second = store.takePhones(MANY.slice(302), (mac) => phoneOf(mac, "again"));
      await Promise.all([...writes, second]);
      expect(await store.phone(MANY[300]!)).toEqual(phoneOf(MANY[300]!, "later"));
      expect(await store.phone(MANY[301]!)).toBeUndefined();
      expect((await store.phones()).map(({ label }) => label)).toEqual([
        ...Array(300).fill("taken"),
        "later",
        ...Array(48).fill("again"),
      ]);
    });

    test("removes a phone and keeps its history", async () => {
      await store.putPhones([phoneOf(MAC_A)]);
      await store.addHistory([{ at: 1, mac: MAC_A, event: "phone.identified", detail: "7960" }]);
      await store.removePhone(MAC_A);
      await store.removePhone(MAC_B);
      expect(await store.phone(MAC_A)).toBeUndefined();
      expect(await store.history(MAC_A)).toHaveLength(1);
    });

    test("keeps one binding for an address, in the order of the addresses", async () => {
      await store.putLease(leaseOf("192.0.2.100"));
      await store.putLease(leaseOf("192.0.2.9"));
      const released: Lease = {
        at: "released",
        since: 9,
        ip: "192.0.2.100" as Ipv4,
        mac: MAC_B,
        clientKey: "00",
        relayInformation: "0104",
      };
      await store.putLease(released);
      expect(await store.leases()).toEqual([leaseOf("192.0.2.9"), released]);
      await store.removeLease("192.0.2.9" as Ipv4);
      expect(await store.leases()).toEqual([released]);
    });

    test("lets the last holder of an address stand, even after the clock stepped back", async () => {
      await store.putHolder("192.0.2.7" as Ipv4, MAC_A, 2000);
      await store.putHolder("192.0.2.7" as Ipv4, MAC_B, 1000);
      expect(await store.holderOf("192.0.2.7" as Ipv4)).toEqual({ mac: MAC_B, at: 1000 });
      expect(await store.holderOf("192.0.2.8" as Ipv4)).toBeUndefined();
    });

    test("gives the newest sightings first and keeps a bounded number of each phone", async () => {
      await Promise.all(Array.from({ length: SIGHTINGS_KEPT + 50 }, (_, i) => store.putSighting(sightingOf(MAC_A, i))));
      await store.putSighting(sightingOf(MAC_B, 1));
      expect((await store.sightings(MAC_A, 2)).map((s) => s.at)).toEqual([SIGHTINGS_KEPT + 49, SIGHTINGS_KEPT + 48]);
      expect(await store.sightings(MAC_A, 0)).toEqual([]);
      expect((await store.sightings(MAC_A, Number.POSITIVE_INFINITY)).map((s) => s.at)).toEqual(
        Array.from({ length: SIGHTINGS_KEPT }, (_, i) => SIGHTINGS_KEPT + 49 - i),
      );
      expect(await store.sightings(MAC_B, 5)).toEqual([sightingOf(MAC_B, 1)]);
    });

    test("keeps a migration together with the lines that explain it, oldest first", async () => {
      const enrolled = { at: 1, mac: MAC_A, event: "phone.enrolled", detail: "to P0S3-8-12-00" };
      const entered = { at: 2, mac: MAC_A, event: "stage.entered", detail: "1" };
      await store.putMigration(migrationOf(MAC_A, 1), [enrolled]);
      await store.putMigration(migrationOf(MAC_A, 2), [entered, { ...entered, mac: MAC_B }]);
      const { from: _, ...rest } = migrationOf(MAC_A, 2).stages[0]!;
      expect(await store.migration(MAC_A)).toEqual({ ...migrationOf(MAC_A, 2), stages: [rest] });
      expect(await store.migrations()).toHaveLength(1);
      expect(await store.history(MAC_A)).toEqual([enrolled, entered]);
      expect(await store.history(MAC_B)).toEqual([{ ...entered, mac: MAC_B }]);
    });

    test("lets no caller change what another reads", async () => {
      const phone = phoneOf(MAC_A);
      const putting = store.putPhones([phone]);
      (phone.settings as Record<string, string>).later = "changed";
      await putting;
      const read = await store.phone(MAC_A);
      (read!.settings as Record<string, string>).also = "changed";
      expect(await store.phone(MAC_A)).toEqual(phoneOf(MAC_A));
    });

    test("serves each read as of the moment it was asked, after the writes begun before it", async () => {
      const writes: Promise<void>[] = [];
      const reads: Promise<readonly Lease[]>[] = [];
      for (let i = 0; i < 20; i++) {
        writes.push(store.putLease(leaseOf(`192.0.2.${i}`)));
        reads.push(store.leases());
      }
      const seen = await Promise.all(reads);
      expect(seen.map((leases) => leases.length)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
      await Promise.all(writes);
    });

    test("lets two writers at once each keep every line of theirs, in their order", async () => {
      const write = async (mac: Mac) => {
        for (let i = 0; i < 200; i++) await store.addHistory([{ at: i, mac, event: "phone.seen", detail: `${i}` }]);
      };
      await Promise.all([write(MAC_A), write(MAC_B), write(MAC_A)]);
      const a = (await store.history(MAC_A)).map((entry) => entry.at);
      expect(a).toHaveLength(400);
      expect([...new Set(a)]).toEqual(Array.from({ length: 200 }, (_, i) => i));
      expect(await store.history(MAC_B)).toHaveLength(200);
    });

    test("takes any text that JSON can carry: empty keys, __proto__, lone surrogates, NUL, quotes", async () => {
      const settings = JSON.parse('{"":"", "__proto__":"x", "a\\u0000b":"\\ud800", "\';--":"\\u2028"}');
      await store.putPhones([{ mac: MAC_A, lines: [], settings }]);
      expect(JSON.stringify((await store.phone(MAC_A))?.settings)).toBe(JSON.stringify(settings));
    });

    test("refuses to work once it has been closed, and may be closed twice", async () => {
      await store.close();
      await store.close();
      await expect(store.phones()).rejects.toMatchObject({ name: "StoreError", code: "E_STORE_CLOSED" });
      await expect(store.putLease(leaseOf("192.0.2.1"))).rejects.toMatchObject({ code: "E_STORE_CLOSED" });
    });

    test("finishes the writes that were begun before it was closed", async () => {
      const writes = Array.from({ length: 100 }, (_, i) => store.putLease(leaseOf(`192.0.2.${i}`)));
      await store.close();
      await Promise.all(writes);
      if (!kept.durable) return;
      store = await kept.open();
      expect(await store.leases()).toHaveLength(100);
    });

    test("finds after a reopen what it was told before, where it is durable", async () => {
      await store.putPhones([phoneOf(MAC_A)]);
      await store.putLease(leaseOf("192.0.2.1"));
      await store.putHolder("192.0.2.7" as Ipv4, MAC_A, 2000);
      await store.putSighting(sightingOf(MAC_A, 1));
      await store.putMigration(migrationOf(MAC_A, 1), [{ at: 1, mac: MAC_A, event: "e", detail: "d" }]);
      if (!kept.durable) return;
      await store.close();
      store = await kept.open();
      expect(await store.phone(MAC_A)).toEqual(phoneOf(MAC_A));
      expect(await store.leases()).toEqual([leaseOf("192.0.2.1")]);
      expect(await store.holderOf("192.0.2.7" as Ipv4)).toEqual({ mac: MAC_A, at: 2000 });
      expect(await store.sightings(MAC_A, 9)).toEqual([sightingOf(MAC_A, 1)]);
      expect((await store.migration(MAC_A))?.progress).toEqual({ at: "waiting", stage: 1 });
      expect(await store.history(MAC_A)).toEqual([{ at: 1, mac: MAC_A, event: "e", detail: "d" }]);
    });
  });
}
