import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type Endpoint, EVERYBODY } from "../../src/sim/datagram.ts";
import type { SimulatedServer } from "../../src/sim/run.ts";
import { type Ipv4, parseIpv4 } from "../../src/wire/address.ts";

/** Puts the scripted server behind real sockets: one for DHCP, one for new TFTP requests, one for transfers under way. */
export async function overUdp(server: SimulatedServer, ip: Ipv4) {
  const sockets = { dhcp: await open(ip), tftp: await open(ip), transfers: await open(ip) };
  for (const [role, port] of [
    ["dhcp", 67],
    ["tftp", 69],
    ["transfers", 40_000],
  ] as const) {
    sockets[role].on("message", async (octets, { address, port: fromPort }) => {
      const from = { ip: parseIpv4(address) as Ipv4, port: fromPort };
      const answers = await server.receives({ from, to: { ip, port }, octets: new Uint8Array(octets) }, 0);
      for (const answer of answers) {
        const to = answer.to.ip === EVERYBODY ? from : answer.to;
        const through = answer.from.port === 67 ? sockets.dhcp : sockets.transfers;
        through.send(answer.octets, to.port, to.ip);
      }
    });
  }
  const place = (role: "dhcp" | "tftp"): Endpoint => ({ ip, port: sockets[role].address().port });
  return {
    dhcp: place("dhcp"),
    tftp: place("tftp"),
    close() {
      for (const socket of Object.values(sockets)) socket.close();
    },
  };
}

async function open(ip: Ipv4) {
  const socket = createSocket("udp4");
  socket.bind(0, ip);
  await once(socket, "listening");
  return socket;
}
