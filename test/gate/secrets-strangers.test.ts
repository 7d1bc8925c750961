import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createFileDesk } from "../../src/provision/answer-file.ts";
import { createTracker } from "../../src/provision/tracker.ts";
import { loadKnowledge } from "../../src/server/knowledge.ts";
import { type Service, start } from "../../src/server/start.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { createSite } from "../server/site.ts";
import { byHttp, compareVerdicts } from "../server/verdicts.ts";

const services: Service[] = [];
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop("the test is over");
});

test("S22 5,000 addresses, phones and paths get the same answer by TFTP and by HTTP", async () => {
  const { triples, served, differing } = await compareVerdicts(5000, 5022);
  console.log(`verdicts: ${triples} asked twice, ${served} served, ${differing.length} differing`);
  expect(differing).toEqual([]);
  expect([served > 1000, served < 4500]).toEqual([true, true]);
});

test("S20 R51 16.7 million names of one vendor from a stranger: no file, one line in the log for each hour", async () => {
  const known = await loadKnowledge();
  const store = createMemoryStore();
  const mac = (number: number) => (0x000e84000000 + number).toString(16).padStart(12, "0") as Mac;
  const phones = Array.from({ length: 500 }, (_, i) => ({
    mac: mac(33_000 * i + 9),
    model: "7960",
    running: "P0S3-8-12-00",
    lines: [{ name: "1", password: "c4nary" }],
    settings: {},
  }));
  await store.putPhones(phones);
  let rendered = 0;
  let noted = 0;
  const desk = createFileDesk({
    store,
    tracker: await createTracker(store, known),
    knowledge: known,
    site: { name: "x", serverAddress: "192.0.2.10" as Ipv4, timeZone: "UTC", ntp: [] },
    groups: [],
    renderer: {
      render: () => {
        rendered++;
        return { is: "rendered", octets: new Uint8Array(1), contentType: "text/plain", warnings: [] } as never;
      },
    },
    vault: { image: async () => undefined, missing: async (_family, _load, files) => files },
    siteFiles: { find: async () => undefined },
    around: { leaseHolder: () => undefined, neighbour: () => undefined },
    note: ({ event }) => {
      if (event === "file.not-yours") noted++;
    },
  });
  const names = 2 ** 24;
  const began = performance.now();
  // A name each 4 ms: the whole sweep takes eighteen hours of the server's time.
  for (let number = 0; number < names; number++) {
    const filename = `SIP${mac(number).toUpperCase()}.cnf`;
    await desk.answer({ by: "http", ip: "192.0.2.66" as Ipv4, filename, at: number * 4 });
  }
  const seconds = (performance.now() - began) / 1000;
  console.log(`sweep: ${names} names, ${rendered} files, ${noted} log lines, ${seconds.toFixed(0)} s`);
  // Each hour eight names are believed before the address is caught: what lies among those it has guessed by luck.
  expect(rendered).toBeLessThanOrEqual(1);
  expect(noted).toBeLessThanOrEqual(20);
});

test("S58 2,000 connections that send their header letter by letter keep no phone waiting, and are cut off", async () => {
  const site = createSite("", { "dialplan.xml": "<DIALTEMPLATE/>" });
  const service = await start(site.config, site.log);
  services.push(service);
  const { port } = service.http;
  const sockets = Array.from({ length: 2000 }, (_, i) => {
    const socket = connect({ host: "127.0.0.1", port, localAddress: `127.0.9.${1 + (i % 30)}` });
    socket.on("error", () => undefined);
    socket.write("GET /dialplan.xml HTTP/1.1\r\nHost: x\r\nX-A: ");
    return socket;
  });
  const began = performance.now();
  const drip = setInterval(() => {
    for (const socket of sockets) if (!socket.destroyed) socket.write("a");
  }, 1000);
  const waits: number[] = [];
  for (let i = 0; i < 20; i++) {
    const asked = performance.now();
    expect(await byHttp(service, "127.0.8.1", "dialplan.xml")).toBe("<DIALTEMPLATE/>");
    waits.push(performance.now() - asked);
    await new Promise((later) => setTimeout(later, 200));
  }
  while (sockets.some(({ destroyed }) => !destroyed) && performance.now() - began < 30_000) {
    await new Promise((later) => setTimeout(later, 200));
  }
  clearInterval(drip);
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `slow clients: the last of 2,000 cut off after ${seconds.toFixed(1)} s; a phone waited ${Math.max(...waits).toFixed(0)} ms at most`,
  );
  expect(sockets.filter(({ destroyed }) => !destroyed)).toHaveLength(0);
  expect(seconds).toBeLessThan(20);
  expect(Math.max(...waits)).toBeLessThan(1000);
});

test("S28 a refusal takes as long whether the phone exists or not", async () => {
  const site = createSite();
  const service = await start(site.config, site.log);
  services.push(service);
  const there = "000e84c060a6";
  await service.ask.putPhones({
    phones: [{ mac: there, model: "7960", running: "P0S3-8-12-00", lines: [{ name: "1", password: "c4nary" }] }],
  });
  const stranger = "127.0.7.1";
  for (let number = 0; number < 9; number++) await byHttp(service, stranger, `SIP000E84DDDD0${number}.cnf`);
  const ask = async (mac: string) => {
    const began = performance.now();
    expect(await byHttp(service, stranger, `SIP${mac}.cnf`)).toBe("refused");
    return performance.now() - began;
  };
  const times: Record<"known" | "unknown", number[]> = { known: [], unknown: [] };
  for (let round = 0; round < 1100; round++) {
    const [first, second] = round % 2 === 0 ? (["known", "unknown"] as const) : (["unknown", "known"] as const);
    for (const which of [first, second]) {
      const took = await ask(which === "known" ? there.toUpperCase() : "000E84C060A7");
      if (round >= 100) times[which].push(took);
    }
  }
  const median = (list: number[]) => list.sort((a, b) => a - b)[list.length >> 1] ?? 0;
  const [known, unknown] = [median(times.known), median(times.unknown)];
  console.log(`refusals: median ${known.toFixed(3)} ms for a phone that exists, ${unknown.toFixed(3)} ms for none`);
  expect(Math.abs(known - unknown) / unknown).toBeLessThan(0.1);
});
