import { fstatSync, writeSync } from "node:fs";
import { Writable } from "node:stream";
import { systemCode } from "../server/failure.ts";
import type { Terminal } from "./terminal.ts";

/** Standard output, and what became of the answer on its way out. */
export interface Outlet {
  readonly out: Terminal["out"];
  /** In words why not all of it went out; undefined where it did, and where the reader wanted no more. */
  readonly failure: () => string | undefined;
}

/**
 * Standard output that knows whether everything that was written arrived. `onReaderGone` is called once where the other
 * end of a pipe is closed, as `| head -1` does; what is written from then on is dropped.
 */
export function createOutlet(stdout: NodeJS.WriteStream & { readonly fd: number }, onReaderGone: () => void): Outlet {
  let lost: string | undefined;
  const out = isFile(stdout.fd) ? fileOutlet(stdout.fd) : stdout;
  out.on("error", (error) => {
    if (lost !== undefined) return;
    lost = systemCode(error) ?? "EIO";
    if (lost === "EPIPE") onReaderGone();
  });
  return { out, failure: () => (lost === undefined || lost === "EPIPE" ? undefined : wordsFor(lost)) };
}

function wordsFor(reason: string): string {
  const code = "E_OUTPUT";
  return `error: standard output: not all of it could be written (${reason})\n  free space on that disk and repeat the command\n(${code})`;
}

function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false;
  }
}

/** Node's own stream for a file drops what a nearly full disk did not take in one write, and says nothing. */
function fileOutlet(fd: number): Writable {
  return new Writable({
    write(octets: Uint8Array, _encoding, done) {
      try {
        for (let at = 0; at < octets.length; ) at += writeSync(fd, octets, at);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}
