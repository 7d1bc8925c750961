import type { Database } from "./sqlite-library.ts";
import { StoreError } from "./store.ts";

/** "PrSv": tells our database from any other SQLite file (https://sqlite.org/pragma.html#pragma_application_id). */
const APPLICATION_ID = 0x50725376;

/**
 * The steps from nothing to the present schema. A step is never changed once released: the next change is a step of
 * its own at the end. Each table keeps its value as JSON (`body`; `sealed` where it holds secrets), so that a union's
 * state carries its own fields, and `sum`, the CRC-32 of table, key and body, by which a damaged row is found.
 */
export const SCHEMA_STEPS: readonly string[] = [
  `
  CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE phone (mac TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE lease (ip INTEGER PRIMARY KEY, body TEXT NOT NULL, sum INTEGER NOT NULL) STRICT;
  CREATE TABLE holder (ip INTEGER PRIMARY KEY, body TEXT NOT NULL, sum INTEGER NOT NULL) STRICT;
  CREATE TABLE migration (mac TEXT PRIMARY KEY, body TEXT NOT NULL, sum INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE sighting (mac TEXT NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL, sum INTEGER NOT NULL,
    PRIMARY KEY (mac, number)) STRICT, WITHOUT ROWID;
  CREATE TABLE history (mac TEXT NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL, sum INTEGER NOT NULL,
    PRIMARY KEY (mac, number)) STRICT, WITHOUT ROWID;
  `,
  // Phones of an import on their way to `phone` (store/phone-table.ts).
  "CREATE TABLE incoming (mac TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;",
];

/**
 * The schema version of the database, 0 for one that holds nothing; changes nothing. `path` is for messages.
 * @throws StoreError `E_STORE_NEWER` for a database of a newer program, `E_STORE_FOREIGN` for somebody else's.
 */
export function recognise(db: Database, path: string, newest: number): number {
  const version = numberOf(db, "user_version");
  const owner = numberOf(db, "application_id");
  if (owner !== APPLICATION_ID && (owner !== 0 || version !== 0 || tableCount(db) > 0)) {
    throw new StoreError("E_STORE_FOREIGN", `${path} is a database of another program. Name another file.`);
  }
  if (version > newest) {
    throw new StoreError(
      "E_STORE_NEWER",
      `${path} was written by a newer version of this program (schema ${version}; this one knows ${newest}). Install that version, or restore a backup made before the update.`,
    );
  }
  return version;
}

/**
 * Brings the database to the end of `steps`, each step and its number in one transaction, so that a kill between
 * leaves a whole older schema.
 * @throws StoreError as {@link recognise}.
 */
export function migrateSchema(db: Database, path: string, steps: readonly string[] = SCHEMA_STEPS): void {
  const version = recognise(db, path, steps.length);
  for (let number = version; number < steps.length; number++) {
    db.exec("BEGIN EXCLUSIVE");
    try {
      db.exec(steps[number] as string);
      db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${number + 1}; COMMIT`);
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }
}

function numberOf(db: Database, pragma: "user_version" | "application_id"): number {
  const row = db.prepare(`PRAGMA ${pragma}`).get() as Record<string, number>;
  return row[pragma] ?? 0;
}

function tableCount(db: Database): number {
  return (db.prepare("SELECT count(*) AS n FROM sqlite_schema").get() as { n: number }).n;
}
