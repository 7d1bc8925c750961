import { expect, it } from "vitest";
import { startTftp, type TftpOptions } from "../../src/net/tftp-listener.ts";
import type { Ipv4 } from "../../src/wire/address.ts";
import { decodeTftp, encodeTftp } from "../../src/wire/tftp.ts";
import { liveHeap } from "../memory.ts";
import { MemoryUdp } from "../net/memory-udp.ts";
import { StandingClock } from "../net/tftp-serving.ts";
import { pattern, rrq, TableDesk } from "../net/tftp-wire.ts";

const CLIENT = 0x7f000001;

function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function inMemory(files: Readonly<Record<string, Uint8Array>>, more: Partial<TftpOptions> = {}) {
  const net = new MemoryUdp();
  const clock = new StandingClock();
  const failures: unknown[] = [];
  const service = await startTftp({
    listen: "127.0.0.1" as Ipv4,
    port: 69,
    desk: new TableDesk(files),
    openUdp: net.open,
    clock,
    random: dice(1),
    on: (event) => event.event === "tftp.failed" && failures.push(event.error),
    ...more,
  });
  return { net, clock, service, failures };
}

const settle = () => new Promise<void>((later) => setImmediate(later));

it("R02 a million random and mutated packets: nothing fails, memory stays flat, no answer above the bound", async () => {
  const { net, clock, service, failures } = await inMemory({ a: pattern(5000) }, { trusts: () => false });
  net.keep = false;
  const random = dice(42);
  const seeds = [
    rrq("a"),
    rrq("a", { blksize: 1428, windowsize: 16, tsize: 0, timeout: 2 }),
    rrq("../../etc/passwd", {}, "netascii"),
    encodeTftp({ op: "WRQ", filename: "x", mode: "octet", options: [] }),
    encodeTftp({ op: "ACK", block: 1 }),
    encodeTftp({ op: "DATA", block: 1, octets: pattern(512) }),
    encodeTftp({ op: "ERROR", code: 5, message: "x" }),
  ];
  const ports = net.ports;
  let received = 0;
  let before = 0;
  for (let n = 0; n < 1_000_000; n++) {
    const seed = seeds[Math.floor(random() * seeds.length)]!;
    let packet: Uint8Array;
    if (random() < 0.3) packet = Uint8Array.from({ length: Math.floor(random() * 600) }, () => random() * 256);
    else {
      packet = Uint8Array.from(seed);
      for (let k = Math.floor(random() * 4); k > 0; k--) packet[Math.floor(random() * packet.length)] = random() * 256;
      if (random() < 0.2) packet = packet.subarray(0, Math.floor(random() * packet.length));
    }
    received += packet.length + 28;
    const to = random() < 0.7 ? 69 : ports[Math.floor(random() * ports.length)]!;
    net.deliver(to, packet, CLIENT + Math.floor(random() * 2000), 1024 + Math.floor(random() * 60_000));
    if (n % 500 === 0) {
      clock.advance(50);
      await settle();
    }
    if (n === 200_000) {
      before = liveHeap();
    }
  }
  for (let s = 0; s < 90; s++) {
    await settle();
    clock.advance(1000);
  }
  const grown = liveHeap() - before;
  const factor = (net.octets + 28 * net.datagrams) / received;
  console.log(
    `R02: ${net.datagrams} answers to 1,000,000 packets, ${factor.toFixed(2)} octets for one, heap +${(grown / 2 ** 20).toFixed(1)} MiB`,
  );
  expect(failures).toEqual([]);
  expect(service.counters.live).toBe(0);
  expect(factor).toBeLessThan(65);
  expect(grown).toBeLessThan(64 * 2 ** 20);
  await service.stop();
});

it("R04 200,000 sessions over a link that loses, doubles, reorders and forges: the right octets or a clean end", async () => {
  const files: Record<string, Uint8Array> = {};
  for (let n = 0; n < 40; n++) files[`f${n}`] = pattern(n * 97, n + 1);
  const { net, clock, service, failures } = await inMemory(files);
  const random = dice(4);
  let whole = 0;
  let broken = 0;
  for (let round = 0; round < 200; round++) {
    const impaired = round % 4;
    const before = { ...service.counters };
    const loss = impaired === 1 ? 0.1 : 0;
    const double = impaired === 2 ? 0.3 : 0;
    const mess = impaired === 3 ? 0.1 : 0;
    const sessions = new Map<
      number,
      { file: Uint8Array; got: Uint8Array[]; tid: number; done: boolean; request: Uint8Array }
    >();
    const options: Record<string, number>[] = [{}, { blksize: 64 }, { blksize: 64, windowsize: 4 }];
    for (let n = 0; n < 1000; n++) {
      const name = `f${Math.floor(random() * 40)}`;
      const request = rrq(name, options[n % 3]!);
      const port = 2000 + n;
      sessions.set(port, { file: files[name]!, got: [], tid: -1, done: false, request });
      net.deliver(69, request, CLIENT + round, port);
    }
    for (let turn = 0; turn < 4000; turn++) {
      await Promise.resolve();
      if (turn % 8 === 0) await settle();
      const heard = net.take();
      if (heard.length > 0) clock.advance(0.5);
      if (mess > 0) heard.sort(() => random() - 0.5);
      for (const { octets, to, from } of heard) {
        if (random() < loss) continue;
        const session = sessions.get(to.port);
        // The stranger whose forged ACK was told so.
        if (session === undefined) continue;
        const copies = random() < double ? 2 : 1;
        for (let copy = 0; copy < copies; copy++) {
          const packet = decodeTftp(octets);
          if (session.done && packet.op !== "DATA") continue;
          if (session.tid === -1) session.tid = from;
          if (session.tid !== from) continue;
          const answer = (block: number) => {
            if (random() < loss) return;
            const ack = encodeTftp({ op: "ACK", block: random() < mess ? Math.floor(random() * 65_536) : block });
            net.deliver(from, ack, to.ip, random() < mess / 5 ? to.port + 5000 : to.port);
            if (random() < double) net.deliver(from, ack, to.ip, to.port);
          };
          if (packet.op === "OACK") answer(0);
          if (packet.op !== "DATA") continue;
          const blksize = session.request.length > 20 ? 64 : 512;
          const window = session.request.length > 30 ? 4 : 1;
          const next = packet.block === session.got.length + 1 && !session.done;
          if (next) {
            session.got.push(packet.octets);
            if (packet.octets.length < blksize) session.done = true;
          }
          const gap = packet.block > session.got.length + 1;
          const atEnd = session.done || session.got.length % window === 0;
          if (gap || (atEnd && packet.block === session.got.length)) answer(session.got.length);
        }
      }
      if (heard.length === 0) {
        await settle();
        if (net.sent.length > 0) continue;
        if (service.counters.live === 0) break;
        clock.advance(60);
      }
    }
    for (let s = 0; s < 40; s++) clock.advance(1000);
    net.take();
    for (const { file, got, done } of sessions.values()) {
      if (!done) {
        broken++;
        continue;
      }
      whole++;
      const octets = Buffer.concat(got);
      if (Buffer.compare(octets, file) !== 0)
        throw new Error(`round ${round}: ${octets.length} octets for ${file.length}`);
    }
    // What doubling costs beyond the copies that the link itself makes.
    if (impaired === 2) {
      const resent = service.counters.dataResent - before.dataResent;
      expect(resent).toBeLessThanOrEqual((service.counters.dataSent - before.dataSent) * 0.02);
    }
  }
  console.log(
    `R04: ${whole} whole, ${broken} ended without; ${service.counters.dataSent} DATA, ${service.counters.dataResent} twice`,
  );
  expect(failures).toEqual([]);
  expect(whole).toBeGreaterThan(190_000);
  expect(service.counters.live).toBe(0);
  await service.stop();
});
