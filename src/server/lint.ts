import { readPhoneFiles, renamePhoneFile, replacePhoneFile } from "../files/phone-files.ts";
import { Findings, type LintEdit, type LintFinding } from "../lint/finding.ts";
import { lint } from "../lint/lint.ts";
import { failure } from "./failure.ts";

/** What `provision lint` found, and with `fix` what it has corrected. */
export interface LintReport {
  readonly files: number;
  readonly findings: readonly LintFinding[];
  /** Paths that were written or renamed. */
  readonly fixed: readonly string[];
}

/**
 * Checks phone files on the disk. With `fix`, corrections that cannot be wrong are made first: contents, then names; a
 * name that another file has already is left. Fails with `E_LINT_PATH` where none of the paths can be read.
 */
export async function lintPaths(paths: readonly string[], fix: boolean): Promise<LintReport> {
  const fixed = fix ? await correct(paths) : [];
  const { files, unreadable } = await readPhoneFiles(paths);
  if (files.length === 0 && unreadable.length > 0) {
    const [first = { path: "", why: "" }] = unreadable;
    const message = `cannot be read (${first.why})`;
    throw failure("E_LINT_PATH", 2, {
      where: first.path,
      message,
      remedy: "name a file or folder that exists and may be read",
    });
  }
  const unread = new Findings();
  for (const { path, why } of unreadable)
    unread.add(path, "unreadable", `it cannot be read (${why})`, "Correct its permissions.");
  return { files: files.length, findings: [...lint(files).findings, ...unread.list], fixed };
}

async function correct(paths: readonly string[]): Promise<readonly string[]> {
  const { files } = await readPhoneFiles(paths);
  const { edits } = lint(files);
  const fixed: string[] = [];
  for (const edit of [...edits.filter(isWrite), ...edits.filter((one) => !isWrite(one))]) {
    try {
      if (await isDone(edit)) fixed.push(edit.do === "write" ? edit.file : `${edit.file} → ${edit.to}`);
    } catch {
      // What could not be corrected is found again, with its remedy, by the check that follows.
    }
  }
  return fixed;
}

async function isDone(edit: LintEdit): Promise<boolean> {
  if (edit.do === "rename") return await renamePhoneFile(edit.file, edit.to);
  await replacePhoneFile(edit.file, edit.octets);
  return true;
}

function isWrite(edit: LintEdit): boolean {
  return edit.do === "write";
}
