import { isMap, isNode, isScalar, LineCounter, type Node, parseDocument, visit } from "yaml";
import { type Failure, failure } from "./failure.ts";

/** Where something stands in a file, as `name:line`. */
export interface Place {
  readonly where: string;
}

/** A YAML text's value, and the way from a path in it back to its line. */
export interface PlacedValue {
  readonly value: unknown;
  /** The line of the value at `path`, of its key `key` where one is named, or of the nearest thing around it. */
  placeOf(path: readonly (string | number)[], key?: string): Place;
}

/**
 * Reads YAML 1.2. Numbers that JavaScript would spell otherwise (`000e84000012`, `1.10`) stay the text they were. Throws
 * {@link Failure} `E_CONFIG_SYNTAX` with the line.
 */
export function placesIn(text: string, named: string): PlacedValue {
  const lines = new LineCounter();
  const document = parsed(text, named, lines);
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === "number" && node.source !== undefined && String(node.value) !== node.source) {
        node.value = /^0x[0-9a-f]+$/i.test(node.source) ? node.value : node.source;
      }
    },
  });
  const lineOf = (node: Node | undefined): number | undefined =>
    node?.range ? lines.linePos(node.range[0]).line : undefined;
  return {
    value: plainValue(document, named),
    placeOf(path, key) {
      for (let length = path.length; length >= 0; length--) {
        const around = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
        const line = lineOf(
          isNode(around) ? (keyNode(around, length === path.length ? key : undefined) ?? around) : undefined,
        );
        if (line !== undefined) return { where: `${named}:${line}` };
      }
      return { where: named };
    },
  };
}

function keyNode(around: Node, key: string | undefined): Node | undefined {
  if (key === undefined || !isMap(around)) return undefined;
  const pair = around.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
  return pair !== undefined && isNode(pair.key) ? pair.key : undefined;
}

type Document = ReturnType<typeof parseDocument>;

function parsed(text: string, named: string, lines: LineCounter): Document {
  let document: Document;
  try {
    document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false, logLevel: "error" });
  } catch (cause) {
    throw tooDeep(named, cause);
  }
  // A warning is a tag that nobody knows.
  const [error] = [...document.errors, ...document.warnings];
  if (error === undefined) return document;
  // Where the parser itself caught that it went too deep, its words name a stack.
  if (/call stack/i.test(error.message)) throw tooDeep(named, error);
  throw failure(
    "E_CONFIG_SYNTAX",
    2,
    {
      where: `${named}:${lines.linePos(error.pos[0]).line}`,
      message: `this is not YAML: ${firstSentence(error.message)}`,
      remedy: "check indentation (blanks, no tabs), quotes and brackets around this line",
    },
    error,
  );
}

function plainValue(document: Document, named: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw tooDeep(named, cause);
  }
}

/** The parser recurses, and refuses aliases that multiply: neither is a stack trace's business. */
function tooDeep(named: string, cause: unknown): Failure {
  const finding = {
    where: named,
    message: "it is nested too deeply or multiplies itself by aliases",
    remedy: "compare it with the example that `provision init` prints",
  };
  return failure("E_CONFIG_SYNTAX", 2, finding, cause);
}

function firstSentence(text: string): string {
  return (text.split("\n")[0] ?? text).replace(/\.$/, "");
}
