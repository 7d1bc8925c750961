import { packageOf } from "../../src/sim/cisco-7940/packages.ts";
import { latin1 } from "../../src/sim/octets.ts";
import type { Ipv4 } from "../../src/wire/address.ts";

/** Small images: the order of events is the same, and a test takes milliseconds. */
export const SMALL = { loader: 3_000, application: 9_000 };

export type Site = Map<string, Uint8Array>;

/** A TFTP root as an admin would fill it by hand. */
export function siteWith(loads: readonly string[], sizes = SMALL): Site {
  const files: Site = new Map();
  for (const load of loads) for (const { name, octets } of packageOf(load, sizes)) files.set(name, octets);
  return files;
}

export function put(site: Site, name: string, text: string): void {
  site.set(name, latin1(text));
}

export function xmlDefault(load: string): string {
  return `<Default><callManagerGroup><members><member priority="0"><callManager><ports><ethernetPhonePort>2000</ethernetPhonePort></ports><processNodeName>10.0.0.1</processNodeName></callManager></member></members></callManagerGroup><loadInformation8 model="IP Phone 7940">${load}</loadInformation8><loadInformation7 model="IP Phone 7960">${load}</loadInformation7></Default>`;
}

export const SERVER = "192.0.2.10" as Ipv4;
export const FIRST_LEASE = "192.0.2.100" as Ipv4;
