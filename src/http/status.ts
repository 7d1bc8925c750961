import { Hono } from "hono";
import type { PhoneStatus } from "../provision/status.ts";
import type { Surroundings } from "./access.ts";
import { jsonStream } from "./json-stream.ts";

/** `GET /status`: the document that `provision status --json` prints. */
export function status(report: () => Promise<readonly PhoneStatus[]>): Hono<Surroundings> {
  return new Hono<Surroundings>().get("/", async (context) =>
    context.body(jsonStream({ phones: await report() }), 200, { "content-type": "application/json" }),
  );
}
