import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { startDhcp } from "../../src/net/dhcp-listener.ts";
import { openDhcpSocket } from "../../src/net/dhcp-socket.ts";
import { createDhcpDesk } from "../../src/provision/answer-dhcp.ts";
import type { DhcpNote } from "../../src/provision/dhcp-answer.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { type DhcpPacket, decodeDhcp, encodeDhcp } from "../../src/wire/dhcp.ts";
import { MESSAGE, messageType } from "../../src/wire/dhcp-options.ts";
import { discover, ip, office, selecting, settings } from "../provision/dhcp-world.ts";

const LOOPBACK = ip("127.0.0.1");
const open: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop();
});

async function service(notes: DhcpNote[] = [], clock?: { now: number; elapsed: number }) {
  const store = createMemoryStore();
  const here = { ...settings, serverAddress: LOOPBACK, subnets: [{ ...office }] };
  // The wire of a client is that of the interface: 127.0.0.0/8 here.
  const loopback = {
    ...office,
    subnet: { network: ip("127.0.0.0"), prefix: 8 },
    pools: [{ first: ip("127.1.0.1"), last: ip("127.1.0.100") }],
  };
  const ports = { server: 67, client: 68 };
  const desk = await createDhcpDesk({ ...here, subnets: [loopback] }, store, { ports, random: () => 0.5 });
  const running = await startDhcp({
    desk,
    address: LOOPBACK,
    port: 0,
    replyToSender: true,
    now: () => clock?.now ?? Date.now(),
    ...(clock === undefined ? {} : { elapsed: () => clock.elapsed }),
    note: (note) => notes.push(note),
  });
  open.push(running);
  return { running, store };
}

async function client(): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  open.push({ stop: () => new Promise((resolve) => socket.close(() => resolve())) });
  return socket;
}

async function ask(socket: Socket, port: number, packet: DhcpPacket): Promise<DhcpPacket> {
  socket.send(encodeDhcp(packet) as Uint8Array, port, "127.0.0.1");
  const [octets] = (await once(socket, "message")) as [Uint8Array];
  return decodeDhcp(octets);
}

describe("the DHCP listener", () => {
  test("a phone gets its lease over real UDP, and the lease is stored by then", async () => {
    const { running, store } = await service();
    const socket = await client();
    const offer = await ask(socket, running.port, discover());
    const ack = await ask(socket, running.port, selecting(offer.yiaddr, {}, LOOPBACK));
    expect(messageType(ack.options)).toBe(MESSAGE.ack);
    expect(await store.leases()).toMatchObject([{ ip: "127.1.0.1", at: "bound" }]);
  });

  test("D019 D008 oversized and malformed datagrams are dropped and the next phone is answered", async () => {
    const notes: DhcpNote[] = [];
    const { running } = await service(notes);
    const socket = await client();
    socket.send(new Uint8Array(4096), running.port, "127.0.0.1");
    socket.send(new Uint8Array(65_000), running.port, "127.0.0.1");
    socket.send(new Uint8Array(0), running.port, "127.0.0.1");
    socket.send((encodeDhcp(discover()) as Uint8Array).subarray(0, 200), running.port, "127.0.0.1");
    expect(messageType((await ask(socket, running.port, discover())).options)).toBe(MESSAGE.offer);
    expect(notes.filter((note) => note.event === "dhcp.ignored")).toHaveLength(2);
  });

  test("stopping waits for the answers under way and frees the port", async () => {
    const { running } = await service();
    const socket = await client();
    socket.send(encodeDhcp(discover()) as Uint8Array, running.port, "127.0.0.1");
    await once(socket, "message");
    await running.stop();
    open.shift();
    const again = await openDhcpSocket({ address: "127.0.0.1", port: running.port });
    again.close();
  });

  test("D165 D166 when the wall clock is set, the listener notices by the clock that nobody can set, and leases keep their time", async () => {
    const notes: DhcpNote[] = [];
    const clock = { now: 1_800_000_000_000, elapsed: 5000 };
    const { running, store } = await service(notes, clock);
    const socket = await client();
    const offer = await ask(socket, running.port, discover());
    await ask(socket, running.port, selecting(offer.yiaddr, {}, LOOPBACK));
    clock.now += 86_400_000 + 60_000;
    clock.elapsed += 60_000;
    await ask(socket, running.port, selecting(offer.yiaddr, {}, LOOPBACK));
    expect(notes).toContainEqual(
      expect.objectContaining({ event: "dhcp.clock", detail: expect.stringMatching(/86400 s/) }),
    );
    expect((await store.leases())[0]).toMatchObject({ at: "bound", until: clock.now + 3_600_000 });
  });

  test("a port in use is refused with the remedy", async () => {
    const { running } = await service();
    await expect(openDhcpSocket({ address: "127.0.0.1", port: running.port })).rejects.toThrow(/in use: stop/);
  });

  test("an interface that does not exist is refused by name", async () => {
    await expect(openDhcpSocket({ address: "127.0.0.1", port: 0, interface: "nosuch0" })).rejects.toThrow(/nosuch0/);
  });
});
