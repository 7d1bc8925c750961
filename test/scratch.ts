import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Vitest's global set-up: one temporary folder for all that a run leaves behind, a thousand sites of it, and its end. */
export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "provision-tests-"));
  // Clients and servers of the interop suite that are not root find their own folder in it.
  chmodSync(folder, 0o711);
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
