import type { HttpBindings } from "@hono/node-server";
import type { MiddlewareHandler } from "hono";
import { type Ipv4, inSubnet, parseIpv4, type Subnet } from "../wire/address.ts";

/** What a resource knows of a request beside the request itself. */
export type Surroundings = { Bindings: HttpBindings; Variables: { ip: Ipv4 } };

/** Ends the connection of everyone outside `allow` without a word, as the other listeners do. */
export function admitOnly(allow: readonly Subnet[]): MiddlewareHandler<Surroundings> {
  return async (context, next) => {
    const { socket } = context.env.incoming;
    const ip = parseIpv4((socket.remoteAddress ?? "").replace(/^::ffff:/i, ""));
    if (ip === undefined || !allow.some((subnet) => inSubnet(ip, subnet))) {
      socket.destroy();
      return context.body(null, 403);
    }
    context.set("ip", ip);
    context.header("X-Content-Type-Options", "nosniff");
    context.header("Cache-Control", "no-store");
    await next();
  };
}
