import type { UploadAnswer } from "../provision/ports.ts";
import type { Terms } from "../tftp/negotiate.ts";
import {
  beginReceiving,
  type Receiving,
  type ReceivingStep,
  stepReceiving,
  type UploadBroken,
} from "../tftp/receiving.ts";
import { decodeNetascii } from "../wire/netascii.ts";
import { decodeTftp, encodeTftp } from "../wire/tftp.ts";
import type { UdpPeer, UdpSocket } from "./udp.ts";

/** What an upload is about. */
export interface UploadErrand {
  readonly peer: UdpPeer;
  readonly socket: UdpSocket;
  readonly terms: Terms;
  readonly netascii: boolean;
  readonly accepted: Extract<UploadAnswer, { is: "accepted" }>;
  readonly now: () => number;
  readonly random: () => number;
  /** Called once, when the file is stored or never will be; `because` is undefined when it is stored. */
  readonly settled: (because: UploadBroken | undefined) => void;
  /** Called once, when nothing is left to answer. */
  readonly ended: () => void;
  readonly alarm: (at: number) => void;
  readonly failed: (error: unknown) => void;
}

/** A write transfer with its machine, its socket and the octets so far. They reach the disk when they are complete. */
export class ReceivingTransfer {
  readonly #errand: UploadErrand;
  readonly #pieces: Uint8Array[] = [];
  #state: Receiving;
  #settled = false;
  #over = false;
  /** When it wants `wake` called; never, once it has ended. */
  wakeAt = Number.POSITIVE_INFINITY;
  octets = 0;
  packets = 0;

  constructor(errand: UploadErrand) {
    this.#errand = errand;
    const step = beginReceiving(errand.terms, errand.accepted.limit, errand.now());
    this.#state = step.state;
    this.#follow(step);
  }

  get socket(): UdpSocket {
    return this.#errand.socket;
  }

  receive(datagram: Uint8Array): void {
    const packet = decodeTftp(datagram);
    if (packet.op === "ERROR") this.#tell({ is: "error" });
    if (packet.op !== "DATA") return;
    this.packets++;
    const step = stepReceiving(
      this.#state,
      { is: "data", block: packet.block, length: packet.octets.length },
      this.#errand.now(),
    );
    if (step.keep) {
      this.#pieces.push(packet.octets.slice());
      this.octets += packet.octets.length;
    }
    this.#follow(step);
  }

  /** The client sent its request again; false when this upload is over for it and a new one begins. */
  repeat(): boolean {
    if (this.#state.at === "dallying") return false;
    this.#tell({ is: "repeated" });
    return true;
  }

  wake(): void {
    this.#tell({ is: "wake", dice: this.#errand.random() });
  }

  /** The client speaks of something else now. What it has sent whole is stored all the same. */
  abandon(): void {
    if (this.#state.at === "storing") this.#end();
    else this.#tell({ is: "error" });
  }

  stop(): void {
    this.#tell({ is: "stop" });
  }

  #tell(event: Parameters<typeof stepReceiving>[1]): void {
    this.#follow(stepReceiving(this.#state, event, this.#errand.now()));
  }

  #follow(step: ReceivingStep): void {
    const state = step.state;
    this.#state = state;
    if (step.send?.is === "ack") this.#put(encodeTftp({ op: "ACK", block: step.send.block }));
    else if (step.send?.is === "oack") this.#put(encodeTftp({ op: "OACK", options: this.#errand.terms.oack }));
    else if (step.send) this.#put(encodeTftp({ op: "ERROR", code: step.send.code, message: step.send.message }));
    if (step.complete) this.#store();
    if (state.at === "done" || state.at === "broken") {
      this.#settle(state.at === "broken" ? state.because : undefined);
      this.#end();
    } else {
      if (state.at === "dallying") this.#settle(undefined);
      this.wakeAt = this.#over ? Number.POSITIVE_INFINITY : state.wakeAt;
      if (Number.isFinite(this.wakeAt)) this.#errand.alarm(this.wakeAt);
    }
  }

  #store(): void {
    const whole = this.#whole();
    this.#pieces.length = 0;
    this.#errand.accepted.store(whole).then(
      (result) => this.#tell(result === "stored" ? { is: "stored" } : { is: "unstored", full: true }),
      (error: unknown) => {
        this.#errand.failed(error);
        this.#tell({ is: "unstored", full: isFull(error) });
      },
    );
  }

  #whole(): Uint8Array {
    const whole = Buffer.concat(this.#pieces);
    if (!this.#errand.netascii) return whole;
    const { octets, heldCr } = decodeNetascii(whole, false);
    return heldCr ? Buffer.concat([octets, Uint8Array.of(13)]) : octets;
  }

  #put(octets: Uint8Array): void {
    if (!this.#over) this.#errand.socket.send(this.#errand.peer, octets);
  }

  #settle(because: UploadBroken | undefined): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#errand.settled(because);
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.wakeAt = Number.POSITIVE_INFINITY;
    this.#errand.ended();
  }
}

function isFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOSPC" || code === "EDQUOT";
}
