import { type Database, diskFailed, mustFence, storeErrorOf } from "./sqlite-library.ts";
import { StoreError } from "./store.ts";
import { nextTurn } from "./turns.ts";

/**
 * Turns many small writes into few durable commits: what is asked for while one commit goes to the disk makes the next
 * one, and every promise resolves only after its commit is on the disk. Reads stand in the same queue, see what was
 * begun before them and nothing later, and wait for the commit of what they saw.
 */
export interface GroupCommit {
  /**
   * `apply` runs its statements at once and synchronously; where it throws, none of it remains. `rows`: how many it
   * writes, about.
   */
  write(apply: () => void, rows?: number): Promise<void>;
  read<T>(query: () => T): Promise<T>;
  /** Finishes what was begun, then refuses everything. */
  close(): Promise<void>;
}

/** Rows that writes of the present transaction leave to be written before anything is read, and before it commits. */
export interface PendingRows {
  flush(): void;
  discard(): void;
}

const NOTHING_PENDING: PendingRows = { flush: () => undefined, discard: () => undefined };

/** Bounds how long one commit holds the event loop: about 5 ms at the measured 190,000 rows a second. */
const MOST_IN_ONE_COMMIT = 1000;
/** Milliseconds of telling after which others have the event loop again: an ACK for each is made in that moment. */
const TELLING = 2;
/** The clock is looked at after so many. */
const TOLD_AT_ONCE = 64;
/** Milliseconds between two commits while several write at once: on a fast disk the sync costs more than the write. */
const SHORTEST_CYCLE = 1;
/** The same while many do, which lets more of them share a sync; a client that waits for its ACK waits for seconds. */
const LONGEST_CYCLE = 4;
/** With so many writes in a commit the next one is a millisecond further away. */
const WRITES_A_MILLISECOND = 6;
/** While commits fail each request is tried by itself, which takes longer. */
const MOST_AFTER_A_FAILURE = 50;
/** The write-ahead log is folded back after so many rows; our own call, for SQLite's automatic one hides a failed fsync. */
const ROWS_BETWEEN_CHECKPOINTS = 4000;

/**
 * A group commit on `db`, which nobody else may use meanwhile and which does not sync its log itself: `sync` brings
 * what was committed so far to the disk, beside the event loop. `path` is for messages; `pending` is where writes leave
 * rows that one statement is to take together.
 */
export function createGroupCommit(
  db: Database,
  path: string,
  sync: () => Promise<void>,
  pending: PendingRows = NOTHING_PENDING,
): GroupCommit {
  const queue: Request[] = [];
  let serving: Promise<void> | undefined;
  let closed = false;
  let fence: StoreError | undefined;
  let failure: StoreError | undefined;
  let rowsSinceCheckpoint = 0;

  function enqueue<T>(rows: number, run: () => T): Promise<T> {
    if (closed) return Promise.reject(new StoreError("E_STORE_CLOSED", `The store ${path} has been closed.`));
    return new Promise<T>((resolve, reject) => {
      queue.push({ rows, run, resolve: resolve as (value: unknown) => void, reject });
      serving ??= serve();
    });
  }

  async function serve(): Promise<void> {
    await nextTurn();
    while (queue.length > 0) {
      const began = performance.now();
      const batch = queue.splice(0, failure === undefined ? MOST_IN_ONE_COMMIT : MOST_AFTER_A_FAILURE);
      const writes = batch.filter(({ rows }) => rows > 0).length;
      const outcomes = writes === 0 ? apply(batch, false) : await durable(apply(batch, true));
      let until = performance.now() + TELLING;
      for (let i = 0; i < batch.length; i++) {
        settle(batch[i] as Request, outcomes[i] as Outcome);
        if (i % TOLD_AT_ONCE !== TOLD_AT_ONCE - 1) continue;
        // What the told ones do at once, they do in microtasks: those come first and count.
        await undefined;
        if (performance.now() < until) continue;
        await nextTurn();
        until = performance.now() + TELLING;
      }
      rowsSinceCheckpoint += batch.reduce((sum, { rows }) => sum + rows, 0);
      if (rowsSinceCheckpoint >= ROWS_BETWEEN_CHECKPOINTS) checkpoint();
      // Who writes one thing after the other never waits here.
      const several = writes > 1 || queue.length > 0;
      const cycle = Math.min(LONGEST_CYCLE, Math.max(SHORTEST_CYCLE, writes / WRITES_A_MILLISECOND));
      const left = cycle - (performance.now() - began);
      if (several) await (left > 0 ? moment(left) : nextTurn());
    }
    serving = undefined;
  }

  function apply(batch: readonly Request[], writes: boolean): Outcome[] {
    failure = undefined;
    return (writes ? (together(batch) ?? afterMakingRoom(batch)) : undefined) ?? batch.map(alone);
  }

  /** The outcomes once they are on the disk. Where that fails nobody knows what is, and none of them is told. */
  async function durable(outcomes: Outcome[]): Promise<Outcome[]> {
    try {
      await sync();
      return outcomes;
    } catch (cause) {
      fence = diskFailed(path, cause);
      const error = fence;
      return outcomes.map(() => ({ error }));
    }
  }

  /** All of `batch` in one commit; undefined when anything failed, and then none of it remains. */
  function together(batch: readonly Request[]): Outcome[] | undefined {
    if (fence !== undefined) return undefined;
    try {
      db.exec("BEGIN IMMEDIATE");
      const outcomes = batch.map((request) => {
        if (request.rows > 0) return { value: request.run() };
        pending.flush();
        return answerTo(request);
      });
      pending.flush();
      db.exec("COMMIT");
      return outcomes;
    } catch (error) {
      rollBack(error);
      return undefined;
    }
  }

  /**
   * On a full disk the log cannot grow, but folding it back frees it from its beginning: what replaces rows, as the
   * renewal of a lease does, then finds room in the files as they are.
   */
  function afterMakingRoom(batch: readonly Request[]): Outcome[] | undefined {
    if (failure?.code !== "E_STORE_FULL") return undefined;
    checkpoint();
    return together(batch);
  }

  /** A read that fails takes nothing with it, unless it shows that the file is lost. */
  function answerTo(request: Request): Outcome {
    try {
      return { value: request.run() };
    } catch (cause) {
      const error = storeErrorOf(cause, path);
      if (mustFence(error)) throw error;
      return { error };
    }
  }

  /** One request by itself, so that its failure is nobody else's. */
  function alone(request: Request): Outcome {
    if (fence !== undefined) return { error: fence };
    try {
      if (request.rows === 0) return { value: request.run() };
      db.exec("BEGIN IMMEDIATE");
      const value = request.run();
      pending.flush();
      db.exec("COMMIT");
      return { value };
    } catch (error) {
      return { error: rollBack(error) };
    }
  }

  function rollBack(cause: unknown): StoreError {
    const error = storeErrorOf(cause, path);
    failure = error;
    if (mustFence(error)) fence = error;
    pending.discard();
    try {
      if (db.isTransaction) db.exec("ROLLBACK");
    } catch (failed) {
      fence = storeErrorOf(failed, path);
    }
    return error;
  }

  function checkpoint(): void {
    rowsSinceCheckpoint = 0;
    try {
      db.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch (error) {
      rollBack(error);
    }
  }

  return {
    write: (apply, rows = 1) => enqueue(rows, apply),
    read: (query) => enqueue(0, query),
    close: () => {
      closed = true;
      return serving ?? Promise.resolve();
    },
  };
}

interface Request {
  /** 0 for a read. */
  readonly rows: number;
  readonly run: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly value: unknown } | { readonly error: StoreError };

function settle(request: Request, outcome: Outcome): void {
  if ("error" in outcome) request.reject(outcome.error);
  else request.resolve(outcome.value);
}

function moment(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
