import type { Lease } from "../dhcp/lease.ts";
import type { HistoryEntry, Migration } from "../migration/migration.ts";
import type { Phone, Sighting } from "../phones/phone.ts";
import type { Ipv4, Mac } from "../wire/address.ts";
import { ipv4ToNumber } from "../wire/address.ts";
import { SIGHTINGS_KEPT, type Store, StoreError } from "./store.ts";

/**
 * A store that lives and dies with its process: for tests, rehearsals and as the meaning that every other store is
 * compared with. Values go in and come out as JSON text, so that no caller shares an object with another.
 */
export function createMemoryStore(): Store {
  const phones = new Map<Mac, string>();
  const leases = new Map<Ipv4, string>();
  const holders = new Map<Ipv4, { readonly mac: Mac; readonly at: number }>();
  const sightings = new Map<Mac, string[]>();
  const migrations = new Map<Mac, string>();
  const history = new Map<Mac, string[]>();
  let open = true;

  function whileOpen<T>(act: () => T): Promise<T> {
    if (open) return Promise.resolve(act());
    return Promise.reject(new StoreError("E_STORE_CLOSED", "The store has been closed."));
  }

  function remember(entries: readonly HistoryEntry[]): void {
    for (const entry of entries) appendTo(history, entry.mac, entry);
  }

  return {
    phone: (mac) => whileOpen(() => read<Phone>(phones.get(mac))),
    phones: () => whileOpen(() => sorted(phones, compareText).map((text) => JSON.parse(text) as Phone)),
    putPhones: (batch) =>
      whileOpen(() => {
        for (const [mac, text] of batch.map((phone) => [phone.mac, JSON.stringify(phone)] as const)) {
          phones.set(mac, text);
        }
      }),
    takePhones: async (macs, of) => {
      const taken = macs.map((mac) => [mac, JSON.stringify(of(mac, read<Phone>(phones.get(mac))))] as const);
      await whileOpen(() => {
        for (const [mac, text] of taken) phones.set(mac, text);
      });
    },
    removePhone: (mac) => whileOpen(() => void phones.delete(mac)),

    leases: () => whileOpen(() => sorted(leases, compareIp).map((text) => JSON.parse(text) as Lease)),
    putLease: (lease) => whileOpen(() => void leases.set(lease.ip, JSON.stringify(lease))),
    removeLease: (ip) => whileOpen(() => void leases.delete(ip)),

    holderOf: (ip) => whileOpen(() => holders.get(ip)),
    putHolder: (ip, mac, at) => whileOpen(() => void holders.set(ip, { mac, at })),

    putSighting: (sighting) =>
      whileOpen(() => {
        const kept = appendTo(sightings, sighting.mac, sighting);
        if (kept.length > SIGHTINGS_KEPT) kept.shift();
      }),
    sightings: (mac, newest) =>
      whileOpen(() =>
        (sightings.get(mac) ?? [])
          .toReversed()
          .slice(0, Math.max(0, newest))
          .map((text) => JSON.parse(text) as Sighting),
      ),

    migration: (mac) => whileOpen(() => read<Migration>(migrations.get(mac))),
    migrations: () => whileOpen(() => sorted(migrations, compareText).map((text) => JSON.parse(text) as Migration)),
    putMigration: (migration, entries) =>
      whileOpen(() => {
        migrations.set(migration.mac, JSON.stringify(migration));
        remember(entries);
      }),

    addHistory: (entries) => whileOpen(() => remember(entries)),
    history: (mac) => whileOpen(() => (history.get(mac) ?? []).map((text) => JSON.parse(text) as HistoryEntry)),

    close: () => {
      open = false;
      return Promise.resolve();
    },
  };
}

function read<T>(text: string | undefined): T | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

function appendTo(lists: Map<Mac, string[]>, mac: Mac, value: Sighting | HistoryEntry): string[] {
  const list = lists.get(mac) ?? [];
  lists.set(mac, list);
  list.push(JSON.stringify(value));
  return list;
}

function sorted<K>(map: ReadonlyMap<K, string>, compare: (a: K, b: K) => number): string[] {
  return [...map.entries()].sort(([a], [b]) => compare(a, b)).map(([, text]) => text);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareIp(a: Ipv4, b: Ipv4): number {
  return ipv4ToNumber(a) - ipv4ToNumber(b);
}
