import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { jsonStream } from "./json-stream.ts";

/**
 * What an admin's command asks of a running server, by name. Each takes and gives plain JSON values. `more` are the
 * further parts of a request with a long list (see `longLists`).
 */
export type Operations = Readonly<Record<string, (input: unknown, more?: readonly unknown[]) => Promise<unknown>>>;

/** A failure as it crosses the socket: the receiver makes the same failure of it. */
export interface ToldFailure {
  readonly code: string;
  readonly exit: number;
  readonly findings: readonly { readonly where: string; readonly message: string; readonly remedy: string }[];
}

/** An inventory of 100,000 phones with every column takes half of it. */
const mostOctets = 64 * 1_048_576;

/** The media type of a request in several parts, each a line of JSON. */
const inLines = "application/x-ndjson";

/**
 * `POST /<operation>` on the control socket: a unix socket that only the admin's own user can open (mode 0600), and so the
 * whole of its access control. A browser cannot reach it.
 */
export function control(operations: Operations, told: (error: unknown) => ToldFailure): Hono {
  const onError = (context: Context) => context.json({ failed: tooLarge() }, 413);
  return new Hono().use(bodyLimit({ maxSize: mostOctets, onError })).post("/:operation", async (context) => {
    const name = context.req.param("operation");
    const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
    if (operation === undefined) return context.json({ failed: unknown(name) }, 404);
    try {
      const lines = context.req.header("content-type") === inLines;
      const [input, ...more] = lines ? await partsIn(context.req.raw.body) : [await context.req.json()];
      const done = (await operation(input, more)) ?? null;
      return context.body(jsonStream({ done }), 200, { "content-type": "application/json" });
    } catch (error) {
      return context.json({ failed: told(error) }, 409);
    }
  });
}

/** Each line is read as it arrives: one JSON text of a whole inventory would hold the event loop for half a second. */
async function partsIn(body: ReadableStream<Uint8Array> | null): Promise<readonly unknown[]> {
  const parts: unknown[] = [];
  const decoder = new TextDecoder();
  let begun = "";
  for await (const octets of body ?? []) {
    const [first = "", ...others] = decoder.decode(octets, { stream: true }).split("\n");
    begun += first;
    for (const next of others) {
      parts.push(JSON.parse(begun));
      begun = next;
    }
  }
  return [...parts, JSON.parse(begun)];
}

function tooLarge(): ToldFailure {
  const message = `it takes ${mostOctets} octets at once, and this is more`;
  const finding = { where: "the running server", message, remedy: "split the file, or stop the server meanwhile" };
  return { code: "E_CONTROL_REQUEST", exit: 1, findings: [finding] };
}

function unknown(name: string): ToldFailure {
  const remedy = "use the same version of provision for the command and the server";
  const finding = { where: "the running server", message: `it does not know ${JSON.stringify(name)}`, remedy };
  return { code: "E_CONTROL_UNKNOWN", exit: 1, findings: [finding] };
}
