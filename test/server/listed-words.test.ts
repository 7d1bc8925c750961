import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { events } from "../../src/server/events.ts";

const root = new URL("../../", import.meta.url).pathname;
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => ({ file, text: readFileSync(join(root, "src", file), "utf8") }));

function documented(file: string, pattern: RegExp): readonly string[] {
  return [...readFileSync(join(root, "docs", file), "utf8").matchAll(pattern)].map((match) => match[1] ?? "").sort();
}

describe("docs/errors.md", () => {
  test("explains every code that the code has, and no other", () => {
    const said = new Set(sources.flatMap(({ text }) => [...text.matchAll(/"(E_[A-Z_]+)"/g)].map((match) => match[1])));
    expect(documented("errors.md", /^\| `(E_[A-Z_]+)` \|/gm)).toEqual([...said].sort());
  });
});

describe("docs/errors.md, exit codes", () => {
  test("are those that the code ends with", () => {
    const said = sources.flatMap(({ text }) =>
      [...text.matchAll(/\w\(\s*"(E_[A-Z_]+)",\s*([1-3])\b/g)].map(([, code, exit]) => `${code} ${exit}`),
    );
    const rows = [...readFileSync(join(root, "docs/errors.md"), "utf8").matchAll(/^\| `(E_[A-Z_]+)` \| ([1-3]) \|/gm)];
    const told = new Set(rows.map(([, code, exit]) => `${code} ${exit}`));
    expect(said.length).toBeGreaterThan(40);
    expect(said.filter((one) => !told.has(one))).toEqual([]);
  });
});

describe("docs/events.md", () => {
  test("explains every event of the list, once, and no other", () => {
    expect(documented("events.md", /^\| `([a-z]+\.[a-z-]+)` \|/gm)).toEqual([...events].sort());
  });

  test("the list has every event that the code notes, and none that nobody notes", () => {
    const areas = [...new Set(events.map((event) => event.split(".")[0]))].join("|");
    const pattern = new RegExp(`"((?:${areas})\\.[a-z-]+)"`, "g");
    const said = sources
      .filter(({ file }) => file !== "server/events.ts" && file !== "server/config.ts" && !file.startsWith("cli/"))
      .flatMap(({ text }) => [...text.matchAll(pattern)].map((match) => match[1]));
    expect([...new Set(said)].sort()).toEqual([...events].sort());
  });

  test("whatever is given to a log or a history as an event is one of the list", () => {
    const given = sources.flatMap(({ text }) =>
      [...text.matchAll(/event: "([a-z]+\.[a-z-]+)"/g)].map((match) => match[1] ?? ""),
    );
    expect(given.filter((event) => !(events as readonly string[]).includes(event))).toEqual([]);
  });
});
