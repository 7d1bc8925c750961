import { describe, expect, test } from "vitest";
import { readInstant } from "../../src/cli/instant.ts";
import { barLines } from "../../src/cli/progress.ts";
import { printable, table } from "../../src/cli/terminal.ts";
import { nearest } from "../../src/server/near.ts";

describe("an instant", () => {
  const now = new Date("2026-11-20T18:00:00").getTime();
  test.each([
    ["now", now],
    ["+90m", now + 5_400_000],
    ["+2h", now + 7_200_000],
    ["19:30", now + 5_400_000],
    ["17:00", now + 23 * 3_600_000],
    ["2026-11-21 02:00", now + 8 * 3_600_000],
    ["2026-11-20T23:59:00Z", Date.parse("2026-11-20T23:59:00Z")],
  ])("%s", (text, instant) => expect(readInstant(text, now)).toBe(instant));

  test.each(["yesterday", "25:00", "2026-11-20T02:00", "", "+m"])("%j is refused with an example", (text) =>
    expect(() => readInstant(text, now)).toThrow(/this is no time|this time has passed/),
  );
});

describe("what a terminal is shown", () => {
  test("control characters from outside cannot move the cursor or turn the writing around", () => {
    expect(printable("a\u001b[2Jb\u0000\u202ec\r")).toBe("a\\u001b[2Jb\\u0000\\u202ec\\u000d");
  });

  test("a table's columns are as wide as their widest cell", () => {
    expect(table(["A", "LONG"], [["xyz", "1"]])).toBe("A    LONG\nxyz  1");
  });

  test("bars grow with the stage, stay within the width, and say how many phones are not shown", () => {
    const phone = (i: number, state: "waiting" | "loading" | "done", stage: number) => ({
      mac: `00:0e:84:00:00:${String(i).padStart(2, "0")}`,
      model: "7960",
      ip: null,
      state,
      stage,
      stages: 3,
      release: null,
      target: "P0S3-8-12-00",
      since: "",
      silent: null,
      evidence: ["asked for OS79XX.TXT"],
      waitsFor: [],
      notices: [],
    });
    const phones = [
      phone(0, "waiting", 1),
      phone(1, "loading", 2),
      ...Array.from({ length: 30 }, (_, i) => phone(i + 2, "done", 3)),
    ];
    const lines = barLines({ phones } as never, 60);
    expect(lines[0]).toContain("[........................] 1/3 waiting");
    expect(lines[1]).toContain("[###########.............] 2/3 loading");
    expect(lines.at(-1)).toBe("30 of 32 phones have arrived (12 not shown)");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  });
});

describe("the nearest word", () => {
  test.each([
    ["prot", "port"],
    ["serverAdress", "serverAddress"],
    ["dhpc", "dhcp"],
    ["zzz", undefined],
  ])("of %s is %s", (word, meant) => expect(nearest(word, ["port", "serverAddress", "dhcp", "listen"])).toBe(meant));
});
