import { chmodSync, closeSync, fdatasync, fsyncSync, linkSync, mkdirSync, openSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { migrateSchema, recognise, SCHEMA_STEPS } from "./schema.ts";
import { corrupt, type Database, loadSqlite, type OpenDatabase, storeErrorOf } from "./sqlite-library.ts";
import { StoreError } from "./store.ts";

/** An open database of ours, at the present schema, and the lock that goes with it. */
export interface DatabaseFile {
  readonly db: Database;
  /**
   * Resolves when every commit made before is on the disk; the event loop goes on meanwhile. Rejects with the system's
   * error, after which nobody knows what is on the disk.
   */
  sync(): Promise<void>;
  close(): void;
}

/**
 * Opens, or makes, the database at `path`. With `alone`, refuses while another process has it open as `alone`: two
 * servers on one database would both hand out the same address.
 * @throws StoreError naming the file and the remedy; a damaged file is never taken for an empty one.
 */
export async function openDatabaseFile(path: string, alone: boolean): Promise<DatabaseFile> {
  const open = await loadSqlite();
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) {
      throw new StoreError("E_STORE_OPEN", `${path} is not a file. Name another one for the database.`);
    }
    const lock = alone ? takeLock(open, path) : undefined;
    try {
      createWhereMissing(open, path);
      const db = openExisting(open, path);
      const log = openLog(db, path);
      return {
        db,
        sync: () => synced(log),
        close: () => {
          try {
            // Not left to SQLite's own closing, which waits for prepared statements to be collected.
            if (alone) db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
          } catch {
            // Everything acknowledged is durable in the log, and the next start folds it back.
          }
          try {
            db.close();
          } finally {
            closeSync(log);
            lock?.close();
          }
        },
      };
    } catch (error) {
      lock?.close();
      throw error;
    }
  } catch (error) {
    throw storeErrorOf(wordedFor(path, error), path);
  }
}

/** Milliseconds to wait for another process, such as a command of the admin's, that is writing. */
const BUSY_TIMEOUT = 1000;

/** A second, empty database held in an exclusive transaction: the kernel drops the lock with the process, kill or not. */
function takeLock(open: OpenDatabase, path: string): Database {
  const lockPath = `${path}-lock`;
  closeSync(openSync(lockPath, "a", 0o600));
  const lock = open(lockPath);
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    throw new StoreError(
      "E_STORE_IN_USE",
      `Another provision server has ${path} open. Stop that one first, or give this one its own data folder.`,
      { cause: error },
    );
  }
}

/** Finished aside and linked into place, so that a file of no octets can only mean that its content was lost. */
function createWhereMissing(open: OpenDatabase, path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined) {
    if (found.size === 0) throw corrupt(path, "it is empty");
    return;
  }
  if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0)
    throw corrupt(path, `the file is gone, but ${path}-wal still holds changes to it`);
  const fresh = `${path}.${process.pid}.new`;
  // Of a process of the same number that was killed here; its journal would be played into the new file.
  for (const left of [fresh, `${fresh}-journal`]) rmSync(left, { force: true });
  try {
    closeSync(openSync(fresh, "wx", 0o600));
    const db = open(fresh);
    migrateSchema(db, path);
    db.close();
    syncPath(fresh);
    linkWhereMissing(fresh, path);
    syncPath(dirname(path));
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** Another process that starts for the first time at this moment may be quicker: its database stands. */
function linkWhereMissing(fresh: string, path: string): void {
  try {
    linkSync(fresh, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function openExisting(open: OpenDatabase, path: string): Database {
  chmodSync(path, 0o600);
  const db = open(path);
  try {
    const version = recognise(db, path, SCHEMA_STEPS.length);
    // NORMAL: SQLite syncs before and after it folds the log back, and leaves the sync of each commit to us.
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA wal_autocheckpoint = 0;
      PRAGMA journal_size_limit = 67108864`);
    const [finding] = db.prepare("PRAGMA quick_check(1)").all() as { quick_check: string }[];
    if (finding?.quick_check !== "ok") throw corrupt(path, finding?.quick_check ?? "the check gave no answer");
    if (version < SCHEMA_STEPS.length) migrateSchema(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * The write-ahead log by a descriptor of our own. Only the log may be opened so: closing any descriptor of the database
 * itself would drop SQLite's locks on it (https://sqlite.org/howtocorrupt.html, section 2.2).
 */
function openLog(db: Database, path: string): number {
  try {
    return openSync(`${path}-wal`, "r+");
  } catch (error) {
    db.close();
    throw error;
  }
}

function synced(log: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(log, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

function syncPath(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function wordedFor(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (error instanceof StoreError || typeof code !== "string" || code.startsWith("ERR_SQLITE")) return error;
  const text = (error as Error).message;
  return new StoreError(
    "E_STORE_OPEN",
    `The database ${path} cannot be opened: ${text}. Check the folder and its mode.`,
    {
      cause: error,
    },
  );
}
