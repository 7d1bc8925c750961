import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadTemplates } from "../../src/files/templates.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "templates-"));
  await mkdir(join(directory, "shipped/cisco-7940"), { recursive: true });
  await mkdir(join(directory, "local/cisco-7940"), { recursive: true });
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

const shipped = () => join(directory, "shipped");
const local = () => join(directory, "local");

test("templates are found by family folder and file name, the site's own after the shipped ones", async () => {
  await writeFile(join(shipped(), "cisco-7940/SIP{MAC}.cnf.hbs"), "shipped");
  await writeFile(join(shipped(), "cisco-7940/notes.txt"), "not a template");
  await writeFile(join(shipped(), "README.md"), "not a family");
  await writeFile(join(local(), "cisco-7940/SIP{MAC}.cnf.hbs"), "local");
  const templates = await loadTemplates(shipped(), local());
  expect(templates.map(({ family, name, text }) => [family, name, text])).toEqual([
    ["cisco-7940", "SIP{MAC}.cnf", "shipped"],
    ["cisco-7940", "SIP{MAC}.cnf", "local"],
  ]);
});

test("a folder that is not there is an error that names provision.yaml", async () => {
  await expect(loadTemplates(shipped(), join(directory, "nowhere"))).rejects.toMatchObject({
    code: "E_TEMPLATE_FILE",
    where: join(directory, "nowhere"),
    remedy: expect.stringContaining("provision.yaml"),
  });
});

test("a template that is not UTF-8 is an error with its line", async () => {
  await writeFile(join(shipped(), "cisco-7940/x.hbs"), Buffer.from([0x61, 0x0a, 0x62, 0xff]));
  await expect(loadTemplates(shipped())).rejects.toThrow(`${join(shipped(), "cisco-7940/x.hbs")}:2: `);
});

test("a template of more than a megabyte is an error", async () => {
  await writeFile(join(shipped(), "cisco-7940/x.hbs"), "a".repeat(1_048_577));
  await expect(loadTemplates(shipped())).rejects.toThrow("octets");
});
