import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { requirePrograms } from "./dhcp-network.ts";

/** Two hosts on one wire, each in a network namespace of its own; nothing in them reaches anything else. */
export interface Wire {
  readonly server: Host;
  readonly client: Host;
  /** Ends what still runs in the namespaces and takes them down. */
  down(): void;
}

export interface Host {
  readonly address: string;
  /** Runs a command to its end, at most `seconds`; throws with what it printed where it fails. */
  run(command: readonly string[], cwd: string, seconds?: number): string;
  /** Runs a command to its end whatever comes of it. */
  attempt(
    command: readonly string[],
    cwd: string,
    seconds?: number,
  ): { readonly status: number; readonly printed: string };
  /** Starts a command that goes on. */
  begin(command: readonly string[], cwd: string): ChildProcess;
}

/**
 * A wire between namespaces whose names begin with `prefix`, 10.77.0.1 the server and 10.77.0.2 the client with
 * `clientMac`. Fails, with the remedy, for anyone but root and where one of `programs` (name to package) is missing.
 */
export function createWire(prefix: string, clientMac: string, programs: Readonly<Record<string, string>>): Wire {
  requirePrograms({ ip: "iproute2", ...programs });
  const names = [`${prefix}-srv`, `${prefix}-cli`] as const;
  takeDown(names);
  const ip = (...words: string[]) => execFileSync("ip", words, { stdio: ["ignore", "ignore", "pipe"] });
  for (const name of names) {
    ip("netns", "add", name);
    ip("-n", name, "link", "set", "lo", "up");
  }
  const [server, client] = names;
  ip("link", "add", "eth0", "netns", server, "type", "veth", "peer", "name", "eth0", "netns", client);
  ip("-n", client, "link", "set", "eth0", "address", clientMac);
  for (const [name, address] of [
    [server, "10.77.0.1/24"],
    [client, "10.77.0.2/24"],
  ] as const) {
    ip("-n", name, "addr", "add", address, "dev", "eth0");
    ip("-n", name, "link", "set", "eth0", "up");
  }
  return { server: hostIn(server, "10.77.0.1"), client: hostIn(client, "10.77.0.2"), down: () => takeDown(names) };
}

function hostIn(namespace: string, address: string): Host {
  const inside = (command: readonly string[]) => ["netns", "exec", namespace, ...command];
  const attempt: Host["attempt"] = (command, cwd, seconds = 30) => {
    const done = spawnSync("ip", inside(command), {
      cwd,
      encoding: "utf8",
      timeout: seconds * 1000,
      killSignal: "SIGKILL",
    });
    return { status: done.status ?? -1, printed: `${done.stdout}${done.stderr}` };
  };
  return {
    address,
    attempt,
    run(command, cwd, seconds) {
      const { status, printed } = attempt(command, cwd, seconds);
      if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}: ${printed}`);
      return printed;
    },
    begin: (command, cwd) => spawn("ip", inside(command), { cwd, stdio: ["ignore", "pipe", "pipe"] }),
  };
}

function takeDown(names: readonly string[]): void {
  const there = new Set(execFileSync("ip", ["netns", "list"], { encoding: "utf8" }).split(/\s+/));
  for (const name of names.filter((one) => there.has(one))) {
    const { stdout } = spawnSync("ip", ["netns", "pids", name], { encoding: "utf8" });
    for (const pid of stdout.split("\n").filter(Boolean)) spawnSync("kill", ["-9", pid]);
    execFileSync("ip", ["netns", "del", name]);
  }
}

/** The package as `npm pack` would lay it out, compiled from the sources as they are now: `main` runs the commands. */
export function installedPackage(): { readonly main: string; readonly folder: string; close(): void } {
  const folder = mkdtempSync(join(tmpdir(), "provision-interop-"));
  for (const part of ["templates", "firmware-manifests", "examples", "package.json"]) {
    cpSync(resolve(part), join(folder, part), { recursive: true });
  }
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  mkdirSync(join(folder, "dist"));
  execFileSync("npx", ["tsc", "-p", "tsconfig.build.json", "--outDir", join(folder, "dist"), "--noCheck"], {
    stdio: "pipe",
  });
  return { main: join(folder, "dist/main.js"), folder, close: () => rmSync(folder, { recursive: true }) };
}

/** A running `provision serve`. */
export interface Serving {
  /** What it has logged so far. */
  log(): string;
  /** Asks it to end by SIGTERM; resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** Starts `provision serve` on a host, in the folder of its provision.yaml, and waits until its ports are open. */
export async function serveOn(host: Host, main: string, cwd: string): Promise<Serving> {
  const child = host.begin([process.execPath, main, "serve"], cwd);
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let log = "";
  await new Promise<void>((ready, failed) => {
    child.stderr?.on("data", (text) => {
      log += text;
      if (log.includes("server.started")) ready();
    });
    child.once("exit", (code) => failed(new Error(`serve ended with ${code}: ${log}`)));
  });
  return {
    log: () => log,
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}
