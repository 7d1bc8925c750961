import { listen } from "./server/listen.ts";

export const begin: () => unknown = listen;
