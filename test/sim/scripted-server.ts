import type { Datagram } from "../../src/sim/datagram.ts";
import { EVERYBODY } from "../../src/sim/datagram.ts";
import { join, latin1, number16, octets16, textOf } from "../../src/sim/octets.ts";
import type { SimulatedServer } from "../../src/sim/run.ts";
import type { WebGet } from "../../src/sim/script.ts";
import { type Ipv4, ipv4FromNumber, ipv4ToNumber, ipv4ToOctets } from "../../src/wire/address.ts";

/** What the scripted server hands out. */
export interface Script {
  /** The octets of `name` for the phone at `ip`; undefined is "file not found". */
  file(name: string, ip: Ipv4): Uint8Array | undefined;
  readonly address: Ipv4;
  /** Whether the same files are to be had by HTTP. */
  readonly web?: boolean;
  readonly firstLease: Ipv4;
  /** Options 66, 150 and siaddr; absent, the leases name no TFTP server. */
  readonly tftp?: Ipv4;
  /** Option 51; absent, leases have no end. */
  readonly leaseSeconds?: number;
  /** How a request to extend a lease is answered; default "ack". */
  readonly extends?: (datagram: Datagram, now: number) => "ack" | "nak" | "silence";
}

export interface ScriptedServer extends SimulatedServer {
  readonly asked: { readonly name: string; readonly ip: Ipv4; readonly web?: true }[];
  readonly uploads: Map<string, Uint8Array>;
}

interface Reading {
  readonly octets: Uint8Array;
}

/** A little DHCP and TFTP server of this folder's own: it knows nothing of the product and answers each datagram by itself. */
export function scriptedServer(script: Script): ScriptedServer {
  const readings = new Map<string, Reading>();
  const writings = new Map<string, { name: string; octets: Uint8Array }>();
  const leases = new Map<string, Ipv4>();
  const asked: { name: string; ip: Ipv4; web?: true }[] = [];
  const uploads = new Map<string, Uint8Array>();
  const from = (port: number) => ({ ip: script.address, port });

  const tftp = (datagram: Datagram): Datagram[] => {
    const key = `${datagram.from.ip}:${datagram.from.port}`;
    const reply = (octets: Uint8Array) => [{ from: from(40_000), to: datagram.from, octets }];
    const block = number16(datagram.octets, 2);
    switch (number16(datagram.octets, 0)) {
      case 1: {
        const name = textOf(datagram.octets, 2).split("\0")[0] ?? "";
        asked.push({ name, ip: datagram.from.ip });
        const octets = script.file(name, datagram.from.ip);
        if (octets === undefined) return reply(join(octets16(5), octets16(1), latin1("No such file\0")));
        readings.set(key, { octets });
        return reply(data(octets, 1));
      }
      case 2:
        writings.set(key, { name: textOf(datagram.octets, 2).split("\0")[0] ?? "", octets: new Uint8Array(0) });
        return reply(join(octets16(4), octets16(0)));
      case 3: {
        const writing = writings.get(key);
        if (writing === undefined) return [];
        if (block * 512 - 512 === writing.octets.length) {
          writing.octets = join(writing.octets, datagram.octets.subarray(4));
          uploads.set(writing.name, writing.octets);
        }
        return reply(join(octets16(4), octets16(block)));
      }
      case 4: {
        const octets = readings.get(key)?.octets;
        return octets === undefined || block * 512 > octets.length ? [] : reply(data(octets, block + 1));
      }
      default:
        return [];
    }
  };

  const dhcp = (datagram: Datagram, now: number): Datagram[] => {
    const { octets } = datagram;
    const extending = octets.subarray(12, 16).some((octet) => octet !== 0);
    const verdict = extending ? (script.extends?.(datagram, now) ?? "ack") : "ack";
    if (verdict === "silence") return [];
    const options = optionsOf(octets);
    const who = textOf(options.get(61) ?? octets.subarray(28, 34));
    const ip = leases.get(who) ?? ipv4FromNumber(ipv4ToNumber(script.firstLease) + leases.size);
    leases.set(who, ip);
    const head = new Uint8Array(240);
    head.set(octets.subarray(0, 240));
    head[0] = 2;
    head.set(ipv4ToOctets(ip), 16);
    if (script.tftp !== undefined) head.set(ipv4ToOctets(script.tftp), 20);
    const tftpOptions =
      script.tftp === undefined ? [] : [opt(66, latin1(script.tftp)), opt(150, ipv4ToOctets(script.tftp))];
    const type = verdict === "nak" ? 6 : options.get(53)?.[0] === 1 ? 2 : 5;
    const { leaseSeconds } = script;
    const time =
      leaseSeconds === undefined ? [] : [opt(51, join(octets16(leaseSeconds >>> 16), octets16(leaseSeconds)))];
    const answer = join(
      head,
      opt(53, Uint8Array.of(type)),
      opt(54, ipv4ToOctets(script.address)),
      ...time,
      ...tftpOptions,
      Uint8Array.of(255),
    );
    const to = { ip: extending ? datagram.from.ip : EVERYBODY, port: 68 };
    return [{ from: from(67), to, octets: answer }];
  };

  return {
    asked,
    uploads,
    ...(script.web === true
      ? {
          gets: async ({ name }: WebGet, ip: Ipv4) => {
            asked.push({ name, ip, web: true });
            return script.file(name, ip) ?? ("not-found" as const);
          },
        }
      : {}),
    receives: (datagram, now) => {
      if (datagram.to.port === 67) return dhcp(datagram, now);
      return datagram.to.ip === script.address ? tftp(datagram) : [];
    },
  };
}

function data(octets: Uint8Array, block: number): Uint8Array {
  return join(octets16(3), octets16(block), octets.subarray((block - 1) * 512, block * 512));
}

function opt(code: number, value: Uint8Array): Uint8Array {
  return join(Uint8Array.of(code, value.length), value);
}

function optionsOf(octets: Uint8Array): Map<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  for (let at = 240; at < octets.length && octets[at] !== 255; ) {
    const length = octets[at + 1] as number;
    options.set(octets[at] as number, octets.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return options;
}
