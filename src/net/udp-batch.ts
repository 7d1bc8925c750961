import { createSocket, type Socket } from "node:dgram";
import type Koffi from "koffi";
import {
  bufferNote,
  cannotListen,
  type OnDatagram,
  type OpenUdp,
  openDgram,
  type UdpPeer,
  type UdpSocket,
} from "./udp.ts";

/*
 * Node makes one system call for each datagram, and that is what bounds a TFTP server: the phones of a building ask
 * for 200,000 packets a second. Linux reads and writes many at once with recvmmsg(2) and sendmmsg(2), which koffi
 * lets us call. Node still watches the sockets: the first datagram after a quiet moment comes from Node, and while
 * many come we fetch the rest ourselves.
 *
 * Layouts of the 64-bit Linux ABI, in octets; all numbers little-endian but those of sockaddr_in:
 *
 *   mmsghdr   0 name*  8 namelen  16 iov*  24 iovlen  32 control*  40 controllen  48 flags  56 len        (64)
 *   iovec     0 base*  8 len                                                                              (16)
 *   sockaddr  0 family  2 port (network order)  4 address (network order)  8 zero                         (16)
 *   epoll     0 events  4 data (x64: packed, 12; others: data at 8, 16)
 */

const BATCH = 64;
const MESSAGE = 64;
const VECTOR = 16;
const NAME = 16;

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC_NONBLOCK = 2 | 0o2000000 | 0o4000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const MSG_DONTWAIT = 0x40;
const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
const EAGAIN = 11;
const ENOBUFS = 105;

/** How long, in ms, one turn may go on fetching before timers, files and other sockets get theirs. */
const TURN = 4;

/** Sockets that one look fetches from, before the clock is looked at; the next look goes on with the others. */
const SOCKETS_A_LOOK = 4;

/** Batches that a look fetches from one socket: as many phones as share it when a campus starts at once. */
const BATCHES_A_LOOK = 4;

/** How long, in ms, to look for the next datagram of a client that answers faster than Node can sleep and wake. */
const SPIN = 0.04;

/** The same after the first answer: the client may have slept since it asked. */
const FIRST_SPIN = 0.1;

/** Of so many looks for a lone client's next datagram one is at all sockets: nobody waits for long because of it. */
const LOOKS_BESIDE = 16;

/**
 * After a look in vain, so many turns at most go by without one: real phones take longer than that, and looking costs.
 * The pause doubles from one turn, so that a client that was late once is not taken for a slow one.
 */
const LONGEST_PAUSE = 256;

/** A datagram that follows the one before within so many ms may have others behind it, or soon. */
const BACK_TO_BACK = 0.1;

/** When nothing has come for so many ms a storm is over. */
const CALM = 1;

type Call = (...args: (number | Uint8Array)[]) => number;

interface Libc {
  readonly socket: Call;
  readonly bind: Call;
  readonly close: Call;
  readonly setsockopt: Call;
  readonly getsockopt: Call;
  readonly recvmmsg: Call;
  readonly sendmmsg: Call;
  readonly epollCreate: Call;
  readonly epollCtl: Call;
  readonly epollWait: Call;
  readonly yieldCpu: Call;
  readonly errno: () => number;
  readonly addressOf: (octets: Uint8Array) => number;
}

/**
 * How sockets are opened here: in batches where Linux and koffi allow it, else Node's own way; `note` then says why.
 * `longest` is the longest datagram that is sent or received, in octets; `load` finds koffi; `spins` says whether the
 * next datagram of a lone client is looked for without sleeping, which pays where an answer takes microseconds.
 */
export async function fastestUdp(
  longest: number,
  load: () => Promise<typeof Koffi> = async () => (await import("koffi")).default,
  { spins }: { readonly spins: boolean } = { spins: true },
): Promise<{ readonly open: OpenUdp; readonly note?: string }> {
  const known = process.platform === "linux" && (process.arch === "x64" || process.arch === "arm64");
  if (!known) return { open: openDgram, note: `datagrams go one by one on ${process.platform} ${process.arch}` };
  try {
    const batches = new Batches(loadLibc(await load()), longest, spins);
    return { open: (options) => batches.open(options) };
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    return {
      open: openDgram,
      note: `datagrams go one by one, at about half the speed: koffi does not work (${because})`,
    };
  }
}

function loadLibc(koffi: typeof Koffi): Libc {
  const libc = koffi.load(null);
  const identity = libc.func("void *memcpy(void *to, void *from, size_t n)");
  return {
    socket: libc.func("int socket(int domain, int type, int protocol)"),
    bind: libc.func("int bind(int fd, void *name, uint length)"),
    close: libc.func("int close(int fd)"),
    setsockopt: libc.func("int setsockopt(int fd, int level, int name, void *value, uint length)"),
    getsockopt: libc.func("int getsockopt(int fd, int level, int name, void *value, void *length)"),
    recvmmsg: libc.func("int recvmmsg(int fd, size_t messages, uint count, int flags, size_t timeout)"),
    sendmmsg: libc.func("int sendmmsg(int fd, size_t messages, uint count, int flags)"),
    epollCreate: libc.func("int epoll_create1(int flags)"),
    epollCtl: libc.func("int epoll_ctl(int epoll, int what, int fd, void *event)"),
    epollWait: libc.func("int epoll_wait(int epoll, size_t events, int count, int timeout)"),
    yieldCpu: libc.func("int sched_yield()"),
    errno: () => koffi.errno(),
    addressOf: (octets) => Number(koffi.address(identity(octets, octets, 0))),
  };
}

/** Room for a batch of datagrams: message headers, vectors, names and octets, wired to each other once. */
class Arena {
  readonly octets: Uint8Array[] = [];
  readonly names: DataView;
  readonly vectors: DataView;
  readonly messages: DataView;
  readonly messagesAt: number;
  readonly #storage: Uint8Array;

  constructor(libc: Libc, slot: number) {
    const heads = BATCH * (MESSAGE + VECTOR + NAME);
    this.#storage = new Uint8Array(heads + BATCH * slot);
    const { buffer } = this.#storage;
    const base = libc.addressOf(this.#storage);
    this.messages = new DataView(buffer, 0, BATCH * MESSAGE);
    this.vectors = new DataView(buffer, BATCH * MESSAGE, BATCH * VECTOR);
    this.names = new DataView(buffer, BATCH * (MESSAGE + VECTOR), BATCH * NAME);
    this.messagesAt = base;
    const pointer = (view: DataView, at: number, to: number) => view.setBigUint64(at, BigInt(base + to), true);
    for (let i = 0; i < BATCH; i++) {
      const octetsAt = heads + i * slot;
      this.octets.push(new Uint8Array(buffer, octetsAt, slot));
      pointer(this.messages, i * MESSAGE, BATCH * (MESSAGE + VECTOR) + i * NAME);
      this.messages.setUint32(i * MESSAGE + 8, NAME, true);
      pointer(this.messages, i * MESSAGE + 16, BATCH * MESSAGE + i * VECTOR);
      this.messages.setUint32(i * MESSAGE + 24, 1, true);
      pointer(this.vectors, i * VECTOR, octetsAt);
      this.vectors.setUint32(i * VECTOR + 8, slot, true);
      this.names.setUint16(i * NAME, AF_INET, true);
    }
  }
}

/** The sockets of one service and the arenas that they share. */
class Batches {
  readonly libc: Libc;
  readonly #epoll: number;
  readonly #events: DataView;
  readonly #eventsAt: number;
  readonly #eventSize = process.arch === "x64" ? 12 : 16;
  readonly #eventData = process.arch === "x64" ? 4 : 8;
  readonly #in: Arena;
  readonly #views: Uint8Array[];
  readonly #out: Arena;
  readonly #sockets = new Map<number, BatchSocket>();
  readonly #spins: boolean;
  #receivedAt = 0;
  #pause = 0;
  #nextPause = 1;
  /** Where the only client that is heard just now was answered; undefined when there are several, or none. */
  #lone: BatchSocket | undefined;
  #queued = 0;
  #queuedBy: BatchSocket | undefined;
  #reading = false;
  #turnIsDue = false;
  /** Until when more is fetched beside Node's own reading; what is left then waits for the turn that is due. */
  #fetchUntil = 0;
  /** Whether more comes than one turn can take. Node is kept from reading then: of each socket it would read 32 one by one. */
  #storm = false;
  #fetchedAt = 0;
  /** A round of looks has been at every socket that had something when it began. */
  #roundBegan = 0;
  #socketsInRound = 0;
  /** What had come by then has been read. */
  #readUpTo = 0;
  /** Whether several datagrams came at once when last any did. */
  #crowded = false;
  #flushing = false;

  constructor(libc: Libc, longest: number, spins: boolean) {
    this.libc = libc;
    this.#spins = spins;
    const slot = Math.max(2048, (longest + 63) & ~63);
    this.#in = new Arena(libc, slot);
    this.#views = this.#in.octets.map((octets) => octets.subarray(0, 4));
    this.#out = new Arena(libc, slot);
    const events = new Uint8Array(SOCKETS_A_LOOK * 16);
    this.#events = new DataView(events.buffer);
    this.#eventsAt = libc.addressOf(events);
    this.#epoll = libc.epollCreate(EPOLL_CLOEXEC);
    if (this.#epoll < 0) throw new Error(`epoll_create1 failed with errno ${libc.errno()}`);
  }

  async open({ address, port, receiveBuffer, prepare, onDatagram }: Parameters<OpenUdp>[0]): Promise<UdpSocket> {
    const { libc } = this;
    const fd = libc.socket(AF_INET, SOCK_DGRAM_CLOEXEC_NONBLOCK, 0);
    if (fd < 0) throw cannotListen(address, port, `socket failed with errno ${libc.errno()}`);
    try {
      prepare?.(fd);
    } catch (error) {
      libc.close(fd);
      throw error;
    }
    const name = new Uint8Array(NAME);
    new DataView(name.buffer).setUint16(0, AF_INET, true);
    new DataView(name.buffer).setUint16(2, port);
    name.set(address.split(".").map(Number), 4);
    if (libc.bind(fd, name, NAME) < 0) {
      const errno = libc.errno();
      libc.close(fd);
      throw cannotListen(address, port, ERRNO[errno] ?? `errno ${errno}`);
    }
    const notes = receiveBuffer === undefined ? [] : this.#enlarge(fd, receiveBuffer);
    const watcher = createSocket({ type: "udp4", lookup: (host, _options, found) => found(null, host, 4) });
    await new Promise<void>((resolve) => watcher.bind({ fd }, resolve));
    const socket = new BatchSocket(this, fd, watcher, onDatagram, address, notes);
    this.#sockets.set(fd, socket);
    this.#control(EPOLL_CTL_ADD, fd);
    return socket;
  }

  forget(socket: BatchSocket): void {
    if (this.#queuedBy === socket) this.flush();
    if (this.#lone === socket) this.#lone = undefined;
    this.#control(EPOLL_CTL_DEL, socket.fd);
    this.#sockets.delete(socket.fd);
    if (this.#sockets.size === 0) this.libc.close(this.#epoll);
  }

  /** Copies one datagram into the arena; it leaves when the arena is full or the turn is over. */
  queue(
    socket: BatchSocket,
    to: UdpPeer,
    head: Uint8Array,
    body?: Uint8Array,
    start = 0,
    end = body?.length ?? 0,
  ): void {
    if (this.#queuedBy !== socket || this.#queued === BATCH) this.flush();
    const i = this.#queued++;
    this.#queuedBy = socket;
    const octets = this.#out.octets[i] as Uint8Array;
    // A loop, because for the four octets of a DATA header it is several times as fast as set().
    if (head.length <= 8) for (let n = 0; n < head.length; n++) octets[n] = head[n] as number;
    else octets.set(head);
    if (end > start) octets.set((body as Uint8Array).subarray(start, end), head.length);
    this.#out.vectors.setUint32(i * VECTOR + 8, head.length + end - start, true);
    this.#out.names.setUint16(i * NAME + 2, to.port);
    this.#out.names.setUint32(i * NAME + 4, to.ip);
    if (!this.#reading && !this.#flushing) {
      this.#flushing = true;
      queueMicrotask(() => {
        this.#flushing = false;
        const first = this.#queued === 1 && !this.#crowded ? this.#queuedBy : undefined;
        this.flush();
        if (first !== undefined && this.#spins) this.#turn(first, FIRST_SPIN);
      });
    }
  }

  flush(): void {
    const socket = this.#queuedBy;
    const count = this.#queued;
    this.#queued = 0;
    this.#queuedBy = undefined;
    if (socket === undefined || count === 0) return;
    let sent = 0;
    while (sent < count) {
      const more = this.libc.sendmmsg(socket.fd, this.#out.messagesAt + sent * MESSAGE, count - sent, MSG_DONTWAIT);
      if (more > 0) sent += more;
      else if (this.#full()) {
        // The socket's own queue is full. Node waits until there is room and sends what is left.
        for (; sent < count; sent++) this.#sendByNode(socket, sent);
      } else sent++;
    }
  }

  /** A datagram that Node read itself; when many come, or one lone client answers at once, we go on from here. */
  received(socket: BatchSocket, octets: Uint8Array, ip: number, port: number): void {
    const now = performance.now();
    const more = this.#turnIsDue || now - this.#receivedAt < BACK_TO_BACK;
    this.#reading = true;
    socket.deliver(octets, ip, port);
    if (more && this.#crowded) {
      this.#turnSoon();
      if (now < this.#fetchUntil) this.#fetch(socket);
    }
    this.#reading = false;
    const answered = this.#spins ? this.#queuedBy : undefined;
    this.flush();
    if (!this.#crowded && (more || answered !== undefined)) this.#turn(answered);
    this.#receivedAt = performance.now();
  }

  #full(): boolean {
    const errno = this.libc.errno();
    return errno === EAGAIN || errno === ENOBUFS;
  }

  #sendByNode(socket: BatchSocket, i: number): void {
    const length = this.#out.vectors.getUint32(i * VECTOR + 8, true);
    const octets = Uint8Array.from((this.#out.octets[i] as Uint8Array).subarray(0, length));
    const at = i * NAME;
    const { names } = this.#out;
    const address = [4, 5, 6, 7].map((offset) => names.getUint8(at + offset)).join(".");
    const port = names.getUint16(at + 2);
    if (port !== 0) socket.watcher.send(octets, 0, length, port, address, ignoreLoss);
  }

  #fetch(socket: BatchSocket, most = BATCH): number {
    const arena = this.#in;
    const count = this.libc.recvmmsg(socket.fd, arena.messagesAt, most, MSG_DONTWAIT, 0);
    for (let i = 0; i < count; i++) {
      const length = arena.messages.getUint32(i * MESSAGE + 56, true);
      let octets = this.#views[i] as Uint8Array;
      if (octets.length !== length) {
        octets = (arena.octets[i] as Uint8Array).subarray(0, length);
        this.#views[i] = octets;
      }
      socket.deliver(octets, arena.names.getUint32(i * NAME + 4), arena.names.getUint16(i * NAME + 2));
    }
    return Math.max(0, count);
  }

  #turnSoon(): void {
    if (this.#turnIsDue) return;
    this.#turnIsDue = true;
    this.#fetchUntil = performance.now() + TURN;
    setImmediate(() => {
      this.#turnIsDue = false;
      this.#turn(this.#lone);
    });
  }

  // While much comes in: ask once which sockets have something, and fetch it, until a whole turn brings nothing. For a
  // lone client the next datagram is awaited here. It may need this very processor for its answer, and gets it.
  #turn(lone: BatchSocket | undefined, spin = SPIN): void {
    if (this.#sockets.size === 0) return;
    this.#lone = lone;
    const until = performance.now() + TURN;
    let patience = 0;
    let fetched = 0;
    if (this.#pause > 0) this.#pause--;
    for (let looks = 1; ; looks++) {
      const beside = looks % LOOKS_BESIDE === 0;
      const count = this.#look(beside);
      fetched += count;
      if (count > 0) patience = 0;
      if (count === 1 && !beside) continue;
      const now = performance.now();
      if (now > until) {
        if (this.#crowded) this.#letNodeRead(false);
        break;
      }
      if (count > 0) continue;
      if (this.#lone === undefined || this.#pause > 0) break;
      if (patience === 0) patience = now + spin;
      else if (now > patience) break;
      this.libc.yieldCpu();
    }
    if (fetched > 0) {
      this.#nextPause = 1;
      this.#fetchedAt = performance.now();
      this.#turnSoon();
    } else if (this.#storm && performance.now() - this.#fetchedAt < CALM) {
      this.#turnSoon();
    } else {
      this.#letNodeRead(true);
      if (patience === 0) return;
      this.#pause = this.#nextPause;
      this.#nextPause = Math.min(LONGEST_PAUSE, this.#nextPause * 2);
    }
  }

  /** For how long, in ms, what has come may have been waiting. */
  unreadFor(): number {
    return this.#storm ? performance.now() - this.#readUpTo : 0;
  }

  #letNodeRead(reads: boolean): void {
    if (this.#storm !== reads) return;
    this.#storm = !reads;
    for (const socket of this.#sockets.values()) socket.letNodeRead(reads);
  }

  // Only one client alone is awaited: of many, those who wait a moment come in larger batches.
  #look(beside: boolean): number {
    this.#reading = true;
    const count = this.#lone === undefined || beside ? this.#fetchAll() : this.#fetch(this.#lone, 1);
    this.#reading = false;
    if (count > 0) {
      this.#crowded = count > 1;
      this.#lone = this.#spins && count === 1 ? this.#queuedBy : undefined;
    }
    this.flush();
    return count;
  }

  #fetchAll(): number {
    const ready = this.libc.epollWait(this.#epoll, this.#eventsAt, SOCKETS_A_LOOK, 0);
    let count = 0;
    for (let i = 0; i < ready; i++) {
      const socket = this.#sockets.get(this.#events.getUint32(i * this.#eventSize + this.#eventData, true));
      if (socket === undefined) continue;
      if (i > 0) this.flush();
      for (let batch = 1; batch <= BATCHES_A_LOOK; batch++) {
        const fetched = this.#fetch(socket);
        count += fetched;
        if (fetched < BATCH) break;
      }
    }
    this.#socketsInRound += Math.max(0, ready);
    if (ready < SOCKETS_A_LOOK || this.#socketsInRound >= this.#sockets.size) {
      this.#readUpTo = this.#roundBegan;
      this.#roundBegan = performance.now();
      this.#socketsInRound = 0;
    }
    return count;
  }

  #control(what: number, fd: number): void {
    const event = new Uint8Array(16);
    const view = new DataView(event.buffer);
    view.setUint32(0, EPOLLIN, true);
    view.setUint32(this.#eventData, fd, true);
    this.libc.epollCtl(this.#epoll, what, fd, event);
  }

  #enlarge(fd: number, wanted: number): string[] {
    const value = new Uint8Array(4);
    const view = new DataView(value.buffer);
    view.setInt32(0, wanted, true);
    const forced = this.libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, value, 4) === 0;
    if (!forced) this.libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, value, 4);
    const length = Uint8Array.from([4, 0, 0, 0]);
    this.libc.getsockopt(fd, SOL_SOCKET, SO_RCVBUF, value, length);
    // Linux reports twice what was asked, for its own bookkeeping (socket(7)).
    const note = bufferNote(wanted, view.getInt32(0, true) / 2);
    return note === undefined ? [] : [note];
  }
}

class BatchSocket implements UdpSocket {
  readonly address: UdpSocket["address"];
  readonly port: number;
  readonly notes: readonly string[];
  readonly fd: number;
  readonly watcher: Socket;
  readonly deliver: OnDatagram;
  readonly #batches: Batches;
  readonly #reading: Reading | undefined;
  #open = true;

  constructor(
    batches: Batches,
    fd: number,
    watcher: Socket,
    onDatagram: OnDatagram,
    address: UdpSocket["address"],
    notes: readonly string[],
  ) {
    this.#batches = batches;
    this.fd = fd;
    this.watcher = watcher;
    this.deliver = onDatagram;
    this.address = address;
    this.notes = notes;
    this.port = watcher.address().port;
    this.#reading = readingOf(watcher);
    // An ICMP answer to something we sent concerns one client and never the socket.
    watcher.on("error", () => {});
    watcher.on("message", (octets, from) => {
      const [a, b, c, d] = from.address.split(".").map(Number) as [number, number, number, number];
      this.#batches.received(this, octets, ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, from.port);
    });
  }

  send(to: UdpPeer, head: Uint8Array, body?: Uint8Array, start?: number, end?: number): void {
    if (this.#open) this.#batches.queue(this, to, head, body, start, end);
  }

  unreadFor(): number {
    return this.#batches.unreadFor();
  }

  /** Whether Node reads it. Where Node has no such switch any more, it always does. */
  letNodeRead(reads: boolean): void {
    if (reads) this.#reading?.recvStart();
    else this.#reading?.recvStop();
  }

  close(): Promise<void> {
    return new Promise((closed) => {
      if (!this.#open) {
        closed();
        return;
      }
      this.#open = false;
      this.#batches.forget(this);
      this.watcher.close(() => closed());
    });
  }
}

const ERRNO: Readonly<Record<number, string>> = { 1: "EPERM", 13: "EACCES", 98: "EADDRINUSE", 99: "EADDRNOTAVAIL" };

interface Reading {
  recvStart(): void;
  recvStop(): void;
}

/** Node's own switch, which it uses for clusters and hands to nobody (v20 to v24, lib/dgram.js and src/udp_wrap.cc). */
function readingOf(socket: Socket): Reading | undefined {
  const state = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "state symbol");
  if (state === undefined) return undefined;
  const handle = (socket as unknown as Record<symbol, { readonly handle?: Partial<Reading> } | undefined>)[state]
    ?.handle;
  const whole = typeof handle?.recvStart === "function" && typeof handle.recvStop === "function";
  return whole ? (handle as Reading) : undefined;
}

function ignoreLoss(): void {}
