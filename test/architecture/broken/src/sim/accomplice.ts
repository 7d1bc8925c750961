import { open } from "../store/sqlite.ts";

export const cheat = open;
