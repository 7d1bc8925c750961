import type { Ipv4 } from "../../wire/address.ts";
import { macToOctets } from "../../wire/address.ts";
import { tftpServerOf } from "../dhcp-client.ts";
import { join } from "../octets.ts";
import type { Script, Self } from "../script.ts";
import type { Fetched, FileWish, TftpManner } from "../tftp-client.ts";
import type { Flash7940, Identity7940 } from "./flash.ts";

/** A step in the boot of a 7940/7960. */
export type Step = Script<Flash7940>;

/** What a boot story needs to know at every turn. */
export interface Boot {
  readonly identity: Identity7940;
  readonly flash: Flash7940;
  readonly self: Self;
  /** Set once the phone has an address; undefined when nothing named a server. */
  readonly server: Ipv4 | undefined;
  readonly manner: TftpManner;
}

/** A phone asks every 4 s, five times from a port, then from the next (cisco.md §2.4, §8). Three ports are a guess (D). */
export const MANNER: TftpManner = { trailingNul: false, retryAfter: 4000, triesPerPort: 5, ports: 3 };

/** Puts a line on the screen and goes on. */
export function show(screen: string, next: () => Step): Step {
  return { does: "show", screen, next };
}

/** Takes `ms` milliseconds. */
export function pause(ms: number, next: () => Step): Step {
  return { does: "pause", ms, next };
}

/** Takes between `low` and `high` milliseconds; which, is the phone's own die `label`. */
export function take(boot: Boot, low: number, high: number, label: string, next: () => Step): Step {
  return pause(low + Math.floor(boot.self.chance(label) * (high - low)), next);
}

/** Asks for one file. */
export function ask(boot: Boot, wish: FileWish | string, next: (fetched: Fetched) => Step): Step {
  const wishes = [typeof wish === "string" ? { name: wish } : wish];
  return {
    does: "fetch",
    wishes,
    server: boot.server,
    manner: boot.manner,
    next: ([fetched]) => next(fetched as Fetched),
  };
}

/** Shows a fault, waits, and starts the phone again: the state a technician finds. */
export function fault(screen: string, next: () => Step = again): Step {
  return show(screen, () => ({ does: "stand", mood: "stuck", next: () => pause(30_000, next) }));
}

/** Stands ready for calls. */
export function settle(screen: string): Step {
  return show(screen, () => ({ does: "stand", mood: "settled", next: rest }));
}

/** Boots again. */
export function again(): Step {
  return { does: "restart" };
}

/**
 * Gets an address and a TFTP server: what was set by hand, else DHCP. An application without a TFTP address tries the
 * DHCP server itself (cisco.md §8, grade C); the loader has no such habit (R15).
 */
export function connect(boot: Boot, stage: "application" | "loader", vendor: string, next: (b: Boot) => Step): Step {
  const { settings } = boot.flash;
  const { ip } = settings;
  if (ip !== undefined) {
    return { does: "address", ip, next: () => next({ ...boot, server: settings.tftp }) };
  }
  const { mac, habits } = boot.identity;
  const clientId = join(Uint8Array.of(0, boot.self.boot & 255), macToOctets(mac));
  return {
    does: "lease",
    manner: { mac, vendorClass: vendor, wants: WANTS, ...(habits.changesAddress ? { clientId } : {}) },
    next: (network) => {
      const named = settings.tftp ?? tftpServerOf(network);
      return next({ ...boot, server: named ?? (stage === "application" ? network.dhcpServer : undefined) });
    },
  };
}

/** Options a 7960 on SIP 8.12 was given and used (cisco.md §8, `TEO`), and 150. */
const WANTS = [1, 66, 6, 3, 15, 150];

function rest(): Step {
  return { does: "rest" };
}
