import type { Mac } from "../wire/address.ts";
import type { Line } from "./phone.ts";

/** A phone in the making. Undefined fields are not known yet. */
export interface Sketch {
  readonly mac: Mac;
  readonly model?: string;
  readonly label?: string;
  /** By line number, from 1. */
  readonly lines: ReadonlyMap<number, Partial<Line>>;
  readonly settings: Readonly<Record<string, string>>;
}
