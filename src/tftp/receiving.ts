import type { Terms } from "./negotiate.ts";
import { backedOff, firstWait, furtherWait, type RoundTrip, UNMEASURED } from "./rto.ts";
import { wireNumber } from "./sending.ts";

/*
 * One write transfer, seen from the server. Everything that moves it stands in this file. The caller keeps the octets:
 * a step says `keep` when those of the block just heard belong to the file, and `complete` when the file is whole. The
 * last ACK is sent only when the file has been stored, so that a phone never believes in a file that is lost.
 *
 *       begin                last block             stored
 *   ─ OACK or ACK 0 ▶ receiving ─────────▶ storing ────────▶ dallying ──▶ done
 *                         │ ERROR, silence,   │ no room, disk
 *                         ▼ limit, misuse     ▼
 *                        broken ◀─────────────╯
 */

export type ReceivingEvent =
  /** A DATA packet of the transfer's own client: number on the wire and octets in it. */
  | { readonly is: "data"; readonly block: number; readonly length: number }
  | { readonly is: "wake"; readonly dice: number }
  | { readonly is: "error" }
  /** The same request again, from the same port. */
  | { readonly is: "repeated" }
  | { readonly is: "stored" }
  /** The file could not be kept: the disk is full, or failed. */
  | { readonly is: "unstored"; readonly full: boolean }
  | { readonly is: "stop" };

export type UploadBroken = "peer-error" | "no-answer" | "too-large" | "misuse" | "unstored" | "stopped";

export interface Incoming {
  readonly at: "receiving" | "storing" | "dallying";
  readonly terms: Terms;
  /** The most octets the file may have. */
  readonly limit: number;
  /** Blocks received in order, counted without wrapping, and the octets in them. */
  readonly received: number;
  readonly octets: number;
  /** Blocks received since the last ACK. */
  readonly unacked: number;
  /** Whether a gap or a repeat has been answered since the last block in order. */
  readonly complained: boolean;
  readonly roundTrip: RoundTrip;
  readonly sends: number;
  readonly movedAt: number;
  readonly wakeAt: number;
}

export type Receiving = Incoming | { readonly at: "done" } | { readonly at: "broken"; readonly because: UploadBroken };

export interface ReceivingStep {
  readonly state: Receiving;
  readonly send?:
    | { readonly is: "oack" }
    | { readonly is: "ack"; readonly block: number }
    | { readonly is: "error"; readonly code: number; readonly message: string };
  /** The block just heard belongs to the file. */
  readonly keep?: true;
  /** The file is whole and is to be stored. */
  readonly complete?: true;
}

/** As long as for a read: a phone may be busy. */
const PATIENCE = 25_000;

/** RFC 1350 §6: the last ACK may be lost; who sends the last block again within this time gets another. */
const DALLY = 2000;

const UNPROVEN_SENDS = 5;

/** Begins at `now` (ms) with the OACK, or with ACK 0 where no option was agreed. `limit` is in octets. */
export function beginReceiving(terms: Terms, limit: number, now: number): ReceivingStep {
  const state: Incoming = {
    at: "receiving",
    terms,
    limit,
    received: 0,
    octets: 0,
    unacked: 0,
    complained: false,
    roundTrip: UNMEASURED,
    sends: 1,
    movedAt: now,
    wakeAt: now + firstWait(UNMEASURED, ceiling(terms)),
  };
  return { state, send: last(state) };
}

/** Moves a transfer. A pair of state and event that nothing answers leaves the state as it is and sends nothing. */
export function stepReceiving(state: Receiving, event: ReceivingEvent, now: number): ReceivingStep {
  if (state.at === "done" || state.at === "broken") return { state };
  switch (event.is) {
    case "data":
      return onData(state, event.block, event.length, now);
    case "wake":
      return onWake(state, event.dice, now);
    case "repeated":
      return state.at === "receiving" && state.received === 0 && now - state.movedAt >= 100
        ? { state: { ...state, movedAt: now }, send: last(state) }
        : { state };
    case "stored":
      return state.at === "storing"
        ? { state: { ...state, at: "dallying", wakeAt: now + DALLY }, send: last(state) }
        : { state };
    case "unstored":
      return broken("unstored", event.full ? 3 : 0, event.full ? "Disk full or allocation exceeded" : "Server error");
    case "error":
      return state.at === "dallying" ? { state: { at: "done" } } : { state: { at: "broken", because: "peer-error" } };
    case "stop":
      return state.at === "dallying" ? { state: { at: "done" } } : broken("stopped", 0, "the server stops");
  }
}

function onData(state: Incoming, block: number, length: number, now: number): ReceivingStep {
  if (length > state.terms.blksize) return broken("misuse", 4, "a block is longer than was agreed");
  if (state.at === "storing") return { state };
  const isNext = block === wireNumber(state.received + 1, 0) && state.at === "receiving";
  if (!isNext) return onForeignBlock(state, block);
  const octets = state.octets + length;
  if (octets > state.limit) return broken("too-large", 3, "Disk full or allocation exceeded");
  const final = length < state.terms.blksize;
  const whole = state.unacked + 1 >= state.terms.windowsize;
  const next: Incoming = {
    ...state,
    at: final ? "storing" : "receiving",
    received: state.received + 1,
    octets,
    unacked: whole || final ? 0 : state.unacked + 1,
    complained: false,
    roundTrip: UNMEASURED,
    sends: 1,
    movedAt: now,
    wakeAt: final ? Number.POSITIVE_INFINITY : now + firstWait(UNMEASURED, ceiling(state.terms)),
  };
  if (final) return { state: next, keep: true, complete: true };
  return whole ? { state: next, keep: true, send: last(next) } : { state: next, keep: true };
}

// The last block again: its ACK was lost. Any other: a gap in a window, told once (RFC 7440 §4), or of another time.
function onForeignBlock(state: Incoming, block: number): ReceivingStep {
  const repeated = state.received > 0 && block === wireNumber(state.received, 0);
  const inWindow = state.terms.windowsize > 1 && !state.complained;
  if (!repeated && !inWindow) return { state };
  return { state: { ...state, unacked: 0, complained: true }, send: last(state) };
}

function onWake(state: Incoming, dice: number, now: number): ReceivingStep {
  if (now < state.wakeAt) return { state };
  if (state.at === "dallying") return { state: { at: "done" } };
  if (now - state.movedAt >= PATIENCE) return { state: { at: "broken", because: "no-answer" } };
  if (state.received === 0 && state.sends >= UNPROVEN_SENDS) {
    return { state: { ...state, wakeAt: state.movedAt + PATIENCE } };
  }
  const roundTrip = backedOff(state.roundTrip, ceiling(state.terms));
  const wakeAt = now + furtherWait(roundTrip, dice);
  return { state: { ...state, roundTrip, sends: state.sends + 1, unacked: 0, wakeAt }, send: last(state) };
}

function last(state: Incoming): NonNullable<ReceivingStep["send"]> {
  if (state.received === 0 && state.terms.oack.length > 0) return { is: "oack" };
  return { is: "ack", block: wireNumber(state.received, 0) };
}

function broken(because: UploadBroken, code: number, message: string): ReceivingStep {
  return { state: { at: "broken", because }, send: { is: "error", code, message } };
}

function ceiling(terms: Terms): number | undefined {
  return terms.timeout === undefined ? undefined : terms.timeout * 1000;
}
