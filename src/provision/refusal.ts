/** The job cannot go on, and neither the phone nor the network is to blame. `code` is listed in docs/errors.md. */
export class ProvisionError extends Error {
  override readonly name = "ProvisionError";
  readonly code: string;
  /** What the admin can do about it. */
  readonly remedy: string;

  constructor(code: string, message: string, remedy: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.remedy = remedy;
  }
}
