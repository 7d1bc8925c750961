import type { NamedFile } from "../phones/family.ts";
import type { Store } from "../store/store.ts";
import type { Ipv4, Mac } from "../wire/address.ts";
import type { NamedPhones } from "./named-phones.ts";
import type { FileRequest, Neighbourhood } from "./ports.ts";

/**
 * Who asks. `stranger`: nobody can say. `impostor`: the name is one phone's and the address another's. `sweeper`: nobody
 * vouches for the address, and it names phone after phone; `first` until that was said once.
 */
export type Asker =
  | { readonly is: "phone"; readonly mac: Mac }
  | { readonly is: "stranger" }
  | { readonly is: "impostor"; readonly named: Mac; readonly holder: Mac }
  | { readonly is: "sweeper"; readonly first: boolean };

/**
 * How long, in milliseconds, an address is believed to be the phone's that last named itself from it, where neither a
 * lease nor ARP can say. OS79XX.TXT and images carry no MAC, and a phone may change its address between two boots
 * (cisco.md §2.4): a wrong belief would hand one phone's load to another.
 */
const memory = 60 * 60 * 1000;

/** Finds the phone behind a request; a MAC in the name must not contradict what the network says of the address. */
export async function whoAsks(
  request: FileRequest,
  named: NamedFile | undefined,
  around: Neighbourhood,
  store: Store,
  namedPhones: NamedPhones,
): Promise<Asker> {
  const holder = around.leaseHolder(request.ip, request.at) ?? around.neighbour(request.ip);
  if (named?.mac !== undefined) {
    if (holder !== undefined && holder !== named.mac) return { is: "impostor", named: named.mac, holder };
    const naming = holder === undefined ? namedPhones.name(request.ip, named.mac, request.at) : "believed";
    if (naming !== "believed") return { is: "sweeper", first: naming === "caught" };
    await remember(request.ip, named.mac, request.at, store);
    return { is: "phone", mac: named.mac };
  }
  if (holder !== undefined) return { is: "phone", mac: holder };
  const last = await store.holderOf(request.ip);
  if (last === undefined || request.at - last.at > memory) return { is: "stranger" };
  return { is: "phone", mac: last.mac };
}

async function remember(ip: Ipv4, mac: Mac, at: number, store: Store): Promise<void> {
  const last = await store.holderOf(ip);
  if (last?.mac === mac && at - last.at < memory / 10) return;
  await store.putHolder(ip, mac, at);
}
