import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type Listening, listenHttp } from "../../src/http/listen.ts";

const open: Listening[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const listening of open.splice(0)) await listening.stop();
});

async function serve(admits?: (address: string) => boolean): Promise<number> {
  const app = { fetch: () => new Response("served") };
  const listening = await listenHttp(app, { address: "127.0.0.1", port: 0 }, admits);
  open.push(listening);
  return listening.port;
}

/** Sends `text` and gathers what comes back until the other side ends; undefined while it has not. */
function speak(port: number, localAddress: string, text: string) {
  const state = { heard: "", ended: false };
  const socket = connect({ host: "127.0.0.1", port, localAddress }, () => socket.write(text));
  sockets.push(socket);
  socket.on("error", () => undefined);
  socket.on("data", (piece) => {
    state.heard += piece;
  });
  socket.on("close", () => {
    state.ended = true;
  });
  return state;
}

const until = async (holds: () => boolean) => {
  for (let tries = 0; tries < 200 && !holds(); tries++) await new Promise((later) => setTimeout(later, 20));
  expect(holds()).toBe(true);
};

test("S58 a client that opens connection after connection and says nothing keeps nobody else out", async () => {
  const port = await serve();
  const slow = Array.from({ length: 200 }, () => speak(port, "127.0.0.30", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "));
  await until(() => slow.filter(({ ended }) => ended).length === 200 - 32);
  const other = speak(port, "127.0.0.31", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  await until(() => other.ended);
  expect(other.heard).toContain("served");
});

test("S58 a header without end is cut off", async () => {
  const port = await serve();
  const endless = speak(port, "127.0.0.30", `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(1_000_000)}`);
  await until(() => endless.ended);
  expect(endless.heard).not.toContain("served");
});

test.each([
  ["two lengths", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"],
  [
    "a length and pieces",
    "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  ["a bare line feed in a header", "GET / HTTP/1.1\r\nHost: x\nX: y\rZ: 1\r\n\r\n"],
  ["a blank before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n"],
  ["no HTTP", "\u0016\u0003\u0001\u0000\u00ff"],
])("S58 a request that two servers could read in two ways, %s, is refused", async (_, text) => {
  const port = await serve();
  const odd = speak(port, "127.0.0.30", text);
  await until(() => odd.ended);
  expect(odd.heard).not.toContain("served");
});

test("who is not admitted is cut off before it has sent anything", async () => {
  const port = await serve((address) => address === "127.0.0.31");
  const stranger = speak(port, "127.0.0.30", "");
  await until(() => stranger.ended);
  expect(stranger.heard).toBe("");
  const known = speak(port, "127.0.0.31", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  await until(() => known.ended);
  expect(known.heard).toContain("served");
});
