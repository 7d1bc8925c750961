import type { DhcpNote } from "./dhcp-answer.ts";

/** Lets through what a log can bear: at most so many lines of an event in a minute (D139, D154). */
export interface NoteSieve {
  /** The notes to log: this one, or none; after a minute of silence on an event, how many were left out comes first. */
  pass(note: DhcpNote, now: number): readonly DhcpNote[];
}

/** Lines a minute: of what any stranger can cause, one that says so and then a count; of leases, a boot storm's worth. */
const A_MINUTE: Readonly<Record<DhcpNote["event"], number>> = {
  "lease.offered": 1000,
  "lease.bound": 1000,
  "lease.refused": 300,
  "lease.released": 300,
  "lease.declined": 60,
  "lease.conflict": 60,
  "lease.unsaved": 60,
  "pool.exhausted": 1,
  "dhcp.informed": 300,
  "dhcp.denied": 1,
  "dhcp.ignored": 5,
  "dhcp.limited": 1,
  "dhcp.shortened": 1,
  "dhcp.other-server": 10,
  "dhcp.clock": 10,
  "dhcp.failed": 10,
};

const MINUTE = 60_000;
const NONE: readonly DhcpNote[] = [];

/** A sieve that has let nothing through yet. */
export function createNoteSieve(): NoteSieve {
  const counts = new Map<DhcpNote["event"], { passed: number; held: number; since: number }>();
  return {
    pass(note, now) {
      const count = counts.get(note.event);
      if (count === undefined || now - count.since >= MINUTE || now < count.since) {
        counts.set(note.event, { passed: 1, held: 0, since: now });
        return count === undefined || count.held === 0 ? [note] : [summary(note.event, count.held), note];
      }
      if (count.passed < A_MINUTE[note.event]) {
        count.passed++;
        return [note];
      }
      count.held++;
      return NONE;
    },
  };
}

function summary(event: DhcpNote["event"], held: number): DhcpNote {
  return { event, detail: `${held} more like the last in that minute` };
}
