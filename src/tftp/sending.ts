import type { Terms } from "./negotiate.ts";
import { backedOff, bounded, firstWait, furtherWait, measured, type RoundTrip, UNMEASURED } from "./rto.ts";

/*
 * One read transfer, seen from the server. Everything that moves it stands in this file: no socket, no clock, no octets.
 * Blocks are counted 1, 2, 3 … without wrapping; only `ack.block` is a number of the wire. Which octets a block holds
 * is the caller's business: the machine says "send blocks 5 to 8" and the caller finds them.
 *
 *            begin
 *        OACK /  \ no options
 *      offering   \
 *   ACK 0 │        \
 *         ▼         ▼          ACK of the last block
 *        sending ────────────────────────▶ done
 *           │  ERROR, silence, unreadable octets, another request from the same port
 *           ╰────────────────────────────▶ broken
 */

/** What happens to a transfer. */
export type SendingEvent =
  /** An ACK from the transfer's own client; `block` is the number on the wire, 0..65535. */
  | { readonly is: "ack"; readonly block: number }
  /** `wakeAt` has come. `dice` is a random number, 0 to 1. */
  | { readonly is: "wake"; readonly dice: number }
  /** An ERROR packet from the client. */
  | { readonly is: "error" }
  /** The same request again, from the same port. */
  | { readonly is: "repeated" }
  /** The octets of the last `send` had to be fetched and went out only now: the wait for their ACK begins now. */
  | { readonly is: "fetched" }
  /** The file turned out to end with this block (netascii, whose length nobody knows before). */
  | { readonly is: "ends"; readonly block: number }
  /** The octets cannot be read. They must never be replaced by a short block, which means "complete" (RFC 1350 §2). */
  | { readonly is: "unreadable" }
  /** The server stops. */
  | { readonly is: "stop" };

/** Why a transfer ended without its last ACK. */
export type Broken = "peer-error" | "no-answer" | "unreadable" | "restarted" | "stopped";

/** A transfer that waits for an ACK. */
export interface UnderWay {
  readonly at: "offering" | "sending";
  readonly terms: Terms;
  /** The number that follows 65535 on the wire: 0, or 1 for the loaders that know no block 0. */
  readonly wrapTo: 0 | 1;
  /** The last block of the file; undefined while nobody knows. */
  readonly last: number | undefined;
  /** Every block up to this one is acknowledged. */
  readonly acked: number;
  /** The highest block sent. */
  readonly sent: number;
  /** How many blocks may be sent at once now; under loss less than was agreed. */
  readonly window: number;
  readonly roundTrip: RoundTrip;
  /** When the flight that waits for its ACK was last sent, ms. */
  readonly sentAt: number;
  /** How often that flight was sent. */
  readonly sends: number;
  /** Whether an ACK of this flight measures a round trip. */
  readonly measurable: boolean;
  /** When the client was last heard to move on, or the transfer's begin, ms. */
  readonly movedAt: number;
  /** When the machine wants to hear `wake`, in the ms of `now`. */
  readonly wakeAt: number;
}

export type Sending = UnderWay | { readonly at: "done" } | { readonly at: "broken"; readonly because: Broken };

/** What has to leave now. `to` is the last block of the flight, included. */
export type Send =
  | { readonly is: "oack" }
  | { readonly is: "blocks"; readonly from: number; readonly to: number }
  | { readonly is: "error"; readonly code: number; readonly message: string };

/** The state to keep, and what leaves now. A state that is under way says in `wakeAt` when it wants its `wake`. */
export interface SendingStep {
  readonly state: Sending;
  readonly send?: Send;
}

/** A phone that erases its flash is silent for this long and goes on afterwards (T053). */
const PATIENCE = 25_000;

/**
 * No address is sent more than this before it has acknowledged anything: a forged one must not be worth using. Four
 * times 544 octets on the wire for the shortest request of 38 are 57 for one.
 */
const UNPROVEN_SENDS = 4;

/** A request that is repeated faster is not answered each time. */
const REPEAT_GAP = 100;

/** A repeated request this long after the last ACK is a client that began anew, not a late copy of its first packet. */
const RESTART_AFTER = 1000;

/**
 * Begins a transfer at `now` (ms): with the OACK if options were agreed, else with the first block.
 * `last` is the number of the last block, i.e. ⌊size / blksize⌋ + 1, or undefined. `roundTrip` is what an earlier
 * transfer of the same client has measured.
 */
export function beginSending(
  terms: Terms,
  last: number | undefined,
  wrapTo: 0 | 1,
  now: number,
  roundTrip: RoundTrip = UNMEASURED,
): SendingStep {
  const state: UnderWay = {
    at: "offering",
    terms,
    wrapTo,
    last,
    acked: 0,
    sent: 0,
    window: terms.windowsize,
    roundTrip,
    sentAt: now,
    sends: 1,
    measurable: true,
    movedAt: now,
    wakeAt: now + firstWait(roundTrip, ceiling(terms)),
  };
  return terms.oack.length > 0 ? { state, send: { is: "oack" } } : flight(state, 0, state.window, roundTrip, now);
}

/** Moves a transfer. A pair of state and event that nothing answers leaves the state as it is and sends nothing. */
export function stepSending(state: Sending, event: SendingEvent, now: number): SendingStep {
  if (state.at === "done" || state.at === "broken") return { state };
  switch (event.is) {
    case "ack":
      return state.at === "offering" ? onAckOfOptions(state, event.block, now) : onAck(state, event.block, now);
    case "wake":
      return onWake(state, event.dice, now);
    case "repeated":
      return onRepeated(state, now);
    case "fetched":
      return { state: { ...state, sentAt: now, wakeAt: now + (state.wakeAt - state.sentAt) } };
    case "ends":
      return { state: { ...state, last: event.block, sent: Math.min(state.sent, event.block) } };
    case "error":
      return broken("peer-error");
    case "unreadable":
      return broken("unreadable", "the file cannot be read");
    case "stop":
      return broken("stopped", "the server stops");
  }
}

/** The number on the wire of block `count` (1, 2, 3 …). */
export function wireNumber(count: number, wrapTo: 0 | 1): number {
  if (wrapTo === 0) return count % 65_536;
  return count === 0 ? 0 : ((count - 1) % 65_535) + 1;
}

// RFC 2347 §4: after an OACK only ACK 0 begins the transfer; any other number is of another time.
function onAckOfOptions(state: UnderWay, block: number, now: number): SendingStep {
  return block === 0 ? flight(state, 0, state.window, sampled(state, now), now) : { state };
}

function onAck(state: UnderWay, block: number, now: number): SendingStep {
  const ahead = distance(state, block);
  if (ahead === 0) return onDuplicate(state, now);
  if (ahead > state.sent - state.acked) return { state };
  const acked = state.acked + ahead;
  if (acked === state.last) return { state: { at: "done" } };
  if (acked < state.sent && state.measurable && now < soonestAnswer(state)) return slid(state, acked, now);
  const whole = acked === state.sent && state.sends === 1;
  const window = whole ? Math.min(state.terms.windowsize, state.window * 2) : state.window;
  return flight(state, acked, window, sampled(state, now), now);
}

// An ACK inside a window that comes before the last flight can have arrived answers an earlier one. A client that
// acknowledges every block, window or not, would else be sent the whole window for each.
function slid(state: UnderWay, acked: number, now: number): SendingStep {
  const to = Math.min(acked + state.window, state.last ?? Number.POSITIVE_INFINITY);
  const sent = Math.max(state.sent, to);
  const next: UnderWay = { ...state, acked, sent, movedAt: now };
  return sent > state.sent ? { state: next, send: { is: "blocks", from: state.sent + 1, to: sent } } : { state: next };
}

function soonestAnswer(state: UnderWay): number {
  return state.sentAt + (state.roundTrip.smoothed ?? state.roundTrip.rto) / 2;
}

// RFC 1123 §4.2.3.1: an ACK that repeats sends nothing, else every copy doubles the traffic (Sorcerer's Apprentice).
// In a window it can also say "the first block of this flight is missing" (RFC 7440 §4), but not before the flight
// can have arrived, and no more than once a flight.
function onDuplicate(state: UnderWay, now: number): SendingStep {
  const lockstep = state.terms.windowsize === 1;
  return lockstep || !state.measurable || now < soonestAnswer(state)
    ? { state }
    : again({ ...state, wakeAt: now + firstWait(state.roundTrip, ceiling(state.terms)) }, now);
}

function onWake(state: UnderWay, dice: number, now: number): SendingStep {
  if (now < state.wakeAt) return { state };
  if (now - state.movedAt >= PATIENCE && state.sends >= UNPROVEN_SENDS) return broken("no-answer");
  const unproven = state.acked === 0 && (state.at === "offering" || state.terms.oack.length === 0);
  if (unproven && state.sends >= UNPROVEN_SENDS) return { state: { ...state, wakeAt: state.movedAt + PATIENCE } };
  const sends = state.sends + 1;
  const window = sends > 3 ? Math.max(1, Math.floor(state.window / 2)) : state.window;
  const roundTrip = backedOff(state.roundTrip, ceiling(state.terms));
  return again({ ...state, sends, window, roundTrip, wakeAt: now + furtherWait(roundTrip, dice) }, now);
}

function onRepeated(state: UnderWay, now: number): SendingStep {
  const begun = state.acked > 0 || (state.at === "sending" && state.terms.oack.length > 0);
  if (begun) return now - state.movedAt >= RESTART_AFTER ? broken("restarted") : { state };
  return now - state.sentAt >= REPEAT_GAP ? again(state, now) : { state };
}

function again(state: UnderWay, now: number): SendingStep {
  const to = Math.min(state.acked + state.window, state.last ?? Number.POSITIVE_INFINITY);
  const resent: UnderWay = { ...state, sentAt: now, sent: Math.max(state.sent, to), measurable: false };
  if (state.at === "offering") return { state: { ...resent, sent: 0 }, send: { is: "oack" } };
  return { state: resent, send: { is: "blocks", from: state.acked + 1, to } };
}

// Written out, without `...state`, because it runs once for every block that any phone acknowledges.
function flight(state: UnderWay, acked: number, window: number, roundTrip: RoundTrip, now: number): SendingStep {
  const { terms, wrapTo, last } = state;
  const sent = Math.min(acked + window, last ?? Number.POSITIVE_INFINITY);
  const next: UnderWay = {
    at: "sending",
    terms,
    wrapTo,
    last,
    acked,
    sent,
    window,
    roundTrip,
    sentAt: now,
    sends: 1,
    measurable: true,
    movedAt: now,
    wakeAt: now + firstWait(roundTrip, ceiling(terms)),
  };
  return { state: next, send: { is: "blocks", from: acked + 1, to: sent } };
}

function broken(because: Broken, message?: string): SendingStep {
  const state: Sending = { at: "broken", because };
  return message === undefined ? { state } : { state, send: { is: "error", code: 0, message } };
}

function sampled(state: UnderWay, now: number): RoundTrip {
  // A flight begins when the client last moved on, so `movedAt` is when it was first sent.
  return state.measurable
    ? measured(state.roundTrip, now - state.sentAt)
    : bounded(state.roundTrip, now - state.movedAt);
}

function ceiling(terms: Terms): number | undefined {
  return terms.timeout === undefined ? undefined : terms.timeout * 1000;
}

// How many blocks beyond the acknowledged one the wire number `block` is, counted round the wrap.
function distance(state: UnderWay, block: number): number {
  if (state.wrapTo === 0) return (block - (state.acked % 65_536) + 65_536) % 65_536;
  if (block === 0) return state.acked === 0 ? 0 : Number.POSITIVE_INFINITY;
  if (state.acked === 0) return block;
  return (block - wireNumber(state.acked, 1) + 65_535) % 65_535;
}
