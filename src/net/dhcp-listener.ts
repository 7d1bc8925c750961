import type { Arrival, DhcpAnswer, DhcpDesk, DhcpNote } from "../provision/dhcp-answer.ts";
import { createNoteSieve } from "../provision/dhcp-notes.ts";
import type { Ipv4 } from "../wire/address.ts";
import { type DhcpPacket, decodeDhcp } from "../wire/dhcp.ts";
import { MalformedPacket } from "../wire/malformed.ts";
import { openDoors } from "./dhcp-doors.ts";
import type { Source } from "./dhcp-inbox.ts";
import { watchOtherServers } from "./dhcp-lookout.ts";

/** How the DHCP service listens. */
export interface DhcpListening {
  readonly desk: DhcpDesk;
  /** An address of the interface: the source of every answer (option 54). */
  readonly address: Ipv4;
  /** 67, or 0 for any free port. */
  readonly port: number;
  /** The one interface that is listened on. Without it only `address` is: enough for loopback, deaf to broadcasts. */
  readonly interface?: string;
  /**
   * For loopback, which knows no broadcast: what would be broadcast, or sent to the client's port, goes back to where
   * the request came from.
   */
  readonly replyToSender?: boolean;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since some moment, which nobody can set; by default the process's own. */
  elapsed?(): number;
  /** Told of everything that the desk notes, of what is malformed and of what could not be sent. */
  note(note: DhcpNote): void;
}

/** A running DHCP service. */
export interface DhcpService {
  readonly address: Ipv4;
  readonly port: number;
  /** Waits for the answers under way. */
  stop(): Promise<void>;
}

/** Longer messages than an Ethernet frame carries come from no phone (D019). */
const LONGEST = 1500;
/** Requests that wait for the store at once; more would only be answered after the client gave up. */
const MOST_WAITING = 20_000;

/** A clock that is slewed moves less between two messages; one that is set moves more, in milliseconds. */
const CLOCK_SET = 2000;

/**
 * Starts to answer. A bad datagram never ends it.
 * @throws CannotListen as a rejection, with the remedy.
 */
export async function startDhcp(listening: DhcpListening): Promise<DhcpService> {
  let waiting = 0;
  let stopped = false;
  let whenIdle: (() => void) | undefined;

  const sieve = createNoteSieve();
  const note = (one: DhcpNote): void => {
    for (const passed of sieve.pass(one, listening.now())) listening.note(passed);
  };

  const send = (answer: DhcpAnswer, from: Source): void => {
    for (const one of answer.notes) note(one);
    if (answer.is === "silence" || stopped) return;
    const back = listening.replyToSender === true && answer.to.by !== "relay";
    doors.send(answer.octets, back ? from : answer.to);
  };

  const elapsed = listening.elapsed ?? (() => performance.now());
  let offset = listening.now() - elapsed();
  let lookedAt = Number.NaN;
  const watchClock = (now: number): void => {
    // Of the many messages of one millisecond the first is enough.
    if (now === lookedAt) return;
    lookedAt = now;
    const moved = now - elapsed() - offset;
    if (Math.abs(moved) < CLOCK_SET) return;
    offset += moved;
    note({ event: "dhcp.clock", detail: `the clock was set by ${Math.round(moved / 1000)} s; leases keep their time` });
    void listening.desk.clockJumped(moved, now);
  };

  const hear = (octets: Uint8Array, from: Source, unicast: boolean | undefined): void => {
    if (stopped || waiting >= MOST_WAITING) return;
    const now = listening.now();
    watchClock(now);
    const packet = readPacket(octets, from, note);
    if (packet === undefined) return;
    const arrival: Arrival = { source: from, interfaceAddress: listening.address, unicast };
    try {
      const answer = listening.desk.answer(packet, arrival, now);
      if (answer instanceof Promise) later(answer, from);
      else send(answer, from);
    } catch (error) {
      failed(error);
    }
  };
  const later = (answer: Promise<DhcpAnswer>, from: Source): void => {
    waiting++;
    answer
      .then((one) => send(one, from))
      .catch(failed)
      .finally(() => {
        waiting--;
        if (waiting === 0) whenIdle?.();
      });
  };
  const failed = (error: unknown): void => note({ event: "dhcp.failed", detail: `no answer: ${String(error)}` });

  const doors = await openDoors(listening, hear, (why) => note({ event: "dhcp.failed", detail: why }));
  const watch = await watchFor(listening, note);
  return {
    address: listening.address,
    port: doors.port,
    async stop() {
      if (waiting > 0)
        await new Promise<void>((resolve) => {
          whenIdle = resolve;
        });
      stopped = true;
      watch?.stop();
      await doors.close();
    },
  };
}

/** Warns of other servers on the wire; where port 68 is taken, that is said once and the service goes on. */
async function watchFor(
  { address, interface: device, port }: DhcpListening,
  note: (one: DhcpNote) => void,
): Promise<{ stop(): void } | undefined> {
  if (device === undefined || port !== 67) return undefined;
  try {
    return await watchOtherServers({ interface: device, address }, ({ serverId, source }) =>
      note({
        event: "dhcp.other-server",
        ip: serverId,
        detail: `another DHCP server answers: ${serverId}, from ${source}`,
      }),
    );
  } catch (error) {
    note({ event: "dhcp.failed", detail: `other servers are not watched for: ${String(error)}` });
    return undefined;
  }
}

function readPacket(octets: Uint8Array, from: Source, note: (one: DhcpNote) => void): DhcpPacket | undefined {
  if (octets.length > LONGEST) return undefined;
  try {
    return decodeDhcp(octets);
  } catch (error) {
    if (!(error instanceof MalformedPacket)) throw error;
    note({ event: "dhcp.ignored", detail: `${from.address}: ${error.message}` });
    return undefined;
  }
}
