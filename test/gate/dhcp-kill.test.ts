import { spawnSync } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { ipv4ToOctets, macFromOctets } from "../../src/wire/address.ts";
import { decodeDhcp, encodeDhcp } from "../../src/wire/dhcp.ts";
import { MESSAGE, messageType, OPTION } from "../../src/wire/dhcp-options.ts";
import { discover, ip, message, stranger } from "../provision/dhcp-world.ts";
import { compare, compiledService, served } from "./dhcp-clients.ts";

const KILLS = Number(process.env.DHCP_KILLS ?? 200);
const POINTS = Number(process.env.DHCP_POINTS ?? 50);
const LOOPBACK = ip("127.0.0.1");
let service: ReturnType<typeof compiledService>;

beforeAll(() => {
  service = compiledService();
});
afterAll(() => service.remove());

/** Clients that ask one after the other, `width` of them at a time; what each was acknowledged goes into `acked`. */
function load(socket: Socket, port: number, width: number, first: number, acked: Map<Mac, Ipv4>): { stop(): number } {
  let next = first;
  let running = true;
  const begin = () => {
    if (running) socket.send(encodeDhcp(discover({ from: stranger(next++) })) as Uint8Array, port, "127.0.0.1");
  };
  const hear = (octets: Uint8Array) => {
    const reply = decodeDhcp(octets);
    const from = macFromOctets(reply.chaddr) as Mac;
    if (messageType(reply.options) === MESSAGE.ack) {
      acked.set(from, reply.yiaddr);
      begin();
    } else if (messageType(reply.options) === MESSAGE.offer && running) {
      const options = [
        [OPTION.serverId, ipv4ToOctets(LOOPBACK)],
        [OPTION.requestedAddress, ipv4ToOctets(reply.yiaddr)],
      ] as const;
      socket.send(encodeDhcp(message(MESSAGE.request, { from, options })) as Uint8Array, port, "127.0.0.1");
    }
  };
  socket.on("message", hear);
  for (let i = 0; i < width; i++) begin();
  return {
    stop: () => {
      running = false;
      socket.off("message", hear);
      return next;
    },
  };
}

describe("R20 R21 D160 D161 killed while it works", () => {
  test(`R20 D160 of ${KILLS} SIGKILLs under load none loses a lease that was acknowledged, or gives an address twice`, async () => {
    const database = join(service.folder, "killed.db");
    const acked = new Map<Mac, Ipv4>();
    let next = 1;
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    for (let n = 0; n < KILLS; n++) {
      const { child, port } = await served(service.built, database);
      const clients = load(socket, port, 16, next, acked);
      await new Promise((resolve) => setTimeout(resolve, 20 + ((n * 7919) % 150)));
      child.kill("SIGKILL");
      await once(child, "close");
      next = clients.stop() + 1;
      if (n % 20 === 19) await compare(database, acked);
    }
    socket.close();
    await compare(database, acked);
    console.log(`${KILLS} kills, ${acked.size} acknowledged leases, none lost`);
    expect(acked.size).toBeGreaterThan(KILLS);
  });

  test(`R21 D161 killed at the fsync itself, at ${POINTS} of them, what was acknowledged is stored`, async () => {
    expect(spawnSync("which", ["strace"]).status, "strace is missing: apt-get install strace").toBe(0);
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    let all = 0;
    for (let n = 0; n < POINTS; n++) {
      const database = join(service.folder, `point-${n}.db`);
      await (await openSqliteStore(database)).close();
      const inject = `inject=fsync,fdatasync:signal=KILL:when=${1 + n}`;
      const strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", inject];
      const started = await served(service.built, database, { through: strace }).catch(() => undefined);
      // Killed before it answered anybody: nothing was acknowledged.
      if (started === undefined) continue;
      const { child, port } = started;
      const acked = new Map<Mac, Ipv4>();
      const clients = load(socket, port, 4, 1, acked);
      await Promise.race([once(child, "close"), new Promise((resolve) => setTimeout(resolve, 4000))]);
      clients.stop();
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await once(child, "close");
      }
      await compare(database, acked);
      all += acked.size;
    }
    socket.close();
    console.log(`${POINTS} points, ${all} acknowledged leases, none lost`);
    expect(all).toBeGreaterThan(POINTS);
  });
});
