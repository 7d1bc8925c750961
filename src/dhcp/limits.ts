import type { Mac } from "../wire/address.ts";
import { createFadingMap } from "./fading-map.ts";

/** How much one client, one relay port and one hour may use up. Rates are per second. */
export interface DhcpLimits {
  /** Messages of one MAC. */
  readonly client: Bucket;
  /** DISCOVERs of clients that hold nothing, through one port of a relay (option 82 circuit id). */
  readonly relayPort: Bucket;
  /** DECLINEs of one MAC in an hour; more, and the client is not answered for that hour (D092). */
  readonly declines: number;
  /** The part of a pool that DECLINEs may take out of use in an hour. */
  readonly declinedShare: number;
}

/** `burst` at once, then `perSecond`. */
export interface Bucket {
  readonly burst: number;
  readonly perSecond: number;
}

/** Far above what a phone does, which asks four times a minute at most when nobody answers. */
export const DHCP_LIMITS: DhcpLimits = {
  client: { burst: 40, perSecond: 4 },
  relayPort: { burst: 32, perSecond: 1 },
  declines: 5,
  declinedShare: 0.01,
};

/** Keeps the accounts. */
export interface DhcpAccounts {
  /** Whether this MAC may be answered now; counts the message. */
  admits(mac: Mac, now: number): boolean;
  /** Whether one more newcomer may ask through this port; counts it. */
  admitsNewcomer(relayPort: string, now: number): boolean;
  /** Counts a DECLINE that was obeyed. */
  declined(mac: Mac, now: number): void;
  /** Whether a DECLINE may still take an address of a pool of `size` out of use for long. */
  mayQuarantine(size: number, now: number): boolean;
}

const HOUR = 3_600_000;
/** Accounts that are kept; a flood of invented MACs pushes out the oldest of them, whose rates have recovered anyway. */
const KEPT = 25_000;

/** Accounts under these limits; all empty. */
export function createDhcpAccounts(limits: DhcpLimits): DhcpAccounts {
  const clients = createBuckets<Mac>(limits.client);
  const ports = createBuckets<string>(limits.relayPort);
  const declines = createFadingMap<Mac, { count: number; since: number }>(KEPT);
  let lately = { count: 0, since: Number.NEGATIVE_INFINITY };
  return {
    admits(mac, now) {
      const account = lately.count === 0 ? undefined : declines.get(mac);
      if (account !== undefined && account.count > limits.declines && now - account.since < HOUR) return false;
      return clients(mac, now);
    },
    admitsNewcomer: (relayPort, now) => ports(relayPort, now),
    declined(mac, now) {
      if (now - lately.since >= HOUR) lately = { count: 0, since: now };
      lately.count++;
      const account = declines.get(mac);
      if (account !== undefined && now - account.since < HOUR) account.count++;
      else declines.set(mac, { count: 1, since: now });
    },
    mayQuarantine: (size, now) =>
      now - lately.since >= HOUR || lately.count < Math.max(10, Math.floor(size * limits.declinedShare)),
  };
}

function createBuckets<Key>({ burst, perSecond }: Bucket): (key: Key, now: number) => boolean {
  const buckets = createFadingMap<Key, { left: number; at: number }>(KEPT);
  return (key, now) => {
    const bucket = buckets.get(key);
    if (bucket === undefined) {
      buckets.set(key, { left: burst - 1, at: now });
      return true;
    }
    // A clock that went back fills nothing and takes nothing.
    bucket.left = Math.min(burst, bucket.left + (Math.max(0, now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    if (bucket.left < 1) return false;
    bucket.left--;
    return true;
  };
}
