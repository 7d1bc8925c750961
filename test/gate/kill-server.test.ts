import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { StatusReport } from "../../src/server/administration.ts";
import { findServer } from "../../src/server/control-client.ts";
import { createCisco7940 } from "../../src/sim/cisco-7940/character.ts";
import { flashWith } from "../../src/sim/cisco-7940/flash.ts";
import { packageOf } from "../../src/sim/cisco-7940/packages.ts";
import { createRandom } from "../../src/sim/random.ts";
import { type Seat, seat } from "../../src/sim/seat.ts";
import { runOverUdp } from "../../src/sim/udp-link.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";

/** The service as users run it, killed by SIGKILL while phones migrate over real UDP on loopback. */
const root = fileURLToPath(new URL("../..", import.meta.url));
const kills = 50;
const speed = 60;
const network = "127.77";
const ports = { tftp: 46_969, dhcp: 46_967 };
const seed = 20261120;

let folder: string;

beforeAll(() => {
  execFileSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: "inherit" });
  folder = mkdtempSync(join(tmpdir(), "provision-killed-"));
  mkdirSync(join(folder, "tftpboot"));
  for (const load of ["P00305000500", "P00308000900", "P0S3-8-12-00"]) {
    mkdirSync(join(folder, load));
    for (const { name, octets } of packageOf(load)) writeFileSync(join(folder, load, name), octets);
    importPackage(join(folder, load));
  }
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function importPackage(from: string): void {
  const config = join(folder, "provision.yaml");
  writeFileSync(config, `site: { name: killed, serverAddress: ${network}.0.1, timeZone: UTC }\ndata: ./var\n`);
  execFileSync(process.execPath, [join(root, "dist/main.js"), "firmware", "import", from, "--config", config], {
    cwd: folder,
  });
}

async function serve(began: number): Promise<ChildProcess> {
  const args = [folder, network, ports.tftp, ports.dhcp, speed, began].map(String);
  const child = fork(join(root, "test/gate/served.mjs"), args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  await new Promise<void>((ready, failed) => {
    child.once("message", () => ready());
    child.once("exit", (code) => failed(new Error(`the service ended with ${code}`)));
  });
  return child;
}

function batchOf(number: number): readonly { readonly seat: Seat; readonly address: Ipv4 }[] {
  return Array.from({ length: 4 }, (_, i) => {
    const mac = `000e84c1${number.toString(16).padStart(2, "0")}0${i}` as Mac;
    const phone = createCisco7940({ mac, model: "7960", seed: seed + 10 * number + i });
    return { seat: seat(phone, flashWith("P00303010102")), address: `${network}.20${number % 5}.${10 + i}` as Ipv4 };
  });
}

const colons = (mac: string) => mac.replace(/..(?=.)/g, "$&:");

test(`phones arrive though the server is killed ${kills} times while they are on their way`, {
  timeout: 1_800_000,
}, async () => {
  const random = createRandom(seed);
  const began = Date.now();
  let service = await serve(began);
  let killed = 0;
  let travelled = 0;

  const killAndRestart = async () => {
    const gone = new Promise((exit) => service.once("exit", exit));
    service.kill("SIGKILL");
    killed += 1;
    await gone;
    service = await serve(began);
  };

  async function journey(number: number): Promise<void> {
    const phones = batchOf(number);
    const ask = await findServer(join(folder, "var"));
    const rows = phones.map(({ seat: { mac } }) => ({
      mac,
      model: "7960",
      lines: [{ name: "1" }],
      running: "P00303010102",
    }));
    await ask?.("putPhones", { phones: rows });
    const macs = rows.map(({ mac }) => mac);
    await ask?.("migrate", {
      model: "7960",
      to: "sip",
      policy: "strict",
      acceptOneWay: true,
      together: true,
      enrol: true,
      macs,
    });
    let restarting: Promise<void> | undefined;
    let done = 0;
    const rested = new Map<Seat, number>();
    const pause = () => 1_000 + random.next() * 30_000;
    let next = pause();
    const look = async () => {
      const told = (await (await findServer(join(folder, "var")))?.("status", {})) as StatusReport | undefined;
      const own = told?.phones.filter(({ mac }) => phones.some(({ seat: one }) => colons(one.mac) === mac));
      done = own?.filter(({ state }) => state === "done").length ?? done;
    };
    await runOverUdp({
      seats: phones,
      places: {
        tftp: { ip: `${network}.0.1` as Ipv4, port: ports.tftp },
        dhcp: { ip: `${network}.0.1` as Ipv4, port: ports.dhcp },
      },
      speed,
      until: 20 * 3_600_000,
      every: 2_000,
      operator(now, act) {
        if (restarting === undefined && killed < kills && now > next) {
          restarting = killAndRestart().then(() => {
            restarting = undefined;
            next = now + 20_000 + pause();
          });
        }
        if (restarting === undefined) look().catch(() => undefined);
        for (const { seat: one } of phones) {
          if (one.mood === "busy") rested.delete(one);
          else if (now - (rested.get(one) ?? rested.set(one, now).get(one) ?? now) > 40_000) {
            rested.delete(one);
            act.powerCycle(one);
          }
        }
        return done === phones.length && restarting === undefined;
      },
    });
    travelled += phones.length;
    for (const { seat: one } of phones) expect(one.running).toBe("P0S3-8-12-00");
  }

  try {
    for (let number = 0; killed < kills; number++) await journey(number);
  } finally {
    service.kill("SIGTERM");
  }
  console.log(`kill-server: ${killed} kills while ${travelled} phones were on their way; every one arrived`);
});
