import type { HistoryEntry, MigrationPlan } from "../../src/migration/migration.ts";
import { benchFor } from "../../src/sim/bench.ts";
import { createCisco7940 } from "../../src/sim/cisco-7940/character.ts";
import { flashWith } from "../../src/sim/cisco-7940/flash.ts";
import type { Datagram } from "../../src/sim/datagram.ts";
import { createLink } from "../../src/sim/link.ts";
import { type Operator, run } from "../../src/sim/run.ts";
import { type Seat, seat } from "../../src/sim/seat.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { createWorld, enrolAll, fullVault, vendorFilesOf, type World, type WorldParts } from "./world.ts";

export const traveller = "000e84c060a6" as Mac;
export const bystander = "000e84ffffff" as Mac;

export interface Journey {
  readonly plan: MigrationPlan;
  /** The load that the phone begins with, where it is not the one of the plan. */
  readonly flash?: string;
  /** The phone itself, where it is not one that has run its load for years. */
  readonly seat?: Seat;
  /** A TFTP server that was set by hand in the phone's menus. */
  readonly tftpByHand?: Ipv4;
  readonly loss: number;
  readonly seed: number;
  readonly parts?: WorldParts;
  /** A phone on the same server that is not enrolled, with the load it runs and the site's files that it reads. */
  readonly beside?: string;
  /** Acts on phone and server every five seconds of virtual time, beside the technician's power-cycles. */
  readonly fate?: (now: number, act: Operator, phone: Seat, world: World) => void | Promise<void>;
  /** What befalls phone and server at instants of virtual time, in milliseconds. */
  readonly strokes?: readonly Strike[];
  /** Sees every datagram before the network has it. */
  readonly watch?: (datagram: Datagram, world: World) => void;
  /** Milliseconds that a datagram takes at least; default 1. */
  readonly delay?: number;
  /** Hours of virtual time. */
  readonly hours?: number;
  /** Milliseconds that the phone stands idle before somebody power-cycles it; a minute where absent. */
  readonly idle?: number;
}

export interface Strike {
  readonly at: number;
  readonly falls: (now: number, act: Operator, phone: Seat, world: World) => void | Promise<void>;
}

export interface Journeyed {
  readonly phone: Seat;
  readonly world: World;
  readonly history: readonly HistoryEntry[];
  readonly arrived: boolean;
  /** What the bystander was sent, boot by boot: the octets of each datagram in order. */
  readonly boots: readonly string[];
  /** For a message when something is wrong. */
  readonly story: string;
}

const minute = 60_000;

/** A technician who power-cycles a phone that has shown the same for a minute, until the server says that it is done. */
export async function travel(journey: Journey): Promise<Journeyed> {
  const { plan } = journey;
  const world = await createWorld({ vault: fullVault(plan.model), siteFiles: vendorFilesOf(plan), ...journey.parts });
  const start = journey.flash ?? journey.plan.from?.load ?? "";
  const phone = onDesk(journey, start);
  const other = journey.beside === undefined ? undefined : witness(journey.beside, journey.seed);
  const boots: string[] = [];
  let idleSince = 0;
  let enrolled = false;
  let otherSince = 0;
  const ended = () => world.tracker.of(traveller)?.migration.progress.at === "done";

  await run({
    seats: other === undefined ? [phone] : [phone, other],
    server: world,
    link: createLink(
      { loss: journey.loss, duplication: journey.loss / 2, delay: journey.delay ?? 1, jitter: journey.loss * 50 },
      journey.seed,
    ),
    until: (journey.hours ?? 8) * 60 * minute,
    every: 5_000,
    strokes: (journey.strokes ?? []).map(({ at, falls }) => ({
      at,
      falls: (now, act) => falls(now, act, phone, world),
    })),
    tap: (datagram) => {
      journey.watch?.(datagram, world);
      if (other !== undefined && datagram.from.ip !== other.ip && datagram.to.ip === other.ip)
        record(boots, other, datagram);
      return false;
    },
    operator: async (now, act) => {
      if (!enrolled && now >= 2 * minute) {
        await enrolAll(world, [traveller], journey.plan);
        enrolled = true;
      }
      await journey.fate?.(now, act, phone, world);
      if (other !== undefined && other.mood !== "busy" && now - otherSince > minute) {
        act.powerCycle(other);
        otherSince = now;
      }
      if (phone.mood === "busy" || !enrolled) idleSince = now;
      else if (now - idleSince > (journey.idle ?? minute)) {
        act.powerCycle(phone);
        idleSince = now;
      }
      return (
        (enrolled && ended() && (other === undefined || now - otherSince > minute - 10_000)) || phone.mood === "dead"
      );
    },
  });
  const history = await world.store.history(traveller);
  const log = phone.log.slice(-60).map((l) => `${Math.round(l.at)} #${l.boot} ${l.what} ${l.text}`);
  const lines = history.map((h) => `${Math.round(h.at)} ${h.event}: ${h.detail}`);
  return { phone, world, history, arrived: ended(), boots, story: [...lines, ...log].join("\n") };
}

function onDesk({ plan, seed, tftpByHand, seat: given }: Journey, load: string): Seat {
  if (given !== undefined) return given;
  if (tftpByHand !== undefined)
    return seat(createCisco7940({ mac: traveller, model: "7960", seed }), flashWith(load, { tftp: tftpByHand }));
  const bench = benchFor(plan.model);
  if (bench === undefined) throw new Error(`no simulated ${plan.model}`);
  return bench.seat(traveller, load, seed);
}

function witness(load: string, seed: number): Seat {
  return seat(createCisco7940({ mac: bystander, model: "7960", seed }), flashWith(load));
}

/** Ports are the phone's own and differ from boot to boot; what it is told must not. */
function record(boots: string[], other: Seat, datagram: Datagram): void {
  if (datagram.from.port === 67) return;
  boots[other.boot] = `${boots[other.boot] ?? ""}${Buffer.from(datagram.octets).toString("latin1")}\n`;
}
