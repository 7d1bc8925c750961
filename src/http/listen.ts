import type { Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createAdaptorServer } from "@hono/node-server";

/** Where to listen: an address and a port (0: the system chooses), or the path of a unix socket. */
export type Listen = { readonly address: string; readonly port: number } | { readonly socketPath: string };

export interface Listening {
  /** The port that was taken; 0 for a unix socket. */
  readonly port: number;
  /** Takes no new request and ends what is under way. */
  stop(): Promise<void>;
}

interface Fetches {
  fetch(request: Request, env?: unknown): Response | Promise<Response>;
}

/** Connections at once, in all and of one address: a slow client must not keep the phones out (security.md S58). */
const MOST_CONNECTIONS = 1024;
const MOST_OF_ONE = 32;
/** Connections that wait to be accepted; one that finds no room is tried again by its client after a whole second. */
const BACKLOG = 4096;
/** Milliseconds without an octet in either direction; a phone may write its flash between two pieces of an image. */
const SILENCE = 300_000;

/**
 * Listens, and rejects with the system's error when that cannot be. Slow and idle clients are cut off, and so is whoever
 * `admits` does not know, before it has sent anything.
 */
export async function listenHttp(
  app: Fetches,
  listen: Listen,
  admits: (address: string) => boolean = () => true,
): Promise<Listening> {
  const server = createAdaptorServer({
    fetch: app.fetch as Parameters<typeof createAdaptorServer>[0]["fetch"],
    serverOptions: {
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 5_000,
      maxHeaderSize: 8192,
      // How often Node looks for those that are over their time; its own 30 s would triple the first of them.
      connectionsCheckingInterval: 1_000,
    },
  }) as Server;
  server.maxConnections = MOST_CONNECTIONS;
  server.timeout = SILENCE;
  if (!("socketPath" in listen)) limitConnections(server, admits);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    const ready = () => {
      server.off("error", reject);
      resolve();
    };
    if ("socketPath" in listen) server.listen(listen.socketPath, ready);
    else server.listen({ port: listen.port, host: listen.address, backlog: BACKLOG }, ready);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? (address as AddressInfo).port : 0,
    stop: () => stop(server),
  };
}

function limitConnections(server: Server, admits: (address: string) => boolean): void {
  const open = new Map<string, number>();
  server.on("connection", (socket: Socket) => {
    const address = (socket.remoteAddress ?? "").replace(/^::ffff:/i, "");
    const already = open.get(address) ?? 0;
    if (already >= MOST_OF_ONE || !admits(address)) {
      socket.destroy();
      return;
    }
    open.set(address, already + 1);
    socket.once("close", () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 2000).unref();
  });
}
