import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { type Ipv4, ipv4ToOctets, type Mac, macFromOctets } from "../../src/wire/address.ts";
import { decodeDhcp, encodeDhcp } from "../../src/wire/dhcp.ts";
import { MESSAGE, messageType, OPTION } from "../../src/wire/dhcp-options.ts";
import { discover, ip, message, renewing } from "../provision/dhcp-world.ts";

const LOOPBACK = ip("127.0.0.1");

/** The service, compiled once for many starts. */
export function compiledService(): { readonly folder: string; readonly built: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "dhcp-gate-"));
  const built = join(folder, "built");
  execFileSync("npx", ["tsc", "-p", "tsconfig.build.json", "--outDir", built, "--noCheck"], { stdio: "pipe" });
  writeFileSync(join(folder, "package.json"), '{"type":"module","version":"0.0.0"}');
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  return { folder, built, remove: () => rmSync(folder, { recursive: true }) };
}

/** A service in a process of its own. */
export interface Served {
  readonly child: ChildProcess;
  readonly port: number;
  /** Octets that it would have logged so far. */
  logged(): number;
}

/** Starts the service, through the program `through` where given. Rejects with its complaint when it does not start. */
export async function served(
  built: string,
  database: string,
  { through = [], more = [] }: { readonly through?: readonly string[]; readonly more?: readonly string[] } = {},
): Promise<Served> {
  const words = [...through, process.execPath, resolve("test/gate/dhcp-served.mjs"), built, database, ...more];
  const child = spawn(words[0] as string, words.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
  let complaint = "";
  child.stderr?.on("data", (text) => {
    complaint += text;
  });
  const first = await Promise.race([once(child.stdout as NodeJS.ReadableStream, "data"), once(child, "close")]);
  const port = Number.parseInt(String(first[0]), 10);
  if (!(port > 0)) throw new Error(`the service did not start: ${complaint}`);
  let logged = 0;
  child.stdout?.on("data", (octets: Buffer) => {
    logged += octets.length;
  });
  return { child, port, logged: () => logged };
}

/** Every lease that was acknowledged is bound in the database, and no address is two clients'. */
export async function compare(database: string, acked: ReadonlyMap<Mac, Ipv4>): Promise<void> {
  const store = await openSqliteStore(database);
  const stored = new Map((await store.leases()).map((lease) => [lease.ip, lease]));
  await store.close();
  const lost = [...acked].filter(
    ([mac, address]) => stored.get(address)?.mac !== mac || stored.get(address)?.at !== "bound",
  );
  expect(lost).toEqual([]);
  expect(new Set(acked.values()).size).toBe(acked.size);
}

/** Clients behind one socket, told apart by their MAC. */
export interface Clients {
  readonly socket: Socket;
  /** The address that each was last acknowledged. */
  readonly acked: Map<Mac, Ipv4>;
  send(octets: Uint8Array): void;
  /** DISCOVER, and the REQUEST for what is offered: the address, or undefined when nothing came in `patience` ms. */
  dora(from: Mac, patience?: number): Promise<Ipv4 | undefined>;
  /** A REQUEST in RENEWING: whether it was acknowledged in `patience` ms. */
  renew(from: Mac, address: Ipv4, patience?: number): Promise<boolean>;
  close(): void;
}

/** Clients of the service at `port` of loopback. */
export async function clientsOf(port: number): Promise<Clients> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const acked = new Map<Mac, Ipv4>();
  const waiting = new Map<Mac, (address: Ipv4 | undefined) => void>();
  const send = (octets: Uint8Array) => socket.send(octets, port, "127.0.0.1");
  socket.on("message", (octets) => {
    const reply = decodeDhcp(octets);
    const from = macFromOctets(reply.chaddr) as Mac;
    const type = messageType(reply.options);
    if (type === MESSAGE.ack) {
      acked.set(from, reply.yiaddr);
      waiting.get(from)?.(reply.yiaddr);
    } else if (type === MESSAGE.nak) waiting.get(from)?.(undefined);
    else if (type === MESSAGE.offer && waiting.has(from)) {
      const options = [
        [OPTION.serverId, ipv4ToOctets(LOOPBACK)],
        [OPTION.requestedAddress, ipv4ToOctets(reply.yiaddr)],
      ] as const;
      send(encodeDhcp(message(MESSAGE.request, { from, options })) as Uint8Array);
    }
  });
  const answer = (from: Mac, octets: Uint8Array, patience: number) =>
    new Promise<Ipv4 | undefined>((settle) => {
      const end = (address: Ipv4 | undefined) => {
        clearTimeout(timer);
        waiting.delete(from);
        settle(address);
      };
      const timer = setTimeout(end, patience, undefined);
      waiting.set(from, end);
      send(octets);
    });
  return {
    socket,
    acked,
    send,
    dora: (from, patience = 1000) => answer(from, encodeDhcp(discover({ from })) as Uint8Array, patience),
    renew: async (from, address, patience = 1000) =>
      (await answer(from, encodeDhcp(renewing(address, { from })) as Uint8Array, patience)) === address,
    close: () => socket.close(),
  };
}
