import { type Lease, standing } from "../dhcp/lease.ts";
import type { Store } from "../store/store.ts";
import type { Ipv4, Mac } from "../wire/address.ts";

/** Who holds which address by our own DHCP service, kept as the service writes it. */
export interface LeaseHolders {
  /** The store for the DHCP service to write through. */
  readonly store: Store;
  holder(ip: Ipv4, now: number): Mac | undefined;
}

/** Reads the leases once and follows every later change that goes through `store`. */
export async function followLeases(store: Store): Promise<LeaseHolders> {
  const leases = new Map<Ipv4, Lease>((await store.leases()).map((lease) => [lease.ip, lease]));
  return {
    store: {
      ...store,
      putLease: async (lease) => {
        await store.putLease(lease);
        leases.set(lease.ip, lease);
      },
      removeLease: async (ip) => {
        await store.removeLease(ip);
        leases.delete(ip);
      },
    },
    holder: (ip, now) => {
      const lease = leases.get(ip);
      return lease !== undefined && standing(lease, now) === "bound" ? lease.mac : undefined;
    },
  };
}
