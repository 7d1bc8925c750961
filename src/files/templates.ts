import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** One template as it came from the disk; the shape that the renderer compiles. */
export interface TemplateFile {
  readonly family: string;
  /** The file's name without `.hbs`. */
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

/** A folder of templates, or a template in it, cannot be read. */
export class TemplateFileError extends Error {
  override readonly name = "TemplateFileError";
  readonly code = "E_TEMPLATE_FILE";
  readonly where: string;
  readonly remedy: string;

  constructor(where: string, message: string, remedy: string, options?: { cause?: unknown }) {
    super(`${where}: ${message}. ${remedy}`, options);
    this.where = where;
    this.remedy = remedy;
  }
}

/** Larger than any phone's file, small enough that a wrong folder does not fill the memory. */
const MAX_OCTETS = 1_048_576;

/**
 * Reads `<directory>/<family>/<name>.hbs` of the shipped templates and, behind them so that they win, of the site's own.
 * A site's own folder that does not exist is an error: it is named in provision.yaml on purpose. Files whose name starts
 * with a dot or does not end in `.hbs` are left alone. Rejects with {@link TemplateFileError}.
 */
export async function loadTemplates(
  shippedDirectory: string,
  overrideDirectory?: string,
): Promise<readonly TemplateFile[]> {
  const shipped = await templatesIn(shippedDirectory);
  return overrideDirectory === undefined ? shipped : [...shipped, ...(await templatesIn(overrideDirectory))];
}

async function templatesIn(directory: string): Promise<readonly TemplateFile[]> {
  const templates: TemplateFile[] = [];
  for (const family of await entries(directory, "folders")) {
    for (const file of await entries(join(directory, family), "files")) {
      if (!file.endsWith(".hbs")) continue;
      const path = join(directory, family, file);
      templates.push({ family, name: file.slice(0, -".hbs".length), path, text: await textOf(path) });
    }
  }
  return templates;
}

async function entries(directory: string, kind: "folders" | "files"): Promise<readonly string[]> {
  try {
    const found = await readdir(directory, { withFileTypes: true });
    const wanted = found.filter(
      (entry) => !entry.name.startsWith(".") && (kind === "folders" ? entry.isDirectory() : !entry.isDirectory()),
    );
    return wanted.map((entry) => entry.name).sort();
  } catch (cause) {
    throw new TemplateFileError(
      directory,
      `the folder cannot be read (${codeOf(cause)})`,
      "Correct `templates` in provision.yaml, or create it.",
      { cause },
    );
  }
}

async function textOf(path: string): Promise<string> {
  let octets: Uint8Array;
  try {
    const { size } = await stat(path);
    if (size > MAX_OCTETS)
      throw new TemplateFileError(path, `the template has ${size} octets`, `Keep it below ${MAX_OCTETS}.`);
    octets = await readFile(path);
  } catch (cause) {
    if (cause instanceof TemplateFileError) throw cause;
    throw new TemplateFileError(path, `the template cannot be read (${codeOf(cause)})`, "Correct its permissions.", {
      cause,
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch (cause) {
    throw new TemplateFileError(
      `${path}:${lineOfFirstFault(octets)}`,
      "the template is not UTF-8",
      "Save it as UTF-8.",
      { cause },
    );
  }
}

function lineOfFirstFault(octets: Uint8Array): number {
  const repaired = new TextDecoder().decode(octets);
  const at = repaired.indexOf("\ufffd");
  return repaired.slice(0, Math.max(at, 0)).split("\n").length;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown reason";
}
