import type { UdpPeer } from "./udp.ts";

interface Entry {
  readonly peer: UdpPeer;
}

interface Link<T> {
  readonly entry: T;
  next: Link<T> | undefined;
}

/**
 * Entries by address and port, looked up for every packet. The key is folded to 32 bits, because V8 keeps those in the
 * reference itself, where a 48-bit key would cost an allocation and a slower hash each time; what folds alike is chained.
 */
export class PeerTable<T extends Entry> {
  readonly #links = new Map<number, Link<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(ip: number, port: number): T | undefined {
    let link = this.#links.get(fold(ip, port));
    while (link !== undefined) {
      const { peer } = link.entry;
      if (peer.port === port && peer.ip === ip) return link.entry;
      link = link.next;
    }
    return undefined;
  }

  /** Adds an entry; there must be none of its peer. */
  set(entry: T): void {
    const key = fold(entry.peer.ip, entry.peer.port);
    this.#links.set(key, { entry, next: this.#links.get(key) });
    this.#size++;
  }

  /** Takes this very entry out; false when it is not in. */
  delete(entry: T): boolean {
    const key = fold(entry.peer.ip, entry.peer.port);
    let before: Link<T> | undefined;
    let link = this.#links.get(key);
    while (link !== undefined && link.entry !== entry) {
      before = link;
      link = link.next;
    }
    if (link === undefined) return false;
    if (before !== undefined) before.next = link.next;
    else if (link.next !== undefined) this.#links.set(key, link.next);
    else this.#links.delete(key);
    this.#size--;
    return true;
  }

  *[Symbol.iterator](): Generator<T> {
    for (const first of this.#links.values()) {
      for (let link: Link<T> | undefined = first; link !== undefined; link = link.next) yield link.entry;
    }
  }
}

function fold(ip: number, port: number): number {
  return (ip ^ Math.imul(port, 0x9e3779b1)) | 0;
}
