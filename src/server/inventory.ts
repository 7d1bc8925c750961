import { isDeepStrictEqual } from "node:util";
import { forModel } from "../firmware/graph.ts";
import type { UpdateGraph } from "../firmware/release.ts";
import type { Received } from "../http/control-requests.ts";
import type { HistoryEntry } from "../migration/migration.ts";
import type { Model } from "../phones/family.ts";
import { inventoryWriter } from "../phones/inventory-csv.ts";
import type { Line, Phone } from "../phones/phone.ts";
import { isSecretName } from "../phones/secret-name.ts";
import { mapInPieces } from "../provision/in-pieces.ts";
import { mapInTurns } from "../store/turns.ts";
import { isStation, type Mac, macWithColons, parseMac } from "../wire/address.ts";
import type { Core } from "./core.ts";
import { Failure, failure } from "./failure.ts";
import { readModel, readRelease } from "./knowledge.ts";

/** A phone as it is shown: everything but its passwords, of which only their being there is told. */
export type ShownPhone = Omit<Phone, "mac" | "lines"> & {
  /** `00:0e:84:c0:60:a6`. */
  readonly mac: string;
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
  return mapInTurns(await core.store.phones(), shown);
}

/** The inventory as the lines of a CSV file. */
export async function exportPhones(
  core: Core,
  request: Received<"exportPhones">,
): Promise<{ readonly lines: readonly string[] }> {
  const phones = await core.store.phones();
  const writer = inventoryWriter(request);
  await mapInTurns(phones, writer.columnsOf);
  return { lines: [writer.header(), ...(await mapInTurns(phones, writer.line))] };
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
 * address) is kept where the new row is silent about it, and so are secrets, which an export leaves out unless it is
 * asked for them. Without `replace` a phone that is there already is refused with `E_PHONE_EXISTS`, unless it is exactly
 * what is asked for: a command may be repeated.
 */
export async function putPhones(
  core: Core,
  { phones, replace, dryRun }: Received<"putPhones">,
): Promise<{ put: number }> {
  const rows = new Map<Mac, PhoneRow>();
  const macs = await mapInTurns(phones, (row) => {
    rows.set(row.mac, row);
    return row.mac;
  });
  const loads = createLoadReader(core);
  const taken = (mac: Mac, known: Phone | undefined): Phone => {
    const phone = phoneOf(loads, rows.get(mac) as PhoneRow, known);
    if (known !== undefined && !replace && !isDeepStrictEqual(phone, known)) throw exists(mac);
    return phone;
  };
  if (dryRun) await mapInPieces(macs, async (mac) => void taken(mac, await core.store.phone(mac)));
  else await core.store.takePhones(macs, taken);
  return { put: phones.length };
}

type PhoneRow = Received<"putPhones">["phones"][number];

function phoneOf(loadOf: LoadReader, row: PhoneRow, known: Phone | undefined): Phone {
  const model = row.model === undefined ? undefined : readModel(row.model);
  const running = row.running === undefined ? known?.running : loadOf(row.mac, model, row.running);
  const lines = row.lines.map((line) => {
    const password = line.password ?? known?.lines.find(({ name }) => name === line.name)?.password;
    return defined({ ...line, password }) as Line;
  });
  const secrets = Object.entries(known?.settings ?? {}).filter(([name]) => isSecretName(name));
  const settings = { ...Object.fromEntries(secrets), ...row.settings };
  return defined({ ...row, ip: known?.ip, running, model: model?.id, lines, settings }) as Phone;
}

type LoadReader = (mac: Mac, model: Model | undefined, running: string) => string;

/**
 * Reads the load that a person wrote; as it was written while the model is unknown, which says what it could mean. What was
 * read is kept: a whole inventory names few.
 */
function createLoadReader({ known }: Core): LoadReader {
  const loads = new Map<string, string>();
  return (mac, model, running) => {
    const graph = model && known.graph(model.family);
    if (model === undefined || graph === undefined) return running;
    const key = `${model.id} ${running}`;
    const load = loads.get(key) ?? loadFor(mac, forModel(model.id)(graph), running);
    loads.set(key, load);
    return load;
  };
}

function loadFor(mac: Mac, graph: UpdateGraph, running: string): string {
  try {
    return readRelease(running, graph).load;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const findings = error.findings.map((one) => ({ ...one, where: `${macWithColons(mac)}, ${one.where}` }));
    throw new Failure(error.code, error.exit, findings);
  }
}

/** Throws `E_PHONE_UNKNOWN`, and `E_PHONE_ENROLLED` while a migration is under way. */
export async function removePhone(core: Core, { mac, dryRun }: Received<"removePhone">): Promise<{ removed: string }> {
  await knownPhone(core, mac);
  const progress = core.tracker.of(mac)?.migration.progress.at;
  if (progress !== undefined && progress !== "done" && progress !== "cancelled") {
    throw failure("E_PHONE_ENROLLED", 1, {
      where: macWithColons(mac),
      message: "its migration is under way",
      remedy: `cancel that first: provision cancel --mac ${macWithColons(mac)}`,
    });
  }
  if (!dryRun) await core.store.removePhone(mac);
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
    mac: macWithColons(phone.mac),
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
  if (mac !== undefined && isStation(mac)) return mac;
  throw failure("E_MAC", 2, {
    where: JSON.stringify(text),
    message: mac === undefined ? "this is not a MAC address" : "this address belongs to no single phone",
    remedy: "write it like 00:0e:84:c0:60:a6, 00-0E-84-C0-60-A6, 000e.84c0.60a6 or 000E84C060A6",
  });
}
