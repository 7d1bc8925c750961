import { told } from "../server/told.ts";
import { printable, sayJson, type Terminal, tell } from "./terminal.ts";

/**
 * Prints what went wrong, where and what to do about it, and resolves the exit code. With `json`, the same stands as
 * `{ "error": … }` on standard output, so that a script always finds one document there.
 */
export function reportFailure(terminal: Terminal, error: unknown, json: boolean): number {
  const failed = told(error);
  for (const { where, message, remedy } of failed.findings) {
    tell(terminal, printable(`error: ${where === "" ? "" : `${where}: `}${message}`));
    if (remedy !== "") tell(terminal, printable(`  ${remedy}`));
  }
  tell(terminal, `(${failed.code})`);
  if (json) sayJson(terminal, { error: { code: failed.code, findings: failed.findings } });
  return failed.exit;
}
