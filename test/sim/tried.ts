import { createCisco7940 } from "../../src/sim/cisco-7940/character.ts";
import { type Flash7940, flashWith, type Habits } from "../../src/sim/cisco-7940/flash.ts";
import { createLink, QUIET } from "../../src/sim/link.ts";
import { type Ran, type RunManner, run } from "../../src/sim/run.ts";
import { type Seat, seat } from "../../src/sim/seat.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { type Script, type ScriptedServer, scriptedServer } from "./scripted-server.ts";
import { FIRST_LEASE, SERVER, type Site } from "./site.ts";

export const MAC = "000e84c060a6" as Mac;

export interface Trial extends Partial<Pick<RunManner, "until" | "operator" | "tap" | "link">> {
  /** A load name, or the flash itself. */
  readonly from: string | Flash7940;
  readonly site: Site;
  readonly habits?: Partial<Habits>;
  readonly model?: "7940" | "7960";
  readonly mac?: Mac;
  /** The TFTP server that the lease names; `false`: none. */
  readonly tftp?: Ipv4 | false;
  /** Told of each name before it is answered: may change the site. */
  readonly onAsk?: (name: string, site: Site) => void;
  /** Told of the phone before the run begins. */
  readonly seatIs?: (seat: Seat) => void;
  readonly leaseSeconds?: number;
  readonly web?: boolean;
  readonly extends?: NonNullable<Script["extends"]>;
}

export interface Tried extends Ran {
  readonly phone: Seat;
  readonly server: ScriptedServer;
  /** Names asked for, in order. */
  readonly asked: readonly string[];
}

/** One 7940 or 7960 against one folder of files, over a quiet link unless the trial says otherwise. */
export function attempt(trial: Trial): Promise<Tried> {
  const { from, habits = {}, model = "7960", mac = MAC, ...rest } = trial;
  const phone = seat(
    createCisco7940({ mac, model, habits, seed: 3 }),
    typeof from === "string" ? flashWith(from) : from,
  );
  return trySeat({ ...rest, phone });
}

/** Any phone against one folder of files. */
export async function trySeat(
  trial: Omit<Trial, "from" | "habits" | "model" | "mac"> & { readonly phone: Seat },
): Promise<Tried> {
  const { phone, site, tftp = SERVER, onAsk, seatIs, leaseSeconds, web, extends: extending, ...rest } = trial;
  seatIs?.(phone);
  const server = scriptedServer({
    file: (name) => {
      onAsk?.(name, site);
      return site.get(name.replace(/^\.\//, ""));
    },
    address: SERVER,
    firstLease: FIRST_LEASE,
    ...(tftp === false ? {} : { tftp }),
    ...(web === undefined ? {} : { web }),
    ...(leaseSeconds === undefined ? {} : { leaseSeconds }),
    ...(extending === undefined ? {} : { extends: extending }),
  });
  const ran = await run({ seats: [phone], server, link: createLink(QUIET, 1), until: 3600_000, ...rest });
  return { ...ran, phone, server, asked: server.asked.map(({ name }) => name) };
}
