import { request } from "node:http";
import { connect } from "node:net";
import { join, relative } from "node:path";
import { longLists } from "../http/control-requests.ts";
import { failure, systemCode } from "./failure.ts";
import { type Told, untold } from "./told.ts";

/** The control socket of the server that works on this data folder. */
export function controlSocketOf(data: string): string {
  return join(data, "control.sock");
}

/** sun_path holds 108 octets with the NUL (unix(7)); from the working directory the name may be shorter. */
const longestSocketPath = 107;

/**
 * The spelling of a socket's path that the system takes. Throws `E_CONTROL_PATH` when there is none.
 */
export function usableSocketPath(path: string, cwd = process.cwd()): string {
  const spellings = [path, relative(cwd, path)];
  const usable = spellings.find((one) => one !== "" && Buffer.byteLength(one) <= longestSocketPath);
  if (usable !== undefined) return usable;
  throw failure("E_CONTROL_PATH", 2, {
    where: path,
    message: `a socket's path may have ${longestSocketPath} octets, and this one has ${Buffer.byteLength(path)}`,
    remedy: "choose a shorter data folder in provision.yaml (data: …)",
  });
}

/** One operation of the running server. */
export type Ask = (operation: string, input: unknown) => Promise<unknown>;

/** A way to the server that works on this data folder, or undefined where none runs. */
export async function findServer(data: string): Promise<Ask | undefined> {
  const socketPath = usableSocketPath(controlSocketOf(data));
  try {
    await reach(socketPath);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ENOTDIR") return undefined;
    if (code !== undefined) throw unreachable(socketPath, code, error);
    throw error;
  }
  return (operation, input) => post(socketPath, operation, input);
}

function reach(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path }, () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", reject);
  });
}

function unreachable(socketPath: string, code: string, cause: unknown): Error {
  const finding = {
    where: socketPath,
    message: `the server's control socket cannot be used (${code})`,
    remedy: code === "EACCES" ? "run the command as the user that the server runs as" : "restart the server",
  };
  return failure("E_CONTROL_UNREACHABLE", 1, finding, cause);
}

function post(socketPath: string, operation: string, input: unknown): Promise<unknown> {
  const parts = partsOf(operation, input);
  const body = parts.map((part) => JSON.stringify(part)).join("\n");
  const type = parts.length === 1 ? "application/json" : "application/x-ndjson";
  return new Promise((resolve, reject) => {
    const headers = { "content-type": type, "content-length": Buffer.byteLength(body) };
    const call = request({ socketPath, path: `/${operation}`, method: "POST", headers }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      answer.on("error", reject);
      answer.on("end", () => {
        try {
          resolve(answered(Buffer.concat(pieces).toString("utf8")));
        } catch (error) {
          reject(error);
        }
      });
    });
    call.on("error", reject);
    call.end(body);
  });
}

/** Phones in one part of a request: their JSON is read and checked in some milliseconds. */
const partLength = 50;

function partsOf(operation: string, input: unknown): readonly unknown[] {
  const name = longLists[operation] ?? "";
  const list = (input as { readonly [name: string]: unknown })[name];
  if (!Array.isArray(list) || list.length <= partLength) return [input];
  return Array.from({ length: Math.ceil(list.length / partLength) }, (_, i) => ({
    ...(input as object),
    [name]: list.slice(i * partLength, (i + 1) * partLength),
  }));
}

function answered(text: string): unknown {
  const answer = JSON.parse(text) as { done?: unknown; failed?: Told };
  if (answer.failed !== undefined) throw untold(answer.failed);
  return answer.done;
}
