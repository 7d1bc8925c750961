import fc from "fast-check";
import { expect, test } from "vitest";
import type { Ipv4 } from "../../src/wire/address.ts";
import { encodeSipNotify, readSipStatus, type SipNotify } from "../../src/wire/sip-notify.ts";

const token = "0123456789abcdef0123456789abcdef";
const plain: SipNotify = {
  user: "1001",
  to: { address: "192.0.2.50" as Ipv4, port: 5060 },
  from: { address: "192.0.2.10" as Ipv4, port: 40000 },
  event: "check-sync",
  token,
};
const text = (notify: SipNotify) => new TextDecoder().decode(encodeSipNotify(notify));
const octets = (written: string) => new TextEncoder().encode(written);

test("a check-sync is one NOTIFY with the headers of RFC 3261 §8.1.1 and no body", () => {
  expect(text(plain).split("\r\n")).toEqual([
    "NOTIFY sip:1001@192.0.2.50:5060 SIP/2.0",
    `Via: SIP/2.0/UDP 192.0.2.10:40000;branch=z9hG4bK${token};rport`,
    "Max-Forwards: 70",
    "From: <sip:provision@192.0.2.10>;tag=01234567",
    "To: <sip:1001@192.0.2.50:5060>",
    `Call-ID: ${token}@192.0.2.10`,
    "CSeq: 1 NOTIFY",
    "Contact: <sip:provision@192.0.2.10:40000>",
    "Event: check-sync",
    "Subscription-State: terminated",
    "Content-Length: 0",
    "",
    "",
  ]);
});

test("a body is text/plain, its lines end in CRLF and its length is counted", () => {
  const [, body = ""] = text({ ...plain, event: "service-control", body: ["action=reset", "X={}"] }).split("\r\n\r\n");
  expect(body).toBe("action=reset\r\nX={}\r\n");
  expect(text({ ...plain, body: ["action=reset", "X={}"] })).toContain(`Content-Length: ${body.length}\r\n`);
});

test("no name of a line ends a line of the request, adds a header or changes the address", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 80 }), (user) => {
      const written = text({ ...plain, user });
      expect(written.split("\r\n")).toHaveLength(13);
      expect(written).toMatch(/^NOTIFY sip:[A-Za-z0-9_.~%-]*@192\.0\.2\.50:5060 SIP\/2\.0\r\n/);
    }),
  );
  expect(() => encodeSipNotify({ ...plain, body: ["a\r\nb"] })).toThrow(RangeError);
  expect(() => encodeSipNotify({ ...plain, token: "x\r\ny" })).toThrow(RangeError);
});

test("an answer counts when it carries the branch of the request", () => {
  const answer = (via: string, status = "200 OK") => octets(`SIP/2.0 ${status}\r\n${via}\r\nContent-Length: 0\r\n\r\n`);
  const via = `Via: SIP/2.0/UDP 192.0.2.10:40000;branch=z9hG4bK${token};rport=40000`;
  expect(readSipStatus(answer(via), token)).toBe(200);
  expect(readSipStatus(answer(via.replace("Via", "v"), "489 Bad Event"), token)).toBe(489);
  expect(readSipStatus(answer(via), token.replace("0", "1"))).toBeUndefined();
  expect(readSipStatus(octets("NOTIFY sip:x SIP/2.0\r\n\r\n"), token)).toBeUndefined();
  expect(readSipStatus(answer(`${via}\r\n${"x".repeat(5000)}`), token)).toBeUndefined();
});

test("whatever comes back, reading it ends with a status or nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (noise) => {
      const status = readSipStatus(noise, token);
      expect(status === undefined || (status >= 100 && status < 700)).toBe(true);
    }),
  );
});
