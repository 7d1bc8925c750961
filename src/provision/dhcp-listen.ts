import type { Phone } from "../phones/phone.ts";
import { type DhcpIdentity, identifyDhcpClient } from "../phones/vendor-class.ts";
import type { Store } from "../store/store.ts";
import { type Ipv4, type Mac, macFromOctets } from "../wire/address.ts";
import { type DhcpPacket, NO_ADDRESS } from "../wire/dhcp.ts";
import { addressOption, OPTION } from "../wire/dhcp-options.ts";
import type { DhcpDesk } from "./dhcp-answer.ts";

/** A phone that was heard asking for an address. */
export interface HeardPhone {
  readonly mac: Mac;
  readonly identity: DhcpIdentity;
  /** The address it has or wants; undefined while it has none. */
  readonly ip: Ipv4 | undefined;
}

/**
 * A desk that answers nobody: the safe first step in a network that has a DHCP server. Every phone that is heard enters
 * the inventory with its model, its address and the load that `loadOf` finds in what it says, and `heard` is told; what
 * the inventory has of model and load already stays.
 */
export function createListeningDesk(
  store: Store,
  loadOf: (identity: DhcpIdentity) => string | undefined,
  heard: (phone: HeardPhone) => void,
): DhcpDesk {
  const lately = new Map<Mac, string>();
  return {
    async answer(packet, _arrival, now) {
      const phone = heardIn(packet);
      if (phone === undefined) return SILENCE;
      // The same words again are no news: a phone says them several times in each boot.
      const words = `${phone.ip} ${phone.identity.named} ${phone.identity.application} ${phone.identity.bootRom}`;
      if (lately.get(phone.mac) === words) return SILENCE;
      lately.set(phone.mac, words);
      if (lately.size > REMEMBERED) lately.clear();
      heard(phone);
      await record(store, phone, loadOf(phone.identity), now).catch(() => undefined);
      return SILENCE;
    },
    clockJumped: () => Promise.resolve(),
  };
}

const SILENCE = { is: "silence", because: "this service only listens", notes: [] } as const;
const REMEMBERED = 100_000;

function heardIn(packet: DhcpPacket): HeardPhone | undefined {
  const mac = macFromOctets(packet.chaddr);
  if (packet.op !== 1 || packet.hlen !== 6 || mac === undefined) return undefined;
  const identity = identifyDhcpClient(packet.options.get(OPTION.vendorClass), mac);
  if (identity === undefined) return undefined;
  const wanted = addressOption(packet.options, OPTION.requestedAddress);
  return { mac, identity, ip: packet.ciaddr === NO_ADDRESS ? wanted : packet.ciaddr };
}

async function record(
  store: Store,
  { mac, identity, ip }: HeardPhone,
  load: string | undefined,
  now: number,
): Promise<void> {
  const known: Phone = (await store.phone(mac)) ?? { mac, lines: [], settings: {} };
  const model = known.model ?? identity.model;
  // A load of another model than the admin names would be no release of it.
  const running = known.running ?? (model === identity.model ? load : undefined);
  await store.putPhones([
    {
      ...known,
      ...(model === undefined ? {} : { model }),
      ...(running === undefined ? {} : { running }),
      ...(ip === undefined ? {} : { ip }),
    },
  ]);
  if (ip === undefined) return;
  const versions = [identity.part, identity.application, identity.bootRom].filter((one) => one !== undefined);
  const evidence = ["DHCP:", identity.named ?? `a ${identity.vendor} phone`, ...versions].join(" ");
  await store.putHolder(ip, mac, now);
  await store.putSighting({
    at: now,
    mac,
    ip,
    by: "dhcp",
    evidence,
    ...(identity.model === undefined ? {} : { model: identity.model }),
  });
}
