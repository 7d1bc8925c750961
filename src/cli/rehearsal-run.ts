import type { MigrationPlan } from "../migration/migration.ts";
import type { StatusReport } from "../server/administration.ts";
import { failure } from "../server/failure.ts";
import type { Log } from "../server/log.ts";
import { openRehearsal, type Rehearsal, type RehearsedFile } from "../server/rehearsal.ts";
import { type Bench, benchFor } from "../sim/bench.ts";
import { createLink } from "../sim/link.ts";
import type { Operator } from "../sim/run.ts";
import type { Seat } from "../sim/seat.ts";
import { runOverUdp } from "../sim/udp-link.ts";
import { bystander } from "./bystander.ts";
import type { Progress } from "./progress.ts";
import { colons } from "./terminal.ts";

/** What is rehearsed. */
export interface Piece {
  readonly plan: MigrationPlan;
  /** The load that the phones run. */
  readonly from: string;
  readonly to: string;
  readonly policy: "strict" | "documented";
  readonly phones: number;
  readonly loss: number;
  readonly seed: number;
  readonly speed: number;
}

/** How it ended. `arrived` needs both: the server's evidence, and what the phone itself runs. */
export interface Outcome {
  readonly model: string;
  readonly from: string;
  readonly target: string;
  readonly arrived: number;
  readonly phones: readonly PhoneOutcome[];
  /** A phone that was not enrolled. */
  readonly bystander: { readonly mac: string; readonly runs: string | undefined; readonly untouched: boolean };
  readonly loss: number;
  readonly seed: number;
  /** On the wall, and of the phones' own time. */
  readonly seconds: number;
  readonly minutes: number;
  readonly datagrams: number;
}

export interface PhoneOutcome {
  readonly mac: string;
  readonly arrived: boolean;
  readonly runs: string | undefined;
  readonly state: string;
  readonly stages: number;
  readonly boots: number;
  readonly screen: string;
  readonly problem?: string;
}

/** Milliseconds of the phones' time: how long a rehearsal may take, and how long a technician waits before a power-cycle. */
const longest = 6 * 3_600_000;
const patience = 20_000;

/**
 * Plays the whole migration: real sockets, real database, simulated phones. Once `signal` is aborted it ends early, with its
 * folder gone, and rejects with E_INTERRUPTED.
 */
export async function perform(piece: Piece, progress: Progress, signal: AbortSignal): Promise<Outcome> {
  const began = performance.now();
  const bench = benchOf(piece.plan.model);
  const rehearsal = await openRehearsal(
    {
      phones: piece.phones + 1,
      packages: packagesFor(piece.plan, bench),
      siteFiles: [...siteFilesFor(bystanderLoad), ...vendorFilesFor(piece.plan)],
      speed: piece.speed,
    },
    logInto(progress),
  );
  try {
    refuseToGoOn(signal);
    const seats = seatsFor(piece, bench, rehearsal);
    await enrolAll(piece, rehearsal);
    const { minutes, datagrams, report, untouched } = await play(piece, rehearsal, seats, progress, signal);
    refuseToGoOn(signal);
    const phones = outcomes(report, seats, bench.running(piece.plan.to.load));
    const [beside] = seats.slice(-1);
    return {
      model: piece.plan.model,
      from: piece.from,
      target: piece.plan.to.load,
      arrived: phones.filter(({ arrived }) => arrived).length,
      phones,
      bystander: { mac: colons(beside?.mac ?? ""), runs: beside?.running, untouched },
      loss: piece.loss,
      seed: piece.seed,
      seconds: (performance.now() - began) / 1000,
      minutes,
      datagrams,
    };
  } finally {
    await rehearsal.stop();
  }
}

const bystanderLoad = "P00303010102";

function packagesFor(plan: MigrationPlan, bench: Bench): ReadonlyMap<string, readonly RehearsedFile[]> {
  return new Map(plan.stages.map(({ release }) => [release.load, bench.files(release.load)]));
}

/** A site as it stood before: one XMLDefault.cnf.xml that keeps every SCCP phone on the load it has. */
function siteFilesFor(load: string): readonly RehearsedFile[] {
  const node =
    "<members><member><callManager><ports><ethernetPhonePort>2000</ethernetPhonePort></ports><processNodeName>127.0.0.1</processNodeName></callManager></member></members>";
  const text = `<Default><callManagerGroup>${node}</callManagerGroup><loadInformation8>${load}</loadInformation8></Default>\n`;
  return [{ name: "XMLDefault.cnf.xml", octets: new TextEncoder().encode(text) }];
}

/** What an old Polycom release reads of the vendor's: a simulated phone only looks whether it is there. */
function vendorFilesFor(plan: MigrationPlan): readonly RehearsedFile[] {
  const octets = new TextEncoder().encode("<polycomConfig/>\n");
  const names = new Set(plan.stages.flatMap(({ siteFiles }) => siteFiles));
  return [...names].map((name) => ({ name, octets }));
}

function seatsFor({ phones, from, seed }: Piece, bench: Bench, { places }: Rehearsal): readonly Seat[] {
  const besides = benchOf("7940");
  return places.map(({ mac }, i) =>
    i === phones ? besides.seat(mac, bystanderLoad, seed + i) : bench.seat(mac, from, seed + i),
  );
}

function benchOf(model: string): Bench {
  const bench = benchFor(model);
  if (bench !== undefined) return bench;
  throw failure("E_REHEARSAL_MODEL", 2, {
    where: `--model ${model}`,
    message: "there is no simulated phone of this model",
    remedy:
      "rehearse with a 7940, 7960, a Java phone (7906 to 7975), a 6921, 6941, 6961, 8941 or 8945, a 7902, 7905, 7912, ATA, or a Polycom SoundPoint, SoundStation or VVX",
  });
}

async function enrolAll({ plan, phones, from, to, policy }: Piece, { service, places }: Rehearsal): Promise<void> {
  const rows = places.slice(0, phones).map(({ mac }, i) => ({
    mac,
    model: plan.model,
    label: `Phone ${i + 1}`,
    lines: [{ name: String(1001 + i), authName: String(1001 + i), password: `rehearsal${i}` }],
    running: from,
  }));
  await service.ask.putPhones({ phones: rows });
  const answer = await service.ask.migrate({
    model: plan.model,
    to,
    policy,
    acceptOneWay: true,
    together: true,
    enrol: true,
  });
  if (answer.enrolled) return;
  const reasons = answer.phones.map(({ mac, verdict, because = "" }) => `${mac} ${verdict} ${because}`.trim());
  throw failure("E_REHEARSAL", 1, { where: "migrate", message: reasons.join("; "), remedy: "see provision plan" });
}

interface Played {
  readonly minutes: number;
  readonly datagrams: number;
  readonly report: StatusReport;
  readonly untouched: boolean;
}

function refuseToGoOn(signal: AbortSignal): void {
  if (!signal.aborted) return;
  const message = `the rehearsal was ended by ${signal.reason}`;
  throw failure("E_INTERRUPTED", 1, { where: "rehearse", message, remedy: "nothing of it is left; begin anew" });
}

async function play(
  piece: Piece,
  rehearsal: Rehearsal,
  seats: readonly Seat[],
  progress: Progress,
  signal: AbortSignal,
): Promise<Played> {
  const { service, places } = rehearsal;
  let report = await service.ask.status({});
  let asking = false;
  const technician = createTechnician(seats);
  const beside = seats[seats.length - 1];
  const link = createLink({ loss: piece.loss, duplication: 0, delay: 0, jitter: 0 }, piece.seed);
  const witness = beside === undefined ? undefined : bystander(beside, link);
  const ran = await runOverUdp({
    seats: seats.map((one, i) => ({ seat: one, address: places[i]?.address ?? rehearsal.serverAddress })),
    places: {
      tftp: { ip: service.tftp.address, port: service.tftp.port },
      http: { ip: service.http.address, port: service.http.port },
      ...(service.dhcp === undefined ? {} : { dhcp: { ip: service.dhcp.address, port: service.dhcp.port } }),
    },
    speed: piece.speed,
    until: longest,
    every: 4_000,
    link: witness?.link ?? link,
    operator(now, act) {
      if (signal.aborted) return true;
      if (!asking) {
        asking = true;
        service.ask.status({}).then(
          (told) => {
            report = told;
            asking = false;
          },
          () => {
            asking = false;
          },
        );
      }
      progress.show(report);
      const over = report.phones.every(({ state }) => state === "done" || state === "cancelled");
      // At the end the bystander boots once more: it has to find what it found at first.
      if (over && beside !== undefined && beside.boot < 2 && beside.mood === "settled") act.powerCycle(beside);
      // The evidence is there before a phone has come to rest, and how it rests is what it is judged by.
      if (over) return (beside === undefined || beside.boot >= 2) && seats.every(({ mood }) => mood !== "busy");
      technician(report, now, act);
      return false;
    },
  });
  report = await service.ask.status({});
  progress.show(report);
  const untouched = beside?.running === bystanderLoad && witness?.sawTheSame() === true;
  return { minutes: ran.now / 60_000, datagrams: ran.datagrams, report, untouched };
}

/** Power-cycles a phone when the server waits for it and the phone has come to rest, as the plan asks the technician to. */
function createTechnician(seats: readonly Seat[]) {
  const restedSince = new Map<Seat, number>();
  const byMac = new Map(seats.map((one) => [colons(one.mac), one]));
  return ({ phones }: StatusReport, now: number, act: Operator): void => {
    for (const { mac, state } of phones) {
      const one = byMac.get(mac);
      if (one === undefined || state === "done" || state === "cancelled") continue;
      if (one.mood === "busy" || one.mood === "dead") {
        restedSince.delete(one);
        continue;
      }
      const since = restedSince.get(one) ?? now;
      restedSince.set(one, since);
      if (now - since < patience) continue;
      restedSince.delete(one);
      act.powerCycle(one);
    }
  };
}

function outcomes({ phones }: StatusReport, seats: readonly Seat[], target: string): readonly PhoneOutcome[] {
  return phones.map(({ mac, state, stages, problem }) => {
    const one = seats.find((candidate) => colons(candidate.mac) === mac);
    const arrived = state === "done" && one?.running === target && one.mood === "settled";
    return {
      mac,
      arrived,
      runs: one?.running,
      state,
      stages,
      boots: one?.boot ?? 0,
      screen: one?.screen ?? "",
      ...(problem === undefined ? {} : { problem: `${problem.code}: ${problem.message}` }),
    };
  });
}

function logInto(progress: Progress): Log {
  return {
    note: (note) => progress.note(note),
    warn: () => undefined,
    error: (note) => progress.note(note),
    flush: () => undefined,
  };
}
