import { forModel } from "../firmware/graph.ts";
import type { Received } from "../http/control-requests.ts";
import type { HistoryEntry } from "../migration/migration.ts";
import type { Phone } from "../phones/phone.ts";
import { isSecretName } from "../phones/secret-name.ts";
import { type Mac, macWithColons, parseMac } from "../wire/address.ts";
import type { Core } from "./core.ts";
import { failure } from "./failure.ts";
import { readModel, readRelease } from "./knowledge.ts";

/** A phone as it is shown: everything but its passwords, of which only their being there is told. */
export type ShownPhone = Omit<Phone, "lines"> & {
  readonly lines: readonly (Omit<Phone["lines"][number], "password"> & { readonly hasPassword: boolean })[];
};

/** Everything kept about one phone. */
export interface PhoneStory {
  readonly phone: ShownPhone;
  readonly history: readonly { readonly at: string; readonly event: string; readonly detail: string }[];
  /** Newest first. */
  readonly sightings: readonly {
    readonly at: string;
    readonly by: string;
    readonly ip: string;
    readonly evidence: string;
  }[];
}

/** The inventory in the order of the MACs. */
export async function listPhones(core: Core): Promise<readonly ShownPhone[]> {
  return (await core.store.phones()).map(shown);
}

/** One phone with its history. Throws `E_PHONE_UNKNOWN`. */
export async function showPhone(core: Core, mac: Mac): Promise<PhoneStory> {
  const phone = await knownPhone(core, mac);
  const [history, sightings] = await Promise.all([core.store.history(mac), core.store.sightings(mac, 50)]);
  return {
    phone: shown(phone),
    history: history.map(({ at, event, detail }: HistoryEntry) => ({ at: iso(at), event, detail })),
    sightings: sightings.map(({ at, by, ip, evidence }) => ({ at: iso(at), by, ip, evidence })),
  };
}

/**
 * Takes phones in, all or none: models and loads are read as people write them. What is learned from the network (load,
 * address) is kept where the new row is silent about it. Throws `E_PHONE_EXISTS` unless `replace`.
 */
export async function putPhones(core: Core, { phones, replace }: Received<"putPhones">): Promise<{ put: number }> {
  const kept = new Map((await core.store.phones()).map((phone) => [phone.mac, phone]));
  const taken = phones.map((row): Phone => {
    const before = kept.get(row.mac);
    if (before !== undefined && !replace) throw exists(row.mac);
    const model = row.model === undefined ? undefined : readModel(row.model);
    const family = model && core.known.graph(model.family);
    const graph = family && forModel(model.id)(family);
    const running =
      row.running === undefined || graph === undefined ? row.running : readRelease(row.running, graph).load;
    return {
      ...defined({ ip: before?.ip, running: running ?? before?.running }),
      ...defined({ ...row, running: running ?? before?.running, model: model?.id }),
    } as Phone;
  });
  await core.store.putPhones(taken);
  return { put: taken.length };
}

/** Throws `E_PHONE_UNKNOWN`, and `E_PHONE_ENROLLED` while a migration is under way. */
export async function removePhone(core: Core, mac: Mac): Promise<{ removed: string }> {
  await knownPhone(core, mac);
  const progress = core.tracker.of(mac)?.migration.progress.at;
  if (progress !== undefined && progress !== "done" && progress !== "cancelled") {
    throw failure("E_PHONE_ENROLLED", 1, {
      where: macWithColons(mac),
      message: "its migration is under way",
      remedy: `cancel that first: provision cancel --mac ${macWithColons(mac)}`,
    });
  }
  await core.store.removePhone(mac);
  return { removed: macWithColons(mac) };
}

async function knownPhone(core: Core, mac: Mac): Promise<Phone> {
  const phone = await core.store.phone(mac);
  if (phone !== undefined) return phone;
  throw failure("E_PHONE_UNKNOWN", 1, {
    where: macWithColons(mac),
    message: "this phone is not in the inventory",
    remedy: `add it: provision phones add --mac ${macWithColons(mac)} --model 7960`,
  });
}

function shown(phone: Phone): ShownPhone {
  const settings = Object.entries(phone.settings).map(([name, value]) => [name, isSecretName(name) ? "***" : value]);
  return {
    ...phone,
    settings: Object.fromEntries(settings),
    lines: phone.lines.map(({ password, ...line }) => ({ ...line, hasPassword: password !== undefined })),
  };
}

function exists(mac: Mac): Error {
  return failure("E_PHONE_EXISTS", 1, {
    where: macWithColons(mac),
    message: "this phone is in the inventory already",
    remedy: "give --replace to write over it, or remove it first",
  });
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T;
}

const iso = (at: number): string => new Date(at).toISOString();

/** Reads a MAC that a person typed. Throws `E_MAC`. */
export function readMac(text: string): Mac {
  const mac = parseMac(text.trim());
  if (mac !== undefined) return mac;
  throw failure("E_MAC", 2, {
    where: JSON.stringify(text),
    message: "this is not a MAC address",
    remedy: "write it like 00:0e:84:c0:60:a6, 00-0E-84-C0-60-A6, 000e.84c0.60a6 or 000E84C060A6",
  });
}
