import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { runCommandLine } from "../../src/cli/command-line.ts";
import { packageOf } from "../../src/sim/cisco-7940/packages.ts";

/** What a command line left behind. */
export interface Played {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
  /** Standard output read as the one JSON document that `--json` promises. */
  json(): unknown;
}

/** A folder to stand in, with a configuration for loopback where `configured`. */
export function createHome(configured = true): string {
  const home = mkdtempSync(join(tmpdir(), "provision-cli-"));
  if (!configured) return home;
  mkdirSync(join(home, "tftpboot"));
  writeFileSync(
    join(home, "provision.yaml"),
    `site:
  serverAddress: 127.0.0.1
  sip: { proxy: 127.0.0.1 }
  sccp: { callManagers: [127.0.0.1] }
tftp: { listen: 127.0.0.1, port: 0 }
http: { listen: 127.0.0.1, port: 0 }
access: { allow: [127.0.0.0/8] }
`,
  );
  return home;
}

/** Runs one command line as `main.ts` does. `signal` asks a command that goes on to end, once the promise resolves. */
export async function play(
  cwd: string,
  words: string,
  more: { environment?: Record<string, string>; signal?: Promise<string>; answers?: string; tty?: boolean } = {},
): Promise<Played> {
  const [out, err, input] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const printed = { out: "", err: "" };
  out.on("data", (text) => (printed.out += text));
  err.on("data", (text) => (printed.err += text));
  if (more.answers !== undefined) input.end(more.answers);
  const exit = await runCommandLine({
    argv: split(words),
    environment: more.environment ?? {},
    cwd,
    in: Object.assign(input, { isTTY: more.answers !== undefined }),
    out,
    err: Object.assign(err, { isTTY: more.tty ?? false, columns: 100 }),
    onSignal: (end) => void more.signal?.then(end),
  });
  await new Promise((resolve) => setImmediate(resolve));
  return { exit, ...printed, json: () => JSON.parse(printed.out) };
}

/** Lays out the synthetic packages of these loads, a folder for each, and returns where. */
export function layOut(home: string, loads: readonly string[]): string {
  const folder = join(home, "packages");
  for (const load of loads) {
    mkdirSync(join(folder, load), { recursive: true });
    for (const { name, octets } of packageOf(load)) writeFileSync(join(folder, load, name), octets);
  }
  return folder;
}

/** Words as a shell would split them, with double quotes alone. */
function split(words: string): readonly string[] {
  return [...words.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
}
