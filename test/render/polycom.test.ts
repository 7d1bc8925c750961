import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { loadTemplates } from "../../src/files/templates.ts";
import type { Release } from "../../src/firmware/release.ts";
import type { Model } from "../../src/phones/family.ts";
import { polycom } from "../../src/phones/polycom.ts";
import type { Rendered, Renderer, RenderRequest } from "../../src/render/render.ts";
import { createRenderer } from "../../src/render/renderer.ts";
import { expectGolden } from "./golden.ts";
import { readPolycom } from "./polycom-reader.ts";
import { phone, release, request } from "./sample.ts";

function withFile(load: string, version: string, file: string): Release {
  return { ...release(load, "SIP", version), files: [{ name: file, role: "application", signed: true }] };
}

const ucs4 = withFile("SPIP650.4.0.15.1009", "4.0.15.1009", "2345-12600-001.sip.ld");
const sip318 = withFile("SPIP301.3.1.8.0070", "3.1.8.0070", "2345-11300-010.sip.ld");
const settings = { voicemail: "8500", speed1: "300", speed1_label: "Boss & Co", phone_password: "Tr0ub4dor" };

let renderer: Renderer;

beforeAll(async () => {
  renderer = createRenderer(await loadTemplates(join(import.meta.dirname, "../../templates")));
});

function modelOf(id: string): Model {
  const model = polycom.models.find((known) => known.id === id);
  if (model === undefined) throw new Error(id);
  return model;
}

function render(kind: string, changes: Partial<RenderRequest> = {}): Extract<Rendered, { is: "rendered" }> {
  const rendered = renderer.render(
    request(kind, { family: "polycom", model: modelOf("SPIP650"), release: ucs4, settings, ...changes }),
  );
  if (rendered.is === "refused") throw new Error(JSON.stringify(rendered.problems));
  return rendered;
}

test.each([
  ["mac-ucs4.cfg", "master", ucs4, "SPIP650"],
  ["mac-sip318.cfg", "master", sip318, "SPIP301"],
  ["000000000000.cfg", "master-default", ucs4, "SPIP650"],
  ["mac-extension.cfg", "phone-config", ucs4, "SPIP650"],
  ["site-ucs4.cfg", "site-config", ucs4, "SPIP650"],
  ["site-sip318.cfg", "site-config", sip318, "SPIP301"],
  ["mac-directory.xml", "directory", ucs4, "SPIP650"],
] as const)("%s is what the golden file says", (name, kind, running, model) => {
  expectGolden(`polycom/${name}`, render(kind, { release: running, model: modelOf(model) }).octets);
});

test("the one master file serves old and new phones together (rule P2)", () => {
  const read = readPolycom(render("master-default").octets);
  expect(read.get("APP_FILE_PATH")).toBe("sip.ld");
  expect(read.get("APP_FILE_PATH_SPIP301")).toBe("sip_318.ld");
  expect(read.get("CONFIG_FILES_SPIP301")).toBe(
    "[PHONE_MAC_ADDRESS]-extension.cfg, site.cfg, phone1_318.cfg, sip_318.cfg",
  );
  expect(read.get("APP_FILE_PATH_SPIP330")).toBe("sip_335.ld");
  for (const tag of ["SPIP300", "SPIP500"]) expect(read.get(`APP_FILE_PATH_${tag}`)).toBe("sip_213.ld");
});

test("a phone's own file stands left of the site's, since the first occurrence wins (rule P3)", () => {
  expect(readPolycom(render("master").octets).get("CONFIG_FILES")).toBe("000e84c060a6-extension.cfg, site.cfg");
});

test("the application stands without its part number, which the phone puts before it", () => {
  expect(readPolycom(render("master").octets).get("APP_FILE_PATH")).toBe("sip.ld");
});

test("a stage that changes the BootROM alone offers no application", () => {
  const bootrom = { ...release("SPIP301.bootrom-4.1.4.0122", "none", "4.1.4.0122"), files: [] };
  expect(readPolycom(render("master", { release: bootrom }).octets).get("APP_FILE_PATH")).toBe("");
});

test("before SIP 3.3 the vendor's own files are named, and the admin is told to supply them", () => {
  const rendered = render("master", { release: sip318, model: modelOf("SPIP301") });
  expect(readPolycom(rendered.octets).get("CONFIG_FILES")).toContain("phone1_318.cfg, sip_318.cfg");
  expect(rendered.notes?.[0]?.message).toContain("exactly its release");
});

test("Berlin's clock in Polycom's words", () => {
  const read = readPolycom(render("site-config").octets);
  expect(read.get("tcpIpApp.sntp.gmtOffset")).toBe("3600");
  expect(read.get("tcpIpApp.sntp.daylightSavings.start.month")).toBe("3");
  expect(read.get("tcpIpApp.sntp.daylightSavings.start.dayOfWeek.lastInMonth")).toBe("1");
  expect(read.get("tcpIpApp.sntp.daylightSavings.stop.time")).toBe("3");
});

test("every model is served every file", () => {
  for (const model of polycom.models) {
    for (const kind of ["master", "master-default", "phone-config", "site-config", "directory"]) {
      render(kind, { model, phone: { ...phone, lines: [{ name: "201" }] } });
    }
  }
});

test("a value reads back equal, or is refused", () => {
  const word = fc.oneof(
    fc.string({ unit: "binary", maxLength: 10 }),
    fc.constantFrom('"', "<", "&amp;", "]]>", "\n", "{{x}}", "ü", "\u{1f600}"),
  );
  fc.assert(
    fc.property(word, word, word, (name, displayName, password) => {
      const lines = [{ name, displayName, password }];
      const rendered = renderer.render(
        request("phone-config", {
          family: "polycom",
          model: modelOf("SPIP650"),
          release: ucs4,
          phone: { ...phone, lines },
        }),
      );
      if (rendered.is === "refused") return;
      const read = readPolycom(rendered.octets);
      expect(read.get("reg.1.address")).toBe(name);
      expect(read.get("reg.1.displayName")).toBe(displayName);
      expect(read.get("reg.1.auth.password")).toBe(password);
    }),
    { numRuns: 150 },
  );
});

test("settings that Polycom's files have no place for are told, not dropped in silence", () => {
  const notes = render("site-config", { settings: { ...settings, phone_label: "Desk", voice_vlan: "10" } }).notes;
  expect(notes?.map(({ where }) => where)).toEqual([expect.stringContaining("phone_label")]);
  const read = readPolycom(render("site-config", { settings: { voice_vlan: "10" } }).octets);
  expect([read.get("device.net.vlanId.set"), read.get("device.net.vlanId")]).toEqual(["1", "10"]);
});
