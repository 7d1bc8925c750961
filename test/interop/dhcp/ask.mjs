// Asks for an address as each of many clients, from DISCOVER to ACK: node ask.mjs <built> <clients.json>. Each client is
// { mac, options: [[code, hex], …] }; prints what came back, as hex, a line for each reply: [mac, hex].
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [, , built, file] = process.argv;
const { decodeDhcp, encodeDhcp } = await import(join(built, "wire/dhcp.js"));
const none = "0.0.0.0";
const socket = createSocket({ type: "udp4", reuseAddr: true });
const waiting = new Map();
socket.on("message", (octets) => {
  const xid = octets.readUInt32BE(4);
  waiting.get(xid)?.(octets);
  waiting.delete(xid);
});
await new Promise((resolve) => socket.bind(68, resolve));
socket.setBroadcast(true);

const hex = (text) => Uint8Array.from(Buffer.from(text, "hex"));

async function ask(xid, mac, options) {
  const chaddr = new Uint8Array(16);
  chaddr.set(hex(mac));
  const empty = new Uint8Array(0);
  const packet = {
    op: 1,
    htype: 1,
    hlen: 6,
    hops: 0,
    xid,
    secs: 0,
    flags: 0x8000,
    ciaddr: none,
    yiaddr: none,
    siaddr: none,
    giaddr: none,
    chaddr,
    sname: empty,
    file: empty,
    options: new Map(options),
  };
  for (let tries = 0; tries < 4; tries++) {
    const answer = new Promise((resolve) => waiting.set(xid, resolve));
    socket.send(encodeDhcp(packet), 67, "255.255.255.255");
    const octets = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 2000))]);
    if (octets !== undefined) {
      process.stdout.write(`${JSON.stringify([mac, octets.toString("hex")])}\n`);
      return octets;
    }
  }
  throw new Error(`${mac} is not answered`);
}

let xid = 0x70000000;
for (const { mac, options } of JSON.parse(readFileSync(file, "utf8"))) {
  const own = options.map(([code, value]) => [code, hex(value)]);
  const offer = decodeDhcp(await ask(xid++, mac, [[53, Uint8Array.of(1)], ...own]));
  const wanted = Uint8Array.from(offer.yiaddr.split("."), Number);
  await ask(xid++, mac, [[53, Uint8Array.of(3)], [54, offer.options.get(54)], [50, wanted], ...own]);
}
socket.close();
