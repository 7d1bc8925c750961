/**
 * Every event that a log line or a phone's history can carry, with one sentence for docs/events.md, which a test
 * compares with this list. An event is never renamed: people filter by it.
 */
export const events = {
  "server.started": "The service listens: addresses and ports in `detail`.",
  "server.stopping": "A signal asked for the end; transfers under way are finished for a few seconds.",
  "server.stopped": "Everything is closed; what was acknowledged is on disk.",
  "server.failed": "The service could not start or go on; `code` is listed in errors.md.",
  "control.refused": "A request on the control socket was refused.",
  "http.failed": "An HTTP request could not be answered for a reason of our own.",
} as const;

export type EventName = keyof typeof events;
