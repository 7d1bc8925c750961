import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { describeStore } from "./contract.ts";

describeStore("SQLite", () => {
  const folder = mkdtempSync(join(tmpdir(), "provision-store-"));
  return Promise.resolve({
    open: () => openSqliteStore(join(folder, "provision.db")),
    discard: () => Promise.resolve(rmSync(folder, { recursive: true })),
    durable: true,
  });
});
