import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, copyFileSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DHCP_DEFAULTS } from "../../src/dhcp/settings.ts";
import { startDhcp } from "../../src/net/dhcp-listener.ts";
import { createDhcpDesk } from "../../src/provision/answer-dhcp.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { encodeDhcp } from "../../src/wire/dhcp.ts";
import { declining, discover, ip, net, stranger } from "../provision/dhcp-world.ts";
import { type Clients, clientsOf, compare, compiledService, type Served, served } from "./dhcp-clients.ts";

// Needs strace and, for a disk that is full for a minute, root (a mount of its own).

const POINTS = Number(process.env.DHCP_FULL_POINTS ?? 100);
const FULL = Number(process.env.DHCP_FULL_SECONDS ?? 60);
const FLOOD = Number(process.env.DHCP_FLOOD_SECONDS ?? 60);
const JUMPS = Number(process.env.DHCP_JUMPS ?? 200);

let service: ReturnType<typeof compiledService>;
beforeAll(() => {
  service = compiledService();
});
afterAll(() => service.remove());

const pause = (ms: number) => new Promise<void>((later) => setTimeout(later, ms));

/** New clients, `width` at a time, until told to end; who hears nothing is followed by the next. */
function newcomers(clients: Clients, first: number, width: number): { end(): Promise<void> } {
  let next = first;
  let running = true;
  const one = async () => {
    while (running) await clients.dora(stranger(next++), 300);
  };
  const all = Promise.all(Array.from({ length: width }, one));
  return {
    async end() {
      running = false;
      await all;
    },
  };
}

async function kill({ child }: Served): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "close");
}

describe("R23 a disk that is full", () => {
  test.each(["ENOSPC", "EDQUOT", "EIO"])(
    `at ${POINTS} writes: %s costs nobody a lease that was acknowledged`,
    async (error) => {
      expect(spawnSync("which", ["strace"]).status, "strace is missing: apt-get install strace").toBe(0);
      const database = join(service.folder, `${error}.db`);
      await (await openSqliteStore(database)).close();
      const trace = join(service.folder, `${error}.trace`);
      // -D: the process that is killed in the end is the service, not strace.
      const inject = `inject=pwrite64:error=${error}:when=40+23`;
      const through = ["strace", "-D", "-f", "-qq", "-o", trace, "-e", "trace=pwrite64", "-e", inject];
      const running = await served(service.built, database, { through });
      const clients = await clientsOf(running.port);
      const points = () => readFileSync(trace, "utf8").split("(INJECTED)").length - 1;
      const load = newcomers(clients, 1, 16);
      for (let second = 0; points() < POINTS && second < 120; second++) await pause(1000);
      await load.end();
      const met = points();
      expect([running.child.exitCode, running.child.signalCode]).toEqual([null, null]);
      await kill(running);
      clients.close();
      console.log(`R23 ${error}: ${met} writes failed, ${clients.acked.size} acknowledged leases, none lost`);
      expect(met).toBeGreaterThanOrEqual(POINTS);
      expect(clients.acked.size).toBeGreaterThan(POINTS);
      await compare(database, clients.acked);
    },
  );

  test("R24 a sync that fails, at 20 of them: nothing is acknowledged from then on, and what was is stored", async () => {
    let all = 0;
    for (let point = 1; point <= 20; point++) {
      const database = join(service.folder, `unsynced-${point}.db`);
      await (await openSqliteStore(database)).close();
      const trace = join(service.folder, "unsynced.trace");
      // strace counts for each thread, so there is one; -P: the write-ahead log alone, which each commit waits for.
      const inject = `inject=fdatasync:error=EIO:when=${point}+`;
      const through = [
        "env",
        "UV_THREADPOOL_SIZE=1",
        "strace",
        "-D",
        "-f",
        "-qq",
        "-o",
        trace,
        "-P",
        `${database}-wal`,
        "-e",
        "trace=fdatasync",
        "-e",
        inject,
      ];
      const running = await served(service.built, database, { through });
      const clients = await clientsOf(running.port);
      for (let n = 1; n <= point + 1; n++) await clients.dora(stranger(n), 500);
      const failed = readFileSync(trace, "utf8").includes("(INJECTED)");
      const before = clients.acked.size;
      for (let n = 31; n <= 33; n++) expect(await clients.dora(stranger(n), 200)).toBeUndefined();
      await kill(running);
      clients.close();
      expect([failed, clients.acked.size]).toEqual([true, before]);
      await compare(database, clients.acked);
      all += before;
    }
    console.log(`R24: 20 syncs failed, ${all} leases acknowledged before, none lost, none after`);
    expect(all).toBeGreaterThan(20);
  });

  test(`for ${FULL} s: who has an address keeps it, nobody is promised what is not stored, and it recovers in 5 s`, async () => {
    expect(process.getuid?.(), "needs root: a mount of its own").toBe(0);
    const disk = join(service.folder, "disk");
    mkdirSync(disk);
    const mounted = `mount -t tmpfs -o size=3m tmpfs ${disk} && exec "$0" "$@"`;
    const running = await served(service.built, join(disk, "leases.db"), {
      through: ["unshare", "--mount", "sh", "-c", mounted],
    });
    const inside = join(`/proc/${running.child.pid}/root`, disk);
    const open = openSync(inside, "r");
    const clients = await clientsOf(running.port);
    for (let n = 1; n <= 50; n++) expect(await clients.dora(stranger(n))).toBeDefined();
    const known = [...clients.acked];

    const filler = openSync(join(inside, "filler"), "w");
    const fill = () => {
      try {
        for (let megabytes = 0; megabytes < 8; megabytes++) writeSync(filler, new Uint8Array(1 << 20));
      } catch {}
      try {
        for (let more = 0; more < 4096; more++) writeSync(filler, new Uint8Array(256));
      } catch {}
    };
    fill();
    const load = newcomers(clients, 1000, 8);
    let kept = 0;
    let asked = 0;
    for (const until = performance.now() + FULL * 1000; performance.now() < until; ) {
      fill();
      for (const [mac, address] of known) {
        asked++;
        if (await clients.renew(mac, address)) kept++;
      }
      await pause(1000);
    }
    await load.end();
    const during = clients.acked.size - known.length;

    closeSync(filler);
    rmSync(join(inside, "filler"));
    const freed = performance.now();
    let newcomer: Ipv4 | undefined;
    for (let n = 0; newcomer === undefined && n < 100; n++) newcomer = await clients.dora(stranger(900_000 + n), 200);
    const recovered = (performance.now() - freed) / 1000;
    await kill(running);
    clients.close();
    const after = join(service.folder, "after-full");
    mkdirSync(after);
    const left = `/proc/self/fd/${open}`;
    for (const name of readdirSync(left)) copyFileSync(join(left, name), join(after, name));
    closeSync(open);
    console.log(
      `R23 full for ${FULL} s: ${kept} of ${asked} renewals acknowledged, ${during} new leases, all stored; served again after ${recovered.toFixed(1)} s`,
    );
    expect(kept).toBe(asked);
    expect(newcomer).toBeDefined();
    expect(recovered).toBeLessThanOrEqual(5);
    await compare(join(after, "leases.db"), clients.acked);
  });
});

test(`R16 D150 D154 100,000 newcomers a minute for ${FLOOD} s: who has an address keeps it, reserved ones are free, the log stays short`, async () => {
  const reserved = Array.from({ length: 10 }, (_, n) => ({ mac: stranger(500 + n), ip: `127.1.0.${1 + n}` }));
  const running = await served(service.built, join(service.folder, "flooded.db"), {
    more: ["127.1.0.250", JSON.stringify(reserved)],
  });
  const phones = await clientsOf(running.port);
  const thief = await clientsOf(running.port);
  for (let n = 1; n <= 200; n++) expect(await phones.dora(stranger(n))).toBeDefined();
  const bound = [...phones.acked];

  let thieves = 0;
  const began = performance.now();
  const until = began + FLOOD * 1000;
  const flood = async () => {
    while (performance.now() < until) {
      const due = ((performance.now() - began) / 60_000) * 100_000;
      for (; thieves < due; thieves++) {
        const from = stranger(0x800000 + thieves);
        thief.send(encodeDhcp(discover({ from })) as Uint8Array);
        if (thieves % 50 === 0)
          thief.send(encodeDhcp(declining(`127.1.0.${20 + (thieves % 200)}` as Ipv4, { from })) as Uint8Array);
        if (thieves % 7 === 0) thief.send(Uint8Array.from({ length: thieves % 600 }, (_, i) => i * thieves));
      }
      await pause(5);
    }
  };
  const lost: Mac[] = [];
  let renewals = 0;
  const renewing = async () => {
    for (let n = 0; performance.now() < until; n++) {
      const [mac, address] = bound[n % bound.length] as [Mac, Ipv4];
      renewals++;
      if (!((await phones.renew(mac, address)) || (await phones.renew(mac, address)))) lost.push(mac);
      await pause(20);
    }
  };
  const reservedOnes = async () => {
    for (const { mac, ip: address } of reserved) {
      await pause((FLOOD * 1000) / (reserved.length + 2));
      expect((await phones.dora(mac)) ?? (await phones.dora(mac))).toBe(address);
    }
  };
  await Promise.all([flood(), renewing(), reservedOnes()]);
  const minutes = (performance.now() - began) / 60_000;
  const logged = running.logged() / minutes / 1e6;

  const ended = performance.now();
  let newcomer: Ipv4 | undefined;
  for (let n = 0; newcomer === undefined && performance.now() - ended < 60_000; n++)
    newcomer = await phones.dora(stranger(700 + n));
  const recovered = (performance.now() - ended) / 1000;
  await kill(running);
  phones.close();
  thief.close();
  console.log(
    `R16: ${thieves} thieves, ${renewals} renewals, ${lost.length} lost, a newcomer is served ${recovered.toFixed(1)} s after the flood, ${logged.toFixed(2)} MB of log a minute`,
  );
  expect(lost).toEqual([]);
  expect(newcomer).toBeDefined();
  expect(logged).toBeLessThanOrEqual(1);
});

test(`R26 ${JUMPS} jumps of the clock, of a second to ten years either way: nobody loses an address, none is given twice`, async () => {
  const store = await openSqliteStore(join(service.folder, "jumped.db"));
  const settings = {
    ...DHCP_DEFAULTS,
    answer: "everyone" as const,
    authoritative: true,
    serverAddress: ip("127.0.0.1"),
    boot: { server: ip("127.0.0.1"), moreServers: [], ntp: [], vendorSpecific: {} },
    subnets: [
      {
        subnet: net("127.0.0.0/8"),
        pools: [{ first: ip("127.1.0.1"), last: ip("127.1.0.200") }],
        dns: [],
        leaseTime: 3600,
        reservations: [],
      },
    ],
  };
  const desk = await createDhcpDesk(settings, store, { ports: { server: 67, client: 68 }, random: Math.random });
  let shift = 0;
  const listening = await startDhcp({
    desk,
    address: ip("127.0.0.1"),
    port: 0,
    replyToSender: true,
    now: () => Date.now() + shift,
    note: () => {},
  });
  const clients = await clientsOf(listening.port);
  for (let n = 1; n <= 200; n++) expect(await clients.dora(stranger(n))).toBeDefined();
  let state = 26;
  const dice = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const TEN_YEARS = 315_360_000_000;
  let expired = 0;
  let taken = 0;
  for (let jump = 0; jump < JUMPS; jump++) {
    const size = Math.exp(Math.log(1000) + dice() * (Math.log(TEN_YEARS) - Math.log(1000)));
    // Back and forth, so that the date itself stays one that a date can be.
    shift = Math.abs(shift) > TEN_YEARS ? 0 : shift + (dice() < 0.5 ? -size : size);
    // The pool is full. Whoever comes first after the jump must not find an address in it that seems to have lapsed.
    if ((await clients.dora(stranger(1000 + jump), 100)) !== undefined) taken++;
    for (let n = 1; n <= 20; n++) {
      const mac = stranger(1 + ((jump * 20 + n) % 200));
      if (!(await clients.renew(mac, clients.acked.get(mac) as Ipv4))) expired++;
    }
  }
  await listening.stop();
  await store.close();
  clients.close();
  const addresses = new Set(clients.acked.values()).size;
  console.log(
    `R26: ${JUMPS} jumps, ${JUMPS * 20} renewals, ${expired} refused, ${taken} addresses taken by newcomers, ${clients.acked.size} clients with ${addresses} addresses`,
  );
  expect([expired, taken]).toEqual([0, 0]);
  expect(addresses).toBe(clients.acked.size);
});
