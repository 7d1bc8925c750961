import { readFileSync } from "node:fs";
import { ring } from "../tftp/ring-a.ts";

export const read = (): string => readFileSync(ring(), "utf8");
