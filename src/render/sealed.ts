import type { SettingProblem } from "../phones/settings.ts";
import type { Escaped } from "./escape.ts";

/** What a template's variables are made of. Undefined means: known, and not set for this phone. */
export type Variable =
  | string
  | number
  | boolean
  | undefined
  | readonly Variable[]
  | { readonly [name: string]: Variable };

/** What a template asked for cannot be given. Messages never repeat a value. */
export abstract class Unusable extends Error {}

/** Settings that cannot become what the file asks for. */
export class UnusableSettings extends Unusable {
  override readonly name = "UnusableSettings";
  readonly problems: readonly SettingProblem[];

  constructor(problems: readonly SettingProblem[]) {
    super(problems.map((problem) => `${problem.setting}: ${problem.message}`).join("; "));
    this.problems = problems;
  }
}

/** A variable was used that cannot be written. `path` is what the template calls it, e.g. `lines.1.label`. */
export class UnusableVariable extends Unusable {
  override readonly name = "UnusableVariable";
  readonly path: string;
  readonly fault: string;

  constructor(path: string, fault: string) {
    super(`${path} ${fault}`);
    this.path = path;
    this.fault = fault;
  }
}

/**
 * The variables as a template sees them: every text is escaped before the template can place it, so that no template, not
 * even one with `{{{…}}}`, lets a value leave its field. Objects have no prototype, so that `constructor` and its like
 * are names like any other. Values are made when they are used: an unusable one harms only the file that names it.
 */
export function sealed(variables: { readonly [name: string]: Variable }, written: (text: string) => Escaped): object {
  return sealObject(variables, "", written);
}

/** Whether `value` is a known variable without a value: false to `{{#if}}`, an error in `{{…}}`. */
export function isUnset(value: unknown): boolean {
  return value instanceof Unset;
}

class Unset {
  readonly #path: string;
  constructor(path: string) {
    this.#path = path;
    Object.freeze(this);
  }
  [Symbol.toPrimitive](): never {
    throw new UnusableVariable(this.#path, "is not set");
  }
}

type Escape = (text: string) => Escaped;

function seal(value: Variable, path: string, written: Escape): unknown {
  if (value === undefined) return new Unset(path);
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "string") {
    const escaped = written(value);
    if ("cannot" in escaped) throw new UnusableVariable(path, escaped.cannot);
    return escaped.text;
  }
  if (!isList(value)) return sealObject(value, path, written);
  const list = value.map((item, index) => seal(item, `${path}.${index + 1}`, written));
  Object.setPrototypeOf(list, null);
  return whole(list, path);
}

function sealObject(value: { readonly [name: string]: Variable }, path: string, written: Escape): object {
  const object: object = Object.create(null);
  for (const name of Object.keys(value)) {
    let made: { readonly value: unknown } | undefined;
    Object.defineProperty(object, name, {
      enumerable: true,
      get: () => {
        made ??= { value: seal(value[name], path === "" ? name : `${path}.${name}`, written) };
        return made.value;
      },
    });
  }
  return whole(object, path);
}

/**
 * Printing a group of variables must not put `[object Object]` on a phone. The text it becomes holds a NUL, which no
 * value can hold, so that {@link findGroup} finds it; throwing here would hide Handlebars' own message, which prints the
 * group that lacks a name.
 */
function whole<T extends object>(object: T, path: string): T {
  return Object.defineProperty(object, Symbol.toPrimitive, { value: () => `\0${path === "" ? "this" : path}\0` });
}

/** The name of a group of variables that was printed as if it were one value. */
export function findGroup(filled: string): string | undefined {
  const from = filled.indexOf("\0");
  return from < 0 ? undefined : filled.slice(from + 1, filled.indexOf("\0", from + 1));
}

function isList(value: Variable): value is readonly Variable[] {
  return Array.isArray(value);
}
