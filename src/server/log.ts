import { writeSync } from "node:fs";
import { type DestinationStream, type Logger, pino } from "pino";
import { holdThread } from "../net/clock.ts";
import type { Note } from "../provision/ports.ts";
import { macWithColons } from "../wire/address.ts";
import { masked } from "./masked.ts";

/** The server's voice: one JSON object per line, `event` from docs/events.md, never a secret. */
export interface Log {
  note(note: Note): void;
  warn(note: Note): void;
  error(note: Note): void;
  flush(): void;
}

/** `destination` is where lines go: standard error in the service, memory in tests. */
export function createLog(level: string, destination: DestinationStream): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => masked(fields) as Record<string, unknown>,
      },
    },
    destination,
  );
  return {
    note: (note) => write(logger, "info", note),
    warn: (note) => write(logger, "warn", note),
    error: (note) => write(logger, "error", note),
    flush: () => logger.flush(),
  };
}

/**
 * The lines of one turn of the event loop leave together and in order, by one call to the system: a building that boots
 * brings ten thousand of them. A service that ends by itself has lost none, one that is killed those of its last turn.
 * Where a full pipe takes no more they wait, and beyond {@link MOST_WAITING} characters they are lost: the phones go on.
 */
export function standardError(): DestinationStream & { flush(): void } {
  let lines = "";
  let left: Uint8Array = new Uint8Array(0);
  let pending = false;
  const flush = () => {
    left = unwritten(Buffer.concat([left, Buffer.from(lines)]));
    lines = "";
    pending = left.length > 0;
    if (pending) setTimeout(flush, RETRY).unref();
  };
  // The reader may be late by a moment; one that is gone is known at once.
  process.once("exit", () => {
    flush();
    for (let tries = 0; pending && tries < LAST_TRIES; tries++) {
      holdThread(LAST_PAUSE);
      flush();
    }
  });
  return {
    write(line) {
      if (left.length + lines.length > MOST_WAITING) return;
      lines += line;
      if (!pending) setImmediate(flush);
      pending = true;
    },
    flush,
  };
}

/** Characters of lines that wait for a reader. */
const MOST_WAITING = 1024 * 1024;
/** Ms until a full pipe is tried again. */
const RETRY = 50;
/** At its end a service waits three seconds in all for a reader to take what is left. */
const LAST_TRIES = 600;
const LAST_PAUSE = 5;

/** Writes to standard error; what a full pipe does not take now. Where nobody reads any more, everything is gone. */
function unwritten(octets: Uint8Array): Uint8Array {
  let written = 0;
  try {
    while (written < octets.length) written += writeSync(2, octets, written);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return octets.subarray(written);
  }
  return new Uint8Array(0);
}

function write(logger: Logger, level: "info" | "warn" | "error", { mac, ...rest }: Note): void {
  logger[level](mac === undefined ? rest : { ...rest, mac: macWithColons(mac) });
}
