import { XMLParser, XMLValidator } from "fast-xml-parser";
import { xmlExcess } from "../phones/xml-excess.ts";
import type { Findings, LintFile } from "./finding.ts";

/** An element with its attributes, children in order, and text. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  readonly text: string;
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
});

/**
 * The root element of a file, or undefined where it cannot be read; what keeps it from being read is found. Document types
 * are refused before anything is parsed, and entities are never expanded (security.md S33).
 */
export function readXml(findings: Findings, file: LintFile, text: string): Element | undefined {
  const doctype = /<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST)/i.exec(text);
  if (doctype !== null) {
    findings.add(
      file.path,
      "xml-doctype",
      "the file declares a document type",
      "Remove the declaration.",
      lineAt(text, doctype.index),
    );
    return undefined;
  }
  const quotes = /=[ \t]?[\u201c\u201d\u201e\u2018\u2019]/.exec(text);
  if (quotes !== null) {
    const line = lineAt(text, quotes.index);
    findings.add(
      file.path,
      "xml-quotes",
      "typographic quotation marks around an attribute",
      'Write plain ones: ".',
      line,
    );
    return undefined;
  }
  const excess = xmlExcess(text);
  if (excess !== undefined) {
    findings.add(file.path, "xml-malformed", excess, "Close the elements, or look whether this is a phone's file.");
    return undefined;
  }
  const verdict = validated(text);
  if (verdict !== undefined) {
    findings.add(
      file.path,
      "xml-malformed",
      `the XML is not well-formed (${verdict.what})`,
      "Correct the XML.",
      verdict.line,
    );
    return undefined;
  }
  return parsed(text);
}

function validated(text: string): { readonly line: number; readonly what: string } | undefined {
  try {
    const verdict = XMLValidator.validate(text);
    if (verdict !== true) {
      return { line: verdict.err.line, what: verdict.err.code.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase() };
    }
    const bare = /&(?!(?:[a-zA-Z]{1,10}|#\d{1,7}|#x[0-9a-f]{1,6});)/i.exec(withoutSections(text));
    return bare === null ? undefined : { line: lineAt(text, bare.index), what: "a bare &" };
  } catch {
    return { line: 1, what: "it cannot be read" };
  }
}

/** The text with comments and CDATA sections blanked, so that offsets stay. */
function withoutSections(text: string): string {
  let kept = "";
  let at = 0;
  for (let start = text.indexOf("<!"); start >= 0; start = text.indexOf("<!", at)) {
    const close = text.startsWith("<!--", start) ? "-->" : "]]>";
    const closed = text.indexOf(close, start);
    const end = closed < 0 ? text.length : closed + close.length;
    kept += text.slice(at, start) + " ".repeat(end - start);
    at = end;
  }
  return kept + text.slice(at);
}

function parsed(text: string): Element | undefined {
  try {
    const nodes: unknown = parser.parse(text);
    return Array.isArray(nodes) ? elementsOf(nodes)[0] : undefined;
  } catch {
    return undefined;
  }
}

function elementsOf(nodes: readonly unknown[]): readonly Element[] {
  return nodes.flatMap((node) => {
    if (typeof node !== "object" || node === null) return [];
    const name = Object.keys(node).find((key) => key !== ":@" && !key.startsWith("#"));
    const inner: unknown = name === undefined ? undefined : (node as Record<string, unknown>)[name];
    if (name === undefined || !Array.isArray(inner)) return [];
    const attributes = (node as Record<string, unknown>)[":@"];
    return [{ name, attributes: stringsIn(attributes), children: elementsOf(inner), text: textOf(inner) }];
  });
}

function stringsIn(attributes: unknown): Readonly<Record<string, string>> {
  const strings: Record<string, string> = Object.create(null);
  if (typeof attributes !== "object" || attributes === null) return strings;
  for (const [name, value] of Object.entries(attributes)) strings[name] = decoded(String(value));
  return strings;
}

function textOf(nodes: readonly unknown[]): string {
  const texts = nodes.map((node) =>
    typeof node === "object" && node !== null ? (node as Record<string, unknown>)["#text"] : undefined,
  );
  return decoded(texts.filter((text) => text !== undefined).join("")).trim();
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? "");
}

/** The line of an offset, counting from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

/** Finds the line of the `nth` element (from 0) of a name when it is asked for; undefined where there is none. */
export function lineOfElement(text: string, name: string, nth = 0): () => number | undefined {
  return () => {
    const pattern = new RegExp(`<${name.replace(/[^\w.-]/g, "")}[\\s/>]`, "g");
    let found: RegExpExecArray | null = null;
    for (let index = 0; index <= nth; index++) {
      found = pattern.exec(text);
      if (found === null) return undefined;
    }
    return found === null ? undefined : lineAt(text, found.index);
  };
}

/** Every element of a name below and including `root`, in the order of the file. */
export function all(root: Element, name: string): readonly Element[] {
  const found = root.name === name ? [root] : [];
  return [...found, ...root.children.flatMap((child) => all(child, name))];
}
