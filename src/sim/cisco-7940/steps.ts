import { macToOctets } from "../../wire/address.ts";
import { tftpServerOf } from "../dhcp-client.ts";
import { join } from "../octets.ts";
import type { Script, Self } from "../script.ts";
import type { Asking } from "../steps.ts";
import type { TftpManner } from "../tftp-client.ts";
import type { Flash7940, Identity7940 } from "./flash.ts";

/** A step in the boot of a 7940/7960. */
export type Step = Script<Flash7940>;

/** What a boot story needs to know at every turn. */
export interface Boot extends Asking {
  readonly identity: Identity7940;
  readonly flash: Flash7940;
  readonly self: Self;
}

/** A phone asks every 4 s, five times from a port, then from the next (cisco.md §2.4, §8). Three ports are a guess (D). */
export const MANNER: TftpManner = { trailingNul: false, retryAfter: 4000, triesPerPort: 5, ports: 3 };

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
