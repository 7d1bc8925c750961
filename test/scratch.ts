import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const PREFIX = "provision-tests-";

/** Vitest's global set-up: one temporary folder for all that a run leaves behind, a thousand sites of it, and its end. */
export function setup(): (() => void) | undefined {
  // Of the projects of a run the first makes it: in a folder of a folder the path of a socket would grow too long.
  if (basename(tmpdir()).startsWith(PREFIX)) return undefined;
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  // Clients and servers of the interop suite that are not root find their own folder in it.
  chmodSync(folder, 0o711);
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
