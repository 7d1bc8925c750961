import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { type JobRow, jobCsv, jobHtml, jobReport, jobRow } from "../../src/migration/job-report.ts";
import type { Migration } from "../../src/migration/migration.ts";
import type { Mac } from "../../src/wire/address.ts";

const hostile = [`=cmd|' /C calc'!A0`, "+1", "-1", "@x", "\tx", `a","b`, "<script>alert(1)</script>", "line\nbreak"];

function phone(number: number, more: Partial<Migration>, label?: string): JobRow {
  const mac = `0000000000${number + 10}` as Mac;
  const migration: Migration = {
    mac,
    model: "7960",
    family: "cisco-7940",
    target: "P0S3-8-12-00",
    stages: [{ from: "P00308000900", to: "P0S3-8-12-00", lever: "load_information" }],
    progress: { at: "waiting", stage: 1 },
    wish: "go",
    job: "j",
    wave: 1,
    startAt: 0,
    enrolledAt: 1_000,
    since: 1_000,
    ...more,
  };
  const history = [
    { at: 500, mac, event: "stage.loading", detail: "of a job before" },
    { at: 2_000, mac, event: "stage.loading", detail: "" },
    ...(migration.progress.at === "done" ? [{ at: 92_000, mac, event: "migration.done", detail: "" }] : []),
  ];
  return jobRow({ migration, history, ...(label === undefined ? {} : { label }) });
}

test("a report counts each wave, and says when a phone began and how long it took", () => {
  const report = jobReport("j", [phone(2, { wave: 2 }), phone(1, { progress: { at: "done" } })]);
  expect(report.waves).toEqual([
    { wave: 1, phones: 1, done: 1, underWay: 0, waiting: 0, cancelled: 0, problems: 0 },
    { wave: 2, phones: 1, done: 0, underWay: 0, waiting: 1, cancelled: 0, problems: 0 },
  ]);
  expect(report.phones[0]).toMatchObject({ began: "1970-01-01T00:00:02.000Z", seconds: 90 });
});

test("no cell of the CSV is a formula, and every one is read back", () => {
  const csv = jobCsv(
    jobReport(
      "j",
      hostile.map((label, i) => phone(i, {}, label)),
    ),
  );
  const rows = parse(csv, { columns: true }) as { label: string }[];
  expect(rows.map(({ label }) => label.replace(/^'/, ""))).toEqual(hostile);
  for (const { label } of rows) expect(label).not.toMatch(/^[=+\-@\t\r]/);
});

test("nothing that a phone or an admin wrote becomes markup on the page", () => {
  const problem = { code: "E", message: "<img src=x onerror=alert(1)>", remedy: "</td><script>" };
  const html = jobHtml(
    jobReport(
      "<b>j</b>",
      hostile.map((label, i) => phone(i, { problem }, label)),
    ),
  );
  expect(html).not.toMatch(/<script|<img|<b>/);
  expect(html).toContain("&lt;script&gt;");
});
