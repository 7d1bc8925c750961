/** A path, an archive or an entry that is not taken in. `place` says where, `remedy` what to do. */
export class ImportRefused extends Error {
  override readonly name = "ImportRefused";
  readonly code: string;
  readonly place: string;
  readonly remedy: string;

  constructor(code: string, place: string, reason: string, remedy: string, options?: { cause?: unknown }) {
    super(reason, options);
    this.code = code;
    this.place = place;
    this.remedy = remedy;
  }
}
