import type { RenderProblem } from "./render.ts";
import type { TemplateSource } from "./template.ts";

const NOTE = /\{\{!--\s*shipped:\s*([0-9a-f]{8})\s*--\}\}/;

/**
 * What an upgrade may have overtaken: a site's own template (the later of two for one file) says in a comment
 * `{{!-- shipped: 1a2b3c4d --}}` which shipped template it was made from. Another stamp, or none, is a problem for the
 * admin, not for the phones: the own template is used all the same.
 */
export function overtaken(templates: readonly TemplateSource[]): readonly RenderProblem[] {
  const shipped = new Map<string, TemplateSource>();
  const problems: RenderProblem[] = [];
  for (const template of templates) {
    const key = `${template.family}/${template.name}`;
    const original = shipped.get(key);
    if (original === undefined) {
      shipped.set(key, template);
      continue;
    }
    const stamp = stampOf(original.text);
    const noted = NOTE.exec(template.text)?.[1];
    if (noted === stamp) continue;
    const message =
      noted === undefined
        ? "it does not say which shipped template it was made from"
        : "the shipped template has changed since it was made";
    const remedy = `Compare it with ${original.path}, then write {{!-- shipped: ${stamp} --}} into it.`;
    problems.push({ where: template.path, message, remedy });
  }
  return problems;
}

/** FNV-1a of the text, line ends aside, as eight hex digits: tells a change, guards against nobody. */
function stampOf(text: string): string {
  let sum = 0x811c9dc5;
  for (const character of text.replaceAll("\r", "")) sum = Math.imul(sum ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, "0");
}
