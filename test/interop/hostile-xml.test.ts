import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadTemplates } from "../../src/files/templates.ts";
import { createRenderer } from "../../src/render/renderer.ts";
import { phone, request, sccp812 } from "../render/sample.ts";

// S32 with a second reader: libxml2 reads the same value out of what we write as our own reader does, or nothing was written.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "provision-xml-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const SEEDS = [
  "<",
  ">",
  "&",
  '"',
  "'",
  "]]>",
  "<![CDATA[x]]>",
  "-->",
  "<!-- x",
  "--",
  "<?php x ?>",
  "<!DOCTYPE a>",
  "&amp;",
  "&amp;amp;",
  "&#65;",
  "&#x41;",
  "&lol;",
  "&lt;/servicesURL&gt;",
  "</servicesURL><x/>",
  "</device>",
  "</Default>",
  "<x y='",
  "' onload='",
  '" a="',
  "/>",
  "{{7*7}}",
  "{{{x}}}",
  "{{constructor}}",
  "{{#each this}}",
  "$\u007b7*7}",
  "$(id)",
  "`id`",
  "%s%n",
  "%00",
  "\\",
  "\\n",
  "=cmd|'/C calc'!A0",
  "../../etc/passwd",
  "javascript:alert(1)",
  "ü",
  "Ünï",
  "日本語",
  "Ω≈ç√",
  "\u00a0",
  "\u200b",
  "a b",
  "a  b",
  "x=1&y=2",
  "a;b",
  "#",
  "@",
  "^",
  "~",
  "|",
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  "!",
  "?",
  "*",
  "+",
  ",",
  ".",
  "/",
  ":",
];
/** Each alone, inside a word, and twice. */
const PAYLOADS = SEEDS.flatMap((seed) => [seed, `a${seed}z`, `${seed}x${seed}`]);

test(`S32 of ${PAYLOADS.length} hostile values each reads back equal by two readers, or is refused`, async () => {
  const renderer = createRenderer(await loadTemplates(join(import.meta.dirname, "../../templates")));
  const parser = new XMLParser({ parseTagValue: false, trimValues: false, htmlEntities: false });
  const written: { readonly path: string; readonly value: string }[] = [];
  for (const [index, value] of PAYLOADS.entries()) {
    const settings = { services_url: value };
    const answer = renderer.render(request("sep-config", { phone, release: sccp812, settings }));
    if (answer.is === "refused") continue;
    const path = join(folder, `${index}.xml`);
    writeFileSync(path, answer.octets);
    written.push({ path, value });
    const text = new TextDecoder().decode(answer.octets);
    expect([value, XMLValidator.validate(text)]).toEqual([value, true]);
    expect([value, parser.parse(text).device.servicesURL]).toEqual([value, value]);
  }
  expect(written.length).toBeGreaterThan(100);
  const { status, stderr } = spawnSync("xmllint", ["--nonet", "--noout", ...written.map(({ path }) => path)], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
  for (const { path, value } of written) {
    const read = execFileSync("xmllint", ["--nonet", "--xpath", "string(/device/servicesURL)", path], {
      encoding: "utf8",
    });
    expect([value, read.replace(/\n$/, "")]).toEqual([value, value]);
    const children = execFileSync("xmllint", ["--nonet", "--xpath", "count(/device/servicesURL/*)", path], {
      encoding: "utf8",
    });
    expect([value, children.trim()]).toEqual([value, "0"]);
  }
});
