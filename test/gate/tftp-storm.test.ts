import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from "vitest";
import type { TftpCounters } from "../../src/net/tftp-events.ts";
import { compiled } from "../compiled.ts";
import { fetchFile, pattern, rrq } from "../net/tftp-wire.ts";

// Needs gcc (apt-get install gcc libc6-dev) and strace.

let folder: string;
let load: string;
let service: ReturnType<typeof compiled>;
let child: ChildProcess | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tftp-storm-"));
  load = join(folder, "load");
  execFileSync("gcc", ["-O2", "-o", load, resolve("test/bench/tftp/load.c")]);
  service = compiled(join(import.meta.dirname, "tftp-served.process.ts"));
});
afterEach(() => child?.kill("SIGKILL"));
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(service.folder, { recursive: true });
});

interface Use {
  readonly rss: number;
  readonly heap: number;
  readonly descriptors: number;
  readonly counters: TftpCounters;
}

/** Files of these sizes in a folder of their own, and the service over it, started through `through` where given. */
async function serving(
  sizes: Readonly<Record<string, number>>,
  through: (root: string) => readonly string[] = () => [],
) {
  const root = mkdtempSync(join(folder, "root-"));
  for (const [name, size] of Object.entries(sizes)) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), pattern(Math.min(size, 2 ** 20)));
    truncateSync(join(root, name), size);
  }
  const words = [...through(root), process.execPath, service.script, root];
  child = spawn(words[0] as string, words.slice(1), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const served = child;
  const [{ port }] = (await once(served, "message")) as [{ port: number }];
  return {
    port,
    async use(): Promise<Use> {
      served.send("use");
      return ((await once(served, "message")) as [Use])[0];
    },
    /** A building of phones that fetch these files, all from the same instant. */
    async fetch(phones: number, names: readonly string[], loss = 0): Promise<Storm> {
      const args = ["fetch", port, phones, 0, 0, loss, 7, ...names.map((name) => join(root, name))].map(String);
      return JSON.parse((await promisify(execFile)(load, args)).stdout) as Storm;
    },
  };
}

interface Storm {
  readonly seconds: number;
  readonly median: number;
  readonly failed: number;
  readonly wrong: number;
  readonly data: number;
  readonly needed: number;
  readonly lostData: number;
  readonly lostAck: number;
}

/** Datagrams that the kernel has dropped for want of room, on all sockets of this machine. */
function dropped(): number {
  const [names = "", values = ""] = readFileSync("/proc/net/snmp", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("Udp:"));
  return Number(values.split(" ")[names.split(" ").indexOf("RcvbufErrors")]);
}

it("R12 5,000 requests in the same instant: the kernel drops no more than one in a thousand, all are done in 15 s", async () => {
  const { fetch } = await serving({ "OS79XX.TXT": 31, "SIPDefault.cnf": 1914 });
  const before = dropped();
  const storm = await fetch(5000, ["OS79XX.TXT", "SIPDefault.cnf"]);
  const lost = dropped() - before;
  console.log(`R12: 5,000 phones in ${storm.seconds.toFixed(2)} s, ${lost} datagrams dropped of ${2 * storm.needed}`);
  expect(storm).toMatchObject({ failed: 0, wrong: 0 });
  expect(lost).toBeLessThanOrEqual((2 * storm.needed) / 1000);
  expect(storm.seconds).toBeLessThan(15);
});

it.each([0, 0.02])(
  "R11 500 phones take an image of 8 MB at a loss of %d: all alike, none much later than the others",
  async (loss) => {
    const { fetch, use } = await serving({ "image.bin": 8_000_000 });
    const storm = await fetch(500, ["image.bin"], loss);
    const forced = storm.needed + storm.lostData + storm.lostAck;
    const { rss } = await use();
    console.log(
      `R11 loss ${loss * 100} %: ${storm.seconds.toFixed(1)} s, slowest / median ${(storm.seconds / storm.median).toFixed(2)}, ` +
        `${(storm.data / forced).toFixed(3)} of the DATA that the loss forces, ${(rss / 1e6).toFixed(0)} MB`,
    );
    expect(storm).toMatchObject({ failed: 0, wrong: 0 });
    expect(storm.seconds / storm.median).toBeLessThanOrEqual(1.5);
    expect(storm.data / forced).toBeLessThanOrEqual(1.3);
  },
);

it("R66 a million transfers, 250 boots of a building, leave no memory and no socket", async () => {
  const sizes = { "OS79XX.TXT": 31, "XMLDefault.cnf.xml": 1500, "SIPDefault.cnf": 1914, "dialplan.xml": 2500 };
  const { fetch, use } = await serving(sizes);
  const boots = async (count: number) => {
    for (let boot = 0; boot < count; boot++) {
      expect(await fetch(1000, Object.keys(sizes))).toMatchObject({ failed: 0, wrong: 0 });
    }
    return use();
  };
  const before = await boots(50);
  const after = await boots(250);
  const [held, resident] = [(after.heap - before.heap) / 2 ** 20, (after.rss - before.rss) / 2 ** 20];
  console.log(
    `R66: ${after.counters.done} transfers; the last million left ${held.toFixed(1)} MiB on the heap, RSS ${(before.rss / 2 ** 20).toFixed(0)} MiB ` +
      `and ${resident.toFixed(1)} more, descriptors ${after.descriptors - before.descriptors} more`,
  );
  expect(after.counters).toMatchObject({ done: 1_200_000, live: 0 });
  expect(after.descriptors).toBe(before.descriptors);
  expect(held).toBeLessThan(1);
  // What the allocator keeps of the pages of a storm.
  expect(resident).toBeLessThan(32);
});

it("R06 64 requests below a mount that does not answer slow nobody else down by more than 5 %", async () => {
  const dead = (root: string) => {
    const mount = join(root, "nfs");
    execFileSync("mount", ["-t", "tmpfs", "none", mount]);
    onTestFinished(() => void execFileSync("umount", ["-l", mount]));
    // The kernel's answer to whatever names this folder is two minutes late: what a server of NFS does that is gone.
    const late = ["-e", "trace=file", "-e", "inject=file:delay_enter=120s"];
    return ["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-P", mount, ...late];
  };
  const { fetch, port } = await serving({ "SIPDefault.cnf": 1914, "image.bin": 131_500, "nfs/x": 1 }, dead);
  const socket = createSocket("udp4");
  const quick: number[] = [];
  const beside: number[] = [];
  await fetch(200, ["SIPDefault.cnf", "image.bin"]);
  for (let round = 0; round < 9; round++) quick.push((await fetch(200, ["SIPDefault.cnf", "image.bin"])).seconds);
  for (let n = 0; n < 64; n++) {
    socket.send(rrq(`nfs/file-${n}`), port, "127.0.0.1");
    await new Promise((later) => setTimeout(later, 1));
  }
  for (let round = 0; round < 9; round++) {
    const storm = await fetch(200, ["SIPDefault.cnf", "image.bin"]);
    expect(storm).toMatchObject({ failed: 0, wrong: 0 });
    beside.push(storm.seconds);
    for (let n = 0; n < 64; n++) socket.send(rrq(`nfs/file-${n}`), port, "127.0.0.1");
  }
  socket.close();
  const ratio = Math.min(...beside) / Math.min(...quick);
  console.log(`R06: 200 phones in ${Math.min(...quick).toFixed(3)} s, beside a dead mount ${ratio.toFixed(3)} of that`);
  expect(ratio).toBeLessThanOrEqual(1.05);
});

it("R02 a million random datagrams at 20,000 a second: every canary is right and quick, and nothing is left behind", async () => {
  const { port, use } = await serving({ canary: 1_300 });
  const canary = pattern(1_300);
  const senders = Array.from({ length: 8 }, () => createSocket("udp4"));
  let state = 42;
  const dice = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const seeds = [
    rrq("canary"),
    rrq("x", { blksize: 1428, tsize: 0 }),
    Uint8Array.of(0, 4, 0, 1),
    Uint8Array.of(0, 5, 0, 0, 65, 0),
  ];
  const random = () => {
    const octets = Uint8Array.from(
      dice() < 0.5 ? (seeds[Math.floor(dice() * seeds.length)] as Uint8Array) : { length: Math.floor(dice() * 300) },
    );
    for (let k = Math.floor(dice() * 6); k > 0 && octets.length > 0; k--)
      octets[Math.floor(dice() * octets.length)] = dice() * 256;
    return octets;
  };
  for (let n = 0; n < 200_000; n++) {
    if (n % 1000 === 0) await new Promise((later) => setTimeout(later, 20));
    senders[n % 8]?.send(random(), port, "127.0.0.1");
  }
  await new Promise((later) => setTimeout(later, 30_000));
  const before = await use();
  const times: number[] = [];
  const began = performance.now();
  for (let sent = 0; sent < 1_000_000; sent += 1000) {
    for (let n = 0; n < 1000; n++) {
      if (n % 100 === 0) await new Promise((later) => setTimeout(later, 3));
      senders[n % 8]?.send(random(), port, "127.0.0.1");
    }
    const asked = performance.now();
    const { octets } = await fetchFile(port, "canary");
    times.push(performance.now() - asked);
    expect(Buffer.compare(octets, canary)).toBe(0);
  }
  const rate = 1_000_000 / ((performance.now() - began) / 1000);
  for (const sender of senders) sender.close();
  await new Promise((later) => setTimeout(later, 30_000));
  const after = await use();
  times.sort((a, b) => a - b);
  const p99 = times[Math.floor(times.length * 0.99)] as number;
  console.log(
    `R02: ${rate.toFixed(0)} a second, canary p99 ${p99.toFixed(1)} ms, RSS ${((after.rss - before.rss) / 2 ** 20).toFixed(1)} MiB more, ` +
      `descriptors ${after.descriptors - before.descriptors} more, ${after.counters.live} live`,
  );
  expect(rate).toBeGreaterThanOrEqual(20_000);
  expect(p99).toBeLessThanOrEqual(50);
  expect(after.counters.live).toBe(0);
  expect(after.descriptors).toBe(before.descriptors);
  expect(after.rss - before.rss).toBeLessThan(32 * 2 ** 20);
});
