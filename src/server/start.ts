import { randomInt } from "node:crypto";
import { chmodSync, rmSync } from "node:fs";
import { control, type Operations } from "../http/control.ts";
import { type Listening, listenHttp } from "../http/listen.ts";
import { web } from "../http/web.ts";
import { isUnderWay } from "../migration/ledger.ts";
import { createStageTimes } from "../migration/stage-times.ts";
import { type Clock, systemClock } from "../net/clock.ts";
import { startDhcp } from "../net/dhcp-listener.ts";
import { createDhcpProbe } from "../net/dhcp-probe.ts";
import { createNeighbours } from "../net/neighbours.ts";
import { startTftp } from "../net/tftp-listener.ts";
import { createDhcpDesk } from "../provision/answer-dhcp.ts";
import { createFileDesk } from "../provision/answer-file.ts";
import { createEvidence, type Evidence } from "../provision/evidence.ts";
import { mapInPieces } from "../provision/in-pieces.ts";
import { createNamedPhones } from "../provision/named-phones.ts";
import { createNewcomers } from "../provision/newcomers.ts";
import { statusReport } from "../provision/status.ts";
import { type Ipv4, inSubnet, parseIpv4 } from "../wire/address.ts";
import { type Administration, administrationBy, operationsOf } from "./administration.ts";
import type { Config } from "./config.ts";
import { controlSocketOf, findServer, usableSocketPath } from "./control-client.ts";
import { openCore } from "./core.ts";
import { dhcpSettings, findDhcpPlace, refuseBesideOthers } from "./dhcp-settings.ts";
import { failure } from "./failure.ts";
import { guided } from "./guide.ts";
import { createPlanner, planUnderRule } from "./knowledge.ts";
import { followLeases } from "./lease-holders.ts";
import type { Log } from "./log.ts";
import { openPhoneUploads } from "./phone-uploads.ts";
import { portTrouble } from "./port-trouble.ts";
import { createSelfRestart } from "./restart.ts";
import { tftpNote } from "./tftp-notes.ts";
import { beginTicking } from "./ticking.ts";
import { told } from "./told.ts";

/** A running service. */
export interface Service {
  readonly tftp: { readonly address: Ipv4; readonly port: number };
  readonly http: { readonly address: Ipv4; readonly port: number };
  readonly dhcp: { readonly address: Ipv4; readonly port: number } | undefined;
  readonly ask: Administration;
  /** Finishes what is under way, closes everything and says so in the log, with who asked for it. */
  stop(because: string): Promise<void>;
}

/** What a rehearsal on loopback does otherwise than a service on a network. */
export interface Surroundings {
  /** 67 on a network. */
  readonly dhcpPort: number;
  /** Loopback has no interface to choose and no broadcast. */
  readonly loopback: boolean;
  readonly clock: Clock;
  /** Milliseconds between two looks at the silence of phones under way. */
  readonly tick: number;
}

const onNetwork: Surroundings = { dhcpPort: 67, loopback: false, clock: systemClock, tick: 5_000 };

/**
 * Builds every part once, in the order in which they need each other, and opens the ports. Where one cannot be had,
 * closes what is open and rejects with the reason and the remedy.
 */
export async function start(config: Config, log: Log, surroundings = onNetwork): Promise<Service> {
  const { clock } = surroundings;
  const now = () => clock.now();
  // The date of a rehearsal runs faster than its timers: it was not set for that.
  const elapsed = surroundings.loopback ? now : () => clock.elapsed();
  const closing: (() => Promise<void>)[] = [];
  const up: Record<string, boolean> = {};
  const stop = async () => {
    for (const close of closing.reverse().splice(0)) await close();
  };
  try {
    await refuseTwin(config);
    const core = await openCore(config, now, true);
    closing.push(() => core.close());
    const { store, tracker } = core;
    const leases = await followLeases(store);
    const neighbour = createNeighbours(now);
    const planner = createPlanner(core.known);
    const newcomers = createNewcomers({
      ...core,
      rules: config.migrations,
      families: core.known.families,
      plan: (phone, rule) => planUnderRule(planner, phone, rule),
      note: log.note,
    });
    const evidence = createEvidence({ store, tracker, note: log.note, newcomers });
    const around = { leaseHolder: leases.holder, neighbour: surroundings.loopback ? () => undefined : neighbour };
    const uploads = await openPhoneUploads(config, core.known, around, evidence);
    const desk = createFileDesk({
      ...core,
      evidence,
      uploaded: uploads.files,
      knowledge: core.known,
      site: config.site,
      groups: config.groups,
      around,
      namedPhones: createNamedPhones((ip) => config.access.shared.some((subnet) => inSubnet(ip, subnet))),
      note: log.note,
    });
    closing.push(() => desk.settled());
    const admits = (ip: Ipv4) => config.access.allow.some((subnet) => inSubnet(ip, subnet));
    const operations = operationsOf(core);

    const dhcp = config.dhcp.enabled
      ? await openDhcp(config, surroundings, { now, elapsed }, leases.store, log, evidence)
      : undefined;
    if (dhcp !== undefined) closing.push(() => dhcp.stop());
    const tftp = await startTftp({
      listen: config.tftp.listen,
      port: config.tftp.port,
      desk,
      uploads: uploads.desk,
      allows: admits,
      clock,
      on: (event) => tftpNote(event, log),
    });
    closing.push(() => tftp.stop());
    const app = web({
      allow: config.access.allow,
      desk,
      now,
      report: () => statusReport(core),
      guided: (mac) => guided(core, mac),
      listening: () => up,
      failed: (error) => log.error({ event: "http.failed", detail: told(error).findings[0]?.message ?? "" }),
    });
    const http = await openHttp(app, config);
    closing.push(() => http.stop());
    const socket = await openControl(operations, config);
    closing.push(() => socket.stop());
    const selfRestart = createSelfRestart(core, ({ is, words }, mac) =>
      log.note({ event: is === "asked" ? "phone.restarted" : "phone.not-restarted", detail: words.join(" "), mac }),
    );
    const stageTimes = createStageTimes(
      tracker.all().map(({ migration }) => migration),
      now(),
      elapsed(),
    );
    const look = async (): Promise<void> => {
      await selfRestart.look().catch((error: unknown) => {
        log.error({ event: "phone.not-restarted", detail: told(error).findings[0]?.message ?? "" });
      });
      const underWay = tracker.all().filter(({ migration }) => isUnderWay(migration));
      await mapInPieces(underWay, async ({ migration }) => {
        const { mac } = migration;
        await tracker.advance(mac, stageTimes.tick(migration, elapsed()), now()).catch((error: Error) => {
          log.error({ event: "store.failed", detail: error.message, mac });
        });
      });
    };
    closing.push(beginTicking(surroundings.tick, look));

    Object.assign(up, { tftp: true, http: true, ...(dhcp === undefined ? {} : { dhcp: true }) });
    const detail = [
      `TFTP ${tftp.address}:${tftp.port}`,
      `HTTP ${config.http.listen}:${http.port}`,
      dhcp === undefined ? "DHCP off" : `DHCP ${dhcp.address}:${dhcp.port}`,
    ].join(", ");
    log.note({ event: "server.started", detail });
    return {
      tftp: { address: tftp.address, port: tftp.port },
      http: { address: config.http.listen, port: http.port },
      dhcp: dhcp === undefined ? undefined : { address: dhcp.address, port: dhcp.port },
      ask: administrationBy(operations),
      stop: async (because) => {
        log.note({ event: "server.stopping", detail: because });
        await stop();
        log.note({ event: "server.stopped", detail: "every port is closed" });
        log.flush();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function refuseTwin(config: Config): Promise<void> {
  if ((await findServer(config.data)) === undefined) return;
  throw failure("E_SERVER_RUNNING", 1, {
    where: config.data,
    message: "a server works on this data folder already",
    remedy: "stop that one first, or give this one its own data folder (data: … in provision.yaml)",
  });
}

async function openDhcp(
  config: Config,
  { loopback, dhcpPort }: Surroundings,
  times: { now(): number; elapsed(): number },
  store: Parameters<typeof createDhcpDesk>[1],
  log: Log,
  evidence: Evidence,
) {
  const found = loopback ? undefined : findDhcpPlace(config);
  if (found !== undefined) await refuseBesideOthers(config, found);
  const place = found ?? { address: config.site.serverAddress };
  const ports = { server: dhcpPort === 0 ? 67 : dhcpPort, client: 68 };
  const desk = await createDhcpDesk(dhcpSettings(config, place.address), store, {
    ports,
    random: () => randomInt(0, 2 ** 32) / 2 ** 32,
    ...(found === undefined
      ? {}
      : {
          probe: createDhcpProbe({ from: found.address, interface: found.interface, elapsed: () => performance.now() }),
        }),
    heard: (identity, mac, ip, at) => void evidence.dhcp(identity, { mac, ip, at }),
  });
  return startDhcp({ desk, ...place, port: dhcpPort, replyToSender: loopback, ...times, note: log.note });
}

async function openHttp(
  app: Parameters<typeof listenHttp>[0],
  { http: { listen, port }, access }: Config,
): Promise<Listening> {
  try {
    return await listenHttp(app, { address: listen, port }, (address) => {
      const ip = parseIpv4(address);
      return ip !== undefined && access.allow.some((subnet) => inSubnet(ip, subnet));
    });
  } catch (error) {
    throw portTrouble(listen, port, error);
  }
}

async function openControl(operations: Operations, config: Config): Promise<Listening> {
  const path = usableSocketPath(controlSocketOf(config.data));
  // Nobody answers on it (see refuseTwin): what lies there is left from a server that was killed.
  rmSync(path, { force: true });
  const before = process.umask(0o177);
  try {
    const listening = await listenHttp(control(operations, told), { socketPath: path });
    chmodSync(path, 0o600);
    return listening;
  } finally {
    process.umask(before);
  }
}
