import fc from "fast-check";
import type { Store } from "../../src/store/store.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { leaseOf, migrationOf, phoneOf, sightingOf } from "./records.ts";

/** One call of a store, and how it reads in a counterexample. */
export interface Operation {
  readonly told: string;
  readonly run: (store: Store) => Promise<unknown>;
}

const mac = fc.constantFrom(..."0123").map((digit) => `0004f2aabb0${digit}` as Mac);
const ip = fc.constantFrom("192.0.2.1", "192.0.2.200", "10.0.0.1", "255.255.255.255") as fc.Arbitrary<Ipv4>;
const text = fc.oneof(fc.string({ unit: "binary", maxLength: 6 }), fc.constantFrom("", "'", "\0", "\ud800"));
const entries = fc.array(fc.record({ at: fc.nat(9), mac, event: text, detail: text }), { maxLength: 3 });

function operation(told: string, run: (store: Store) => Promise<unknown>): Operation {
  return { told, run };
}

/** Every method of a store on few keys, so that operations meet. */
export const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  mac.map((m) => operation(`phone ${m}`, (s) => s.phone(m))),
  fc.constant(operation("phones", (s) => s.phones())),
  fc
    .array(fc.tuple(mac, text), { maxLength: 3 })
    .map((list) => operation(`putPhones ${list}`, (s) => s.putPhones(list.map(([m, label]) => phoneOf(m, label))))),
  mac.map((m) => operation(`removePhone ${m}`, (s) => s.removePhone(m))),
  fc.constant(operation("leases", (s) => s.leases())),
  fc.tuple(ip, mac).map(([i, m]) => operation(`putLease ${i} ${m}`, (s) => s.putLease(leaseOf(i, m)))),
  ip.map((i) => operation(`removeLease ${i}`, (s) => s.removeLease(i))),
  ip.map((i) => operation(`holderOf ${i}`, (s) => s.holderOf(i))),
  fc.tuple(ip, mac, fc.nat(9)).map(([i, m, at]) => operation(`putHolder ${i} ${m}`, (s) => s.putHolder(i, m, at))),
  fc
    .tuple(mac, fc.nat(9))
    .map(([m, at]) => operation(`putSighting ${m} ${at}`, (s) => s.putSighting(sightingOf(m, at)))),
  fc.tuple(mac, fc.nat(5)).map(([m, n]) => operation(`sightings ${m} ${n}`, (s) => s.sightings(m, n))),
  mac.map((m) => operation(`migration ${m}`, (s) => s.migration(m))),
  fc.constant(operation("migrations", (s) => s.migrations())),
  fc
    .tuple(mac, fc.nat(3), entries)
    .map(([m, stage, list]) => operation(`putMigration ${m}`, (s) => s.putMigration(migrationOf(m, stage), list))),
  entries.map((list) => operation(`addHistory ${list.length}`, (s) => s.addHistory(list))),
  mac.map((m) => operation(`history ${m}`, (s) => s.history(m))),
);
