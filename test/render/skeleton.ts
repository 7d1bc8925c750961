import { XMLParser } from "fast-xml-parser";
import { compileAtaProfile, decompileAtaProfile } from "../../src/phones/ata-profile.ts";
import type { FileFormat } from "../../src/phones/boot-files.ts";
import { readCnf } from "./cnf-reader.ts";

/**
 * The places of a file that can hold a value, without the values: what no value may add to. Reads each format on its own
 * terms; throws where the file is none.
 */
export function skeletonOf(format: FileFormat, octets: Uint8Array): readonly string[] {
  switch (format) {
    case "xml":
      return [...placesIn(xml(octets), "")];
    case "cnf":
      return [...readCnf(octets).keys()];
    case "ata-text":
      return profileNames(text(octets));
    case "ata":
    case "ata-extended":
      return profileNames(decompileAtaProfile(octets));
    case "ringlist":
      return text(octets)
        .trimEnd()
        .split("\n")
        .map((line) => String(line.split("\t").length));
    case "load-name":
      return text(octets).split(/\s/);
  }
}

/** Every element's text and every attribute of an XML file, by its path. */
export function valuesIn(octets: Uint8Array): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  const walk = (node: unknown, path: string): void => {
    if (Array.isArray(node)) for (const item of node) walk(item, path);
    else if (typeof node === "object" && node !== null) {
      for (const [name, inner] of Object.entries(node)) walk(inner, name === "#text" ? path : `${path}/${name}`);
    } else values.set(path, [...(values.get(path) ?? []), String(node)]);
  };
  walk(xml(octets), "");
  return values;
}

function* placesIn(node: unknown, path: string): Generator<string> {
  if (Array.isArray(node)) for (const item of node) yield* placesIn(item, path);
  else if (typeof node === "object" && node !== null) {
    for (const [name, inner] of Object.entries(node))
      yield* placesIn(inner, name === "#text" ? path : `${path}/${name}`);
  } else yield path;
}

function xml(octets: Uint8Array): unknown {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    ignoreDeclaration: true,
    commentPropName: "!comment",
    cdataPropName: "!cdata",
  });
  return withoutLayout(parser.parse(text(octets)));
}

/** Between elements there are blanks and line ends; they are nobody's value. */
function withoutLayout(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutLayout);
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node);
  const isGroup = entries.some(([name]) => name !== "#text" && !name.startsWith("@"));
  return Object.fromEntries(
    entries
      .filter(([name, value]) => !(name === "#text" && isGroup && String(value).trim() === ""))
      .map(([name, value]) => [name, withoutLayout(value)]),
  );
}

function profileNames(profile: string): readonly string[] {
  const compiled = compileAtaProfile(profile, { name: "ata000000000000" });
  if (compiled.is === "refused") throw new Error(JSON.stringify(compiled.problems));
  return profile
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":", 1)[0] ?? "")
    .sort();
}

function text(octets: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(octets);
}
