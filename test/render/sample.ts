import type { Release } from "../../src/firmware/release.ts";
import type { Model } from "../../src/phones/family.ts";
import type { Phone } from "../../src/phones/phone.ts";
import type { Site } from "../../src/phones/site.ts";
import type { RenderRequest } from "../../src/render/render.ts";
import { type Ipv4, parseIpv4, parseMac } from "../../src/wire/address.ts";

export const site: Site = {
  name: "head-office",
  serverAddress: parseIpv4("192.0.2.10") as Ipv4,
  timeZone: "Europe/Berlin",
  ntp: ["192.0.2.10"],
  sip: { proxy: "192.0.2.20", port: 5060, transport: "udp" },
  sccp: { callManagers: ["192.0.2.20", "192.0.2.21"], port: 2000 },
};

export const models: readonly Model[] = [
  { id: "7940", family: "cisco-7940", aliases: ["CP-7940G"], lines: 2, code: 8 },
  { id: "7960", family: "cisco-7940", aliases: ["CP-7960G", "IP Phone 7960"], lines: 6, code: 7 },
];

export const model7960 = models[1] as Model;

export const phone: Phone = {
  mac: parseMac("00:0e:84:c0:60:a6") ?? fail(),
  model: "7960",
  group: "reception",
  label: "Reception",
  lines: [
    { name: "201", displayName: "Reception Desk", label: "Desk", authName: "201-phone", password: "s3cret;#word" },
    { name: "202" },
  ],
  settings: {},
};

export function release(load: string, protocol: Release["protocol"], version: string, loader?: string): Release {
  return { load, protocol, version, files: [], signed: true, because: [], ...(loader === undefined ? {} : { loader }) };
}

export const sip812 = release("P0S3-8-12-00", "SIP", "8.12", "P003-8-12-00");
export const sip23 = release("P0S30203", "SIP", "2.3");
export const sccp812 = release("P0030801SR02", "SCCP", "8.1(2)SR2", "P0030801SR02");
export const sccp31 = release("P00303010102", "SCCP", "3.1");

export function request(kind: string, changes: Partial<RenderRequest> = {}): RenderRequest {
  const chosen = changes.release ?? sip812;
  return {
    family: "cisco-7940",
    kind,
    site,
    phone,
    model: model7960,
    settings: {},
    load: chosen.load,
    release: chosen,
    brief: false,
    ...changes,
  };
}

function fail(): never {
  throw new Error("the sample MAC is none");
}
