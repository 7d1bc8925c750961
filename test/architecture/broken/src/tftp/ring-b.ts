import { ring } from "./ring-a.ts";

export const back = (text: string): string => (text === "a" ? "b" : ring());
