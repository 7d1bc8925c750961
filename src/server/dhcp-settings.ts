import { networkInterfaces } from "node:os";
import { DHCP_DEFAULTS, type DhcpSettings } from "../dhcp/settings.ts";
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
    subnets: dhcp.subnets.map(({ subnet, pool, router, dns, domain, leaseTime, reservations }) => ({
      subnet,
      pools: pool,
      dns,
      leaseTime,
      reservations,
      ...(router === undefined ? {} : { router }),
      ...(domain === undefined ? {} : { domain }),
    })),
    boot: {
      server: site.serverAddress,
      moreServers: [],
      ntp: site.ntp.flatMap((host) => parseIpv4(host) ?? []),
      timeOffset: (now) => offsetOf(site.timeZone, now),
      vendorSpecific: {},
    },
    // Beside another server a NAK of ours would throw that server's clients off the network.
    authoritative: dhcp.answer === "everyone",
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
