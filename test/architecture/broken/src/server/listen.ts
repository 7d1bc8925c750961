import type { begin } from "../main.ts";
// @ts-expect-error: a module that is not there, for the rule everything-resolves.
import { gone } from "./not-there.ts";

export const listen: () => unknown = () => gone as typeof begin;
