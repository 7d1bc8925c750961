import { back } from "./ring-b.ts";

export const ring = (): string => back("a");
