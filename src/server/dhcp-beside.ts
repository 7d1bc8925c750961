import { join } from "node:path";
import { startDhcp } from "../net/dhcp-listener.ts";
import { createListeningDesk, type HeardPhone } from "../provision/dhcp-listen.ts";
import { dhcpSnippet, SNIPPETS } from "../provision/dhcp-snippet.ts";
import { openSqliteStore } from "../store/sqlite.ts";
import type { Config } from "./config.ts";
import { findDhcpPlace } from "./dhcp-settings.ts";
import { failure } from "./failure.ts";
import { readMac } from "./inventory.ts";

/** The lines for somebody else's DHCP server. Throws `E_USAGE` and `E_MAC`. */
export function snippetFor(config: Config, server: string, macs: readonly string[]): string {
  const kind = SNIPPETS.find((one) => one === server.toLowerCase());
  if (kind === undefined)
    throw failure("E_USAGE", 2, {
      where: "--for",
      message: `${JSON.stringify(server)} is no server that a snippet is written for`,
      remedy: `name one of: ${SNIPPETS.join(", ")}`,
    });
  const { serverAddress } = config.site;
  const { polycomUrl } = config.dhcp;
  return dhcpSnippet(kind, {
    server: serverAddress,
    macs: macs.map(readMac),
    ...(polycomUrl === undefined ? {} : { polycomUrl }),
  });
}

/** A listener that answers nobody. */
export interface Listening {
  readonly interface: string;
  stop(): Promise<void>;
}

/** Hears phones ask for addresses and enters them into the inventory, until `stop`. Throws as `serve` does. */
export async function listenForPhones(config: Config, heard: (phone: HeardPhone) => void): Promise<Listening> {
  const place = findDhcpPlace(config);
  // A running server may have the database: its phones stay the same ones.
  const store = await openSqliteStore(join(config.data, "provision.db"), { alone: false });
  try {
    const service = await startDhcp({
      desk: createListeningDesk(store, heard),
      ...place,
      port: 67,
      now: () => Date.now(),
      note: () => {},
    });
    return {
      interface: place.interface,
      stop: async () => {
        await service.stop();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
