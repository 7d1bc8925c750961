import type { Mac } from "../../wire/address.ts";
import { createPhone, type Phone } from "../phone.ts";
import { javaBoot } from "./boot.ts";
import { type FlashJava, type IdentityJava, JAVA_MODELS } from "./flash.ts";

/**
 * A simulated Java phone, 69xx or 894x; switch it on with the flash of `javaFlashWith`. It knows the key sequences `123456789*0#`
 * (factory reset), `3491672850*#` (full format) and, as the menu entry that erases trust lists, `erase trust list`.
 * Throws for a model that is none. On a 69xx or 894x, of which no list for a
 * boot loader is known, the reset keys clear settings and trust lists alone (grade D).
 */
export function createCiscoJava(mac: Mac, model: string, seed: number): Phone<FlashJava> {
  const known = JAVA_MODELS[model];
  if (known === undefined) throw new RangeError(`${model} is not a Java phone`);
  const identity: IdentityJava = { mac, model: known };
  return createPhone(
    mac,
    {
      boot: (flash, self) => javaBoot(identity, flash, self),
      running: (flash) => flash.application?.load,
      keys: (flash, sequence) => pressed(flash, sequence, known.term !== undefined),
    },
    seed,
  );
}

function pressed(flash: FlashJava, sequence: string, reinstalls: boolean): FlashJava | undefined {
  const { application: _, ...bare } = flash;
  switch (sequence) {
    case "123456789*0#":
      return { ...(reinstalls ? bare : flash), trustList: false, settings: {} };
    case "3491672850*#":
      return reinstalls ? { ...flash, formatting: "asked" } : undefined;
    case "erase trust list":
      return { ...flash, trustList: false };
    default:
      return undefined;
  }
}
