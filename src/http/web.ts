import { Hono } from "hono";
import type { FileDesk } from "../provision/ports.ts";
import type { PhoneStatus } from "../provision/status.ts";
import type { Subnet } from "../wire/address.ts";
import { admitOnly, type Surroundings } from "./access.ts";
import { healthz } from "./healthz.ts";
import { phoneFiles } from "./phone-files.ts";
import { type FindGuided, phonePage } from "./phone-page.ts";
import { status } from "./status.ts";

export interface WebParts {
  readonly allow: readonly Subnet[];
  readonly desk: FileDesk;
  readonly report: () => Promise<readonly PhoneStatus[]>;
  readonly guided: FindGuided;
  readonly listening: () => Readonly<Record<string, boolean>>;
  readonly now: () => number;
  /** Told of what failed for a reason of our own; the client learns nothing of it. */
  readonly failed: (error: unknown) => void;
}

/** Everything that is served over HTTP, in the order in which paths are matched. */
export function web(parts: WebParts): Hono<Surroundings> {
  const app = new Hono<Surroundings>()
    .use(admitOnly(parts.allow))
    .route("/healthz", healthz(parts.listening))
    .route("/status", status(parts.report))
    .route("/phones", phonePage(parts.guided))
    .route("/", phoneFiles(parts.desk, parts.now));
  app.notFound((context) => context.text("not found\n", 404));
  app.onError((error, context) => {
    parts.failed(error);
    return context.text("the server has failed\n", 500);
  });
  return app;
}
