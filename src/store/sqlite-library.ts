import type { DatabaseSync } from "@photostructure/sqlite";
import { StoreError } from "./store.ts";

/** One open database; Node's own `DatabaseSync` and the package's have the same shape. */
export type Database = InstanceType<typeof DatabaseSync>;

/** Opens a database file. Statements block the thread for as long as they run. */
export type OpenDatabase = (path: string) => Database;

/**
 * Node's own SQLite where this Node has one, else the one that the package carries. Both are the same C library.
 */
export function loadSqlite(): Promise<OpenDatabase> {
  loading ??= load();
  return loading;
}

/**
 * What a failed statement means to whoever waits for the write. `path` is named so that an admin knows which file.
 * Codes: https://sqlite.org/rescode.html.
 */
export function storeErrorOf(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const extended = resultCodeOf(error);
  const cause = { cause: error };
  switch (NO_ROOM.has(extended) ? SQLITE_FULL : extended & 0xff) {
    case SQLITE_FULL:
      return new StoreError("E_STORE_FULL", `No room to write ${path} (${text}). Free space on its disk.`, cause);
    case SQLITE_BUSY:
      return new StoreError("E_STORE_BUSY", `Another process holds ${path} (${text}). Try again.`, cause);
    case SQLITE_READONLY:
      return new StoreError(
        "E_STORE_READONLY",
        `${path} may not be written (${text}). Check its owner and mode.`,
        cause,
      );
    case SQLITE_CANTOPEN:
      return new StoreError(
        "E_STORE_OPEN",
        `${path} cannot be opened (${text}). Check the folder and its mode.`,
        cause,
      );
    case SQLITE_IOERR:
      return diskFailed(path, error);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return corrupt(path, text, error);
    default:
      return new StoreError("E_STORE", `The database ${path} refused a statement: ${text}`, cause);
  }
}

/** The disk did not take what was written: what it holds now, nobody knows. */
export function diskFailed(path: string, cause: unknown): StoreError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new StoreError(
    "E_STORE_DISK",
    `The disk failed under ${path} (${text}). Nothing more is written until the program is started again; check the disk first.`,
    { cause },
  );
}

/** The database, or one row of it, is not what was written. */
export function corrupt(path: string, what: string, cause?: unknown): StoreError {
  return new StoreError(
    "E_STORE_CORRUPT",
    `The database ${path} is damaged: ${what}. Stop the program, keep a copy of the file, and restore the last backup.`,
    cause === undefined ? {} : { cause },
  );
}

/**
 * Whether SQLite itself said that the disk failed or the file is damaged: nobody then knows what the disk holds, and
 * only a fresh start may trust it again. One damaged row, which we find ourselves, spoils nothing but its own reading.
 */
export function mustFence(error: StoreError): boolean {
  return error.code === "E_STORE_DISK" || (error.code === "E_STORE_CORRUPT" && error.cause !== undefined);
}

interface SqliteLibrary {
  readonly DatabaseSync: new (path: string) => Database;
}

let loading: Promise<OpenDatabase> | undefined;

async function load(): Promise<OpenDatabase> {
  const builtin = "node:sqlite";
  const library = await withoutExperimentalWarning(() => import(builtin) as Promise<SqliteLibrary>).catch(
    () => import("@photostructure/sqlite") as Promise<SqliteLibrary>,
  );
  return (path) => new library.DatabaseSync(path);
}

const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;
/** SQLITE_IOERR_WRITE (EDQUOT comes as this) and SQLITE_IOERR_SHMSIZE: the write was refused, nothing is in doubt. */
const NO_ROOM = new Set([SQLITE_IOERR | (3 << 8), SQLITE_IOERR | (19 << 8)]);

function resultCodeOf(error: unknown): number {
  const code = (error as { errcode?: unknown } | undefined)?.errcode;
  return typeof code === "number" ? code : 0;
}

/** Node 22 and 24 call their SQLite experimental on every start; the contract suite of this folder says what we rely on. */
async function withoutExperimentalWarning<T>(act: () => Promise<T>): Promise<T> {
  const emit = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (!String(warning).includes("SQLite")) Reflect.apply(emit, process, [warning, ...rest]);
  };
  try {
    return await act();
  } finally {
    process.emitWarning = emit;
  }
}
