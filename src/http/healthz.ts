import { Hono } from "hono";
import type { Surroundings } from "./access.ts";

/** `GET /healthz`: 200 while every listener of `listening` is up, else 503 with the names of those that are not. */
export function healthz(listening: () => Readonly<Record<string, boolean>>): Hono<Surroundings> {
  return new Hono<Surroundings>().get("/", (context) => {
    const listeners = listening();
    const ok = Object.values(listeners).every((up) => up);
    return context.json({ ok, listeners }, ok ? 200 : 503);
  });
}
