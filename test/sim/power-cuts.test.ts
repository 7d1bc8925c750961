import { expect, test } from "vitest";
import { createLink } from "../../src/sim/link.ts";
import type { Operator } from "../../src/sim/run.ts";
import type { Seat } from "../../src/sim/seat.ts";
import { put, type Site, siteWith, xmlDefault } from "./site.ts";
import { attempt, type Tried } from "./tried.ts";

function conversion(): Site {
  const site = siteWith(["P0S3-8-12-00"]);
  put(site, "XMLDefault.cnf.xml", xmlDefault("P0S3-8-12-00"));
  put(site, "SIP000E84C060A6.cnf", "line1_name: 100\n");
  return site;
}

/** Converts a phone whose power goes at the `at`-th datagram and returns five seconds later. */
async function cutAtDatagram(at: number, from: string, site: Site, to: string): Promise<Tried> {
  let seen = 0;
  let cutAt: number | undefined;
  let back = false;
  const phone: { seat?: Seat } = {};
  return attempt({
    from,
    site,
    seatIs: (seat) => {
      phone.seat = seat;
    },
    tap: (_datagram, now, act) => {
      seen += 1;
      if (seen !== at || phone.seat === undefined) return false;
      cutAt = now;
      act.powerCut(phone.seat);
      return false;
    },
    operator: (now, act) => {
      if (phone.seat === undefined) return false;
      if (cutAt !== undefined && !back && now > cutAt + 5000) {
        back = true;
        act.powerOn(phone.seat);
      }
      return phone.seat.mood === "settled" && phone.seat.running === to && (back || seen < at);
    },
  });
}

test("power cut at any block of a conversion with the loader: the phone arrives", async () => {
  const whole = (await attempt({ from: "P00308000900", site: conversion() })).datagrams;
  expect(whole).toBeGreaterThan(70);
  for (let at = 1; at <= whole; at++) {
    const { phone, ended } = await cutAtDatagram(at, "P00308000900", conversion(), "P0S3-8-12-00");
    expect({ at, ended, running: phone.running }).toEqual({ at, ended: "stopped", running: "P0S3-8-12-00" });
  }
});

test("power cut at any block of a step without the loader: the phone arrives", async () => {
  const site = siteWith(["P00305000500"]);
  put(site, "XMLDefault.cnf.xml", xmlDefault("P00305000500"));
  const whole = (await attempt({ from: "P00303010102", site })).datagrams;
  for (let at = 1; at <= whole; at++) {
    const { phone, ended } = await cutAtDatagram(at, "P00303010102", site, "P00305000500");
    expect({ at, ended, running: phone.running }).toEqual({ at, ended: "stopped", running: "P00305000500" });
  }
});

/** Cuts the power two seconds into the `nth` write and gives it back. */
async function cutInWrite(nth: number, from: string, site: Site, habits = {}): Promise<Tried> {
  const phone: { seat?: Seat } = {};
  let done = false;
  return attempt({
    from,
    site,
    habits,
    seatIs: (seat) => {
      phone.seat = seat;
    },
    operator: (now: number, act: Operator) => {
      const writes = phone.seat?.log.filter(({ what }) => what === "writes") ?? [];
      const write = writes[nth - 1];
      if (phone.seat !== undefined && write !== undefined && !done && now > write.at + 2000) {
        done = true;
        act.powerCycle(phone.seat);
      }
      return done && phone.seat?.mood !== "busy";
    },
  });
}

test("power cut while the application is written leaves the loader, which installs it again", async () => {
  const { phone } = await cutInWrite(2, "P00308000900", conversion());
  expect(phone).toMatchObject({ mood: "settled", running: "P0S3-8-12-00" });
});

test("power cut while the loader is written leaves the old loader, or on a fragile phone a useless one", async () => {
  const { phone } = await cutInWrite(1, "P00308000900", conversion());
  expect(phone).toMatchObject({ mood: "settled", running: "P0S3-8-12-00" });
  const fragile = await cutInWrite(1, "P00308000900", conversion(), { fragileLoader: true });
  expect(fragile.phone).toMatchObject({ mood: "stuck", screen: "Protocol Application Invalid", running: undefined });
});

test("power cut in a write without a loader: the phone asks for that image at its next boot, and for nothing else", async () => {
  const site = siteWith(["P00305000500"]);
  put(site, "XMLDefault.cnf.xml", xmlDefault("P00305000500"));
  const { phone } = await cutInWrite(1, "P00303010102", site);
  expect(phone).toMatchObject({ mood: "settled", running: "P00305000500" });
  const second = phone.log.filter(({ boot, what }) => boot === 2 && what === "asks").map(({ text }) => text);
  expect(second).toEqual(["P00305000500.bin"]);
});

test("the same seed gives the same run, and another seed another one", async () => {
  const trace = async (seed: number) => {
    const link = createLink({ loss: 0.1, duplication: 0.1, delay: 1, jitter: 20 }, seed);
    const { phone, datagrams } = await attempt({ from: "P00308000900", site: conversion(), link });
    return { log: phone.log, datagrams };
  };
  expect(await trace(5)).toEqual(await trace(5));
  expect(await trace(5)).not.toEqual(await trace(6));
});
