import type { OnDatagram, OpenUdp, UdpPeer } from "../../src/net/udp.ts";

/** What the service sent to a client. */
export interface Delivered {
  readonly octets: Uint8Array;
  readonly to: UdpPeer;
  /** The server's port it came from. */
  readonly from: number;
}

/** Sockets without a network: what is delivered is received at once, what is sent is kept until somebody takes it. */
export class MemoryUdp {
  readonly #sockets = new Map<number, OnDatagram>();
  #next = 40_000;
  sent: Delivered[] = [];
  datagrams = 0;
  octets = 0;
  keep = true;

  readonly open: OpenUdp = async ({ address, port, onDatagram }) => {
    const own = port === 0 ? this.#next++ : port;
    this.#sockets.set(own, onDatagram);
    return {
      address,
      port: own,
      notes: [],
      unreadFor: () => 0,
      send: (to, head, body, start = 0, end = body?.length ?? 0) => {
        this.datagrams++;
        this.octets += head.length + end - start;
        if (!this.keep) return;
        const octets = new Uint8Array(head.length + end - start);
        octets.set(head);
        if (body !== undefined) octets.set(body.subarray(start, end), head.length);
        this.sent.push({ octets, to, from: own });
      },
      close: async () => {
        this.#sockets.delete(own);
      },
    };
  };

  get ports(): readonly number[] {
    return [...this.#sockets.keys()];
  }

  deliver(port: number, octets: Uint8Array, ip: number, from: number): void {
    this.#sockets.get(port)?.(octets, ip, from);
  }

  take(): Delivered[] {
    const sent = this.sent;
    this.sent = [];
    return sent;
  }
}
