import { type AtaCompiled, compileAtaProfile } from "../phones/ata-profile.ts";
import { RENDERED_FILES, type RenderedFile, templateFolder } from "../phones/boot-files.ts";
import { ataProfileName } from "../phones/cisco-ata.ts";
import type { SettingProblem } from "../phones/settings.ts";
import { isLoadName } from "../phones/value-range.ts";
import { checkFormat } from "./check.ts";
import { escapeFor } from "./escape.ts";
import type { Rendered, Renderer, RenderProblem, RenderRequest } from "./render.ts";
import { NothingConfigured, sealed, UnusableSettings, UnusableVariable } from "./sealed.ts";
import { compileTemplate, type Fill, lineOf, TemplateError, type TemplateSource } from "./template.ts";
import { type Remarks, variablesOf } from "./variables.ts";

/**
 * Makes a renderer of templates: of two for one file the later wins, so that a site's own stand behind the shipped ones
 * in the list. Throws {@link TemplateError} for the first template that cannot be used.
 */
export function createRenderer(sources: readonly TemplateSource[]): Renderer {
  const templates = new Map<string, Compiled>();
  for (const source of sources) {
    const files = RENDERED_FILES.filter((row) => row.folder === source.family && row.template === source.name);
    if (files.length === 0) throw unknownName(source);
    for (const file of files) {
      templates.set(`${file.folder}/${file.kind}`, { file, source, fill: compileTemplate(asWritten(file, source)) });
    }
  }
  return {
    render(request) {
      const template = templates.get(`${templateFolder(request.family)}/${request.kind}`);
      return template === undefined ? refused([noTemplate(request)]) : renderWith(template, request);
    },
  };
}

interface Compiled {
  readonly file: RenderedFile;
  readonly source: TemplateSource;
  readonly fill: Fill;
}

/** Editors end a file with a line end; OS79XX.TXT must have none (rule N3). */
function asWritten(file: RenderedFile, source: TemplateSource): TemplateSource {
  const text = source.text.replace(/^\ufeff/, "").replace(/\r\n/g, "\n");
  return { ...source, text: file.format === "load-name" ? text.replace(/\n$/, "") : text };
}

function renderWith(template: Compiled, request: RenderRequest): Rendered {
  if (!isLoadName(request.load)) return refused([badLoad(request)]);
  const { file, source, fill } = template;
  let text: string;
  const remarks: Remarks = { notes: [], standard: false };
  try {
    text = fill(sealed(variablesOf(request, remarks), (value) => escapeFor(file.format, value)));
  } catch (error) {
    if (error instanceof NothingConfigured) return notConfigured(error, request);
    const problems = problemsOf(error, template, request);
    if (problems === undefined) throw error;
    return refused(problems);
  }
  const plain = new TextEncoder().encode(text);
  const profile = profileIn(file, text, request);
  const faults = checkFormat(file, text, plain.length, request.load, profile);
  if (faults.length > 0) {
    const remedy = `Correct ${source.path}, or the setting that the line comes from.`;
    return refused(faults.map(({ line, message }) => ({ where: `${source.path}${inLine(line)}`, message, remedy })));
  }
  const octets = octetsOf(file, plain, profile);
  if (octets === undefined) return refused([notSplit(request)], true);
  const notes = [...new Map(remarks.notes.map((note) => [`${note.setting} ${note.message}`, note])).values()].map(
    (note) => problemOf(note, request),
  );
  return {
    is: "rendered",
    octets,
    contentType: file.contentType,
    ...(notes.length === 0 ? {} : { notes }),
    ...(remarks.standard ? { standard: true } : {}),
  };
}

function profileIn({ format, kind }: RenderedFile, text: string, { model, phone }: RenderRequest) {
  if (!format.startsWith("ata")) return undefined;
  // Only what a phone asks for by its own MAC can be split: the second file's name is made of the first one's.
  return compileAtaProfile(text, kind.startsWith("ata-default") ? {} : { name: ataProfileName(model, phone.mac) });
}

/** Undefined for the second file of a profile that one file holds. */
function octetsOf({ format }: RenderedFile, plain: Uint8Array, profile: AtaCompiled | undefined) {
  if (profile?.is !== "compiled" || format === "ata-text") return plain;
  return format === "ata" ? profile.octets : profile.extended?.octets;
}

function problemsOf(
  error: unknown,
  { source }: Compiled,
  request: RenderRequest,
): readonly RenderProblem[] | undefined {
  if (error instanceof UnusableSettings) {
    return error.problems.map((problem) => problemOf(problem, request));
  }
  if (error instanceof UnusableVariable) {
    const line = lineOf(source, error.path);
    const where = `${source.path}${line === undefined ? "" : `:${line}`}`;
    const message = `${error.path} of phone ${request.phone.mac} ${error.fault}`;
    return [
      {
        where,
        message,
        remedy: "Correct the phone, its group or provision.yaml; templates/README.md names the setting.",
      },
    ];
  }
  if (error instanceof TemplateError) {
    return [{ where: error.where, message: `${error.fault} (phone ${request.phone.mac})`, remedy: error.remedy }];
  }
  return undefined;
}

function problemOf({ setting, message, remedy }: SettingProblem, { phone }: RenderRequest): RenderProblem {
  return { where: `phone ${phone.mac}, ${setting}`, message, remedy };
}

function inLine(line: number | undefined): string {
  return line === undefined ? "" : `, line ${line} of what it renders`;
}

function refused(problems: readonly RenderProblem[], optional = false): Rendered {
  return optional ? { is: "refused", problems, optional } : { is: "refused", problems };
}

function notSplit({ phone }: RenderRequest): RenderProblem {
  const message = "one file holds the whole profile: the phone is told that there is no second one";
  return { where: `phone ${phone.mac}`, message, remedy: "Nothing is to be done." };
}

function notConfigured({ setting }: NothingConfigured, request: RenderRequest): Rendered {
  const message = "nothing is configured: the phone is told that there is no such file";
  const problem = problemOf({ setting, message, remedy: `Set ${setting} where the phone should have one.` }, request);
  return refused([problem], true);
}

function noTemplate({ family, kind }: RenderRequest): RenderProblem {
  return {
    where: `templates/${family}`,
    message: `there is no template for "${kind}"`,
    remedy: "Reinstall provision: a shipped template is missing.",
  };
}

function badLoad({ phone }: RenderRequest): RenderProblem {
  const message = "the load is not a load name: it has an extension, a blank or another character that phones refuse";
  return { where: `phone ${phone.mac}, load`, message, remedy: "Correct the load in the firmware manifest." };
}

function unknownName(source: TemplateSource): TemplateError {
  const names = RENDERED_FILES.filter((row) => row.folder === source.family).map((row) => `${row.template}.hbs`);
  const choices = [...new Set(names)].join(", ");
  const message =
    names.length === 0 ? `there is no family "${source.family}"` : "no phone of the family asks for this name";
  return new TemplateError(
    source.path,
    message,
    names.length === 0 ? "Remove the folder." : `Rename it to one of: ${choices}.`,
  );
}
