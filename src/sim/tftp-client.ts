import type { Datagram, Endpoint } from "./datagram.ts";
import { join, latin1, number16, octets16, textOf } from "./octets.ts";

/**
 * How a phone speaks TFTP. Its reader is its own, independent of `wire/tftp.ts`, so that a mistake there is seen here.
 */
export interface TftpManner {
  /** Old 7960 loads put one zero octet too many behind the mode (cisco.md §8, `ETH2000`). */
  readonly trailingNul: boolean;
  /** Milliseconds of silence after which the last packet is sent again. */
  readonly retryAfter: number;
  /** How often a packet is sent from one source port before the next port is tried with a new RRQ. */
  readonly triesPerPort: number;
  /** How many source ports are tried before the phone gives the file up. */
  readonly ports: number;
}

/** What a phone wants of one file. */
export interface FileWish {
  readonly name: string;
  /** Octets that fit in the phone's buffer; a longer file is broken off and counts as `too-big`. */
  readonly limit?: number;
  /** Looks at the first block; true: it has seen enough, and closes its socket without a word (polycom.md §1.2). */
  readonly closesOn?: (firstBlock: Uint8Array) => boolean;
  /** Breaks off with an ERROR packet after the first block (cisco.md §5.1 R5, "State error"). */
  readonly breaksOff?: boolean;
  /** Sends these octets by WRQ instead of reading. */
  readonly upload?: Uint8Array;
}

/** What became of one file. */
export type Fetched =
  | { readonly is: "whole"; readonly name: string; readonly octets: Uint8Array }
  | { readonly is: "seen-enough"; readonly name: string; readonly octets: Uint8Array }
  | { readonly is: "not-found"; readonly name: string }
  | { readonly is: "timeout"; readonly name: string }
  | { readonly is: "no-server"; readonly name: string }
  | { readonly is: "too-big"; readonly name: string }
  | { readonly is: "broken-off"; readonly name: string; readonly why: string };

/** A transfer under way. Received blocks are a linked list, so that a state can be kept and stepped again. */
export interface Transfer {
  readonly wish: FileWish;
  readonly manner: TftpManner;
  readonly local: Endpoint;
  /** The server's well-known port while nothing came back, its TID afterwards (RFC 1350 §4). */
  readonly remote: Endpoint;
  readonly server: Endpoint;
  /** Blocks taken (or, for a WRQ, acknowledged) so far; not folded to 16 bits. */
  readonly blocks: number;
  readonly taken: number;
  readonly pieces: Piece | undefined;
  readonly last: Uint8Array;
  readonly tries: number;
  readonly port: number;
  readonly dueAt: number;
  readonly answered: boolean;
}

interface Piece {
  readonly octets: Uint8Array;
  readonly before: Piece | undefined;
}

/** What a transfer does next: it goes on, or it has ended. */
export interface Moved {
  readonly transfer: Transfer | Fetched;
  readonly send: readonly Datagram[];
}

const BLOCK = 512;
const OP = { rrq: 1, wrq: 2, data: 3, ack: 4, error: 5 } as const;

/** Asks `server` for the file from the source port of `local`; later source ports count up from it. */
export function beginTransfer(
  wish: FileWish,
  manner: TftpManner,
  local: Endpoint,
  server: Endpoint,
  now: number,
): { readonly transfer: Transfer; readonly send: readonly Datagram[] } {
  const transfer: Transfer = {
    wish,
    manner,
    local,
    remote: server,
    server,
    blocks: 0,
    taken: 0,
    pieces: undefined,
    last: request(wish, manner),
    tries: 1,
    port: 1,
    dueAt: now + manner.retryAfter,
    answered: false,
  };
  return { transfer, send: [packet(transfer, transfer.last)] };
}

/** Whether `transfer` is still under way. */
export function underWay(transfer: Transfer | Fetched): transfer is Transfer {
  return !("is" in transfer);
}

/** Takes a datagram that arrived at the transfer's port. */
export function transferReceives(transfer: Transfer, datagram: Datagram, now: number): Moved {
  if (datagram.from.ip !== transfer.server.ip) return { transfer, send: [] };
  if (transfer.answered && datagram.from.port !== transfer.remote.port) {
    // RFC 1350 §4: a packet from a wrong TID is answered with error 5 and disturbs nothing.
    return { transfer, send: [{ from: transfer.local, to: datagram.from, octets: error(5, "Bad TID") }] };
  }
  const met: Transfer = { ...transfer, remote: datagram.from, answered: true };
  switch (number16(datagram.octets, 0)) {
    case OP.error:
      return { transfer: refusal(transfer, datagram.octets), send: [] };
    case OP.data:
      return transfer.wish.upload === undefined ? takeData(met, transfer, datagram.octets, now) : same(transfer);
    case OP.ack:
      return transfer.wish.upload === undefined ? same(transfer) : takeAck(met, transfer, datagram.octets, now);
    default:
      // The phones ask for no option, so an OACK answers nothing they said (cisco.md §8).
      return end(met, { is: "broken-off", name: transfer.wish.name, why: "Illegal Op" }, error(4, "Illegal Op"));
  }
}

/** Sends the last packet again, turns to the next source port, or gives up (cisco.md §8: every 4 s, 5 times a port). */
export function transferWakes(transfer: Transfer, now: number): Moved {
  if (now < transfer.dueAt) return same(transfer);
  const { manner } = transfer;
  if (transfer.tries < manner.triesPerPort) {
    const again = { ...transfer, tries: transfer.tries + 1, dueAt: now + manner.retryAfter };
    return { transfer: again, send: [packet(again, again.last)] };
  }
  if (transfer.port >= manner.ports) return { transfer: { is: "timeout", name: transfer.wish.name }, send: [] };
  const local = { ip: transfer.local.ip, port: transfer.local.port + 1 };
  const fresh = beginTransfer(transfer.wish, manner, local, transfer.server, now);
  return { transfer: { ...fresh.transfer, port: transfer.port + 1 }, send: fresh.send };
}

function takeData(met: Transfer, before: Transfer, octets: Uint8Array, now: number): Moved {
  const block = number16(octets, 2);
  const payload = octets.subarray(4);
  const { wish } = met;
  if (payload.length > BLOCK) {
    const why = "Data block exceeds 512";
    return end(met, { is: "broken-off", name: wish.name, why }, error(0, why));
  }
  // A block that was taken already is acknowledged again: its ACK may have been lost.
  if (block === (met.blocks & 0xffff) && met.blocks > 0) return { transfer: met, send: [packet(met, met.last)] };
  if (block !== ((met.blocks + 1) & 0xffff)) return same(before);
  if (wish.breaksOff === true)
    return end(met, { is: "broken-off", name: wish.name, why: "State error" }, error(0, "State error"));
  const taken = met.taken + payload.length;
  if (wish.limit !== undefined && taken > wish.limit) {
    return end(met, { is: "too-big", name: wish.name }, error(3, "Buffer Full"));
  }
  if (met.blocks === 0 && wish.closesOn?.(payload) === true) {
    return { transfer: { is: "seen-enough", name: wish.name, octets: payload.slice() }, send: [] };
  }
  const pieces: Piece = { octets: payload.slice(), before: met.pieces };
  const ack = join(octets16(OP.ack), octets16(block));
  if (payload.length < BLOCK) return end(met, { is: "whole", name: wish.name, octets: gather(pieces, taken) }, ack);
  const onward: Transfer = {
    ...met,
    blocks: met.blocks + 1,
    taken,
    pieces,
    last: ack,
    tries: 1,
    dueAt: now + met.manner.retryAfter,
  };
  return { transfer: onward, send: [packet(onward, ack)] };
}

function takeAck(met: Transfer, before: Transfer, octets: Uint8Array, now: number): Moved {
  const upload = met.wish.upload ?? new Uint8Array(0);
  // Blocks sent so far are `blocks`; the ACK of the WRQ itself carries 0. Any other ACK is a late one and is ignored,
  // which is the cure for the Sorcerer's Apprentice (RFC 1123 §4.2.3.1).
  if (number16(octets, 2) !== (met.blocks & 0xffff)) return same(before);
  if (met.blocks * BLOCK > upload.length) {
    return { transfer: { is: "whole", name: met.wish.name, octets: upload }, send: [] };
  }
  const payload = upload.subarray(met.blocks * BLOCK, (met.blocks + 1) * BLOCK);
  const last = join(octets16(OP.data), octets16(met.blocks + 1), payload);
  const onward: Transfer = {
    ...met,
    blocks: met.blocks + 1,
    last,
    tries: 1,
    dueAt: now + met.manner.retryAfter,
  };
  return { transfer: onward, send: [packet(onward, last)] };
}

function refusal(transfer: Transfer, octets: Uint8Array): Fetched {
  const { name } = transfer.wish;
  if (number16(octets, 2) === 1) return { is: "not-found", name };
  return { is: "broken-off", name, why: textOf(octets, 4).replace(/\0.*$/s, "") };
}

function request(wish: FileWish, manner: TftpManner): Uint8Array {
  const op = wish.upload === undefined ? OP.rrq : OP.wrq;
  return join(octets16(op), latin1(`${wish.name}\0octet\0${manner.trailingNul ? "\0" : ""}`));
}

function error(code: number, text: string): Uint8Array {
  return join(octets16(OP.error), octets16(code), latin1(`${text}\0`));
}

function packet(transfer: Transfer, octets: Uint8Array): Datagram {
  return { from: transfer.local, to: transfer.remote, octets };
}

function same(transfer: Transfer): Moved {
  return { transfer, send: [] };
}

function end(transfer: Transfer, fetched: Fetched, farewell: Uint8Array): Moved {
  return { transfer: fetched, send: [packet(transfer, farewell)] };
}

function gather(pieces: Piece, length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let end = length;
  for (let piece: Piece | undefined = pieces; piece !== undefined; piece = piece.before) {
    end -= piece.octets.length;
    whole.set(piece.octets, end);
  }
  return whole;
}
