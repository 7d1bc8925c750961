import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import type { Lease } from "../dhcp/lease.ts";
import type { HistoryEntry, Migration } from "../migration/migration.ts";
import type { Sighting } from "../phones/phone.ts";
import { type Ipv4, ipv4ToNumber, type Mac } from "../wire/address.ts";
import { type DatabaseFile, openDatabaseFile } from "./database-file.ts";
import { createGroupCommit } from "./group-commit.ts";
import { phonesIn } from "./phone-table.ts";
import { openSecretKey, type SecretKey } from "./secret-key.ts";
import { corrupt, type Database, storeErrorOf } from "./sqlite-library.ts";
import { SIGHTINGS_KEPT, type Store, StoreError } from "./store.ts";

export interface SqliteOptions {
  /** The key that phones are sealed with; created on first use. Beside the database as `secret.key` by default. */
  readonly keyFile?: string;
  /**
   * True, the default, for a server: refuses while another one has the database. A command that runs beside a server
   * says false, and sees and makes changes at once; it must not hold what it read for long.
   */
  readonly alone?: boolean;
}

/**
 * The store of a server: one SQLite file, made where it is missing. A promise of a write resolves after fsync.
 * @throws StoreError with file and remedy: `E_STORE_CORRUPT`, `E_STORE_NEWER`, `E_STORE_FOREIGN`, `E_STORE_IN_USE`,
 * `E_STORE_KEY`, `E_STORE_OPEN`, `E_STORE_FULL`.
 */
export async function openSqliteStore(path: string, options: SqliteOptions = {}): Promise<Store> {
  const alone = options.alone ?? true;
  const file = await openDatabaseFile(path, alone);
  try {
    refuseUnknownSettings(file.db, path);
    const key = keyOf(file.db, path, options.keyFile ?? join(dirname(path), "secret.key"));
    return storeOn(file, path, key, alone);
  } catch (cause) {
    file.close();
    const error = storeErrorOf(cause, path);
    // Our own statements do not fit the tables: the schema is not what was written.
    throw error.code === "E_STORE" ? corrupt(path, error.message, cause) : error;
  }
}

/** Of a row of `setting` whose name was damaged nobody knows what it says. */
function refuseUnknownSettings(db: Database, path: string): void {
  const unknown = db.prepare("SELECT name FROM setting WHERE name NOT IN ('key fingerprint', 'incoming')").get();
  if (unknown !== undefined) throw corrupt(path, "a setting in it has a name that was not written");
}

function keyOf(db: Database, path: string, keyFile: string): SecretKey {
  const known = db.prepare("SELECT value FROM setting WHERE name = 'key fingerprint'").get() as
    | { value: string }
    | undefined;
  const key = openSecretKey(keyFile, known === undefined);
  if (known === undefined) {
    db.prepare("INSERT INTO setting (name, value) VALUES ('key fingerprint', ?)").run(key.fingerprint);
  } else if (known.value !== key.fingerprint) {
    throw new StoreError(
      "E_STORE_KEY",
      `The key file ${keyFile} is not the one that ${path} was written with. Restore the one that belongs to it.`,
    );
  }
  return key;
}

function storeOn(file: DatabaseFile, path: string, key: SecretKey, alone: boolean): Store {
  const { db } = file;
  const leases = table<Lease>(db, path, "lease", "ip");
  const holders = table<{ mac: Mac; at: number }>(db, path, "holder", "ip");
  const migrations = table<Migration>(db, path, "migration", "mac");
  const sightings = log<Sighting>(db, path, "sighting");
  const history = log<HistoryEntry>(db, path, "history");
  const tables = [leases, holders, migrations];
  const queue = createGroupCommit(db, path, () => file.sync(), {
    flush: () => {
      for (const one of tables) one.flush();
    },
    discard: () => {
      for (const one of tables) one.discard();
    },
  });
  let closing: Promise<void> | undefined;

  return {
    ...phonesIn(db, path, key, queue, alone),

    leases: () => queue.read(() => leases.all()),
    putLease(lease) {
      const text = JSON.stringify(lease);
      return queue.write(() => leases.put(ipv4ToNumber(lease.ip), text));
    },
    removeLease: (ip) => queue.write(() => leases.remove(ipv4ToNumber(ip))),

    holderOf: (ip) => queue.read(() => holders.get(ipv4ToNumber(ip))),
    putHolder(ip: Ipv4, mac, at) {
      return queue.write(() => holders.put(ipv4ToNumber(ip), JSON.stringify({ mac, at })));
    },

    putSighting(sighting) {
      const text = JSON.stringify(sighting);
      return queue.write(() => {
        sightings.forget(sighting.mac, sightings.append(sighting.mac, text) - SIGHTINGS_KEPT);
      });
    },
    sightings: (mac, newest) => queue.read(() => sightings.newest(mac, Math.min(SIGHTINGS_KEPT, Math.max(0, newest)))),

    migration: (mac) => queue.read(() => migrations.get(mac)),
    migrations: () => queue.read(() => migrations.all()),
    putMigration(migration, entries) {
      const text = JSON.stringify(migration);
      const lines = entries.map((entry) => [entry.mac, JSON.stringify(entry)] as const);
      return queue.write(() => {
        migrations.put(migration.mac, text);
        for (const [mac, line] of lines) history.append(mac, line);
      });
    },

    addHistory(entries) {
      const lines = entries.map((entry) => [entry.mac, JSON.stringify(entry)] as const);
      return queue.write(() => {
        for (const [mac, line] of lines) history.append(mac, line);
      });
    },
    history: (mac) => queue.read(() => history.all(mac)),

    close() {
      closing ??= queue.close().finally(() => file.close());
      return closing;
    },
  };
}

interface Row {
  readonly key: string | number;
  readonly body: string;
  readonly sum: number;
}

/** A table of one value per key. What is put is in the table once it was flushed. */
function table<T>(db: Database, path: string, name: "lease" | "holder" | "migration", column: "ip" | "mac") {
  const select = `SELECT ${column} AS key, body, sum FROM ${name}`;
  const one = db.prepare(`${select} WHERE ${column} = ?`);
  const all = db.prepare(`${select} ORDER BY ${column}`);
  const puts = AT_ONCE.map((rows) => {
    const values = Array(rows).fill("(?, ?, ?)").join(", ");
    return { rows, put: db.prepare(`INSERT OR REPLACE INTO ${name} (${column}, body, sum) VALUES ${values}`) };
  });
  const remove = db.prepare(`DELETE FROM ${name} WHERE ${column} = ?`);
  let pending: (string | number)[] = [];
  const flush = (): void => {
    if (pending.length === 0) return;
    const values = pending;
    pending = [];
    let at = 0;
    for (const { rows, put } of puts)
      for (; at + 3 * rows <= values.length; at += 3 * rows) put.run(...values.slice(at, at + 3 * rows));
  };
  return {
    get(key: string | number): T | undefined {
      const row = one.get(key) as Row | undefined;
      return row === undefined ? undefined : checked<T>(path, name, row.key, row);
    },
    all: () => (all.all() as unknown as Row[]).map((row) => checked<T>(path, name, row.key, row)),
    put: (key: string | number, body: string) => void pending.push(key, body, sumOf(name, key, body)),
    remove(key: string | number): void {
      flush();
      remove.run(key);
    },
    flush,
    discard(): void {
      pending = [];
    },
  };
}

/** Rows that one statement takes, most first: sixteen at once cost half of what they cost one by one. */
const AT_ONCE = [16, 4, 1];

/** A table of many values per MAC, numbered from 1 in the order in which they came. */
function log<T>(db: Database, path: string, name: "sighting" | "history") {
  const last = db.prepare(`SELECT max(number) AS number FROM ${name} WHERE mac = ?`);
  const insert = db.prepare(`INSERT INTO ${name} (mac, number, body, sum) VALUES (?, ?, ?, ?)`);
  const select = `SELECT mac || ' ' || number AS key, body, sum FROM ${name} WHERE mac = ?`;
  const all = db.prepare(`${select} ORDER BY number`);
  const newest = db.prepare(`${select} ORDER BY number DESC LIMIT ?`);
  const forget = db.prepare(`DELETE FROM ${name} WHERE mac = ? AND number <= ?`);
  const read = (rows: unknown[]) => (rows as Row[]).map((row) => checked<T>(path, name, row.key, row));
  return {
    append(mac: Mac, body: string): number {
      const number = ((last.get(mac) as { number: number | null }).number ?? 0) + 1;
      insert.run(mac, number, body, sumOf(name, `${mac} ${number}`, body));
      return number;
    },
    all: (mac: Mac) => read(all.all(mac)),
    newest: (mac: Mac, count: number) => read(newest.all(mac, count)),
    forget(mac: Mac, upTo: number): void {
      if (upTo > 0) forget.run(mac, upTo);
    },
  };
}

function checked<T>(path: string, name: string, key: string | number, row: Row): T {
  if (sumOf(name, key, row.body) !== row.sum) throw corrupt(path, `the ${name} ${key} is not what was written`);
  return JSON.parse(row.body) as T;
}

function sumOf(name: string, key: string | number, body: string): number {
  return crc32(`${name} ${key} ${body}`);
}
