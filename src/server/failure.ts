/** Exit codes of contract: 1 findings or the job failed, 2 wrong usage or configuration, 3 forbidden by the phones' rules. */
export type ExitCode = 1 | 2 | 3;

/** One thing that is wrong, for people: where it stands, what it is, and what to do about it. */
export interface Finding {
  /** `file:line` where there is one, else a flag, a variable or a name. */
  readonly where: string;
  readonly message: string;
  readonly remedy: string;
}

/** We, the disk or the admin's own files broke it. `code` is listed in docs/errors.md. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: string;
  readonly exit: ExitCode;
  readonly findings: readonly Finding[];

  constructor(code: string, exit: ExitCode, findings: readonly Finding[], options?: { cause?: unknown }) {
    super(findings.map((f) => `${f.where}: ${f.message}`).join("\n"), options);
    this.code = code;
    this.exit = exit;
    this.findings = findings;
  }
}

/** One finding as an error. */
export function failure(code: string, exit: ExitCode, finding: Finding, cause?: unknown): Failure {
  return new Failure(code, exit, [finding], cause === undefined ? undefined : { cause });
}

/** The system's own word for what went wrong with a file or socket, e.g. `EACCES`; undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}
