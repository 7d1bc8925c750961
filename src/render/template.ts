import Handlebars from "handlebars";
import { findGroup, isUnset, Unusable, UnusableVariable } from "./sealed.ts";

/** One template as it came from the disk. */
export interface TemplateSource {
  readonly family: string;
  /** The file's name without `.hbs`, e.g. `SEP{MAC}.cnf.xml`. */
  readonly name: string;
  /** Where it is, for messages, e.g. `templates/cisco-7940/SIPDefault.cnf.hbs`. */
  readonly path: string;
  readonly text: string;
}

/** A template cannot be used: where, what is wrong, what to do. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
  readonly code = "E_TEMPLATE";
  /** `file:line`, or the file alone where no line is known. */
  readonly where: string;
  readonly fault: string;
  readonly remedy: string;

  constructor(where: string, fault: string, remedy: string) {
    super(`${where}: ${fault}. ${remedy}`);
    this.where = where;
    this.fault = fault;
    this.remedy = remedy;
  }
}

/** Fills a template; throws {@link TemplateError} or an {@link Unusable}, which never repeat a value. */
export type Fill = (variables: object) => string;

const KNOWN = { if: true, unless: true, each: true, eq: true } as const;

/**
 * Compiles a template. Values arrive escaped ({@link sealed}), so Handlebars escapes nothing. Only text is ever compiled,
 * only the four helpers exist, and the syntax tree is read before anything becomes code (security.md S30).
 */
export function compileTemplate(source: TemplateSource): Fill {
  const environment = closedEnvironment();
  const options = { strict: true, noEscape: true, knownHelpers: KNOWN, knownHelpersOnly: true, preventIndent: true };
  const text = String(source.text);
  let run: Handlebars.TemplateDelegate;
  try {
    new Surveyor(source).accept(environment.parse(text));
    environment.precompile(text, options);
    run = environment.compile(text, options);
  } catch (error) {
    throw error instanceof TemplateError ? error : syntaxError(source, error);
  }
  return (variables) => {
    let filled: string;
    try {
      filled = run(variables, { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false });
    } catch (error) {
      throw error instanceof Unusable ? error : runtimeError(source, error);
    }
    const group = findGroup(filled);
    if (group !== undefined) throw new UnusableVariable(group, "is a group of variables, not one value");
    return filled;
  };
}

function closedEnvironment(): typeof Handlebars {
  const environment = Handlebars.create();
  for (const name of Object.keys(environment.helpers)) environment.unregisterHelper(name);
  for (const name of Object.keys(environment.decorators ?? {})) environment.unregisterDecorator(name);
  const isTrue = (value: unknown) =>
    !(isUnset(value) || value === false || value === "" || value === 0 || isEmptyList(value));
  environment.registerHelper("if", function (this: unknown, value: unknown, options: Handlebars.HelperOptions) {
    return isTrue(value) ? options.fn(this) : options.inverse(this);
  });
  environment.registerHelper("unless", function (this: unknown, value: unknown, options: Handlebars.HelperOptions) {
    return isTrue(value) ? options.inverse(this) : options.fn(this);
  });
  environment.registerHelper("eq", (left: unknown, right: unknown) => left === right);
  environment.registerHelper("each", function (this: unknown, list: unknown, options: Handlebars.HelperOptions) {
    if (!Array.isArray(list) || isEmptyList(list)) return options.inverse(this);
    // `as |item|` names the item and leaves every other variable where it was.
    const named = (options.fn as { blockParams?: number }).blockParams !== undefined;
    const data = Handlebars.createFrame(options.data);
    let filled = "";
    for (let index = 0; index < list.length; index++) {
      data.index = index;
      data.number = index + 1;
      data.first = index === 0;
      data.last = index === list.length - 1;
      filled += options.fn(named ? this : list[index], { data, blockParams: [list[index], index] });
    }
    return filled;
  });
  return environment;
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** Refuses what the closed set of helpers could not run, or what would reach outside the variables. */
class Surveyor extends Handlebars.Visitor {
  readonly #source: TemplateSource;

  constructor(source: TemplateSource) {
    super();
    this.#source = source;
  }

  override PathExpression(path: hbs.AST.PathExpression): void {
    const reaching = path.parts.find((part) => /^(?:__.*__|constructor|prototype)$/.test(String(part)));
    if (reaching !== undefined) this.#refuse(path, `${reaching} is not a variable`);
  }
  override BlockStatement(block: hbs.AST.BlockStatement): void {
    this.#expectHelper(block, block.path);
    super.BlockStatement(block);
  }
  override SubExpression(expression: hbs.AST.SubExpression): void {
    this.#expectHelper(expression, expression.path);
    super.SubExpression(expression);
  }
  override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
    if (mustache.params.length > 0 || mustache.hash !== undefined) this.#expectHelper(mustache, mustache.path);
    super.MustacheStatement(mustache);
  }
  override PartialStatement(partial: hbs.AST.PartialStatement): void {
    this.#refuse(partial, "partials are not supported");
  }
  override PartialBlockStatement(partial: hbs.AST.PartialBlockStatement): void {
    this.#refuse(partial, "partials are not supported");
  }
  override Decorator(decorator: hbs.AST.Decorator): void {
    this.#refuse(decorator, "decorators are not supported");
  }
  override DecoratorBlock(decorator: hbs.AST.DecoratorBlock): void {
    this.#refuse(decorator, "decorators are not supported");
  }

  #expectHelper(node: hbs.AST.Node, path: hbs.AST.PathExpression | hbs.AST.Literal): void {
    const name = path.type === "PathExpression" ? (path as hbs.AST.PathExpression).original : path.type;
    if (!Object.hasOwn(KNOWN, name)) this.#refuse(node, `there is no helper "${name}"`);
  }
  #refuse(node: hbs.AST.Node, message: string): never {
    const remedy =
      "Use {{variable}}, {{#if}}, {{#unless}}, {{#each}} and (eq a b); templates/README.md lists the variables.";
    throw new TemplateError(`${this.#source.path}:${node.loc?.start.line ?? 1}`, message, remedy);
  }
}

function syntaxError(source: TemplateSource, error: unknown): TemplateError {
  const text = error instanceof Error ? error.message : "";
  const line = /on line (\d+)/.exec(text)?.[1] ?? /- (\d+):\d+/.exec(text)?.[1];
  const [summary = ""] = text.split("\n");
  const message = /^Parse error|^Lexical error/.test(summary)
    ? "the template's braces do not fit"
    : summary || "no template";
  return new TemplateError(at(source, line), message, "Correct the template, or remove it to use the shipped one.");
}

/** Handlebars quotes the value it stumbled over in some of its messages; only the name is passed on. */
function runtimeError(source: TemplateSource, error: unknown): TemplateError {
  const text = error instanceof Error ? error.message : "";
  const name = /^"([^"]{1,80})" not defined in/.exec(text)?.[1] ?? /search for '([\w-]{1,80})' in/.exec(text)?.[1];
  const line = (error as { lineNumber?: unknown }).lineNumber;
  const where = at(
    source,
    typeof line === "number" ? String(line) : name === undefined ? undefined : lineOf(source, name),
  );
  const message = name === undefined ? "the template cannot be filled" : `there is no variable "${name}"`;
  return new TemplateError(
    where,
    message,
    "templates/README.md lists the variables; give the phone or its group this setting.",
  );
}

function at(source: TemplateSource, line: string | undefined): string {
  return line === undefined ? source.path : `${source.path}:${line}`;
}

/** The first line of a template that names a variable, or undefined. */
export function lineOf(source: TemplateSource, path: string): string | undefined {
  const name = path
    .split(".")
    .filter((part) => !/^\d+$/.test(part))
    .at(-1);
  if (name === undefined || name === "") return undefined;
  const index = source.text
    .split("\n")
    .findIndex((line) => line.includes("{{") && new RegExp(`\\b${name.replace(/\W/g, "\\$&")}\\b`).test(line));
  return index < 0 ? undefined : String(index + 1);
}
