import { createPhone, type Phone } from "../phone.ts";
import type { Character } from "../script.ts";
import { fault } from "../steps.ts";
import type { Flash7940, Habits, Identity7940 } from "./flash.ts";
import { loaderBoot } from "./loader-boot.ts";
import { readLoad } from "./loads.ts";
import { oldBoot } from "./old-boot.ts";
import { type Boot, MANNER } from "./steps.ts";

const HABITS: Habits = {
  changesAddress: false,
  shoutsXmlDefault: false,
  huntsTwice: false,
  fragileLoader: false,
  livesThroughB: false,
};

/** What a 7940 or 7960 is made from; `habits` left out are the commonest, `seed` fixes its dice. */
export interface Make7940 {
  readonly mac: Identity7940["mac"];
  readonly model: Identity7940["model"];
  readonly habits?: Partial<Habits>;
  readonly seed: number;
}

/** A simulated 7940 or 7960; switch it on with the flash of `flashWith`. */
export function createCisco7940(make: Make7940): Phone<Flash7940> {
  const identity: Identity7940 = { mac: make.mac, model: make.model, habits: { ...HABITS, ...make.habits } };
  return createPhone(make.mac, characterOf(identity), make.seed);
}

function characterOf(identity: Identity7940): Character<Flash7940> {
  return {
    boot(flash, self) {
      const boot: Boot = { identity, flash, self, server: undefined, manner: MANNER };
      if (flash.loader !== undefined) return loaderBoot(boot);
      const load = readLoad(flash.application ?? "");
      return load === undefined ? fault("No Load Specified") : oldBoot(boot, load);
    },
    running: (flash) => (flash.torn === undefined ? flash.application : undefined),
  };
}
