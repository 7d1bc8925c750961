import { open } from "../store/sqlite.ts";

export const unlisted = open;
