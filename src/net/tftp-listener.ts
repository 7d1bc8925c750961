import type { BootFile, FileDesk, FileRequest, UploadAnswer, UploadDesk } from "../provision/ports.ts";
import { announcedSize, negotiate, type Offers } from "../tftp/negotiate.ts";
import type { UploadBroken } from "../tftp/receiving.ts";
import type { Broken } from "../tftp/sending.ts";
import { type Ipv4, ipv4ToNumber } from "../wire/address.ts";
import { normalizeName } from "../wire/file-name.ts";
import { MalformedPacket } from "../wire/malformed.ts";
import { ackedBlock, DATA_HEADER, decodeTftp, encodeTftp, TFTP_OPCODE, type TftpRequest } from "../wire/tftp.ts";
import { type Clock, systemClock } from "./clock.ts";
import { PeerTable } from "./peer-table.ts";
import { type Door, Doors } from "./tftp-doors.ts";
import type { TftpCounters, TftpEvent } from "./tftp-events.ts";
import { Accounts, DEFAULT_LIMITS, type TftpLimits } from "./tftp-limits.ts";
import { ImageCache, netasciiBlocks, type Octets, octetBlocks, octetsInMemory } from "./tftp-octets.ts";
import { SendingTransfer } from "./tftp-transfer.ts";
import { ReceivingTransfer } from "./tftp-upload.ts";
import { type OpenUdp, peerOf, type UdpPeer, type UdpSocket } from "./udp.ts";
import { fastestUdp } from "./udp-batch.ts";

export interface TftpOptions {
  /** The address to answer on. */
  readonly listen: Ipv4;
  /** 69, or 0 for a free port. */
  readonly port: number;
  readonly desk: FileDesk;
  /** Who may write. Default: nobody. */
  readonly uploads?: UploadDesk;
  /** Who may be answered at all; everyone else hears nothing. Default: everyone. */
  readonly allows?: (ip: Ipv4) => boolean;
  /** Who is not held to the limits for one address. Default: 127.0.0.0/8, which nobody can forge from outside. */
  readonly trusts?: (ip: Ipv4) => boolean;
  readonly clock?: Clock;
  /** Random numbers, 0 up to 1. */
  readonly random?: () => number;
  readonly on?: (event: TftpEvent) => void;
  /** Transfer sockets; a transfer goes to one of them at random. Default 64. */
  readonly sockets?: number;
  readonly offers?: Offers;
  readonly limits?: Partial<TftpLimits>;
  /** Octets of images kept in memory. Default 48 MiB. */
  readonly cache?: number;
  /** The block number after 65535, for the one that asks: 0, or 1 for loaders that know no block 0. Default 0. */
  readonly wrapTo?: (request: FileRequest) => 0 | 1;
  /** How sockets are opened. Default: in batches where the system can (udp-batch.ts). */
  readonly openUdp?: OpenUdp;
}

export interface TftpService {
  readonly address: Ipv4;
  readonly port: number;
  readonly counters: Readonly<TftpCounters>;
  /** Ends every transfer with an ERROR and closes every socket and file. */
  stop(): Promise<void>;
}

/** A frame of Ethernet holds 1468 octets of a file: 1500 less 20 of IP, 8 of UDP and 4 of TFTP. */
const DEFAULT_OFFERS: Offers = { blksize: 1468, windowsize: 64 };

/**
 * Opens the TFTP service. Rejects with {@link CannotListen}, whose message says what to do, when the port may not be
 * bound. Nothing that a client sends makes it reject, throw or stop.
 */
export async function startTftp(options: TftpOptions): Promise<TftpService> {
  const server = new TftpServer(options);
  await server.open();
  return server;
}

/** How long, in ms, the desk and the disk may take before the client is told that we failed: a dead mount never answers. */
const DESK_PATIENCE = 30_000;

/** One client's place: from its request until its transfer has ended. */
interface Place {
  readonly door: Door;
  readonly peer: UdpPeer;
  readonly request: TftpRequest;
  readonly asked: FileRequest;
  readonly startedAt: number;
  transfer: SendingTransfer | ReceivingTransfer | undefined;
  /** Frees the octets; nothing to do while the desk is still asked. */
  close: () => unknown;
  size: number;
}

// What a forged sender would like us to answer to: services that answer themselves, DHCP, and ourselves (T184).
const NEVER_ANSWERED = new Set([0, 7, 9, 11, 13, 17, 19, 37, 53, 67, 68, 69, 123, 137, 161, 520, 1900]);

class TftpServer implements TftpService {
  readonly #options: TftpOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #limits: TftpLimits;
  readonly #accounts: Accounts;
  readonly #cache: ImageCache;
  readonly #places = new PeerTable<Place>();
  readonly #told = new Map<string, number>();
  #gone = new Set<number>();
  #goneBefore = new Set<number>();
  #goneSince = 0;
  #strayErrors = { since: 0, count: 0, sources: new Set<number>() };
  #doors: Doors | undefined;
  readonly #uploading = new Set<number>();
  #alarmAt = Number.POSITIVE_INFINITY;
  #cancelAlarm: () => void = () => {};
  #stopped = false;
  readonly counters: TftpCounters = {
    datagrams: 0,
    requests: 0,
    malformed: 0,
    dropped: 0,
    refused: 0,
    started: 0,
    done: 0,
    uploaded: 0,
    broken: 0,
    dataSent: 0,
    dataResent: 0,
    strays: 0,
    live: 0,
  };

  constructor(options: TftpOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#accounts = new Accounts(this.#limits);
    this.#cache = new ImageCache(options.cache ?? 48 * 1024 * 1024);
  }

  get address(): Ipv4 {
    return this.#options.listen;
  }

  get port(): number {
    return this.#doors?.port ?? this.#options.port;
  }

  async open(): Promise<void> {
    const { listen, port, sockets = 64, offers = DEFAULT_OFFERS, openUdp } = this.#options;
    const note = (message: string) => this.#tell({ event: "tftp.note", message });
    const fastest = openUdp === undefined ? await fastestUdp(offers.blksize + DATA_HEADER) : { open: openUdp };
    if (fastest.note !== undefined) note(fastest.note);
    this.#doors = new Doors({
      listen,
      port,
      sockets,
      open: fastest.open,
      clock: this.#clock,
      onRequest: (door, octets, ip, from) => this.#onListener(door, octets, ip, from),
      onTransfer: (socket, octets, ip, from) => this.#onTransfer(socket, octets, ip, from),
      note,
    });
    await this.#doors.open();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const place of [...this.#places]) {
      if (place.transfer === undefined) this.#leave(place);
      else place.transfer.stop();
    }
    this.#cancelAlarm();
    await this.#doors?.close();
  }

  #onListener(door: Door, octets: Uint8Array, ip: number, port: number): void {
    this.counters.datagrams++;
    this.#guarded(() => this.#onRequest(door, octets, ip, port));
  }

  // Runs for every ACK of every phone.
  #onTransfer(socket: UdpSocket | undefined, octets: Uint8Array, ip: number, port: number): void {
    this.counters.datagrams++;
    try {
      const place = this.#places.get(ip, port);
      const transfer = place?.transfer;
      if (transfer !== undefined && transfer.socket === socket) transfer.receive(octets);
      else this.#onForeign(socket, octets, ip, port, place !== undefined);
    } catch (error) {
      this.#tell({ event: "tftp.failed", filename: "", error });
    }
  }

  // One datagram must never end the service, whatever it finds broken in us.
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof MalformedPacket) this.counters.malformed++;
      else this.#tell({ event: "tftp.failed", filename: "", error });
    }
  }

  #onRequest(door: Door, octets: Uint8Array, ip: number, port: number): void {
    const peer = peerOf(ip, port);
    if (NEVER_ANSWERED.has(port) || ip < 0x01000000 || ip >= 0xe0000000) {
      this.#drop(peer, "not a client's port");
      return;
    }
    if (this.#options.allows?.(peer.address) === false) {
      this.#drop(peer, "not in the access list");
      return;
    }
    if (this.#doors?.isOurs(peer.address, port)) {
      this.#drop(peer, "one of our own ports");
      return;
    }
    if (octets[1] !== TFTP_OPCODE.RRQ && octets[1] !== TFTP_OPCODE.WRQ) {
      this.counters.malformed++;
      return;
    }
    const request = decodeTftp(octets) as TftpRequest;
    this.counters.requests++;
    const before = this.#places.get(ip, port);
    if (before !== undefined) {
      if (sameRequest(before.request, request) && this.#repeat(before)) return;
      this.#abandon(before);
    }
    this.#ask(door, peer, request);
  }

  #ask(door: Door, peer: UdpPeer, request: TftpRequest): void {
    const now = this.#clock.elapsed();
    if (this.#places.size >= this.#limits.inAll) {
      this.#drop(peer, "too many transfers in all");
      return;
    }
    if (!this.#trusts(peer.address)) {
      const objection = this.#accounts.objection(peer.ip, now);
      if (objection !== undefined) {
        this.#drop(peer, objection);
        return;
      }
    }
    const upload = this.#trusts(peer.address) ? keyOf(peer.ip, peer.port) : peer.ip;
    if (request.op === "WRQ" && (this.#uploading.size >= this.#limits.uploads || this.#uploading.has(upload))) {
      this.#drop(peer, "too many uploads at once");
      return;
    }
    const mode = request.mode.toLowerCase();
    if (mode !== "octet" && mode !== "netascii") {
      this.#refuse(door, peer, request.filename, 4, `the mode is ${JSON.stringify(request.mode)}`);
      return;
    }
    if (request.op === "WRQ" && this.#options.uploads === undefined) {
      this.#refuse(door, peer, request.filename, 2, "uploads are not accepted");
      return;
    }
    const named = normalizeName(request.filename);
    if (named.is === "refused") {
      this.#accounts.unknownName(peer.ip, request.filename, now);
      this.#refuse(door, peer, request.filename, 1, named.because);
      return;
    }
    const asked: FileRequest = { by: "tftp", ip: peer.address, filename: named.name, at: this.#clock.now() };
    const place: Place = { door, peer, request, asked, startedAt: now, transfer: undefined, close: () => {}, size: 0 };
    this.#places.set(place);
    this.#accounts.began(peer.ip, now);
    this.counters.live++;
    const failed = (error: unknown) => this.#failed(place, error);
    this.#alarm(now + DESK_PATIENCE);
    if (request.op === "WRQ") {
      this.#uploading.add(upload);
      place.close = () => this.#uploading.delete(upload);
      this.#options.uploads
        ?.offer(asked, announcedSize(request))
        .then((answer) => this.#guarded(() => this.#answerUpload(place, answer)), failed);
      return;
    }
    this.#options.desk.answer(asked).then((answer) => this.#guarded(() => this.#answer(place, answer)), failed);
  }

  // A request that repeats one whose answer is on its way: answered by the transfer, or by nothing while the desk is
  // still asked. False when the transfer has nothing more to say to it.
  #repeat(place: Place): boolean {
    return place.transfer === undefined || place.transfer.repeat();
  }

  #answer(place: Place, answer: BootFile): void {
    const { peer, asked } = place;
    if (!this.#has(place)) {
      if (answer.is === "image") answer.image.close().catch(() => {});
      return;
    }
    if (answer.is === "refused") {
      this.#leave(place);
      this.#accounts.unknownName(peer.ip, asked.filename, this.#clock.elapsed());
      this.#refuse(place.door, peer, asked.filename, 1, answer.because);
      return;
    }
    const octets = answer.is === "image" ? this.#cache.use(answer.image) : octetsInMemory(answer.octets);
    place.close = () => octets.close();
    place.size = octets.size;
    if (octets.size === 0 || octets.piece(0, 1) !== undefined) {
      this.#begin(place, octets);
      return;
    }
    // The first octets are read before the first packet leaves: what cannot be read is refused and not begun.
    octets.fetch(0).then(
      () => this.#guarded(() => this.#has(place) && this.#begin(place, octets)),
      (error: unknown) => this.#failed(place, error),
    );
  }

  #has(place: Place): boolean {
    return this.#places.get(place.peer.ip, place.peer.port) === place && !this.#stopped;
  }

  #failed(place: Place, error: unknown): void {
    this.#tell({ event: "tftp.failed", filename: place.asked.filename, error });
    if (this.#leave(place)) this.#refuse(place.door, place.peer, place.asked.filename, 0, "our side failed");
  }

  #begin(place: Place, octets: Octets): void {
    const { peer, request, asked } = place;
    const netascii = request.mode.toLowerCase() === "netascii";
    const terms = negotiate(request, netascii ? undefined : octets.size, this.#options.offers ?? DEFAULT_OFFERS);
    const socket = this.#pickSocket(place.door, peer.ip);
    this.counters.started++;
    this.#tell({ event: "transfer.started", ip: peer.address, port: peer.port, filename: asked.filename });
    place.transfer = new SendingTransfer({
      peer,
      socket,
      terms,
      blocks: (netascii ? netasciiBlocks : octetBlocks)(octets, terms.blksize),
      wrapTo: this.#options.wrapTo?.(asked) ?? 0,
      roundTrip: this.#accounts.roundTrip(peer.ip, this.#clock.elapsed()),
      now: () => this.#clock.elapsed(),
      random: this.#random,
      ended: (because) => this.#ended(place, because),
      alarm: (at) => this.#alarm(at),
    });
  }

  #answerUpload(place: Place, answer: UploadAnswer): void {
    const { peer, request, asked } = place;
    if (!this.#has(place)) return;
    if (answer.is === "refused") {
      this.#leave(place);
      this.#refuse(place.door, peer, asked.filename, UPLOAD_CODES[answer.why], answer.because);
      return;
    }
    const transfer = new ReceivingTransfer({
      peer,
      socket: this.#pickSocket(place.door, peer.ip),
      terms: negotiate(request, undefined, this.#options.offers ?? DEFAULT_OFFERS),
      netascii: request.mode.toLowerCase() === "netascii",
      accepted: answer,
      now: () => this.#clock.elapsed(),
      random: this.#random,
      settled: (because) => this.#settled(place, because),
      ended: () => this.#leave(place),
      alarm: (at) => this.#alarm(at),
      failed: (error) => this.#tell({ event: "tftp.failed", filename: asked.filename, error }),
    });
    place.transfer = transfer;
    this.counters.started++;
    this.#tell({ event: "upload.started", ip: peer.address, port: peer.port, filename: asked.filename });
  }

  #settled(place: Place, because: UploadBroken | undefined): void {
    this.#close(place);
    const transfer = place.transfer;
    const report = {
      ip: place.peer.address,
      port: place.peer.port,
      filename: place.asked.filename,
      octets: transfer instanceof ReceivingTransfer ? transfer.octets : 0,
      milliseconds: this.#clock.elapsed() - place.startedAt,
    };
    if (because === undefined) {
      this.counters.uploaded++;
      this.#tell({ event: "upload.done", ...report });
    } else {
      this.counters.broken++;
      this.#tell({ event: "upload.broken", because, ...report });
    }
  }

  // RFC 1350 §4: a port that the next transfer of the same client does not share, chosen at random.
  #pickSocket(door: Door, ip: number): UdpSocket {
    const size = door.pool.length;
    const last = this.#accounts.lastSocket(ip);
    let index = Math.floor(this.#random() * size);
    if (index === last) index = (index + 1 + Math.floor(this.#random() * (size - 1))) % size;
    this.#accounts.served(ip, index, this.#clock.elapsed());
    return door.pool[index] as UdpSocket;
  }

  #onForeign(socket: UdpSocket | undefined, octets: Uint8Array, ip: number, port: number, known: boolean): void {
    this.counters.strays++;
    const key = keyOf(ip, port);
    const late = known || this.#gone.has(key) || this.#goneBefore.has(key);
    if (!late && socket !== undefined && ackedBlock(octets) >= 0) this.#onStray(socket, peerOf(ip, port));
  }

  // RFC 1350 §4: whoever speaks to a transfer that is not his is told so, and the transfer is not disturbed. Rarely:
  // the sender may be forged.
  #onStray(socket: UdpSocket, peer: UdpPeer): void {
    if (NEVER_ANSWERED.has(peer.port) || this.#options.allows?.(peer.address) === false) return;
    if (this.#doors?.isOurs(peer.address, peer.port)) return;
    const now = this.#clock.elapsed();
    if (now - this.#strayErrors.since >= 1000) this.#strayErrors = { since: now, count: 0, sources: new Set() };
    if (this.#strayErrors.count >= 100 || this.#strayErrors.sources.has(peer.ip)) return;
    this.#strayErrors.count++;
    this.#strayErrors.sources.add(peer.ip);
    socket.send(peer, encodeTftp({ op: "ERROR", code: 5, message: "Unknown transfer ID" }));
  }

  #ended(place: Place, because: Broken | undefined): void {
    const transfer = place.transfer;
    if (!(transfer instanceof SendingTransfer) || !this.#leave(place)) return;
    this.#accounts.measured(place.peer.ip, transfer.roundTrip, this.#clock.elapsed());
    this.counters.dataSent += transfer.packets;
    this.counters.dataResent += transfer.resent;
    const report = {
      ip: place.peer.address,
      port: place.peer.port,
      filename: place.asked.filename,
      octets: place.size,
      packets: transfer.packets,
      resent: transfer.resent,
      milliseconds: this.#clock.elapsed() - place.startedAt,
    };
    if (because === undefined) {
      this.counters.done++;
      this.#tell({ event: "transfer.done", ...report });
    } else {
      this.counters.broken++;
      this.#tell({ event: "transfer.broken", because, ...report });
    }
    this.#options.desk.delivered(place.asked, because === undefined ? "whole" : "broken-off");
  }

  // The client speaks of something else now: what it had is over, and it need not be told.
  #abandon(place: Place): void {
    if (place.transfer === undefined) this.#leave(place);
    else place.transfer.abandon();
  }

  #leave(place: Place): boolean {
    if (!this.#places.delete(place)) return false;
    this.#accounts.ended(place.peer.ip);
    this.counters.live--;
    this.#close(place);
    this.#remember(keyOf(place.peer.ip, place.peer.port));
    return true;
  }

  #close(place: Place): void {
    const { close } = place;
    place.close = () => {};
    close();
  }

  // A late ACK of a transfer that has ended is no stranger's; ten seconds are longer than any packet lives.
  #remember(key: number): void {
    const now = this.#clock.elapsed();
    if (now - this.#goneSince >= 10_000 || this.#gone.size >= 50_000) {
      this.#goneBefore = this.#gone;
      this.#gone = new Set();
      this.#goneSince = now;
    }
    this.#gone.add(key);
  }

  #alarm(at: number): void {
    if (at >= this.#alarmAt || this.#stopped) return;
    this.#cancelAlarm();
    this.#alarmAt = at;
    this.#cancelAlarm = this.#clock.after(Math.max(1, at - this.#clock.elapsed()), () => this.#sweep());
  }

  #sweep(): void {
    this.#alarmAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.elapsed();
    let next = Number.POSITIVE_INFINITY;
    for (const place of this.#places) {
      const { transfer } = place;
      if (transfer === undefined) {
        const until = place.startedAt + DESK_PATIENCE;
        if (until <= now) this.#failed(place, new Error("no answer from the disk or the desk"));
        else if (until < next) next = until;
        continue;
      }
      // An answer that nobody has read yet is no silence.
      if (transfer.wakeAt <= now - transfer.socket.unreadFor()) this.#guarded(() => transfer.wake());
      if (transfer.wakeAt < next) next = transfer.wakeAt;
    }
    // A pause between sweeps, so that thousands of transfers with a deadline each cost one look in ten milliseconds.
    if (next !== Number.POSITIVE_INFINITY) this.#alarm(Math.max(next, now + 10));
  }

  #refuse(door: Door, peer: UdpPeer, filename: string, code: number, because: string): void {
    this.counters.refused++;
    this.#tell({ event: "request.refused", ip: peer.address, filename, code, because });
    this.#pickSocket(door, peer.ip).send(
      peer,
      encodeTftp({ op: "ERROR", code, message: MESSAGES[code] ?? "Not defined" }),
    );
  }

  #drop(peer: UdpPeer, because: string): void {
    this.counters.dropped++;
    const now = this.#clock.elapsed();
    const key = `${peer.address} ${because}`;
    if (now - (this.#told.get(key) ?? Number.NEGATIVE_INFINITY) < 60_000) return;
    if (this.#told.size >= 1000) this.#told.clear();
    this.#told.set(key, now);
    this.#tell({ event: "request.dropped", ip: peer.address, because });
  }

  #trusts(ip: Ipv4): boolean {
    return this.#options.trusts?.(ip) ?? ipv4ToNumber(ip) >>> 24 === 127;
  }

  #tell(event: TftpEvent): void {
    this.#options.on?.(event);
  }
}

// What a client learns: the same words for a file that is missing and for one that is not its own (T013).
const MESSAGES: Readonly<Record<number, string>> = {
  0: "Server error",
  1: "File not found",
  2: "Access violation",
  3: "Disk full or allocation exceeded",
  4: "Illegal TFTP operation",
  6: "File already exists",
};

const UPLOAD_CODES = { "not-allowed": 2, exists: 6, "too-large": 3, "no-room": 3 } as const;

function keyOf(ip: number, port: number): number {
  return ip * 65_536 + port;
}

function sameRequest(one: TftpRequest, other: TftpRequest): boolean {
  return (
    one.op === other.op &&
    one.filename === other.filename &&
    one.mode === other.mode &&
    one.options.length === other.options.length &&
    one.options.every((option, i) => option.name === other.options[i]?.name && option.value === other.options[i]?.value)
  );
}
