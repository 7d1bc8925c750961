import type { Ipv4, Mac } from "../wire/address.ts";

/**
 * How many phones an address may name within an hour where neither a lease nor ARP says whose it is. A phone names itself;
 * whoever names phone after phone is looking for their files (security.md S20, R51).
 */
const MOST_NAMED = 8;
const WINDOW = 3_600_000;
/** Addresses of one generation; forged requests must not fill the memory. The generation before it is kept as well. */
const MOST_ADDRESSES = 32_768;

/** What naming a phone from an address comes to; `caught` at the first name too many, for one line in the log. */
export type Naming = "believed" | "caught" | "refused";

/** Which phones each address has named lately. */
export interface NamedPhones {
  /** `now` in milliseconds since the epoch. A phone that was believed here stays believed. */
  name(ip: Ipv4, mac: Mac, now: number): Naming;
}

interface Account {
  readonly since: number;
  readonly macs: Mac[];
  caught: boolean;
}

/** `isShared` says of addresses that many phones stand behind (NAT); they are not counted. */
export function createNamedPhones(isShared: (ip: Ipv4) => boolean = () => false): NamedPhones {
  let accounts = new Map<Ipv4, Account>();
  let before = new Map<Ipv4, Account>();

  function accountOf(ip: Ipv4, now: number): Account {
    const known = accounts.get(ip) ?? before.get(ip);
    const account =
      known !== undefined && now - known.since < WINDOW && now >= known.since
        ? known
        : { since: now, macs: [], caught: false };
    if (accounts.size >= MOST_ADDRESSES) {
      before = accounts;
      accounts = new Map();
    }
    accounts.set(ip, account);
    return account;
  }

  return {
    name(ip, mac, now) {
      if (isShared(ip)) return "believed";
      const account = accountOf(ip, now);
      if (account.macs.includes(mac)) return "believed";
      if (account.macs.length < MOST_NAMED) {
        account.macs.push(mac);
        return "believed";
      }
      if (account.caught) return "refused";
      account.caught = true;
      return "caught";
    },
  };
}
