import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createGroupCommit } from "../../src/store/group-commit.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { migrateSchema, SCHEMA_STEPS } from "../../src/store/schema.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { loadSqlite } from "../../src/store/sqlite-library.ts";
import type { Store } from "../../src/store/store.ts";
import type { Mac } from "../../src/wire/address.ts";
import { compiled } from "../compiled.ts";
import { describeStore } from "./contract.ts";
import { flipBits } from "./flipped.ts";
import { killWriters } from "./killed.ts";
import { anyOperation } from "./random-operations.ts";
import { leaseOf, MAC_A, MAC_B, migrationOf, phoneOf, sightingOf } from "./records.ts";

let folder: string;
let path: string;
const open = new Set<Store>();
/** More than are read or written at once. */
const MANY = Array.from({ length: 350 }, (_, i) => (0x000e84c00000 + i).toString(16).padStart(12, "0") as Mac);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "provision-store-"));
  path = join(folder, "provision.db");
});

afterEach(async () => {
  for (const store of open) await store.close();
  open.clear();
  rmSync(folder, { recursive: true, force: true });
});

async function openStore(options?: Parameters<typeof openSqliteStore>[1]): Promise<Store> {
  const store = await openSqliteStore(path, options);
  open.add(store);
  return store;
}

describeStore("SQLite", () => {
  const own = mkdtempSync(join(tmpdir(), "provision-store-"));
  return Promise.resolve({
    open: () => openSqliteStore(join(own, "provision.db")),
    discard: () => Promise.resolve(rmSync(own, { recursive: true })),
    durable: true,
  });
});

describe("the SQLite store", () => {
  test("means the same as the memory store, whatever is asked in whatever order at once", async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(anyOperation, { maxLength: 12 }), { maxLength: 6 }), async (turns) => {
        const memory = createMemoryStore();
        const file = join(folder, `${round++}.db`);
        let sqlite = await openSqliteStore(file);
        for (const turn of turns) {
          const expected = await Promise.all(turn.map((operation) => operation.run(memory)));
          expect(await Promise.all(turn.map((operation) => operation.run(sqlite)))).toEqual(expected);
        }
        await sqlite.close();
        sqlite = await openSqliteStore(file);
        for (const { run } of turns.flat().filter(({ told }) => !/^(?:put|remove|add)/.test(told))) {
          expect(await run(sqlite)).toEqual(await run(memory));
        }
        await sqlite.close();
      }),
      { numRuns: 25 },
    );
  });

  test("R20 loses nothing that it acknowledged when the process is killed", async () => {
    let state = 7;
    const acknowledged = await killWriters(folder, 4, () => {
      state = (state * 48271) % 2147483647;
      return state % 150;
    });
    expect(acknowledged).toBeGreaterThan(5);
  });

  test("puts what one turn of the event loop asks for into one commit, at thousands of writes a second", async () => {
    const store = await openStore();
    const began = performance.now();
    await Promise.all(Array.from({ length: 10_000 }, (_, i) => store.putLease(leaseOf(`10.0.${i >> 8}.${i & 255}`))));
    expect(performance.now() - began).toBeLessThan(5000);
    expect(await store.leases()).toHaveLength(10_000);
  });

  test("lets the event loop breathe between commits", async () => {
    const store = await openStore();
    let turns = 0;
    const ticking = setInterval(() => turns++, 0);
    await Promise.all(Array.from({ length: 20_000 }, (_, i) => store.putSighting(sightingOf(MAC_A, i))));
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(5);
  });

  test("nobody sees a part of an import, and what others write meanwhile is what its phones are made of", async () => {
    const store = await openStore();
    await store.takePhones(MANY, (mac) => phoneOf(mac, "old"));
    let made = 0;
    let over = false;
    const taking = store.takePhones(MANY, (mac, known) => {
      // The row of the first is written by now.
      if (++made === 200) void store.putPhones([{ ...phoneOf(MANY[0]!), running: "P00303010102" }]);
      return { ...phoneOf(mac, "new"), ...(known?.running === undefined ? {} : { running: known.running }) };
    });
    void taking.finally(() => {
      over = true;
    });
    const seen = new Set<string>();
    for (let i = 0; i < 1000 && !over; i++)
      seen.add([...new Set((await store.phones()).slice(1).map(({ label }) => label))].join());
    await taking;
    expect([...seen].filter((labels) => labels !== "old" && labels !== "new")).toEqual([]);
    expect(seen).toContain("old");
    expect(await store.phone(MANY[0]!)).toMatchObject({ label: "new", running: "P00303010102" });
  });

  test("the phones of an import lie in the inventory alone once it is over, and a start that finds some moves or drops them", async () => {
    // The store's own library: two in one process undo each other's locks, and a store is open here.
    const open = await loadSqlite();
    const edit = (statements: string) => {
      const db = open(path);
      db.exec(statements);
      const left = db.prepare(
        "SELECT (SELECT count(*) FROM incoming) AS rows, (SELECT count(*) FROM setting) AS names",
      );
      const found = left.get();
      db.close();
      return found;
    };
    const moved = () => vi.waitFor(async () => expect(edit("")).toEqual({ rows: 0, names: 1 }));
    const importing = await openStore();
    await importing.takePhones(MANY, (mac) => phoneOf(mac, "taken"));
    await moved();
    await importing.close();
    // As a kill leaves it before the import is whole, and after.
    const half = "INSERT OR REPLACE INTO incoming SELECT mac, sealed FROM phone LIMIT 250; DELETE FROM phone";
    edit(half);
    const dropped = await openStore();
    expect(await dropped.phones()).toEqual([]);
    await dropped.takePhones(MANY, (mac) => phoneOf(mac, "again"));
    await moved();
    await dropped.close();
    edit(`${half}; INSERT INTO setting VALUES ('incoming', 'whole')`);
    const whole = await openStore();
    expect(await whole.phones()).toEqual(MANY.slice(0, 250).map((mac) => phoneOf(mac, "again")));
    await moved();
    expect(await whole.phones()).toHaveLength(250);
  });

  test("R20 a kill during an import leaves the inventory as it was before or as it is after", async () => {
    const importer = compiled(join(import.meta.dirname, "importer.process.ts"));
    let last = -1;
    for (const wait of [3, 60, 140, 250]) {
      const acknowledged = await importUntilKilled(importer.script, path, last + 1, wait);
      const store = await openSqliteStore(path);
      const labels = new Set((await store.phones()).map(({ label }) => Number(label)));
      await store.close();
      expect(labels.size, "all of one import").toBeLessThanOrEqual(1);
      [last = -1] = labels;
      expect(last).toBeGreaterThanOrEqual(acknowledged);
    }
    rmSync(importer.folder, { recursive: true });
  });

  test("only who has the database alone takes many phones in", async () => {
    const beside = await openStore({ alone: false });
    await expect(beside.takePhones([MAC_A], (mac) => phoneOf(mac))).rejects.toMatchObject({ code: "E_STORE_IN_USE" });
  });

  test("R33 refuses a database that another server has open, and a command beside the server may use it", async () => {
    const server = await openStore();
    await expect(openSqliteStore(path)).rejects.toMatchObject({
      code: "E_STORE_IN_USE",
      message: expect.stringContaining(path),
    });
    const command = await openStore({ alone: false });
    await command.putPhones([phoneOf(MAC_A)]);
    expect(await server.phone(MAC_A)).toEqual(phoneOf(MAC_A));
    await server.putLease(leaseOf("192.0.2.1"));
    expect(await command.leases()).toHaveLength(1);
    await server.close();
    await (await openStore()).close();
  });

  test("two processes that write to one database at once both keep everything", async () => {
    const stores = [await openStore(), await openStore({ alone: false })];
    await Promise.all(
      stores.map(async (store, who) => {
        for (let i = 0; i < 100; i++) await store.addHistory([{ at: i, mac: MAC_A, event: `${who}`, detail: "" }]);
      }),
    );
    expect(await stores[0]!.history(MAC_A)).toHaveLength(200);
  });

  test("makes files that nobody else can read", async () => {
    const store = await openStore();
    await store.putPhones([phoneOf(MAC_A)]);
    const modes = Object.fromEntries(
      readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode & 0o777]),
    );
    expect(Object.keys(modes).sort()).toEqual([
      "provision.db",
      "provision.db-lock",
      "provision.db-shm",
      "provision.db-wal",
      "secret.key",
    ]);
    expect(new Set(Object.values(modes))).toEqual(new Set([0o600]));
  });

  test("narrows the mode of a database that others could read", async () => {
    await (await openStore()).close();
    chmodSync(path, 0o644);
    await (await openStore()).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });
});

describe("secrets at rest", () => {
  test("S24 a password is in no file of the store, before and after a checkpoint", async () => {
    const store = await openStore();
    await store.putPhones([
      { mac: MAC_A, lines: [{ name: "100", password: "CANARY-1" }], settings: { pin: "CANARY-2" } },
    ]);
    const octets = () =>
      readdirSync(folder)
        .map((name) => readFileSync(join(folder, name), "latin1"))
        .join();
    expect(octets()).not.toContain("CANARY");
    await store.close();
    expect(octets()).not.toContain("CANARY");
    expect((await (await openStore()).phone(MAC_A))?.settings).toEqual({ pin: "CANARY-2" });
  });

  test("a lost key is refused and not replaced by a new one", async () => {
    await (await openStore()).close();
    const key = readFileSync(join(folder, "secret.key"));
    rmSync(join(folder, "secret.key"));
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: "E_STORE_KEY", message: /missing.*Restore/ });
    expect(readdirSync(folder)).not.toContain("secret.key");
    writeFileSync(join(folder, "secret.key"), key, { mode: 0o600 });
    await openStore();
  });

  test("a key of another database, a damaged one, one that others can read and a folder are each refused by name", async () => {
    await (await openStore()).close();
    const keyFile = join(folder, "secret.key");
    writeFileSync(keyFile, `provision-key-1 ${"0".repeat(64)}\n`);
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: "E_STORE_KEY", message: /not the one/ });
    writeFileSync(keyFile, "nonsense");
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: "E_STORE_KEY", message: /not a key/ });
    chmodSync(keyFile, 0o640);
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: "E_STORE_KEY", message: /chmod 600/ });
    await expect(openSqliteStore(path, { keyFile: folder })).rejects.toMatchObject({ code: "E_STORE_KEY" });
  });

  test("no message of an error holds a secret", async () => {
    const store = await openStore();
    await store.putPhones([{ mac: MAC_A, lines: [{ name: "100", password: "CANARY-1" }], settings: {} }]);
    await store.close();
    const db = new DatabaseSync(path);
    db.exec("UPDATE phone SET sealed = zeroblob(60)");
    db.close();
    const error = await (await openStore()).phone(MAC_A).catch((e: Error) => e);
    expect(error).toMatchObject({ code: "E_STORE_CORRUPT", message: expect.stringContaining(MAC_A) });
    expect(JSON.stringify(error)).not.toContain("CANARY");
  });
});

/** Starts an importer and kills it `wait` milliseconds after it first acknowledged; the last number that it did. */
async function importUntilKilled(script: string, database: string, first: number, wait: number): Promise<number> {
  const child = spawn(process.execPath, [script, database, String(first)], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (piece) => {
    if (out === "") setTimeout(() => child.kill("SIGKILL"), wait);
    out += String(piece);
  });
  const [, signal] = await once(child, "close");
  expect(signal).toBe("SIGKILL");
  return Number(out.slice(0, out.lastIndexOf("\n")).split("\n").at(-1));
}

/** The sync of a disk that never fails. */
const onDisk = () => Promise.resolve();

describe("a disk that fails the SQLite store", () => {
  test("R23 a full disk refuses the write and keeps the reads, the renewals that fit, and everything from before", async () => {
    const db = new DatabaseSync(path);
    db.exec("PRAGMA journal_mode = WAL");
    migrateSchema(db, path);
    db.exec("PRAGMA max_page_count = 14");
    const queue = createGroupCommit(db, path, onDisk);
    db.exec("CREATE TABLE word (word TEXT)");
    const insert = db.prepare("INSERT INTO word VALUES (?)");
    const writes = await Promise.allSettled([
      queue.write(() => void insert.run("before")),
      queue.write(() => void insert.run("x".repeat(100_000))),
      queue.write(() => void insert.run("after")),
    ]);
    expect(writes.map((write) => write.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(writes[1]).toMatchObject({
      reason: { code: "E_STORE_FULL", message: expect.stringContaining("Free space") },
    });
    const words = await queue.read(() => db.prepare("SELECT word FROM word").all());
    expect(words.map((row) => row.word)).toEqual(["before", "after"]);
    db.exec("PRAGMA max_page_count = 4294967294");
    await queue.write(() => void insert.run("x".repeat(100_000)));
    await queue.close();
    db.close();
  });

  test("R23 where the log cannot grow leases are still renewed, and what finds no room is refused and not lost", () => {
    const renewer = compiled(join(import.meta.dirname, "renewer.process.ts"));
    // 160 KiB for each file; the signal that comes with the limit is ignored, so that the write fails as on a full disk.
    const command = 'trap "" XFSZ; ulimit -f 160; exec "$@"';
    const said = execFileSync("bash", ["-c", command, "bash", process.execPath, renewer.script, path], {
      encoding: "utf8",
    });
    rmSync(renewer.folder, { recursive: true });
    const { renewed, fresh, stored, codes } = JSON.parse(said);
    expect(renewed).toBe(2000);
    expect(fresh).toBeLessThan(4000);
    expect(stored).toBe(fresh + 20);
    expect(codes).toEqual(["E_STORE_FULL"]);
  });

  test("a failing write takes no neighbour with it, and a read between two writes sees the first alone", async () => {
    const db = new DatabaseSync(path);
    db.exec("CREATE TABLE word (word TEXT UNIQUE)");
    const queue = createGroupCommit(db, path, onDisk);
    const put = (word: string) =>
      queue.write(() => {
        db.prepare("INSERT INTO word VALUES (?)").run(`${word}!`);
        db.prepare("INSERT INTO word VALUES (?)").run(word);
      });
    const count = () => queue.read(() => (db.prepare("SELECT count(*) AS n FROM word").get() as { n: number }).n);
    const outcome = await Promise.allSettled([put("a"), count(), put("a"), count(), put("b"), count()]);
    expect(outcome.map((one) => (one.status === "fulfilled" ? one.value : one.reason.name))).toEqual([
      undefined,
      2,
      "StoreError",
      2,
      undefined,
      4,
    ]);
    await queue.close();
    db.close();
  });

  test("D081 nobody is told of a write before the sync that follows it has ended, and what comes meanwhile waits for the next", async () => {
    const db = new DatabaseSync(path);
    db.exec("CREATE TABLE word (word TEXT)");
    const syncs: (() => void)[] = [];
    const queue = createGroupCommit(db, path, () => new Promise((resolve) => syncs.push(resolve)));
    const told: string[] = [];
    const put = (word: string) =>
      queue.write(() => void db.prepare("INSERT INTO word VALUES (?)").run(word)).then(() => told.push(word));
    const writes = [put("a"), put("b")];
    await vi.waitFor(() => expect(syncs).toHaveLength(1));
    writes.push(
      put("c"),
      queue.read(() => 0).then(() => told.push("read")),
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told).toEqual([]);
    syncs[0]?.();
    await vi.waitFor(() => expect(syncs).toHaveLength(2));
    expect(told).toEqual(["a", "b"]);
    syncs[1]?.();
    await Promise.all(writes);
    expect(told).toEqual(["a", "b", "c", "read"]);
    await queue.close();
    db.close();
  });

  test("R24 where the sync of the log fails nobody is told of that commit, and nothing more is read or written", async () => {
    const db = new DatabaseSync(path);
    db.exec("CREATE TABLE word (word TEXT)");
    const queue = createGroupCommit(db, path, () =>
      Promise.reject(Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" })),
    );
    const [write, read] = await Promise.allSettled([
      queue.write(() => void db.prepare("INSERT INTO word VALUES ('a')").run()),
      queue.read(() => 1),
    ]);
    expect(write).toMatchObject({ reason: { name: "StoreError", code: "E_STORE_DISK" } });
    expect(read).toMatchObject({ reason: { code: "E_STORE_DISK" } });
    await expect(queue.read(() => 1)).rejects.toMatchObject({ code: "E_STORE_DISK", message: /check the disk/ });
    await queue.close();
    db.close();
  });

  test("R24 after the disk failed a commit nothing is written or read until the store is opened again", async () => {
    const db = new DatabaseSync(path);
    const queue = createGroupCommit(db, path, onDisk);
    const failed = Object.assign(new Error("disk I/O error"), { errcode: 10 | (4 << 8) });
    const writes = await Promise.allSettled([
      queue.write(() => db.exec("CREATE TABLE word (word TEXT)")),
      queue.write(() => {
        throw failed;
      }),
    ]);
    expect(writes.map((write) => write.status)).toEqual(["rejected", "rejected"]);
    await expect(queue.read(() => 1)).rejects.toMatchObject({ code: "E_STORE_DISK", message: /check the disk/ });
    await queue.close();
    expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema").get()).toEqual({ n: 0 });
    db.close();
  });
});

describe("a database that is not what it should be", () => {
  const refused = (code: string) => expect(openSqliteStore(path)).rejects.toMatchObject({ name: "StoreError", code });

  test("one of a newer program is refused by its number", async () => {
    await (await openStore()).close();
    const db = new DatabaseSync(path);
    db.exec("PRAGMA user_version = 99");
    db.close();
    await expect(openSqliteStore(path)).rejects.toMatchObject({ code: "E_STORE_NEWER", message: /schema 99/ });
  });

  test("one of another program is refused and not touched", async () => {
    const db = new DatabaseSync(path);
    db.exec("CREATE TABLE mail (subject TEXT)");
    db.close();
    const before = readFileSync(path);
    await refused("E_STORE_FOREIGN");
    expect(readFileSync(path)).toEqual(before);
  });

  test("an empty file, text, a folder and a file cut in half are refused, never taken for an empty database", async () => {
    writeFileSync(path, "");
    await refused("E_STORE_CORRUPT");
    writeFileSync(path, "site:\n  name: head-office\n".repeat(100));
    await refused("E_STORE_CORRUPT");
    rmSync(path);
    const store = await openStore();
    await Promise.all(Array.from({ length: 500 }, (_, i) => store.putLease(leaseOf(`10.0.${i >> 8}.${i & 255}`))));
    await store.close();
    truncateSync(path, 4096 * Math.floor(statSync(path).size / 8192));
    await refused("E_STORE_CORRUPT");
    path = folder;
    await refused("E_STORE_OPEN");
  });

  test("a database that is gone while its log remains is refused", async () => {
    const store = await openStore();
    await store.putLease(leaseOf("192.0.2.1"));
    copyFileSync(`${path}-wal`, join(folder, "wal"));
    await store.close();
    rmSync(path);
    copyFileSync(join(folder, "wal"), `${path}-wal`);
    await refused("E_STORE_CORRUPT");
  });

  test("a damaged row spoils its own reading and nothing else", async () => {
    const store = await openStore();
    await store.putMigration(migrationOf(MAC_A, 1), []);
    await store.putMigration(migrationOf(MAC_B, 1), []);
    await store.close();
    const db = new DatabaseSync(path);
    db.prepare("UPDATE migration SET body = replace(body, '7960', '7940') WHERE mac = ?").run(MAC_A);
    db.close();
    const again = await openStore();
    const [damaged, whole] = await Promise.allSettled([again.migration(MAC_A), again.migration(MAC_B)]);
    expect(damaged).toMatchObject({ status: "rejected", reason: { code: "E_STORE_CORRUPT", message: /restore/ } });
    expect(whole.status).toBe("fulfilled");
    await again.putMigration(migrationOf(MAC_A, 2), []);
    expect((await again.migration(MAC_A))?.progress).toEqual({ at: "waiting", stage: 2 });
  });

  test("R25 flipped bits are refused at the start, found when read, or change nothing that is read", async () => {
    const outcomes = await flipBits(folder, 80);
    expect(outcomes.refused).toBeGreaterThan(0);
    expect(outcomes.found).toBeGreaterThan(0);
  });
});

describe("the schema", () => {
  test("is brought forward step by step, keeping what is there, and a step that fails leaves the version before it", async () => {
    const db = new DatabaseSync(path);
    migrateSchema(db, path, SCHEMA_STEPS);
    db.exec("INSERT INTO setting VALUES ('kept', 'yes')");
    const steps = [
      ...SCHEMA_STEPS,
      "ALTER TABLE setting ADD COLUMN more TEXT",
      "CREATE TABLE late (x TEXT); SELECT no FROM such",
    ];
    expect(() => migrateSchema(db, path, steps)).toThrow();
    expect(db.prepare("PRAGMA user_version").get()).toEqual({ user_version: SCHEMA_STEPS.length + 1 });
    expect(db.prepare("SELECT more, value FROM setting").get()).toEqual({ more: null, value: "yes" });
    expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'late'").get()).toEqual({ n: 0 });
    db.close();
  });
});
