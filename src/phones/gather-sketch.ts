import type { Mac } from "../wire/address.ts";
import type { Line } from "./phone.ts";

/** A phone in the making. Undefined fields are not known yet. */
export interface Sketch {
  readonly mac: Mac;
  readonly model?: string;
  readonly label?: string;
  /** By line number, from 1. */
  readonly lines: ReadonlyMap<number, Partial<Line>>;
  /** Speed dials by the place of their key on the phone, lines counted too. */
  readonly keys?: ReadonlyMap<number, SketchKey>;
  readonly settings: Readonly<Record<string, string>>;
}

export interface SketchKey {
  readonly number: string;
  readonly label?: string;
  readonly watches?: true;
}

/** What a file gives, and what it says that an inventory has no place for. */
export interface Sketched {
  readonly sketch: Sketch;
  readonly remarks: readonly string[];
}
