import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { createNotifier } from "../../src/net/sip-notify.ts";
import type { Ipv4 } from "../../src/wire/address.ts";

const here = "127.0.0.1" as Ipv4;
const open: Socket[] = [];

afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

/** A phone that answers the n-th copy of a request. */
async function phone(answer: (request: string, copies: number) => string | undefined) {
  const socket = createSocket("udp4");
  open.push(socket);
  let copies = 0;
  const heard: string[] = [];
  socket.on("message", (octets, from) => {
    copies++;
    heard.push(octets.toString());
    const reply = answer(octets.toString(), copies);
    if (reply !== undefined) socket.send(reply, from.port, from.address);
  });
  socket.bind(0, here);
  await once(socket, "listening");
  return { heard, to: { address: here, port: socket.address().port } };
}

function reply(request: string, status: string): string {
  const header = (name: string) => new RegExp(`^${name}: .*$`, "m").exec(request)?.[0]?.trim() ?? "";
  return [
    `SIP/2.0 ${status}`,
    ...["Via", "From", "To", "Call-ID", "CSeq"].map(header),
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}

const notify = { user: "1001", event: "check-sync" } as const;

test("a phone that takes the request answers 200, though the first copy and a provisional answer came to nothing", async () => {
  const { heard, to } = await phone((request, copies) =>
    copies === 1 ? undefined : copies === 2 ? reply(request, "100 Trying") : reply(request, "200 OK"),
  );
  expect(await createNotifier(here)({ ...notify, to })).toEqual({ is: "answered", status: 200 });
  expect(new Set(heard).size).toBe(1);
  expect(heard[0]).toContain("Event: check-sync\r\n");
});

test("a phone that wants a password says so", async () => {
  const { to } = await phone((request) => reply(request, "401 Unauthorized"));
  expect(await createNotifier(here)({ ...notify, to })).toEqual({ is: "answered", status: 401 });
});

test("an answer to another request is none; after five seconds the phone is silent", async () => {
  const { to } = await phone((request) => reply(request, "200 OK").replace(/z9hG4bK./, "z9hG4bKf0"));
  expect(await createNotifier(here)({ ...notify, to })).toEqual({ is: "silent" });
}, 10_000);
