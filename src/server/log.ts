import { type DestinationStream, type Logger, pino } from "pino";
import type { Note } from "../provision/ports.ts";
import { macWithColons } from "../wire/address.ts";

/** The server's voice: one JSON object per line, `event` from docs/events.md, never a secret. */
export interface Log {
  note(note: Note): void;
  warn(note: Note): void;
  error(note: Note): void;
  flush(): void;
}

/** Something worth a line that looks like a secret's name is masked, however deep it stands. */
const secret = /passw|secret|token|credential|auth_?(?:name|key)|cookie/i;

/** `destination` is where lines go: standard error in the service, memory in tests. */
export function createLog(level: string, destination: DestinationStream): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => masked(fields, 0) as Record<string, unknown>,
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

function masked(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null || depth > 6) return value;
  if (Array.isArray(value)) return value.map((part) => masked(part, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, secret.test(key) ? "***" : masked(part, depth + 1)]),
  );
}
