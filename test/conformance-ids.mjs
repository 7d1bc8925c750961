// node test/conformance-ids.mjs [dhcp|tftp]
// Every numbered case has a test that carries its id, and every id in a test's name is that of a case: the lists are
// test/conformance/*-cases.txt, one "T001 what it says" a line; the names are those of it(), test() and their tables.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const lists = readdirSync(join(here, "conformance")).filter((name) =>
  name.endsWith(`${process.argv[2] ?? ""}-cases.txt`),
);
if (lists.length === 0) throw new Error("there is no list of cases in test/conformance");

const sources = readdirSync(here, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts"))
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .map((path) => ({ path: relative(here, path), text: readFileSync(path, "utf8") }));

let failed = false;
for (const list of lists) {
  const cases = readFileSync(join(here, "conformance", list), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.slice(0, line.indexOf(" ")));
  const letter = cases[0]?.[0] ?? "";
  const wanted = new Set(cases);
  const found = new Map();
  for (const { path, text } of sources) {
    // A name may begin with several ids, those of other lists among them: "R50 D135 D136 …".
    for (const [, ids] of text.matchAll(/["'`]((?:[A-Z]\d{2,3}(?:[ :,]+|(?=["'`])))+)/g)) {
      for (const [id] of ids.matchAll(new RegExp(`${letter}\\d{3}`, "g"))) if (!found.has(id)) found.set(id, path);
    }
  }
  const untested = [...wanted].filter((id) => !found.has(id));
  const unknown = [...found].filter(([id]) => !wanted.has(id));
  const twice = cases.filter((id, n) => cases.indexOf(id) !== n);
  console.log(`${list}: ${wanted.size} cases, ${wanted.size - untested.length} with a test`);
  for (const id of untested) console.log(`  ${id} has no test`);
  for (const [id, path] of unknown) console.log(`  ${id} of ${path} is in no list`);
  for (const id of twice) console.log(`  ${id} stands in the list twice`);
  if (untested.length + unknown.length + twice.length > 0) failed = true;
}
process.exit(failed ? 1 : 0);
