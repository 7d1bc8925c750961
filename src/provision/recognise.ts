import type { Sighting } from "../phones/phone.ts";
import type { Store } from "../store/store.ts";
import { type Mac, macWithColons } from "../wire/address.ts";

/** What the network shows that a person may not know: the phone has moved, or another one stands in its place. */
export interface Noticed {
  readonly what: "moved" | "replaced";
  /** Plain words with the addresses. */
  readonly words: string;
  /** The phone that stands in its place. */
  readonly by?: string;
}

/** Where phones are: read once for a whole report. */
export interface Places {
  noticed(mac: Mac, seen: readonly Sighting[]): Promise<readonly Noticed[]>;
}

/** A phone and what hangs on its own switch. */
const mostOnPort = 3;

/**
 * Reads inventory and leases and compares them with what was seen last. `seen` of a phone is newest first. A phone
 * counts as replaced when another MAC with its label, on its switch port or at its address was seen after it.
 */
export async function readPlaces(store: Store): Promise<Places> {
  const phones = await store.phones();
  const labels = new Map<Mac, string>();
  const byLabel = new Map<string, Mac[]>();
  for (const { mac, label } of phones) {
    if (label === undefined || label === "") continue;
    labels.set(mac, label);
    put(byLabel, label, mac);
  }
  const ports = new Map<Mac, string>();
  const byPort = new Map<string, Mac[]>();
  for (const lease of await store.leases()) {
    if (lease.at !== "bound" || lease.relayInformation === undefined) continue;
    ports.set(lease.mac, lease.relayInformation);
    put(byPort, lease.relayInformation, lease.mac);
  }

  async function lastSeen(mac: Mac): Promise<number> {
    return (await store.sightings(mac, 1))[0]?.at ?? 0;
  }

  async function replacedBy(mac: Mac, others: readonly Mac[], since: number, where: string): Promise<Noticed[]> {
    const found: Noticed[] = [];
    for (const other of others) {
      if (other === mac || (await lastSeen(other)) <= since) continue;
      const by = macWithColons(other);
      found.push({ what: "replaced", words: `${by} was seen after it ${where}`, by });
    }
    return found;
  }

  return {
    async noticed(mac, seen) {
      const [last] = seen;
      if (last === undefined) return [];
      const before = seen.find(({ ip }) => ip !== last.ip);
      const moved: Noticed[] =
        before === undefined ? [] : [{ what: "moved", words: `it moved from ${before.ip} to ${last.ip}` }];
      const label = labels.get(mac);
      const twins = label === undefined ? [] : (byLabel.get(label) ?? []);
      const port = ports.get(mac);
      const onPort = port === undefined ? [] : (byPort.get(port) ?? []);
      // A relay that writes the same into option 82 for many clients does not name a port.
      const neighbours = onPort.length <= mostOnPort ? onPort : [];
      const holder = await store.holderOf(last.ip);
      const replaced = [
        ...(await replacedBy(mac, twins, last.at, `with the same label, ${label}`)),
        ...(await replacedBy(mac, neighbours, last.at, "on the same port")),
        ...(holder === undefined || holder.at <= last.at
          ? []
          : await replacedBy(mac, [holder.mac], last.at, `at its address ${last.ip}`)),
      ];
      const once = replaced.filter((one, i) => replaced.findIndex(({ by }) => by === one.by) === i);
      return [...moved, ...once];
    },
  };
}

function put<K>(lists: Map<K, Mac[]>, key: K, mac: Mac): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [mac]);
  else list.push(mac);
}
