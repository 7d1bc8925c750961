import { Hono } from "hono";
import type { FileDesk, FileRequest, Image } from "../provision/ports.ts";
import { normalizeName } from "../wire/file-name.ts";
import type { Surroundings } from "./access.ts";

/** Of an encoded path: three characters for each octet of the longest name. */
const longestPath = 1024;
const pieceOctets = 65_536;

/**
 * Phone files over HTTP: `GET` or `HEAD` of any path asks the same desk as TFTP does, with the path decoded once. Whatever
 * is refused is a 404, so that nobody learns which names exist.
 */
export function phoneFiles(desk: FileDesk, now: () => number): Hono<Surroundings> {
  return new Hono<Surroundings>().on(["GET", "HEAD"], "/*", async (context) => {
    const filename = nameIn(context.env.incoming.url ?? "");
    if (filename === undefined) return context.notFound();
    const userAgent = context.req.header("user-agent");
    const request: FileRequest = {
      by: "http",
      ip: context.get("ip"),
      filename,
      at: now(),
      ...(userAgent === undefined ? {} : { userAgent }),
    };
    const file = await desk.answer(request);
    if (file.is === "refused") return context.notFound();
    const image = file.is === "image" ? file.image : imageOf(file.name, file.octets);
    const type = file.is === "rendered" ? file.contentType : "application/octet-stream";
    context.header("Content-Type", type);
    context.header("Accept-Ranges", "bytes");
    const part = rangeOf(context.req.header("range"), image.size);
    if (part === "unsatisfiable") {
      await image.close();
      context.header("Content-Range", `bytes */${image.size}`);
      return context.body(null, 416);
    }
    const { first, length } = part ?? { first: 0, length: image.size };
    context.header("Content-Length", String(length));
    if (part !== undefined) context.header("Content-Range", `bytes ${first}-${first + length - 1}/${image.size}`);
    if (context.req.method === "HEAD") {
      await image.close();
      return context.body(null, 200);
    }
    const { outgoing } = context.env;
    const whole = part === undefined || length === image.size;
    outgoing.once("close", () => desk.delivered(request, whole && outgoing.writableFinished ? "whole" : "broken-off"));
    return context.body(octetsOf(image, first, length), part === undefined ? 200 : 206);
  });
}

/**
 * The name that a request's target asks for, decoded once (what is still encoded afterwards belongs to the name) and read
 * as TFTP reads it, so that no spelling gives another answer here than there (security.md S22). Undefined for what cannot
 * be a name, such as a broken escape, a control character or a way out of the folder.
 */
export function nameIn(target: string): string | undefined {
  const path = target.replace(/[?#].*$/s, "");
  if (!path.startsWith("/") || path.length > longestPath) return undefined;
  try {
    const named = normalizeName(Buffer.from(decodeURIComponent(path)).toString("latin1"));
    return named.is === "name" ? named.name : undefined;
  } catch {
    return undefined;
  }
}

type Part = { readonly first: number; readonly length: number };

/** One range (RFC 9110 §14.1.2); several at once, and units that are not octets, are answered with the whole file. */
export function rangeOf(header: string | undefined, size: number): Part | "unsatisfiable" | undefined {
  const parts = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/.exec(header ?? "");
  if (parts === null || (parts[1] === "" && parts[2] === "")) return undefined;
  const [, from = "", to = ""] = parts;
  if (from === "") {
    const length = Math.min(Number(to), size);
    return length === 0 ? "unsatisfiable" : { first: size - length, length };
  }
  const first = Number(from);
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < first) return undefined;
  return first >= size ? "unsatisfiable" : { first, length: last - first + 1 };
}

function imageOf(name: string, octets: Uint8Array): Image {
  return {
    name,
    size: octets.length,
    key: name,
    read: async (offset, length) => octets.subarray(offset, offset + length),
    close: async () => undefined,
  };
}

/** Reads as the client takes: a slow phone holds one piece, not the image. */
function octetsOf(image: Image, first: number, length: number): ReadableStream<Uint8Array> {
  let at = first;
  const end = first + length;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const octets = at < end ? await image.read(at, Math.min(pieceOctets, end - at)) : undefined;
          if (octets !== undefined && octets.length === 0) throw new Error(`${image.name} ended at octet ${at}`);
          at += octets?.length ?? 0;
          if (octets !== undefined) controller.enqueue(octets);
          if (at < end) return;
          await image.close();
          controller.close();
        } catch (error) {
          await image.close();
          controller.error(error);
        }
      },
      cancel: () => image.close(),
    },
    { highWaterMark: 0 },
  );
}
