import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";

const project = resolve(import.meta.dirname, "..");

/**
 * Writes `entry` and every project file that it imports as JavaScript, and returns where the entry went: a test that
 * has to kill a process starts this one. Lies under node_modules, so that packages are found from there; remove
 * `folder` afterwards.
 */
export function compiled(entry: string): { readonly script: string; readonly folder: string } {
  const cache = join(project, "node_modules", ".cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "provision-test-"));
  writeFileSync(join(folder, "package.json"), '{"type":"module","version":"0.0.0"}');
  for (const data of ["firmware-manifests", "templates", "examples"])
    symlinkSync(join(project, data), join(folder, data));
  const placeOf = (path: string) => join(folder, relative(project, path)).replace(/\.ts$/, ".js");
  const written = new Set<string>();
  const pending = [entry];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (written.has(path)) continue;
    written.add(path);
    const { outputText } = ts.transpileModule(readFileSync(path, "utf8"), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    });
    mkdirSync(dirname(placeOf(path)), { recursive: true });
    writeFileSync(placeOf(path), outputText);
    for (const [, imported] of outputText.matchAll(/from "(\.[^"]+)\.js"/g)) {
      pending.push(resolve(dirname(path), `${imported}.ts`));
    }
  }
  return { script: placeOf(entry), folder };
}
