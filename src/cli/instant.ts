import { failure } from "../server/failure.ts";

/**
 * An instant that a person writes, as milliseconds since the epoch: `2026-11-21T02:00`, `2026-11-21 02:00` (of this
 * machine's time zone unless it says another), `02:00` (the next one), `+90m`, `now`. Throws `E_USAGE`.
 */
export function readInstant(text: string, now: number, flag = "--at"): number {
  const word = text.trim();
  if (/^now$/i.test(word)) return now;
  const instant = clockTime(word, now) ?? fromNow(word, now) ?? calendarTime(word);
  if (instant !== undefined && instant >= now - 60_000) return instant;
  throw failure("E_USAGE", 2, {
    where: `${flag} ${text}`,
    message: instant === undefined ? "this is no time" : "this time has passed",
    remedy: "write it like 2026-11-21T02:00, 02:00 (the next one) or +90m",
  });
}

function clockTime(word: string, now: number): number | undefined {
  const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(word) ?? [];
  if (hour === undefined) return undefined;
  const day = new Date(now);
  day.setHours(Number(hour), Number(minute), 0, 0);
  if (day.getTime() <= now) day.setDate(day.getDate() + 1);
  return day.getTime();
}

function fromNow(word: string, now: number): number | undefined {
  const [, count, unit = "m"] = /^\+(\d{1,6})([smhd])$/.exec(word) ?? [];
  const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  return count === undefined ? undefined : now + Number(count) * (unitMs[unit] ?? 0);
}

function calendarTime(word: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:?\d{2})?$/.test(word)) return undefined;
  const instant = new Date(word.replace(" ", "T")).getTime();
  return Number.isNaN(instant) ? undefined : instant;
}
