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

/** The file has no content unless `setting` gives it some. */
export class NothingConfigured extends Unusable {
  override readonly name = "NothingConfigured";
  readonly setting: string;

  constructor(setting: string) {
    super(`${setting} is not set`);
    this.setting = setting;
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
 * even one with `{{{…}}}`, lets a value leave its field. Objects inherit no named property, so that `constructor` and its
 * like are names like any other. The first level is made when it is used: what is wrong there harms only the file that
 * names it. A text that cannot be written throws {@link UnusableVariable} when it is used.
 */
export function sealed(variables: { readonly [name: string]: Variable }, written: Escape): object {
  const root = group("this");
  for (const name of Object.keys(variables)) {
    let made: { readonly value: unknown } | undefined;
    Object.defineProperty(root, name, {
      enumerable: true,
      get: () => {
        made ??= { value: seal(variables[name], () => name, written) };
        if (made.value instanceof Unwritable) throw new UnusableVariable(name, made.value.fault);
        return made.value;
      },
    });
  }
  return root;
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

class Unwritable {
  readonly fault: string;
  constructor(fault: string) {
    this.fault = fault;
  }
}

type Escape = (text: string) => Escaped;

function seal(value: Variable, path: () => string, written: Escape): unknown {
  if (value === undefined) return new Unset(path());
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "string") {
    const escaped = written(value);
    return "cannot" in escaped ? new Unwritable(escaped.cannot) : escaped.text;
  }
  return isList(value) ? sealList(value, path(), written) : sealObject(value, path(), written);
}

function sealObject(value: { readonly [name: string]: Variable }, path: string, written: Escape): object {
  const object = group(path) as Group & Record<string, unknown>;
  for (const name of Object.keys(value)) {
    const own = () => `${path}.${name}`;
    const made = seal(value[name], own, written);
    if (made instanceof Unwritable) refuse(object, name, own(), made);
    else object[name] = made;
  }
  return object;
}

function sealList(value: readonly Variable[], path: string, written: Escape): object {
  const list = value.map((item, index) => {
    const own = () => `${path}.${index + 1}`;
    return seal(item, own, written);
  }) as unknown[] & Group;
  for (const [index, made] of list.entries()) {
    if (made instanceof Unwritable) refuse(list, String(index), `${path}.${index + 1}`, made);
  }
  list[PATH] = path;
  return Object.setPrototypeOf(list, GROUP);
}

function refuse(object: object, name: string, path: string, { fault }: Unwritable): void {
  const get = () => {
    throw new UnusableVariable(path, fault);
  };
  Object.defineProperty(object, name, { enumerable: true, get });
}

const PATH = Symbol("path");

interface Group {
  [PATH]: string;
}

/**
 * Printing a group of variables must not put `[object Object]` on a phone. The text it becomes holds a NUL, which no
 * value can hold, so that {@link findGroup} finds it; throwing here would hide Handlebars' own message, which prints the
 * group that lacks a name.
 */
const GROUP: object = Object.create(null, {
  [Symbol.toPrimitive]: {
    value: function (this: Group) {
      return `\0${this[PATH]}\0`;
    },
  },
});

function group(path: string): Group {
  const object = Object.create(GROUP) as Group;
  object[PATH] = path;
  return object;
}

/** The name of a group of variables that was printed as if it were one value. */
export function findGroup(filled: string): string | undefined {
  const from = filled.indexOf("\0");
  return from < 0 ? undefined : filled.slice(from + 1, filled.indexOf("\0", from + 1));
}

function isList(value: Variable): value is readonly Variable[] {
  return Array.isArray(value);
}
