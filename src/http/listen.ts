import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
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

/** Listens, and rejects with the system's error when that cannot be. Slow and idle clients are cut off. */
export async function listenHttp(app: Fetches, listen: Listen): Promise<Listening> {
  const server = createAdaptorServer({
    fetch: app.fetch as Parameters<typeof createAdaptorServer>[0]["fetch"],
    serverOptions: { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000, maxHeaderSize: 8192 },
  }) as Server;
  server.maxConnections = 1024;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    const ready = () => {
      server.off("error", reject);
      resolve();
    };
    if ("socketPath" in listen) server.listen(listen.socketPath, ready);
    else server.listen(listen.port, listen.address, ready);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? (address as AddressInfo).port : 0,
    stop: () => stop(server),
  };
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 2000).unref();
  });
}
