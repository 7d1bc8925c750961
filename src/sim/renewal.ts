import type { Datagram } from "./datagram.ts";
import { EVERYBODY } from "./datagram.ts";
import { type DhcpManner, extensionRequest, type Network, readExtension } from "./dhcp-client.ts";

/** A lease that a phone at rest keeps (RFC 2131 §4.4.5). Times are milliseconds of virtual time. */
export interface Renewal {
  readonly manner: DhcpManner;
  readonly network: Network;
  readonly t1: number;
  readonly t2: number;
  readonly expires: number;
  /** When it next asks, or gives the address up. */
  readonly dueAt: number;
  /** Whether it waits for an answer. */
  readonly asking: boolean;
}

/** The lease goes on, or the phone has to begin anew. */
export interface Renewed {
  readonly renewal: Renewal | "lost";
  readonly send: readonly Datagram[];
}

const LEAST_WAIT = 60_000;

/** A lease that was just given; undefined for one without an end. */
export function beginRenewal(manner: DhcpManner, network: Network, now: number): Renewal | undefined {
  const { times } = network;
  if (times === undefined) return undefined;
  const [t1, t2, expires] = [times.t1, times.t2, times.lease].map((seconds) => now + seconds * 1000);
  if (t1 === undefined || t2 === undefined || expires === undefined) return undefined;
  return { manner, network, t1, t2, expires, dueAt: t1, asking: false };
}

/**
 * Asks the server that gave the lease from T1 on, any server from T2 on, each time after half of what is left until
 * T2 or the end, at least a minute later.
 */
export function renewalWakes(renewal: Renewal, now: number): Renewed {
  if (now < renewal.dueAt) return { renewal, send: [] };
  if (now >= renewal.expires) return { renewal: "lost", send: [] };
  const { network, t2, expires, manner } = renewal;
  const rebinding = now >= t2 || network.dhcpServer === undefined;
  const end = rebinding ? expires : t2;
  const dueAt = Math.min(end, now + Math.max(LEAST_WAIT, (end - now) / 2));
  const server = rebinding ? EVERYBODY : (network.dhcpServer ?? EVERYBODY);
  const octets = extensionRequest(manner, network.ip);
  const send = [{ from: { ip: network.ip, port: 68 }, to: { ip: server, port: 67 }, octets }];
  return { renewal: { ...renewal, dueAt, asking: true }, send };
}

/** An ACK starts the lease anew, a NAK ends it, anything else is ignored. */
export function renewalReceives(renewal: Renewal, datagram: Datagram, now: number): Renewed {
  if (!renewal.asking) return { renewal, send: [] };
  const answer = readExtension(datagram.octets, renewal.manner.mac, renewal.network.ip);
  if (answer === undefined) return { renewal, send: [] };
  const next = answer === "refused" ? undefined : beginRenewal(renewal.manner, answer, now);
  return { renewal: next ?? "lost", send: [] };
}
