/**
 * How far a statement about a phone is to be trusted. A vendor document, bytes or a packet log; B two independent
 * sources; C one report; D deduction, which an admin can switch off.
 */
export type Grade = "A" | "B" | "C" | "D";

/** Why a rule exists and who says so. Every rule the product ships carries at least one. */
export interface Because {
  readonly reason: string;
  readonly source: string;
  readonly grade: Grade;
}
