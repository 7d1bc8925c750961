import type { Ipv4, Mac } from "../wire/address.ts";
import type { Datagram, Endpoint } from "./datagram.ts";
import type { LogEntry, Mood, Phone, PhoneEvent } from "./phone.ts";
import type { WebGet } from "./script.ts";

/** A phone on a desk: a machine with the state it is in, whatever its family keeps in flash. */
export interface Seat {
  readonly mac: Mac;
  /** Lets `event` happen at `now` (milliseconds of virtual time) and returns what the phone sends. */
  happens(event: PhoneEvent, now: number): readonly Datagram[];
  /** When the phone wants a `wake`; undefined when it waits for nothing. */
  wakeAt(): number | undefined;
  /** Where it listens. */
  endpoints(): readonly Endpoint[];
  /** The GET that the phone waits for, to be answered by an event `got`. */
  getting(): WebGet | undefined;
  readonly screen: string;
  readonly mood: Mood;
  readonly ip: Ipv4 | undefined;
  readonly boot: number;
  /** The load in flash. */
  readonly running: string | undefined;
  readonly log: readonly LogEntry[];
}

/** A seat whose family is known: what its phone keeps without power can be looked at, e.g. a Polycom's BootROM. */
export interface SeatOf<F> extends Seat {
  readonly flash: F;
}

/** Puts `phone` on a desk, switched off, with `flash` in it. */
export function seat<F>(phone: Phone<F>, flash: F): SeatOf<F> {
  let state = phone.start(flash);
  let due: number | undefined;
  const log: LogEntry[] = [];
  return {
    mac: phone.mac,
    happens(event, now) {
      const stepped = phone.step(state, event, now);
      state = stepped.state;
      due = stepped.wakeAt;
      log.push(...stepped.log);
      return stepped.send;
    },
    wakeAt: () => due,
    endpoints: () => phone.endpoints(state),
    getting: () => phone.getting(state),
    get screen() {
      return state.screen;
    },
    get mood() {
      return state.mood;
    },
    get ip() {
      return state.ip;
    },
    get boot() {
      return state.boot;
    },
    get flash() {
      return state.flash;
    },
    get running() {
      return phone.running(state);
    },
    log,
  };
}
