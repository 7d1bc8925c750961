import type { FileFormat } from "../phones/boot-files.ts";
import { type Repertoire, stranger } from "../phones/characters.ts";

/** A value as it stands in a file, or why it cannot stand there; the reason never repeats the value. */
export type Escaped = { readonly text: string } | { readonly cannot: string };

/**
 * Writes `value` so that it reads back equal and cannot leave its field, wherever in a file of `format` a template puts
 * it: element or attribute in XML, quoted or bare in a `.cnf`.
 */
export function escapeFor(format: FileFormat, value: string): Escaped {
  switch (format) {
    case "xml":
      return escapeXml(value);
    case "cnf":
      // The format has no escape: what would end the value or the line cannot be written (cisco.md §7.3).
      return value.includes('"') ? { cannot: "holds U+0022 quotation mark" } : refuse(value, "latin");
    case "load-name":
      return refuse(value, "token");
    case "ata":
    case "ata-extended":
    case "ata-text":
      return refuse(value, "ascii");
    case "ringlist":
      return refuse(value, "latin");
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/**
 * XML 1.0 §2.4: the five characters with a meaning become entities, in elements and attributes alike. Control characters
 * and lone surrogates have no form in XML 1.0 at all; characters beyond the first plane are refused, since phones of this
 * age take UTF-8 of at most three octets for granted (grade D).
 */
function escapeXml(value: string): Escaped {
  const refused = refuse(value, "plane0");
  return "cannot" in refused
    ? refused
    : { text: value.replace(/[&<>"']/g, (character) => ENTITIES[character] as string) };
}

function refuse(value: string, repertoire: Repertoire): Escaped {
  const forbidden = stranger(value, repertoire);
  return forbidden === undefined ? { text: value } : { cannot: `holds ${forbidden}` };
}
