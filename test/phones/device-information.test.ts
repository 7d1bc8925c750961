import fc from "fast-check";
import { expect, test } from "vitest";
import { readDeviceInformation } from "../../src/phones/device-information.ts";

const page = (inside: string, head = '<?xml version="1.0"?>') =>
  `${head}<DeviceInformation><HostName>SEP001B2A893698</HostName>${inside}</DeviceInformation>`;
const mac = "<MACAddress>001B2A893698</MACAddress>";

test("MAC, model and load are read as a 7961 writes them (cisco.md §3)", () => {
  const more = "<modelNumber>CP-7961G</modelNumber><appLoadID>SIP41.9-4-2-1S</appLoadID><versionID>V01</versionID>";
  expect(readDeviceInformation(page(mac + more))).toEqual({
    mac: "001b2a893698",
    named: "CP-7961G",
    model: "7961",
    load: "SIP41.9-4-2-1S",
  });
});

test.each([
  ["a document type", page(mac, '<!DOCTYPE x [<!ENTITY a "b">]>')],
  ["another document", "<html><body>Device Information</body></html>"],
  ["no MAC", page("<MACAddress>nobody</MACAddress>")],
  ["half a document", '<DeviceInformation a="'],
  ["too much", page(mac + "<x/>".repeat(30_000))],
  ["nesting without end", "<a>".repeat(20_000)],
])("%s is refused, at once", (_, text) => {
  const began = performance.now();
  expect(readDeviceInformation(text)).toHaveProperty("refused");
  expect(performance.now() - began).toBeLessThan(200);
});

test("names that are no plain words are left out", () => {
  const odd = "<modelNumber>CP\u0007-7961</modelNumber><appLoadID><b>deep</b></appLoadID>";
  expect(readDeviceInformation(page(mac + odd))).toEqual({ mac: "001b2a893698" });
});

test("whatever a web page says, reading it ends with a value", () => {
  fc.assert(fc.property(fc.string({ maxLength: 400 }), (noise) => void readDeviceInformation(page(noise))));
});
