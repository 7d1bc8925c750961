import type { Ipv4, Mac } from "../wire/address.ts";

/**
 * A binding of an address (RFC 2131 §2.2). States carry their own data; instants are milliseconds since the epoch.
 * `clientKey` is option 61 in hex, or the chaddr where a client sends none.
 */
export type Lease = LeaseIdentity &
  (
    | { readonly at: "offered"; readonly until: number }
    | { readonly at: "bound"; readonly until: number }
    | { readonly at: "released"; readonly since: number }
    | { readonly at: "declined"; readonly until: number }
  );

interface LeaseIdentity {
  readonly ip: Ipv4;
  readonly mac: Mac;
  readonly clientKey: string;
  /** Option 82 of the last broadcast request in hex, kept for renewals that come without it. */
  readonly relayInformation?: string;
  /** Option 60 as last sent, in hex. */
  readonly vendorClass?: string;
}
