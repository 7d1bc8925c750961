import { type DestinationStream, type Logger, pino } from "pino";
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

/** Lines leave at once and in order; a service that ends has lost none of them. */
export function standardError(): DestinationStream {
  return pino.destination({ dest: 2, sync: true });
}

function write(logger: Logger, level: "info" | "warn" | "error", { mac, ...rest }: Note): void {
  logger[level](mac === undefined ? rest : { ...rest, mac: macWithColons(mac) });
}
