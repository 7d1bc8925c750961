import { describe, expect, test } from "vitest";
import { type Client, isFree, isHeldBy, type Lease, type LeaseEvent, standing, step } from "../../src/dhcp/lease.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";

const NOW = 1_000_000;
const IP = "192.0.2.100" as Ipv4;
const me: Client = { mac: "000e84c060a6" as Mac, clientKey: "me" };
const you: Client = { mac: "020000000001" as Mac, clientKey: "you" };

const states = {
  free: undefined,
  offered: { ip: IP, ...me, at: "offered", until: NOW + 1 },
  bound: { ip: IP, ...me, at: "bound", until: NOW + 1 },
  lapsed: { ip: IP, ...me, at: "bound", until: NOW },
  released: { ip: IP, ...me, at: "released", since: NOW - 5 },
  quarantined: { ip: IP, ...me, at: "declined", until: NOW + 1 },
} as const satisfies Record<string, Lease | undefined>;

const events = (by: Client): Record<string, LeaseEvent> => ({
  offer: { is: "offer", to: by, until: NOW + 100 },
  bind: { is: "bind", to: by, until: NOW + 100 },
  unselect: { is: "unselect", by: by.clientKey },
  release: { is: "release", by: by.clientKey },
  decline: { is: "decline", by: by.clientKey, until: NOW + 100 },
  conflict: { is: "conflict", by, until: NOW + 100 },
});

/** What becomes of the address: its next standing, or "-" where the event is ignored. Columns as in `events`. */
const byItsClient = {
  free: ["offered", "bound", "-", "-", "-", "quarantined"],
  offered: ["offered", "bound", "free", "-", "-", "quarantined"],
  bound: ["-", "bound", "-", "released", "quarantined", "-"],
  lapsed: ["offered", "bound", "-", "-", "-", "quarantined"],
  released: ["offered", "bound", "-", "-", "-", "quarantined"],
  quarantined: ["-", "-", "-", "-", "-", "quarantined"],
};
const byAnother = {
  ...byItsClient,
  offered: ["-", "-", "-", "-", "-", "quarantined"],
  bound: ["-", "-", "-", "-", "-", "-"],
};

describe("the lease machine", () => {
  for (const [who, by, table] of [
    ["its client", me, byItsClient],
    ["another client", you, byAnother],
  ] as const)
    for (const [name, lease] of Object.entries(states))
      Object.entries(events(by)).forEach(([event, what], column) => {
        const next = table[name as keyof typeof table][column];
        test(`${event} by ${who} of a ${name} address: ${next === "-" ? "ignored, because" : next}`, () => {
          const result = step(lease, IP, what, NOW);
          if (next === "-") expect(result).toMatchObject({ is: "ignored", because: expect.stringMatching(/.+/) });
          else expect(result.is === "changed" && standing(result.lease, NOW)).toBe(next);
        });
      });

  test("an address that changes hands carries its new client and nothing of the old", () => {
    const before: Lease = { ...states.released, relayInformation: "0101", vendorClass: "aa" };
    expect(step(before, IP, { is: "bind", to: you, until: 5 }, NOW)).toEqual({
      is: "changed",
      lease: { ip: IP, ...you, at: "bound", until: 5 },
    });
  });

  test("D122 a renewal without option 82 keeps what the relay said last", () => {
    const before: Lease = { ...states.bound, relayInformation: "0101" };
    const renewed = step(before, IP, { is: "bind", to: me, until: NOW + 9 }, NOW);
    expect(renewed).toMatchObject({ lease: { relayInformation: "0101" } });
  });

  test("what has run out is free, and held by nobody", () => {
    expect(isFree(states.lapsed, NOW)).toBe(true);
    expect(isHeldBy(states.lapsed, "me", NOW)).toBe(false);
    expect(isHeldBy(states.bound, "me", NOW)).toBe(true);
    expect(isFree(states.quarantined, NOW)).toBe(false);
  });
});
