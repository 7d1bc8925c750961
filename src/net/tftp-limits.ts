import { type RoundTrip, remembered, UNMEASURED } from "../tftp/rto.ts";

/** How much of the service one address, and all together, may use. */
export interface TftpLimits {
  /** Live transfers of one address. */
  readonly perAddress: number;
  /** Live transfers in all. */
  readonly inAll: number;
  /** New transfers of one address in a second, and how many may come at once after a pause. */
  readonly perSecond: number;
  readonly burst: number;
  /** Distinct names of one address in a minute that nothing answers to; beyond it the address is sweeping. */
  readonly unknownNames: number;
  /** Uploads at once, in all; their octets are in memory until they are stored. */
  readonly uploads: number;
}

export const DEFAULT_LIMITS: TftpLimits = {
  perAddress: 8,
  inAll: 20_000,
  perSecond: 10,
  burst: 20,
  unknownNames: 50,
  uploads: 64,
};

interface Account {
  live: number;
  tokens: number;
  filledAt: number;
  /** The last port it was answered from, so that the next differs. */
  lastSocket: number;
  roundTrip: RoundTrip;
  measuredAt: number;
  unknown: Set<string> | undefined;
  unknownSince: number;
}

const MINUTE = 60_000;

/** More addresses than this are not remembered; a forged flood must not fill the memory. */
const REMEMBERED = 65_536;

/** One account for each address that was answered lately. All times are the ms of a clock that never goes back. */
export class Accounts {
  readonly #limits: TftpLimits;
  readonly #accounts = new Map<number, Account>();

  constructor(limits: TftpLimits) {
    this.#limits = limits;
  }

  /** Why `ip` may not begin a transfer now; undefined when it may, and then it is counted against its rate. */
  objection(ip: number, now: number): string | undefined {
    const account = this.#of(ip, now);
    if (account.live >= this.#limits.perAddress) return "too many transfers at once";
    if (this.sweeps(ip, now)) return "asks for name after name that does not exist";
    account.tokens = Math.min(
      this.#limits.burst,
      account.tokens + ((now - account.filledAt) / 1000) * this.#limits.perSecond,
    );
    account.filledAt = now;
    if (account.tokens < 1) return "too many new transfers a second";
    account.tokens--;
    return undefined;
  }

  /** Whether `ip` has asked for too many unknown names in the last minute. */
  sweeps(ip: number, now: number): boolean {
    const account = this.#accounts.get(ip);
    if (account?.unknown === undefined) return false;
    if (now - account.unknownSince >= MINUTE) account.unknown = undefined;
    return (account.unknown?.size ?? 0) >= this.#limits.unknownNames;
  }

  /** `ip` asked for `name`, and nothing answers to it. */
  unknownName(ip: number, name: string, now: number): void {
    const account = this.#of(ip, now);
    if (account.unknown === undefined || now - account.unknownSince >= MINUTE) {
      account.unknown = new Set();
      account.unknownSince = now;
    }
    account.unknown.add(name);
  }

  began(ip: number, now: number): void {
    this.#of(ip, now).live++;
  }

  /** `ip` was answered from this socket. */
  served(ip: number, socket: number, now: number): void {
    this.#of(ip, now).lastSocket = socket;
  }

  ended(ip: number): void {
    const account = this.#accounts.get(ip);
    if (account !== undefined && account.live > 0) account.live--;
  }

  /** What a transfer to `ip` has measured. */
  measured(ip: number, roundTrip: RoundTrip, now: number): void {
    const account = this.#of(ip, now);
    if (roundTrip.smoothed === undefined) return;
    account.roundTrip = roundTrip;
    account.measuredAt = now;
  }

  /** What the next transfer to `ip` may assume; a minute later the phone may be another one. */
  roundTrip(ip: number, now: number): RoundTrip {
    const account = this.#accounts.get(ip);
    return account === undefined || now - account.measuredAt >= MINUTE ? UNMEASURED : remembered(account.roundTrip);
  }

  /** The number of the socket that served `ip` last; -1 when none is remembered. */
  lastSocket(ip: number): number {
    return this.#accounts.get(ip)?.lastSocket ?? -1;
  }

  #of(ip: number, now: number): Account {
    const known = this.#accounts.get(ip);
    if (known !== undefined) return known;
    if (this.#accounts.size >= REMEMBERED) this.#forget();
    const fresh: Account = {
      live: 0,
      tokens: this.#limits.burst,
      filledAt: now,
      lastSocket: -1,
      roundTrip: UNMEASURED,
      measuredAt: Number.NEGATIVE_INFINITY,
      unknown: undefined,
      unknownSince: now,
    };
    this.#accounts.set(ip, fresh);
    return fresh;
  }

  #forget(): void {
    for (const [ip, account] of this.#accounts) {
      if (account.live > 0) continue;
      this.#accounts.delete(ip);
      if (this.#accounts.size < REMEMBERED * 0.9) return;
    }
  }
}
