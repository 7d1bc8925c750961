import { createSocket } from "node:dgram";
import { describe, expect, it } from "vitest";
import { bufferNote, cannotListen, type OpenUdp, peerOf, type UdpSocket } from "../../src/net/udp.ts";
import { fastestUdp } from "../../src/net/udp-batch.ts";
import type { Ipv4 } from "../../src/wire/address.ts";
import { TRANSPORTS, until } from "./tftp-serving.ts";

const LOOPBACK = "127.0.0.1" as Ipv4;
const IP = 0x7f000001;

interface Heard {
  readonly text: string;
  readonly ip: number;
  readonly port: number;
}

async function listening(open: OpenUdp): Promise<{ socket: UdpSocket; heard: Heard[] }> {
  const heard: Heard[] = [];
  const socket = await open({
    address: LOOPBACK,
    port: 0,
    receiveBuffer: 100_000,
    onDatagram: (octets, ip, port) => heard.push({ text: Buffer.from(octets).toString("latin1"), ip, port }),
  });
  return { socket, heard };
}

describe.each(TRANSPORTS)("UDP over %s", (_kind, load) => {
  it("carries head and body as one datagram, with the sender's address and port", async () => {
    const open = await load();
    const [one, two] = [await listening(open), await listening(open)];
    one.socket.send(peerOf(IP, two.socket.port), Buffer.from("head"), Buffer.from("..body.."), 2, 6);
    await until(() => two.heard.length === 1);
    expect(two.heard).toEqual([{ text: "headbody", ip: IP, port: one.socket.port }]);
    await Promise.all([one.socket.close(), two.socket.close()]);
  });

  it("copies what it sends before it returns", async () => {
    const open = await load();
    const [one, two] = [await listening(open), await listening(open)];
    const octets = Buffer.from("first");
    one.socket.send(peerOf(IP, two.socket.port), octets);
    octets.fill("x");
    await until(() => two.heard.length === 1);
    expect(two.heard[0]?.text).toBe("first");
    await Promise.all([one.socket.close(), two.socket.close()]);
  });

  it("carries thousands, back and forth, more than one batch and to many ports", async () => {
    const open = await load();
    const echo = await open({
      address: LOOPBACK,
      port: 0,
      receiveBuffer: 1 << 20,
      onDatagram: (octets, ip, port) => echo.send(peerOf(ip, port), octets),
    });
    const clients = await Promise.all(Array.from({ length: 5 }, () => listening(open)));
    for (let n = 0; n < 300; n++) {
      for (const { socket } of clients) socket.send(peerOf(IP, echo.port), Buffer.from(`${n}`));
      if (n % 50 === 0) await new Promise((later) => setTimeout(later, 5));
    }
    const wanted = Array.from({ length: 300 }, (_, n) => `${n}`);
    await until(() => clients.every(({ heard }) => heard.length === 300));
    for (const { heard } of clients) expect(heard.map(({ text }) => text)).toEqual(wanted);
    await Promise.all([echo, ...clients.map(({ socket }) => socket)].map((socket) => socket.close()));
  });

  it("carries the longest block there is", async () => {
    const open = await load();
    const [one, two] = [await listening(open), await listening(open)];
    one.socket.send(peerOf(IP, two.socket.port), Buffer.alloc(4), Buffer.alloc(65_464, "z"));
    await until(() => two.heard.length === 1);
    expect(two.heard[0]?.text.length).toBe(65_468);
    await Promise.all([one.socket.close(), two.socket.close()]);
  });

  it("does not throw for a destination that cannot be", async () => {
    const { socket } = await listening(await load());
    socket.send(peerOf(IP, 0), Buffer.from("x"));
    socket.send(peerOf(0xffffffff, 9), Buffer.from("x"));
    await new Promise((later) => setTimeout(later, 20));
    await socket.close();
    await socket.close();
    socket.send(peerOf(IP, 9), Buffer.from("x"));
  });

  it("says that a port is in use", async () => {
    const open = await load();
    const taken = createSocket("udp4");
    await new Promise<void>((bound) => taken.bind(0, "127.0.0.1", bound));
    const { port } = taken.address();
    await expect(open({ address: LOOPBACK, port, onDatagram: () => {} })).rejects.toThrow(
      `127.0.0.1:${port}/udp is in use`,
    );
    taken.close();
  });

  it("says that the machine has no such address", async () => {
    const open = await load();
    const address = "192.0.2.200" as Ipv4;
    await expect(open({ address, port: 0, onDatagram: () => {} })).rejects.toThrow("no such address");
  });
});

describe("what the administrator is told", () => {
  it("names the capability and another port when a port may not be bound", () => {
    expect(cannotListen("0.0.0.0", 69, "EACCES").message).toMatch(/CAP_NET_BIND_SERVICE.*port from 1024/);
  });

  it("names the sysctl when the system keeps the buffer small, and nothing when it does not", () => {
    expect(bufferNote(4_194_304, 212_992)).toMatch(/net\.core\.rmem_max=4194304/);
    expect(bufferNote(4_194_304, 4_194_304)).toBeUndefined();
  });

  it("says that datagrams go one by one when koffi is missing, and they go", async () => {
    const { open, note } = await fastestUdp(1500, () => Promise.reject(new Error("Cannot find package 'koffi'")));
    expect(note).toMatch(/one by one.*koffi/);
    const { socket, heard } = await listening(open);
    socket.send(peerOf(IP, socket.port), Buffer.from("x"));
    await until(() => heard.length === 1);
    await socket.close();
  });
});

describe("a storm over batches", () => {
  const SOCKETS = 20;
  const EACH = 200;

  it("leaves everything else its turns, brings every datagram, and is over when nothing comes", async () => {
    const { open } = await fastestUdp(512);
    let heard = 0;
    let inOneTurn = 0;
    let most = 0;
    let waited = 0;
    const sockets: UdpSocket[] = [];
    const onDatagram = () => {
      heard++;
      inOneTurn++;
      waited = Math.max(waited, sockets[0]?.unreadFor() ?? 0);
      const until = performance.now() + 0.05;
      while (performance.now() < until);
    };
    for (let n = 0; n < SOCKETS; n++)
      sockets.push(await open({ address: LOOPBACK, port: 0, receiveBuffer: 1_000_000, onDatagram }));
    const { open: openSender } = await fastestUdp(512);
    const sender = await openSender({ address: LOOPBACK, port: 0, onDatagram: () => {} });
    for (const { port } of sockets) for (let n = 0; n < EACH; n++) sender.send(peerOf(IP, port), Buffer.from([n]));
    let counting = true;
    const count = () => {
      most = Math.max(most, inOneTurn);
      inOneTurn = 0;
      if (counting) setImmediate(count);
    };
    count();
    await until(() => heard === SOCKETS * EACH);
    counting = false;
    expect(most).toBeLessThan((SOCKETS * EACH) / 2);
    expect(waited).toBeGreaterThan(0);
    await until(() => sockets[0]?.unreadFor() === 0);
    // Node reads again: nobody asks by himself any more, and one datagram is heard.
    await new Promise((later) => setTimeout(later, 20));
    sender.send(peerOf(IP, sockets[7]?.port ?? 0), Buffer.from("x"));
    await until(() => heard === SOCKETS * EACH + 1);
    await Promise.all([sender, ...sockets].map((socket) => socket.close()));
  });
});
