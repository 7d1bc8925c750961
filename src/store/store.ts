import type { Lease } from "../dhcp/lease.ts";
import type { HistoryEntry, Migration } from "../migration/migration.ts";
import type { Phone, Sighting } from "../phones/phone.ts";
import type { Ipv4, Mac } from "../wire/address.ts";

/**
 * Everything that must outlive the process. A write's promise resolves only when the change is durable (fsync or
 * commit); whoever acknowledges something on the wire awaits it first. Reads see every write that was begun before
 * them. Failures reject with a {@link StoreError}; after one, nothing of that write is visible.
 */
export interface Store {
  phone(mac: Mac): Promise<Phone | undefined>;
  /**
   * In the order of their MACs. Of many phones some may be as they were written later than this read was begun, but of
   * one `takePhones` there are all or none.
   */
  phones(): Promise<readonly Phone[]>;
  /** A few, all or nothing, in one turn of the event loop. Where two have one MAC, the later stands. */
  putPhones(phones: readonly Phone[]): Promise<void>;
  /**
   * Any number of them, all or nothing, a few at a time: nobody sees any before all are there. `of` makes the phone
   * that is to stand of the one that is known; it is called again where that one is changed meanwhile. Where it throws,
   * nothing is changed and the promise rejects with what was thrown. One call begins when the one before is over.
   */
  takePhones(macs: readonly Mac[], of: (mac: Mac, known: Phone | undefined) => Phone): Promise<void>;
  removePhone(mac: Mac): Promise<void>;

  /** In the order of their addresses. */
  leases(): Promise<readonly Lease[]>;
  /** Replaces the binding of that address. */
  putLease(lease: Lease): Promise<void>;
  removeLease(ip: Ipv4): Promise<void>;

  /** The phone that last named itself from this address, and when (milliseconds since the epoch). */
  holderOf(ip: Ipv4): Promise<{ readonly mac: Mac; readonly at: number } | undefined>;
  /** The last call stands, whatever `at` says: a clock may step back. */
  putHolder(ip: Ipv4, mac: Mac, at: number): Promise<void>;

  /** Keeps the newest {@link SIGHTINGS_KEPT} of each phone, in the order in which they were put. */
  putSighting(sighting: Sighting): Promise<void>;
  /** Up to `newest` of them, newest first. */
  sightings(mac: Mac, newest: number): Promise<readonly Sighting[]>;

  migration(mac: Mac): Promise<Migration | undefined>;
  /** In the order of their MACs. */
  migrations(): Promise<readonly Migration[]>;
  /** The migration and the history lines that explain it, in one commit. */
  putMigration(migration: Migration, history: readonly HistoryEntry[]): Promise<void>;

  addHistory(entries: readonly HistoryEntry[]): Promise<void>;
  /** Oldest first, in the order in which they were put. */
  history(mac: Mac): Promise<readonly HistoryEntry[]>;

  close(): Promise<void>;
}

/** How many sightings of one phone are kept. */
export const SIGHTINGS_KEPT = 1000;

/** We or the disk broke it. `code` is stable, e.g. `E_STORE_FULL`. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
