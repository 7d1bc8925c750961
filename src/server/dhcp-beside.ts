import { join } from "node:path";
import { forModel } from "../firmware/graph.ts";
import type { Release } from "../firmware/release.ts";
import { compareVersions } from "../firmware/version.ts";
import { startDhcp } from "../net/dhcp-listener.ts";
import type { DhcpIdentity } from "../phones/vendor-class.ts";
import { createListeningDesk, type HeardPhone } from "../provision/dhcp-listen.ts";
import { dhcpSnippet, SNIPPETS } from "../provision/dhcp-snippet.ts";
import { openSqliteStore } from "../store/sqlite.ts";
import type { Config } from "./config.ts";
import { findDhcpPlace } from "./dhcp-settings.ts";
import { failure } from "./failure.ts";
import { readMac } from "./inventory.ts";
import { type Known, loadKnowledge, surroundingsOf } from "./knowledge.ts";

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
  const known = await loadKnowledge();
  // A running server may have the database: its phones stay the same ones.
  const store = await openSqliteStore(join(config.data, "provision.db"), { alone: false });
  try {
    const service = await startDhcp({
      desk: createListeningDesk(store, (identity) => loadHeard(known, identity), heard),
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

/**
 * The load of a phone that names its application: the one release of its model with that version, written with or without
 * the build number. Undefined where the BootROM that it names is older than every one that a plan would lead through: what
 * it may take then is for a person to say.
 */
export function loadHeard(known: Known, { model, application, bootRom }: DhcpIdentity): string | undefined {
  if (model === undefined || application === undefined) return undefined;
  const { graph } = surroundingsOf(known, model);
  const releases = [...forModel(model)(graph).releases.values()];
  const stations = releases.filter(({ protocol, files }) => protocol === "none" && files.length > 0);
  const sound = ({ version }: Release) => bootRom === undefined || compareVersions(bootRom, version) >= 0;
  if (stations.length > 0 && !stations.some(sound)) return undefined;
  const named = releases.filter(
    ({ protocol, version }) =>
      protocol !== "none" && (application === version || application.startsWith(`${version}.`)),
  );
  return named.length === 1 ? named[0]?.load : undefined;
}
