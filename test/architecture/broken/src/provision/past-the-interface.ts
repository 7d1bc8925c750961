import { open } from "../store/sqlite.ts";

export const story = open;
