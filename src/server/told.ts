import { Failure, type Finding, systemCode } from "./failure.ts";

/** A failure in plain values: what a command prints and what crosses the control socket. */
export interface Told {
  readonly code: string;
  readonly exit: 1 | 2 | 3;
  readonly findings: readonly Finding[];
}

/** Codes of other folders that speak of the admin's own configuration; every other one is a job that failed. */
const configuration: ReadonlySet<string> = new Set(["E_TFTP_ROOT", "E_TEMPLATE", "E_TEMPLATE_FILE"]);

/**
 * Any error in words. Errors of other folders carry `code` and `message`, and often `remedy` or `findings`; what has none
 * of it is a mistake of ours, and is told without its stack.
 */
export function told(error: unknown): Told {
  if (error instanceof Failure) return { code: error.code, exit: error.exit, findings: error.findings };
  const shape = record(error);
  const message = typeof shape?.message === "string" ? shape.message : String(error);
  const code = shape?.code;
  if (typeof code !== "string" || !code.startsWith("E_")) return unexpected(error, message);
  const exit = configuration.has(code) ? 2 : 1;
  const findings = findingsIn(shape?.findings);
  if (findings.length > 0) return { code, exit, findings };
  return {
    code,
    exit,
    findings: [{ where: text(shape?.where) || text(shape?.place), message, remedy: text(shape?.remedy) }],
  };
}

/** The failure that was told, again as an error. */
export function untold(told: Told): Failure {
  return new Failure(told.code, told.exit, told.findings);
}

function unexpected(error: unknown, message: string): Told {
  const system = systemCode(error);
  const remedy =
    record(error)?.code === "ERR_MODULE_NOT_FOUND"
      ? "the installation is not whole: run npm install once more, or install it anew"
      : system === undefined
        ? "this is a mistake of provision itself: please report it with the command that led here"
        : "check the path, its mode and the space left on the disk";
  return {
    code: system === undefined ? "E_UNEXPECTED" : "E_SYSTEM",
    exit: 1,
    findings: [{ where: "", message, remedy }],
  };
}

function findingsIn(value: unknown): Finding[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one) => {
    const finding = record(one);
    const message = text(finding?.message) || text(finding?.reason);
    if (message === "") return [];
    const line = typeof finding?.line === "number" ? `:${finding.line}` : "";
    return [{ where: `${text(finding?.where) || text(finding?.file)}${line}`, message, remedy: text(finding?.remedy) }];
  });
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
