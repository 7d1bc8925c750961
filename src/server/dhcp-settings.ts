import { networkInterfaces } from "node:os";
import { DHCP_DEFAULTS, type DhcpSettings, type Reservation } from "../dhcp/settings.ts";
import { findOtherServers } from "../net/dhcp-lookout.ts";
import { type Ipv4, inSubnet, parseIpv4 } from "../wire/address.ts";
import type { Config } from "./config.ts";
import { failure } from "./failure.ts";

/** What the DHCP service is told, out of the configuration. `address` is our own on the interface. */
export function dhcpSettings(config: Config, address: Ipv4): DhcpSettings {
  const { dhcp, site } = config;
  return {
    ...DHCP_DEFAULTS,
    answer: dhcp.answer,
    serverAddress: address,
    subnets: dhcp.subnets.map(({ subnet, sharedNetwork, pool, router, dns, domain, leaseTime, reservations }) => ({
      subnet,
      pools: pool,
      dns,
      leaseTime,
      reservations: reservations.map(reservationOf),
      ...(sharedNetwork === undefined ? {} : { sharedNetwork }),
      ...(router === undefined ? {} : { router }),
      ...(domain === undefined ? {} : { domain }),
    })),
    boot: {
      server: site.serverAddress,
      moreServers: [],
      ntp: site.ntp.flatMap((host) => parseIpv4(host) ?? []),
      timeOffset: (now) => offsetOf(site.timeZone, now),
      vendorSpecific: {},
      ...(dhcp.polycomUrl === undefined ? {} : { polycomUrl: dhcp.polycomUrl }),
      ...(dhcp.voiceVlan === undefined ? {} : { voiceVlan: dhcp.voiceVlan }),
    },
    // Beside another server a NAK of ours would throw that server's clients off the network.
    authoritative: dhcp.answer === "everyone" && dhcp.besideOtherServers !== true,
  };
}

/** As it stands in provision.yaml, less the keys that are not there. */
function reservationOf(given: Config["dhcp"]["subnets"][number]["reservations"][number]): Reservation {
  const { ip, mac, clientId, circuitId, remoteId } = given;
  return {
    ip,
    ...(mac === undefined ? {} : { mac }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(circuitId === undefined ? {} : { circuitId }),
    ...(remoteId === undefined ? {} : { remoteId }),
  };
}

/** Seconds east of Greenwich of an IANA time zone at `now`. */
export function offsetOf(timeZone: string, now: number): number {
  const parts = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" }).formatToParts(now);
  const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  const [, sign = "+", hours = "0", minutes = "0", seconds = "0"] =
    /GMT([+-])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(name) ?? [];
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === "-" ? -size : size;
}

/**
 * Refuses to be the server of everyone beside another one, which would hand out addresses against it; the admin can say
 * that both are meant (`dhcp.besideOtherServers`). Takes two seconds. Throws `E_DHCP_OTHER_SERVER`.
 */
export async function refuseBesideOthers({ dhcp, file }: Config, place: DhcpPlace): Promise<void> {
  if (dhcp.answer !== "everyone" || dhcp.besideOtherServers === true) return;
  const others = await findOtherServers(place);
  if (others.length === 0) return;
  throw failure("E_DHCP_OTHER_SERVER", 1, {
    where: `${file ?? "configuration"}: dhcp.answer`,
    message: `on ${place.interface} another DHCP server answers: ${others.map((one) => one.serverId).join(", ")}`,
    remedy:
      "answer only phones (dhcp.answer: phones), or turn DHCP off here and give that server our options (provision dhcp snippet); if both are meant: dhcp.besideOtherServers: true",
  });
}

/** Where DHCP listens: the interface, and our own address on it. */
export interface DhcpPlace {
  readonly interface: string;
  readonly address: Ipv4;
}

/**
 * Finds the interface: the configured one, else the one that has `site.serverAddress`. Throws `E_DHCP_INTERFACE` with
 * the interfaces that there are.
 */
export function findDhcpPlace(config: Config, interfaces = networkInterfaces()): DhcpPlace {
  const places = Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ address }) => {
      const ip = parseIpv4(address);
      return ip === undefined ? [] : [{ interface: name, address: ip }];
    }),
  );
  const { dhcp, site } = config;
  const own = places.filter((place) => dhcp.interface === undefined || place.interface === dhcp.interface);
  const found =
    own.find((place) => place.address === site.serverAddress) ??
    (dhcp.interface === undefined
      ? undefined
      : (own.find((place) => dhcp.subnets.some(({ subnet }) => inSubnet(place.address, subnet))) ?? own[0]));
  if (found !== undefined) return found;
  throw failure("E_DHCP_INTERFACE", 2, {
    where: `${config.file ?? "configuration"}: dhcp.interface`,
    message:
      dhcp.interface === undefined
        ? `no interface of this machine has the address ${site.serverAddress}`
        : `there is no interface ${dhcp.interface} with an IPv4 address`,
    remedy: `name one of: ${places.map((place) => `${place.interface} (${place.address})`).join(", ") || "none is up"}`,
  });
}
