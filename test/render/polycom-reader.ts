import { XMLParser } from "fast-xml-parser";

/** Every parameter of a Polycom file, whatever elements group them (polycom.md §6): only attribute names count. */
export function readPolycom(octets: Uint8Array): ReadonlyMap<string, string> {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    parseAttributeValue: false,
    trimValues: false,
  });
  const values = new Map<string, string>();
  const walk = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [name, value] of Object.entries(node)) {
      if (name.startsWith("@") && typeof value === "string") {
        if (values.has(name.slice(1))) throw new Error(`${name} twice`);
        values.set(name.slice(1), value);
      } else walk(value);
    }
  };
  const { "?xml": _, ...content } = parser.parse(new TextDecoder("utf-8", { fatal: true }).decode(octets));
  walk(content);
  return values;
}
