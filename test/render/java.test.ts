import { join } from "node:path";
import { XMLParser } from "fast-xml-parser";
import { beforeAll, expect, test } from "vitest";
import { loadTemplates } from "../../src/files/templates.ts";
import { cisco69xx, cisco894x, ciscoJava } from "../../src/phones/cisco-java.ts";
import type { Rendered, Renderer, RenderRequest } from "../../src/render/render.ts";
import { createRenderer } from "../../src/render/renderer.ts";
import { expectGolden } from "./golden.ts";
import { release, request, site } from "./sample.ts";

const sip = release("SIP41.9-4-2SR3-1S", "SIP", "9.4(2)SR3");
const sccp = release("SCCP41.9-4-2SR3-1S", "SCCP", "9.4(2)SR3");
const model = ciscoJava.models.find(({ id }) => id === "7961") ?? ciscoJava.models[0];
const settings = {
  voicemail: "8500",
  speed1: "300",
  speed1_label: "Boss & Co",
  ring_list: "Bell=bell.raw",
  dial_plan: "* timeout=4",
};

let renderer: Renderer;

beforeAll(async () => {
  renderer = createRenderer(await loadTemplates(join(import.meta.dirname, "../../templates")));
});

function java(kind: string, changes: Partial<RenderRequest> = {}): Extract<Rendered, { is: "rendered" }> {
  if (model === undefined) throw new Error("no model");
  const rendered = renderer.render(request(kind, { family: "cisco-java", model, release: sip, settings, ...changes }));
  if (rendered.is === "refused") throw new Error(JSON.stringify(rendered.problems));
  return rendered;
}

const device = (rendered: { octets: Uint8Array }) =>
  new XMLParser({ parseTagValue: false, ignoreAttributes: false, attributeNamePrefix: "@" }).parse(
    new TextDecoder().decode(rendered.octets),
  ).device;

test.each([
  ["SEP-sip-9.4.cnf.xml", "sep-config", sip],
  ["SEP-sccp-9.4.cnf.xml", "sep-config", sccp],
  ["XMLDefault.cnf.xml", "xml-default", sip],
  ["dialplan.xml", "dialplan", sip],
  ["Ringlist.xml", "ringlist", sip],
  ["DistinctiveRingList.xml", "distinctive-ringlist", sip],
] as const)("%s is what the golden file says", (name, kind, running) => {
  expectGolden(`cisco-java/${name}`, java(kind, { release: running, load: running.load }).octets);
});

test("every model of the families with SEP files is served, under both protocols", () => {
  const { speed1: _, speed1_label: __, ...without } = settings;
  for (const family of [ciscoJava, cisco69xx, cisco894x]) {
    for (const one of family.models) {
      for (const running of [sip, sccp]) {
        const read = device(
          java("sep-config", {
            family: family.id,
            model: one,
            release: running,
            settings: without,
            phone: { ...request("x").phone, lines: [{ name: "201" }] },
          }),
        );
        expect(read.deviceProtocol, one.id).toBe(running.protocol);
        expect(read.loadInformation).toBe(running.load);
      }
    }
  }
});

test("a SIP line has featureID 9, a button and a lineIndex, a proxy and a port, or the phone drops the file", () => {
  const lines = device(java("sep-config")).sipProfile.sipLines.line;
  expect(lines[0]).toMatchObject({
    "@button": "1",
    "@lineIndex": "1",
    featureID: "9",
    proxy: "192.0.2.20",
    port: "5060",
    name: "201",
  });
  expect(lines[1]).toMatchObject({ "@button": "2", "@lineIndex": "2", name: "202" });
  expect(lines[2]).toMatchObject({ "@button": "3", featureID: "2", featureLabel: "Boss & Co", speedDialNumber: "300" });
});

test.each([
  ["udp", "2"],
  ["tcp", "1"],
  ["tls", "3"],
] as const)("transport %s is %s", (transport, code) => {
  const changed = { ...site, sip: { proxy: "192.0.2.20", port: 5060, transport } };
  expect(device(java("sep-config", { site: changed })).transportLayerProtocol).toBe(code);
});

test("the version stamp changes with every setting, and with nothing else", () => {
  const stamp = (changes: Partial<RenderRequest>) => device(java("sep-config", changes)).versionStamp;
  expect(stamp({})).toBe(stamp({}));
  expect(stamp({})).not.toBe(stamp({ settings: { ...settings, voicemail: "8501" } }));
});

test("what the phone cannot do is told, not dropped in silence", () => {
  const notes = java("sep-config", {
    settings: { ...settings, speed4: "1", speed5: "2", time_zone: "Asia/Kathmandu" },
  }).notes;
  expect(notes?.map(({ where }) => where)).toEqual(
    expect.arrayContaining([expect.stringContaining("speed5"), expect.stringContaining("time_zone")]),
  );
  const sccpNotes = java("sep-config", { release: sccp, load: sccp.load }).notes;
  expect(sccpNotes?.find(({ where }) => where.endsWith("speed1"))?.remedy).toContain("call manager");
});

test("a name of more than thirty characters is refused", () => {
  const phone = { ...request("x").phone, lines: [{ name: "x".repeat(31) }] };
  const rendered = renderer.render(request("sep-config", { family: "cisco-java", release: sip, phone }));
  expect(rendered.is === "refused" && rendered.problems[0]?.where).toContain("line1");
});

test("a patched Asterisk is the lines' call manager: the first line alone has a login", () => {
  const read = device(
    java("sep-config", { settings: { ...settings, usecallmanager: "on", sip_backup_proxy: "192.0.2.22" } }),
  );
  const lines = read.sipProfile.sipLines.line;
  expect(lines.slice(0, 2).map((line: Record<string, string>) => [line.proxy, line.authName])).toEqual([
    ["USECALLMANAGER", "201-phone"],
    ["USECALLMANAGER", undefined],
  ]);
  const members = read.devicePool.callManagerGroup.members.member;
  expect(members.map((one: { callManager: { processNodeName: string } }) => one.callManager.processNodeName)).toEqual([
    "192.0.2.20",
    "192.0.2.22",
  ]);
});

test("TLS asks for the encrypted mode, and says that the phone needs a trust list", () => {
  const rendered = java("sep-config", { settings: { ...settings, sip_transport: "tls" } });
  expect(device(rendered)).toMatchObject({ deviceSecurityMode: "3", transportLayerProtocol: "3" });
  expect(rendered.notes?.map(({ message }) => message).join()).toContain("trust list");
});

test.each([
  [{ nat: "on" }, ["true", "true", ""]],
  [{ nat_address: "198.51.100.7" }, ["true", "false", "198.51.100.7"]],
  [{}, ["false", "false", ""]],
] as const)("behind address translation with %j", (nat, expected) => {
  const { sipProfile } = device(java("sep-config", { settings: { ...settings, ...nat } }));
  expect([sipProfile.natEnabled, sipProfile.natReceivedProcessing, sipProfile.natAddress]).toEqual(expected);
});

test.each(["Y", "D/M", "D/M-Y", "D/M/YYY", "d/m/y"])("the date format %j is refused", (date_format) => {
  const refused = renderer.render(
    request("sep-config", { family: "cisco-java", release: sip, settings: { date_format } }),
  );
  expect(refused.is === "refused" && refused.problems[0]?.where).toContain("date_format");
});

test("a phone without a file of its own is sent to the SIP proxy under SIP, to the call managers under SCCP", () => {
  const nodes = (running: typeof sip) => {
    const text = new TextDecoder().decode(java("xml-default", { release: running, load: running.load }).octets);
    return [...text.matchAll(/<processNodeName>(.*?)</g)].map(([, node]) => node);
  };
  expect(nodes(sip)).toEqual(["192.0.2.20"]);
  expect(nodes(sccp)).toEqual(["192.0.2.20", "192.0.2.21"]);
});
