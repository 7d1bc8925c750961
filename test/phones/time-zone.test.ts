import { describe, expect, test } from "vitest";
import { callManagerTimeZone, cnfTimeZone, zoneRules } from "../../src/phones/time-zone.ts";

describe("the rules of a zone, from the IANA data", () => {
  test("Berlin changes on the last Sundays of March and October, at 2 and at 3 o'clock local time", () => {
    expect(zoneRules("Europe/Berlin")).toEqual({
      offsetMinutes: 60,
      daylight: {
        saveMinutes: 60,
        start: { month: 3, week: "last", weekday: 0, minutes: 120 },
        stop: { month: 10, week: "last", weekday: 0, minutes: 180 },
      },
    });
  });

  test("New York changes on the second Sunday of March and the first of November, at 2 o'clock (US law since 2007)", () => {
    expect(zoneRules("America/New_York")?.daylight).toEqual({
      saveMinutes: 60,
      start: { month: 3, week: 2, weekday: 0, minutes: 120 },
      stop: { month: 11, week: 1, weekday: 0, minutes: 120 },
    });
  });

  test("south of the equator summer time starts in October and stops in April", () => {
    const daylight = zoneRules("Australia/Sydney")?.daylight;
    expect(daylight).toMatchObject({ start: { month: 10, week: 1 }, stop: { month: 4, week: 1 } });
  });

  test("Lord Howe Island saves half an hour", () => {
    expect(zoneRules("Australia/Lord_Howe")).toMatchObject({ offsetMinutes: 630, daylight: { saveMinutes: 30 } });
  });

  test("Tokyo never changes", () => {
    expect(zoneRules("Asia/Tokyo")).toEqual({ offsetMinutes: 540 });
  });

  test("Jerusalem begins on the Friday before a Sunday, which no phone can", () => {
    expect(zoneRules("Asia/Jerusalem")?.daylight).toBe("irregular");
  });

  test.each(["", "Europe/Nowhere", "../../etc/passwd", "{{x}}", "Europe/Berlin\n", "x".repeat(500)])(
    "%j is no zone",
    (text) => {
      expect(zoneRules(text)).toBeUndefined();
    },
  );

  test("every zone of the IANA data has rules", () => {
    for (const zone of Intl.supportedValuesOf("timeZone")) {
      const rules = zoneRules(zone);
      expect(rules, zone).toBeDefined();
      expect(Math.abs(rules?.offsetMinutes ?? Number.NaN), zone).toBeLessThanOrEqual(14 * 60);
    }
  });
});

describe("a zone in the words of a 7940 or 7960 under SIP (cisco.md §7.3)", () => {
  test("Berlin", () => {
    expect(cnfTimeZone("Europe/Berlin")).toEqual({
      keys: {
        time_zone: "CET",
        dst_auto_adjust: "1",
        dst_offset: "1",
        dst_start_month: "March",
        dst_start_day: "0",
        dst_start_day_of_week: "Sunday",
        dst_start_week_of_month: "8",
        dst_start_time: "02/00",
        dst_stop_month: "October",
        dst_stop_day: "0",
        dst_stop_day_of_week: "Sunday",
        dst_stop_week_of_month: "8",
        dst_stop_time: "03/00",
      },
    });
  });

  test("Kolkata has no daylight saving", () => {
    expect(cnfTimeZone("Asia/Kolkata")).toEqual({ keys: { time_zone: "IST", dst_auto_adjust: "0" } });
  });

  test.each([
    ["Asia/Kathmandu", "345 minutes from UTC"],
    ["Asia/Jerusalem", "nth weekday"],
    ["Mars/Olympus", "no time zone"],
  ])("%s is refused with the reason", (zone, reason) => {
    const answer = cnfTimeZone(zone);
    expect("cannot" in answer && answer.cannot).toContain(reason);
  });
});

describe("a zone in the words of CallManager files", () => {
  test.each([
    ["Europe/Berlin", "W. Europe Standard/Daylight Time"],
    ["Europe/Vienna", "W. Europe Standard/Daylight Time"],
    ["Europe/London", "GMT Standard/Daylight Time"],
    ["America/Los_Angeles", "Pacific Standard/Daylight Time"],
    ["America/Phoenix", "US Mountain Standard Time"],
    ["Asia/Tokyo", "Tokyo Standard Time"],
    ["Pacific/Auckland", "New Zealand Standard/Daylight Time"],
  ])("%s is %s", (zone, name) => {
    expect(callManagerTimeZone(zone)).toEqual({ name });
  });

  test("a zone that no name keeps is refused", () => {
    expect(callManagerTimeZone("Asia/Kathmandu")).toHaveProperty("cannot");
  });
});
