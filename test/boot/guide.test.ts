import { expect, test } from "vitest";
import type { Guidance } from "../../src/migration/guide.ts";
import type { Core } from "../../src/server/core.ts";
import { guided } from "../../src/server/guide.ts";
import { loadKnowledge } from "../../src/server/knowledge.ts";
import { type Journey, travel, traveller } from "./journey.ts";
import { carelessVault, fullVault, plannerOf, type World } from "./world.ts";

// What a technician is told while a simulated phone stands before him: `provision guide` and the page behind the code.

const known = await loadKnowledge();

function planOf(from: string, to: string, model = "7960"): Journey["plan"] {
  const planned = plannerOf("strict", model)(from, to);
  if (planned.kind !== "plan") throw new Error(planned.kind);
  return planned.plan;
}

interface Told {
  readonly at: number;
  readonly mood: string;
  readonly guidance: Guidance;
}

/** Travels, and writes down what the guide says every five seconds. */
async function watched(
  journey: Omit<Journey, "fate">,
): Promise<{ told: readonly Told[]; arrived: boolean; shown: readonly string[] }> {
  const told: Told[] = [];
  const vault = journey.parts?.vault ?? fullVault(journey.plan.model);
  const { arrived, phone } = await travel({
    ...journey,
    parts: { ...journey.parts, vault },
    fate: async (now, _act, { mood }, world: World) => {
      const core = { store: world.store, tracker: world.tracker, vault, known, now: () => now } as unknown as Core;
      const found = await guided(core, traveller);
      if (found !== undefined) told.push({ at: now, mood, guidance: found.guidance });
    },
  });
  const shown = phone.log.flatMap(({ what, text }) => (what === "shows" ? [text] : []));
  return { told, arrived, shown };
}

const cut = (octets: Uint8Array) => octets.subarray(0, -700);

test("the guide follows a phone from its first request to its arrival, and says when to leave it alone", async () => {
  const { told, arrived } = await watched({ plan: planOf("P00305000500", "P0S3-8-12-00"), loss: 0, seed: 4 });
  expect(arrived).toBe(true);
  const steps = told.map(({ guidance }) => guidance.now.replace(/ (?:Last|Nothing was heard).*/s, ""));
  const seen = steps.filter((step, at) => step !== steps[at - 1]);
  expect(seen[0]).toBe("Stage 1 of 2: it is to fetch P00308000900, and has not begun.");
  expect(seen).toContain("Stage 1 of 2: it fetches P00308000900, and may be writing flash.");
  expect(seen).toContain("Stage 1 of 2: it took P00308000900 and starts again.");
  expect(seen).toContain("Stage 2 of 2: it is to fetch P0S3-8-12-00, and has not begun.");
  const busy = told.filter(({ guidance }) => / it (?:fetches|took) /.test(guidance.now));
  expect(busy.length).toBeGreaterThan(3);
  for (const { guidance } of busy) expect(guidance.next.join(" ")).not.toMatch(/^Power-cycle/);
});

test.each([
  ["7960", "P00303010102", "P00305000500"],
  ["7960", "P0S3-07-4-00", "P0S3-8-12-00"],
  ["ATA186", "ATA030100SCCP040211A", "ATA030204SCCP090202A"],
])(
  "a %s on its way from %s to %s, which only another start proves, is to be unplugged once it is back and quiet, and not before",
  async (model, from, to) => {
    const { told, arrived } = await watched({ plan: planOf(from, to, model), loss: 0, seed: 4, idle: 90_000 });
    expect(arrived).toBe(true);
    const proving = told.filter(({ guidance }) =>
      guidance.next.join(" ").includes("power-cycle it once more: that proves"),
    );
    const asked = proving.filter(({ guidance }) => !/has not begun/.test(guidance.now));
    expect(asked.length).toBeGreaterThan(0);
    for (const { mood, guidance } of asked) expect([mood, guidance.handsOff]).toEqual(["settled", false]);
    const busy = told.filter(({ guidance }) => / it (?:fetches|took) /.test(guidance.now));
    for (const { mood, guidance } of busy) if (mood === "busy") expect(guidance.handsOff).toBe(true);
  },
);

test.each([
  [
    "the application arrives damaged",
    "Image Authentication Failed",
    /\.sb2$/,
    cut,
    "P00305000500",
    "P00308000900",
    "7960",
  ],
  [
    "the application is not there",
    "Protocol Application Invalid",
    /\.sb2$/,
    () => undefined,
    "P00305000500",
    "P00308000900",
    "7960",
  ],
  ["the loader arrives damaged", "Image Authentication Failed", /\.sbn$/, cut, "P00305000500", "P00308000900", "7960"],
  ["a part of a Java load is damaged", "Auth Fail", /^apps.*\.sbn$/, cut, "SCCP41.8-3-1S", "SCCP41.8-5-2S", "7961"],
  [
    "a part of a Java load is not there",
    "File Not Found",
    /^apps.*\.sbn$/,
    () => undefined,
    "SCCP41.8-3-1S",
    "SCCP41.8-5-2S",
    "7961",
  ],
  ["the image of a 6941 is damaged", "Auth Fail", /\.zz\.sgn$/, cut, "SIP69xx.9-4-1-3", "SIP69xx.9-4-1-3SR3", "6941"],
] as const)(
  "where %s, the guide turns to what the screen then shows: %s",
  async (_, screen, file, spoil, from, to, model) => {
    const vault = carelessVault((name, octets) => (file.test(name) ? spoil(octets) : octets), model);
    const { told, arrived, shown } = await watched({
      plan: planOf(from, to, model),
      loss: 0,
      seed: 4,
      hours: 1,
      parts: { vault },
    });
    expect(arrived).toBe(false);
    // Whoever comes after a quarter of an hour is told of what the phone has shown at one time or another.
    expect(shown).toContain(screen);
    const late = told.filter((one) => one.at > 15 * 60_000);
    expect(late.length).toBeGreaterThan(100);
    for (const { guidance } of late) expect(guidance.ifItShows.slice(0, 3).map(({ sees }) => sees)).toContain(screen);
  },
);
