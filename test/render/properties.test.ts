import { join } from "node:path";
import fc from "fast-check";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { beforeAll, describe, expect, test } from "vitest";
import { loadTemplates } from "../../src/files/templates.ts";
import type { Phone } from "../../src/phones/phone.ts";
import type { Renderer } from "../../src/render/render.ts";
import { createRenderer } from "../../src/render/renderer.ts";
import { readCnf } from "./cnf-reader.ts";
import { anyPart as part, anyValue as value } from "./hostile-values.ts";
import { phone, request, sccp812 } from "./sample.ts";

let renderer: Renderer;

beforeAll(async () => {
  renderer = createRenderer(await loadTemplates(join(import.meta.dirname, "../../templates")));
});

describe("S32 a .cnf file reads back equal, or is refused", () => {
  test("lines, names and passwords", () => {
    let rendered = 0;
    fc.assert(
      fc.property(value, value, value, value, (name, displayName, authName, password) => {
        const hostilePhone: Phone = {
          ...phone,
          lines: [{ name, displayName, authName, password, label: displayName }],
        };
        const answer = renderer.render(request("sip-config", { phone: hostilePhone }));
        if (answer.is === "refused") return;
        rendered++;
        const read = readCnf(answer.octets);
        expect(read.get("line1_name")).toBe(name);
        expect(read.get("line1_displayname")).toBe(displayName);
        expect(read.get("line1_authname")).toBe(authName);
        expect(read.get("line1_password")).toBe(password);
        expect(read.get("image_version")).toBe("P0S3-8-12-00");
      }),
      { numRuns: 400 },
    );
    expect(rendered).toBeGreaterThan(10);
  });

  test("settings, whatever their names", () => {
    const names = fc.constantFrom(
      "services_url",
      "voicemail",
      "sip_proxy",
      "phone_prompt",
      "telnet_level",
      "date_format",
      "ntp_server",
      "sync",
    );
    fc.assert(
      fc.property(fc.dictionary(fc.oneof(names, part), value, { maxKeys: 4 }), (settings) => {
        const answer = renderer.render(request("sip-default", { settings }));
        if (answer.is === "refused") return;
        const read = readCnf(answer.octets);
        expect(read.get("image_version")).toBe("P0S3-8-12-00");
        for (const key of ["services_url", "phone_prompt", "telnet_level", "sync"]) {
          if (settings[key] !== undefined) expect(read.get(key)).toBe(settings[key]);
        }
      }),
      { numRuns: 250 },
    );
  });
});

describe("S32 an XML file reads back equal, or is refused", () => {
  const parser = new XMLParser({
    parseTagValue: false,
    trimValues: false,
    ignoreAttributes: false,
    attributeNamePrefix: "@",
  });

  test("every text of SEP<MAC>.cnf.xml", () => {
    let rendered = 0;
    fc.assert(
      fc.property(value, value, (services_url, user_locale) => {
        const settings = { services_url, user_locale };
        const answer = renderer.render(request("sep-config", { release: sccp812, settings }));
        if (answer.is === "refused") return;
        rendered++;
        const text = new TextDecoder("utf-8", { fatal: true }).decode(answer.octets);
        expect(XMLValidator.validate(text)).toBe(true);
        const read = parser.parse(text).device;
        expect(read.servicesURL ?? "").toBe(services_url);
        if (user_locale !== "") expect(read.userLocale.name).toBe(user_locale);
        expect(read.loadInformation["#text"]).toBe("P0030801SR02");
        expect(Object.keys(read).filter((key) => key === "x" || key === "device")).toEqual([]);
      }),
      { numRuns: 400 },
    );
    expect(rendered).toBeGreaterThan(50);
  });

  test("dial plan rules", () => {
    fc.assert(
      fc.property(value, (dial_plan) => {
        const answer = renderer.render(request("dialplan", { settings: { dial_plan } }));
        if (answer.is === "rendered") expect(XMLValidator.validate(new TextDecoder().decode(answer.octets))).toBe(true);
      }),
      { numRuns: 250 },
    );
  });
});

describe("nothing that a template can write reaches beyond its variables", () => {
  const roots = [
    "this",
    "site",
    "phone",
    "lines",
    "settings",
    "load",
    "model",
    "@root",
    "@data",
    "..",
    "lines.0",
    "release",
  ];
  const names = [
    "constructor",
    "__proto__",
    "prototype",
    "toString",
    "valueOf",
    "hasOwnProperty",
    "__defineGetter__",
    "__lookupGetter__",
    "constructor.constructor",
    "__proto__.polluted",
    "map",
    "length",
    "at",
    "call",
    "apply",
    "bind",
    "charAt",
  ];
  const payloads = roots.flatMap((root) => [
    ...names.map((name) => `{{${root}.${name}}}`),
    ...names.map((name) => `{{{${root}.[${name}]}}}`),
    ...names.slice(0, 4).map((name) => `{{#each ${root}.${name}}}x{{/each}}`),
    ...names.slice(0, 4).map((name) => `{{#if (eq ${root} ${root}.${name})}}x{{/if}}`),
    ...names.slice(0, 2).map((name) => `{{#with ${root} as |a|}}{{a.${name}}}{{/with}}`),
    ...names.slice(0, 2).map((name) => `{{lookup ${root} "${name}"}}`),
  ]);

  test(`S30 ${payloads.length} payloads are refused or leave no trace`, () => {
    const kept = Object.keys(Object.prototype);
    for (const payload of payloads) {
      let trace: string;
      try {
        const text = `image_version: {{load}}\n#${payload}\n`;
        const own = createRenderer([{ family: "cisco-7940", name: "SIPDefault.cnf", path: "hostile.hbs", text }]);
        const answer = own.render(request("sip-default"));
        trace = answer.is === "refused" ? "" : new TextDecoder().decode(answer.octets);
      } catch (error) {
        expect((error as Error).name, payload).toBe("TemplateError");
        continue;
      }
      // The number of lines is the template's own; nothing else may show.
      const allowed =
        payload.includes("lines") && payload.includes("length") ? "image_version: P0S3-8-12-00\n#2\n" : "";
      expect(["", "image_version: P0S3-8-12-00\n#\n", allowed], payload).toContain(trace);
    }
    expect(Object.keys(Object.prototype)).toEqual(kept);
  });
});
