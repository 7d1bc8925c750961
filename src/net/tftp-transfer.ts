import type { Terms } from "../tftp/negotiate.ts";
import type { RoundTrip } from "../tftp/rto.ts";
import {
  type Broken,
  beginSending,
  type Send,
  type Sending,
  type SendingStep,
  stepSending,
  wireNumber,
} from "../tftp/sending.ts";
import { ackedBlock, DATA_HEADER, encodeTftp, TFTP_OPCODE, writeDataHeader } from "../wire/tftp.ts";
import type { Blocks } from "./tftp-octets.ts";
import type { UdpPeer, UdpSocket } from "./udp.ts";

/** What a transfer is about. */
export interface Errand {
  readonly peer: UdpPeer;
  /** The transfer's own port. */
  readonly socket: UdpSocket;
  readonly terms: Terms;
  readonly blocks: Blocks;
  readonly wrapTo: 0 | 1;
  /** What an earlier transfer of this client has measured. */
  readonly roundTrip: RoundTrip;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  readonly random: () => number;
  /** Called once: why it ended, undefined when the client has acknowledged the last block. */
  readonly ended: (because: Broken | undefined) => void;
  /** Called whenever `wakeAt` may have come nearer. */
  readonly alarm: (at: number) => void;
}

/** Octets that cannot be had for this long count as unreadable. */
const FETCH_PATIENCE = 30_000;

/** A read transfer with its machine, its socket and its octets. */
export class SendingTransfer {
  readonly #errand: Errand;
  readonly #header = new Uint8Array(DATA_HEADER);
  #state: Sending;
  #fetching = false;
  #over = false;
  #highest = 0;
  /** When it wants `wake` called; never, once it has ended. */
  wakeAt = Number.POSITIVE_INFINITY;
  /** What this transfer has measured so far. */
  roundTrip: RoundTrip;
  packets = 0;
  resent = 0;

  constructor(errand: Errand) {
    this.#errand = errand;
    const now = errand.now();
    const step = beginSending(errand.terms, errand.blocks.last, errand.wrapTo, now, errand.roundTrip);
    this.roundTrip = errand.roundTrip;
    this.#state = step.state;
    this.#follow(step, now);
  }

  get socket(): UdpSocket {
    return this.#errand.socket;
  }

  /** A datagram of the transfer's own client to the transfer's own port. */
  receive(octets: Uint8Array): void {
    const block = ackedBlock(octets);
    if (block >= 0) {
      if (this.#fetching) return;
      const now = this.#errand.now();
      this.#follow(stepSending(this.#state, { is: "ack", block }, now), now);
    } else if (octets.length >= 4 && octets[0] === 0 && octets[1] === TFTP_OPCODE.ERROR) this.#tell({ is: "error" });
  }

  /** The client sent its request again; false when that begins a new transfer, and this one is over. */
  repeat(): boolean {
    if (!this.#fetching) this.#tell({ is: "repeated" });
    return !this.#over;
  }

  wake(): void {
    if (this.#fetching) this.#tell({ is: "unreadable" });
    else this.#tell({ is: "wake", dice: this.#errand.random() });
  }

  /** The client speaks of something else now: this transfer is over, and nobody is told. */
  abandon(): void {
    this.#tell({ is: "error" });
  }

  stop(): void {
    this.#tell({ is: "stop" });
  }

  #tell(event: Parameters<typeof stepSending>[1]): void {
    const now = this.#errand.now();
    this.#follow(stepSending(this.#state, event, now), now);
  }

  #follow(step: SendingStep, now: number): void {
    this.#state = step.state;
    if (step.send !== undefined) this.#send(step.send, now);
    const state = this.#state;
    if (state.at === "done") this.#end(undefined);
    else if (state.at === "broken") this.#end(state.because);
    else {
      this.roundTrip = state.roundTrip;
      if (this.#fetching) return;
      this.wakeAt = state.wakeAt;
      this.#errand.alarm(state.wakeAt);
    }
  }

  #send(send: Send, now: number): void {
    if (send.is === "blocks") this.#sendBlocks(send.from, send.to, now);
    else if (send.is === "oack") this.#put(encodeTftp({ op: "OACK", options: this.#errand.terms.oack }));
    else this.#put(encodeTftp({ op: "ERROR", code: send.code, message: send.message }));
  }

  #sendBlocks(from: number, to: number, now: number): void {
    const { blocks, socket, peer, wrapTo } = this.#errand;
    for (let count = from; count <= to; count++) {
      const piece = blocks.block(count);
      if (piece === undefined) {
        this.#fetch(count, to, now);
        return;
      }
      writeDataHeader(this.#header, wireNumber(count, wrapTo));
      socket.send(peer, this.#header, piece.chunk, piece.start, piece.end);
      this.packets++;
      if (count > this.#highest) this.#highest = count;
      else this.resent++;
      if (count === blocks.last) {
        const known = this.#state.at === "sending" && this.#state.last !== undefined;
        if (!known) this.#state = stepSending(this.#state, { is: "ends", block: count }, now).state;
        return;
      }
    }
  }

  // The disk is slower than the wire. Nothing of this transfer moves until the octets are here, or known to be lost.
  #fetch(from: number, to: number, now: number): void {
    this.#fetching = true;
    this.wakeAt = now + FETCH_PATIENCE;
    this.#errand.alarm(this.wakeAt);
    this.#errand.blocks.fetch(from).then(
      () => {
        if (!this.#fetching) return;
        this.#fetching = false;
        const later = this.#errand.now();
        this.#sendBlocks(from, to, later);
        if (!this.#fetching) this.#follow(stepSending(this.#state, { is: "fetched" }, later), later);
      },
      () => {
        if (this.#fetching) this.#tell({ is: "unreadable" });
      },
    );
  }

  #put(octets: Uint8Array): void {
    this.#errand.socket.send(this.#errand.peer, octets);
  }

  #end(because: Broken | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.wakeAt = Number.POSITIVE_INFINITY;
    this.#fetching = false;
    this.#errand.ended(because);
  }
}
