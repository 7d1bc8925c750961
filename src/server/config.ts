import { closeSync, openSync, readSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { z } from "zod";
import type { MigrationRule } from "../migration/rules.ts";
import type { Group, Site } from "../phones/site.ts";
import { configSchema, splitMessage } from "./config-schema.ts";
import { Failure, type Finding, failure, systemCode } from "./failure.ts";
import { nearest } from "./near.ts";
import { type Place, placesIn } from "./yaml-places.ts";

type Parsed = z.output<typeof configSchema>;

/** Everything the server and the commands may know about their surroundings; frozen, all paths absolute. */
export interface Config {
  /** Where it was read; undefined when there was no file and the defaults hold. */
  readonly file: string | undefined;
  readonly site: Site;
  /** Database, firmware vault, uploads and the control socket. */
  readonly data: string;
  /** The key that secrets at rest are sealed with; undefined: `secret.key` in the data folder. */
  readonly keyFile?: string | undefined;
  /** The site's own templates; the shipped ones stand behind them. */
  readonly templates: string | undefined;
  readonly tftp: Readonly<Parsed["tftp"]>;
  readonly dhcp: Readonly<Parsed["dhcp"]>;
  readonly http: Readonly<Parsed["http"]>;
  readonly access: Readonly<Parsed["access"]>;
  readonly groups: readonly Group[];
  readonly fleet: Readonly<Parsed["fleet"]>;
  /** The first rule that selects a phone says where it goes. */
  readonly migrations: readonly MigrationRule[];
  readonly restart: Readonly<Parsed["restart"]>;
  readonly log: Readonly<Parsed["log"]>;
}

/** Where a command looks for its configuration. Only main.ts knows the environment, so it comes in. */
export interface ConfigSources {
  /** `--config`. */
  readonly file?: string | undefined;
  /** Values of flags by dotted path, e.g. `tftp.port`. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** What a flag or a variable can set; the variable of `tftp.port` is `PROVISION_TFTP_PORT`. */
const overridable = [
  "site.name",
  "site.serverAddress",
  "site.timeZone",
  "data",
  "keyFile",
  "templates",
  "tftp.listen",
  "tftp.port",
  "tftp.root",
  "dhcp.enabled",
  "dhcp.interface",
  "dhcp.answer",
  "http.listen",
  "http.port",
  "access.allow",
  "log.level",
] as const;

const variableOf = (path: string): string =>
  `PROVISION_${path.replace(/[A-Z]/g, "_$&").replace(/\./g, "_").toUpperCase()}`;

interface Override {
  readonly path: readonly string[];
  readonly value: unknown;
  /** The flag or the variable, for messages. */
  readonly from: string;
}

/**
 * Reads, in rising order of weight, the defaults, the file, the environment and the flags. `needsFile` says whether the
 * command makes no sense without a site: then a missing file is an error, else the defaults hold for a site that nobody
 * has described. Throws {@link Failure} `E_CONFIG_*` that names every mistake with its line.
 */
export function loadConfig(sources: ConfigSources, needsFile: boolean): Config {
  const file = findFile(sources);
  if (file === undefined && needsFile) throw missingFile(sources.cwd);
  const named = file === undefined ? "configuration" : relative(sources.cwd, file) || file;
  const { value, placeOf } = file === undefined ? empty : placesIn(readText(file), named);
  const overrides = overridesOf(sources);
  const parsed = configSchema.safeParse(overridden(value, overrides, file === undefined));
  if (parsed.success) return settled(parsed.data, file, sources.cwd, overrides);
  throw new Failure(
    "E_CONFIG_INVALID",
    2,
    parsed.error.issues.map((issue): Finding => {
      const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
      const key = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
      const { message, remedy } = splitMessage(wordsFor(issue));
      return { where: whereIs(path, key, placeOf, overrides, named), message: `${spelled(path)}${message}`, remedy };
    }),
  );
}

/** The value as a nameless site's: what commands use that need no configuration. */
const empty = { value: {} as unknown, placeOf: (): Place => ({ where: "configuration" }) };

function findFile({ file, environment, cwd }: ConfigSources): string | undefined {
  const asked = file ?? environment?.PROVISION_CONFIG;
  if (asked !== undefined && asked !== "") return resolve(cwd, asked);
  return [resolve(cwd, "provision.yaml"), "/etc/provision/provision.yaml"].find(exists);
}

function exists(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // That it cannot be looked at is said when it is read.
    return true;
  }
}

function missingFile(cwd: string): Failure {
  return failure("E_CONFIG_MISSING", 2, {
    where: `${join(cwd, "provision.yaml")} and /etc/provision/provision.yaml`,
    message: "there is no configuration",
    remedy: "write one with `provision init > provision.yaml`, or name it with --config",
  });
}

const mostOctets = 1_048_576;

function readText(file: string): string {
  try {
    const octets = octetsOf(file);
    if (octets.length <= mostOctets) {
      // A NUL is no character of YAML: UTF-16 without its mark would be read as one long word.
      if (octets.includes(0)) throw new TypeError("a NUL");
      return new TextDecoder("utf-8", { fatal: true }).decode(octets);
    }
  } catch (error) {
    const remedy =
      systemCode(error) === "ENOENT" ? "check the path given to --config" : "make it a readable UTF-8 text file";
    const message =
      systemCode(error) === undefined ? "it is not UTF-8 text" : `it cannot be read (${systemCode(error)})`;
    throw failure("E_CONFIG_UNREADABLE", 2, { where: file, message, remedy }, error);
  }
  const message = `it is larger than ${mostOctets} octets`;
  throw failure("E_CONFIG_UNREADABLE", 2, { where: file, message, remedy: "is this a provision.yaml?" });
}

/** What a file holds, of a larger one its first octets: a device has no end. */
function octetsOf(file: string): Uint8Array {
  const open = openSync(file, "r");
  try {
    const octets = new Uint8Array(mostOctets + 1);
    let length = 0;
    for (let read = 1; read > 0 && length < octets.length; length += read)
      read = readSync(open, octets, length, octets.length - length, null);
    return octets.subarray(0, length);
  } finally {
    closeSync(open);
  }
}

function overridesOf({ environment = {}, flags = {} }: ConfigSources): readonly Override[] {
  const variables = new Map(overridable.map((path) => [variableOf(path), path]));
  const found: Override[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith("PROVISION_") || name === "PROVISION_CONFIG" || value === undefined) continue;
    const path = variables.get(name);
    if (path === undefined) throw unknownVariable(name, [...variables.keys()]);
    found.push({ path: path.split("."), value: plain(path, value), from: name });
  }
  for (const [path, value] of Object.entries(flags)) {
    if (value !== undefined) found.push({ path: path.split("."), value: plain(path, value), from: flagOf(path) });
  }
  return found;
}

function flagOf(path: string): string {
  return `--${path.replace(/[A-Z]/g, "-$&").replace(/\./g, "-").toLowerCase()}`;
}

function unknownVariable(name: string, known: readonly string[]): Failure {
  const meant = nearest(name, known);
  return failure("E_CONFIG_VARIABLE", 2, {
    where: `environment variable ${name}`,
    message: "no setting has this name",
    remedy: meant === undefined ? `known: PROVISION_CONFIG, ${known.join(", ")}` : `did you mean ${meant}?`,
  });
}

/** A flag's or variable's text as YAML would read it; lists are separated by commas. */
function plain(path: string, value: string): unknown {
  if (path === "access.allow") return value.split(",").map((part) => part.trim());
  if (/^\d{1,9}$/.test(value)) return Number(value);
  return value === "true" ? true : value === "false" ? false : value;
}

function overridden(value: unknown, overrides: readonly Override[], fileless: boolean): unknown {
  const root = record(value) ?? (value === null || value === undefined ? {} : undefined);
  if (root === undefined) return value;
  // A site that nobody described answers on loopback only, so that nothing real is ever told this address.
  const whole: Record<string, unknown> = fileless
    ? { site: { name: "unconfigured", serverAddress: "127.0.0.1" } }
    : { ...root };
  for (const { path, value: set } of overrides) {
    const [head = "", leaf] = path;
    if (leaf === undefined) whole[head] = set;
    else whole[head] = { ...record(whole[head]), [leaf]: set };
  }
  return whole;
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** Zod's own sentences for the few cases that the schema leaves to it. */
function wordsFor(issue: z.core.$ZodIssue): string {
  if (issue.message.includes("\u2192")) return issue.message;
  return `${issue.message.charAt(0).toLowerCase()}${issue.message.slice(1)}`;
}

type PathParts = readonly (string | number)[];

function spelled(path: PathParts): string {
  const text = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("");
  return text === "" ? "" : `${text.replace(/^\./, "")}: `;
}

function whereIs(
  path: PathParts,
  key: string | undefined,
  placeOf: (path: PathParts, key?: string) => Place,
  overrides: readonly Override[],
  named: string,
): string {
  const override = overrides.find((one) => one.path.length > 0 && one.path.every((part, i) => part === path[i]));
  if (override !== undefined) return override.from;
  return placeOf(path, key).where || named;
}

function settled(parsed: Parsed, file: string | undefined, cwd: string, overrides: readonly Override[]): Config {
  const home = file === undefined ? cwd : dirname(file);
  // A path in the file is read from where the file stands; one from a flag or a variable from where the admin stands.
  const absolute = (path: string, ...name: string[]) =>
    resolve(overrides.some((one) => one.path.join(".") === name.join(".")) ? cwd : home, path);
  const optional = (path: string | undefined, name: string) => (path === undefined ? undefined : absolute(path, name));
  return frozen({
    file,
    site: parsed.site as Site,
    data: absolute(parsed.data, "data"),
    keyFile: optional(parsed.keyFile, "keyFile"),
    templates: optional(parsed.templates, "templates"),
    tftp: { ...parsed.tftp, root: absolute(parsed.tftp.root, "tftp", "root") },
    dhcp: parsed.dhcp,
    http: parsed.http,
    access: parsed.access,
    groups: Object.entries(parsed.groups).map(([name, group]) => groupOf(name, group, parsed.profiles)),
    fleet: parsed.fleet,
    migrations: parsed.migrations as readonly MigrationRule[],
    restart: withPaths(parsed.restart, (file) => absolute(file)),
    log: parsed.log,
  });
}

function groupOf(name: string, { profile, ...group }: Parsed["groups"][string], profiles: Parsed["profiles"]): Group {
  const settings = profile === undefined ? undefined : profiles[profile];
  const shared = profile === undefined || settings === undefined ? {} : { profile: { name: profile, settings } };
  return { name, ...group, ...shared } as Group;
}

function withPaths(restart: Parsed["restart"], absolute: (path: string) => string): Parsed["restart"] {
  const { ami } = restart;
  if (ami?.secretFile === undefined) return restart;
  return { ...restart, ami: { ...ami, secretFile: absolute(ami.secretFile) } };
}

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) frozen(part);
  }
  return value;
}
