import { existsSync, statSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../src/net/clock.ts";
import { openAdministration } from "../../src/server/administration.ts";
import { Failure } from "../../src/server/failure.ts";
import { type Service, start } from "../../src/server/start.ts";
import { createSite, type Site, stock } from "./site.ts";

const services: Service[] = [];
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop("the test is over");
});

async function serve(site: Site): Promise<Service> {
  const service = await start(site.config, site.log);
  services.push(service);
  return service;
}

function get(service: Service, path: string, headers: Record<string, string> = {}, method = "GET") {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>((resolve, reject) => {
    const { address, port } = service.http;
    const call = httpRequest({ host: address, port, path, headers, method }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces) }),
      );
    });
    call.on("error", reject);
    call.end();
  });
}

async function refusal(work: Promise<unknown>): Promise<{ code: string; exit: number; text: string }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return { code: error.code, exit: error.exit, text: error.message };
    throw error;
  }
  throw new Error("nothing was refused");
}

/** Time for the service to look at its phones many times. */
const looks = () => new Promise((resolve) => setTimeout(resolve, 100));

const phone = {
  mac: "00:0e:84:c0:60:a6",
  model: "CP-7960G",
  running: "SCCP 3.1",
  lines: [{ name: "1001", password: "s3cr3t" }],
};
const chain = ["P00305000500", "P00308000900", "P0S3-8-12-00"];

describe("a running service", () => {
  test("answers healthz, status and the site's own files over HTTP, and writes what it listens on into its log", async () => {
    const site = createSite("", { "dialplan.xml": "<DIALTEMPLATE/>" });
    const service = await serve(site);
    expect(JSON.parse((await get(service, "/healthz")).body.toString())).toEqual({
      ok: true,
      listeners: { tftp: true, http: true },
    });
    expect(JSON.parse((await get(service, "/status")).body.toString())).toEqual({ phones: [] });
    const file = await get(service, "/dialplan.xml");
    expect([file.status, file.body.toString()]).toEqual([200, "<DIALTEMPLATE/>"]);
    expect(file.headers["x-content-type-options"]).toBe("nosniff");
    expect(site.lines[0]).toMatchObject({ event: "server.started", level: "info" });
    expect(site.lines[0]?.detail).toContain(`TFTP 127.0.0.1:${service.tftp.port}`);
  });

  test("answers 404 to names that are none or lead elsewhere, and says nothing more (S57)", async () => {
    const service = await serve(createSite());
    const paths = [
      "/nothing.cnf",
      "/..%2f..%2fetc%2fpasswd",
      "/%2e%2e/provision.yaml",
      "/%252e%252e/provision.yaml",
      "/%00",
      "/%zz",
      "/a%0ab",
      `/${"x".repeat(3000)}`,
      "/..%5cprovision.yaml",
    ];
    for (const path of paths) {
      const answer = await get(service, path);
      expect([path, answer.status, answer.body.toString()]).toEqual([path, 404, "not found\n"]);
    }
  });

  test("answers one range with 206, an impossible one with 416, and several with the whole file (S59)", async () => {
    const service = await serve(createSite("", { "ring.raw": "0123456789" }));
    const part = async (range: string) => {
      const { status, headers, body } = await get(service, "/ring.raw", { range });
      return [status, body.toString(), headers["content-range"]];
    };
    expect(await part("bytes=0-0")).toEqual([206, "0", "bytes 0-0/10"]);
    expect(await part("bytes=-3")).toEqual([206, "789", "bytes 7-9/10"]);
    expect(await part("bytes=8-99")).toEqual([206, "89", "bytes 8-9/10"]);
    expect(await part("bytes=10-")).toEqual([416, "", "bytes */10"]);
    expect(await part("bytes=0-1,4-5")).toEqual([200, "0123456789", undefined]);
    expect(await part("bytes=5-2")).toEqual([200, "0123456789", undefined]);
    const head = await get(service, "/ring.raw", {}, "HEAD");
    expect([head.status, head.headers["content-length"], head.body.length]).toEqual([200, "10", 0]);
  });

  test("drops whoever is not allowed without a word", async () => {
    const site = createSite();
    const service = await serve({ ...site, config: { ...site.config, access: { allow: [], shared: [] } } });
    await expect(get(service, "/healthz")).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  test("is one per data folder", async () => {
    const site = createSite();
    await serve(site);
    expect(await refusal(start(site.config, site.log))).toMatchObject({ code: "E_SERVER_RUNNING", exit: 1 });
  });

  test("says which port is in use, and leaves nothing open behind it", async () => {
    const first = await serve(createSite());
    const site = createSite(`log: { level: debug }\n`);
    const config = { ...site.config, http: { ...site.config.http, port: first.http.port } };
    const said = await refusal(start(config, site.log));
    expect(said).toMatchObject({ code: "E_LISTEN", exit: 1 });
    expect(said.text).toContain("the port is in use");
    await serve(site);
  });

  test("its control socket is its user's alone, and what a killed server left is replaced", async () => {
    const site = createSite();
    const service = await serve(site);
    const socket = join(site.config.data, "control.sock");
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(site.config.data).mode & 0o077).toBe(0);
    await service.stop("the test");
    services.length = 0;
    writeFileSync(socket, "");
    await serve(site);
    expect(statSync(socket).isSocket()).toBe(true);
  });
});

describe("the administration", () => {
  test("is the same whether a server runs or not", async () => {
    const site = createSite();
    await stock(site.config, chain);
    const alone = await openAdministration(site.config, Date.now);
    expect(alone.served).toBe(false);
    await alone.ask.putPhones({ phones: [phone] });
    const before = await alone.ask.migrate({ model: "7960", to: "sip" });
    await alone.close();
    await serve(site);
    const beside = await openAdministration(site.config, Date.now);
    expect(beside.served).toBe(true);
    expect(await beside.ask.migrate({ model: "7960", to: "sip" })).toEqual({ ...before, job: expect.any(String) });
    expect(before).toMatchObject({ enrolled: false, phones: [{ mac: phone.mac, verdict: "one-way" }] });
    expect(await refusal(beside.ask.phone({ mac: "00:00:00:00:00:01" }))).toMatchObject({ code: "E_PHONE_UNKNOWN" });
  });

  test("thousands of phones go through the socket in parts and are taken in whole, or none of them, and come back", async () => {
    const site = createSite();
    await serve(site);
    const { ask } = await openAdministration(site.config, Date.now);
    const phones = Array.from({ length: 2500 }, (_, i) => ({
      ...phone,
      mac: (0x000e84000000 + i).toString(16).padStart(12, "0"),
    }));
    const bad = { ...phone, mac: "00:0e:84:ff:00:00" };
    expect(await refusal(ask.putPhones({ phones: [...phones, { ...bad, running: "SIP 99.9" }] }))).toMatchObject({
      code: "E_RELEASE_UNKNOWN",
    });
    expect(await refusal(ask.putPhones({ phones: [...phones, { ...bad, group: "x".repeat(300) }] }))).toMatchObject({
      code: "E_CONTROL_REQUEST",
    });
    expect(await refusal(ask.putPhones({ phones: Array(100_001).fill({ mac: phone.mac }) }))).toMatchObject({
      code: "E_CONTROL_REQUEST",
    });
    expect(await ask.putPhones({ phones, dryRun: true })).toEqual({ put: 2500 });
    expect(await ask.phones({})).toEqual([]);
    let turns = 0;
    const ticking = setInterval(() => turns++, 0);
    expect(await ask.putPhones({ phones })).toEqual({ put: 2500 });
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(25);
    expect(await ask.phones({})).toHaveLength(2500);
    expect((await ask.exportPhones({})).lines).toHaveLength(2501);
    const changed = phones.map((one, i) => (i === 2000 ? { ...one, label: "lobby" } : one));
    expect(await refusal(ask.putPhones({ phones: changed, replace: false }))).toMatchObject({ code: "E_PHONE_EXISTS" });
    expect(await ask.putPhones({ phones, replace: false })).toEqual({ put: 2500 });
  });

  test("enrols, holds, continues and ends a migration, and a restart forgets nothing", async () => {
    const site = createSite();
    await stock(site.config, chain);
    const service = await serve(site);
    await service.ask.putPhones({ phones: [phone] });
    const answer = await service.ask.migrate({ model: "7960", to: "sip", acceptOneWay: true, enrol: true });
    expect(answer).toMatchObject({ enrolled: true, phones: [{ verdict: "ready", wave: 1 }] });
    expect((await service.ask.status({})).phones).toMatchObject([
      {
        mac: phone.mac,
        model: "7960",
        state: "waiting",
        stage: 1,
        stages: 3,
        release: "P00303010102",
        target: "P0S3-8-12-00",
      },
    ]);
    const mac = phone.mac;
    expect((await service.ask.wish({ wish: "pause", macs: [mac] })).phones).toEqual([{ mac, state: "paused" }]);
    expect(await refusal(service.ask.removePhone({ mac }))).toMatchObject({ code: "E_PHONE_ENROLLED" });
    await service.stop("the test");
    services.length = 0;
    const again = await serve(site);
    expect((await again.ask.status({})).phones).toMatchObject([{ state: "paused" }]);
    expect((await again.ask.wish({ wish: "go", all: true })).phones).toEqual([{ mac, state: "waiting" }]);
    expect((await again.ask.wish({ wish: "cancel", all: true })).phones).toEqual([{ mac, state: "cancelled" }]);
    expect(await again.ask.removePhone({ mac })).toEqual({ removed: mac });
  });

  test("R26 a clock that is set forward and back stalls no phone under way, and silence by the other clock does", async () => {
    const site = createSite();
    await stock(site.config, chain);
    const time = { now: Date.now(), elapsed: 1000 };
    const clock = { now: () => time.now, elapsed: () => time.elapsed, after: systemClock.after };
    const service = await start(site.config, site.log, { dhcpPort: 0, loopback: false, clock, tick: 5 });
    services.push(service);
    await service.ask.putPhones({ phones: [phone] });
    await service.ask.migrate({ model: "7960", to: "sip", acceptOneWay: true, enrol: true });
    const state = async () => (await service.ask.status({})).phones[0]?.state;
    await get(service, "/SEP000E84C060A6.cnf.xml");
    expect((await get(service, "/P00305000500.bin")).status).toBe(200);
    await vi.waitFor(async () => expect(await state()).toMatch(/loading|restarting/));
    for (const hours of [5, -11, 87_600, -3]) {
      await looks();
      time.now += hours * 3_600_000;
    }
    await looks();
    expect(await state()).toMatch(/loading|restarting/);
    time.elapsed += 3_600_000;
    await vi.waitFor(async () => expect(await state()).toBe("stalled"));
  });

  test("a missing firmware file stops the migration before any phone hears of it", async () => {
    const site = createSite();
    await stock(site.config, chain.slice(0, 2));
    const service = await serve(site);
    await service.ask.putPhones({ phones: [phone] });
    const answer = await service.ask.migrate({ model: "7960", to: "sip", acceptOneWay: true, enrol: true });
    expect(answer).toMatchObject({ enrolled: false, phones: [{ verdict: "firmware-missing" }] });
    expect(answer.phones[0]?.because).toContain("P0S3-8-12-00.sb2");
    expect((await service.ask.status({})).phones).toEqual([]);
  });

  test("shows a phone with its story, and its passwords to nobody but its own file", async () => {
    const site = createSite("groups: { all: { settings: { admin_password: t0psecret } } }\n");
    const service = await serve(site);
    await service.ask.putPhones({ phones: [{ ...phone, running: "P0S3-8-12-00" }] });
    const shown = JSON.stringify([
      await service.ask.phones({}),
      await service.ask.phone({ mac: phone.mac }),
      await service.ask.status({}),
    ]);
    expect(shown).toContain('"hasPassword":true');
    expect(shown).not.toContain("s3cr3t");
    expect((await service.ask.exportPhones({})).lines.join()).not.toContain("s3cr3t");
    expect((await service.ask.exportPhones({ passwords: true })).lines.join()).toContain("s3cr3t");
    const { octets } = await service.ask.render({ name: "SIP000E84C060A6.cnf", mac: phone.mac });
    expect(Buffer.from(octets, "base64").toString()).toContain("s3cr3t");
    expect(JSON.stringify(site.lines)).not.toContain("s3cr3t");
  });

  test("refuses what it does not understand with the place of the mistake", async () => {
    const service = await serve(createSite());
    expect(await refusal(service.ask.phone({ mac: "nonsense" }))).toMatchObject({ code: "E_CONTROL_REQUEST", exit: 2 });
    expect(await refusal(service.ask.migrate({ to: "sip" }))).toMatchObject({ code: "E_NO_PHONES" });
    expect(await refusal(service.ask.wish({ wish: "pause", macs: [phone.mac] }))).toMatchObject({
      code: "E_NOT_ENROLLED",
    });
  });

  test("a strange request on the control socket is refused and harms nothing", async () => {
    const site = createSite();
    const service = await serve(site);
    const socketPath = join(site.config.data, "control.sock");
    const post = (path: string, body: string) =>
      new Promise<string>((resolve, reject) => {
        const call = httpRequest(
          { socketPath, path, method: "POST", headers: { "content-type": "application/json" } },
          (answer) => {
            let text = "";
            answer.on("data", (piece) => {
              text += piece;
            });
            answer.on("end", () => resolve(`${answer.statusCode} ${text}`));
          },
        );
        call.on("error", reject);
        call.end(body);
      });
    expect(await post("/constructor", "{}")).toMatch(/^404 .*E_CONTROL_UNKNOWN/);
    expect(await post("/status", "{")).toMatch(/^409 /);
    expect(await post("/status", "[".repeat(100_000))).toMatch(/^409 /);
    expect(await post("/phone", '{"mac":"000e84c060a6","__proto__":{"x":1}}')).toMatch(/^409 /);
    await new Promise<void>((resolve) => {
      const socket = connect(socketPath, () => socket.end("\u0000\u0001garbage\r\n\r\n"));
      socket.on("close", () => resolve());
      socket.on("error", () => resolve());
      socket.resume();
    });
    expect((await service.ask.status({})).phones).toEqual([]);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  test("a data folder whose socket would have too long a path is refused in words", async () => {
    const site = createSite();
    const data = join(site.folder, "d".repeat(120));
    expect(existsSync(data)).toBe(false);
    expect(await refusal(start({ ...site.config, data }, site.log))).toMatchObject({ code: "E_CONTROL_PATH", exit: 2 });
  });
});
