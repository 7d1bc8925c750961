import fc from "fast-check";
import { expect, test } from "vitest";
import { readPolycomLog, readUserAgent } from "../../src/phones/polycom-versions.ts";

const octets = (text: string) => new TextEncoder().encode(text);

test.each([
  // polycom.md §1.7
  [
    "FileTransport PolycomSoundPointIP-SPIP_335-UA/4.0.13.1445 (SN:0004f249d83f) Type/Application",
    { model: "SPIP335", mac: "0004f249d83f", application: "4.0.13.1445" },
  ],
  [
    "FileTransport PolycomSoundStationIP-SSIP_6000-UA/5.0.3.1667 Type/Updater",
    { model: "SSIP6000", bootRom: "5.0.3.1667" },
  ],
  ["FileTransport PolycomVVX-VVX_400-UA/4.1.4.7430", { model: "VVX400" }],
  ["FileTransport PolycomVXX-VVX_400-UA/4.1.4.7430", {}],
  ["FileTransport PolycomRealPresenceTrio-Trio_8800-UA/5.4.3.2007 Type/Application", { application: "5.4.3.2007" }],
])("the user agent %s says who runs what", (text, said) => {
  expect(readUserAgent(text)).toEqual(said);
});

test("a browser, a longer name and a version that is none say nothing", () => {
  for (const text of [
    "Mozilla/5.0",
    "",
    `FileTransport PolycomVVX-VVX_400-UA/5.9.8.1 ${"x".repeat(300)}`,
    "FileTransport PolycomVVX-VVX_400-UA/5.9.8.1.2.3.4.5 Type/Application",
  ])
    expect(readUserAgent(text)).toBeUndefined();
});

test("a log's last boot counts, and a line without both software and version does not", () => {
  const log = [
    "0101000001|so   |*|00|Application, main: Label=SIP, Version=3.1.2.0392 10-Jul-09 11:35",
    "0101000002|so   |*|00|Platform: BootROM=4.1.4.0122 version",
    "0101000003|cfg  |*|00|server holds 9.9.9.9999",
    "0101000004|so   |*|00|Application, main: Label=SIP, Version=4.0.15.1009 12-Aug-14",
  ].join("\n");
  expect(readPolycomLog(octets(log))).toEqual({ application: "4.0.15.1009", bootRom: "4.1.4.0122" });
  expect(readPolycomLog(octets("the application is at 192.168.100.200, version unknown"))).toEqual({});
});

test("whatever a phone sends, reading it ends with a value", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (noise) => {
      readPolycomLog(noise);
      readUserAgent(new TextDecoder("latin1").decode(noise));
    }),
  );
  const began = performance.now();
  readPolycomLog(octets("application version ".repeat(100_000)));
  readUserAgent("Polycom".repeat(36));
  expect(performance.now() - began).toBeLessThan(500);
});
