import { join } from "node:path";
import { XMLParser } from "fast-xml-parser";
import { beforeAll, describe, expect, test } from "vitest";
import { loadTemplates } from "../../src/files/templates.ts";
import type { Rendered, Renderer, RenderRequest } from "../../src/render/render.ts";
import { createRenderer } from "../../src/render/renderer.ts";
import { readCnf } from "./cnf-reader.ts";
import { expectGolden } from "./golden.ts";
import { models, phone, release, request, sccp31, sccp812, sip23, sip812, site } from "./sample.ts";

let renderer: Renderer;

beforeAll(async () => {
  renderer = createRenderer(await loadTemplates(join(import.meta.dirname, "../../templates")));
});

function octetsOf(rendered: Rendered): Uint8Array {
  if (rendered.is === "refused") throw new Error(rendered.problems.map((p) => `${p.where}: ${p.message}`).join("\n"));
  return rendered.octets;
}

function textOf(kind: string, changes: Partial<RenderRequest> = {}): string {
  return new TextDecoder().decode(octetsOf(renderer.render(request(kind, changes))));
}

function problemsOf(kind: string, changes: Partial<RenderRequest> = {}) {
  const rendered = renderer.render(request(kind, changes));
  return rendered.is === "refused" ? rendered.problems : [];
}

describe("the files of a 7940 or 7960", () => {
  const SETTINGS = {
    services_url: "http://192.0.2.10/menu?a=1&b=2",
    ring_list: "Old phone=oldphone.raw; Bell=bell.pcm",
    dial_plan: "112 timeout=0 route=Emergency; 0,............ timeout=3 tone=Bellcore-Outside; * timeout=5",
    voicemail: "8500",
    speed1: "300",
    speed1_label: "Boss",
  };
  const CASES: readonly (readonly [name: string, kind: string, changes: Partial<RenderRequest>])[] = [
    ["OS79XX.TXT", "os79xx", { release: sip23 }],
    ["XMLDefault.cnf.xml", "xml-default", { release: sccp31 }],
    ["SEP-sccp-3.1.cnf.xml", "sep-config", { release: sccp31 }],
    ["SEP-sccp-8.1.cnf.xml", "sep-config", { release: sccp812 }],
    ["SEP-sip-8.12.cnf.xml", "sep-config", { release: sip812 }],
    ["SIPDefault-8.12.cnf", "sip-default", {}],
    ["SIPDefault-2.3.cnf", "sip-default", { release: sip23 }],
    ["SIPDefault-brief.cnf", "sip-default", { release: sip23, brief: true }],
    ["SIPDefault-towards-sccp.cnf", "sip-default", { release: sccp812 }],
    ["SIP-8.12.cnf", "sip-config", {}],
    ["SIP-2.3.cnf", "sip-config", { release: sip23 }],
    ["dialplan.xml", "dialplan", {}],
    ["RINGLIST.DAT", "ringlist", {}],
    ["syncinfo.xml", "syncinfo", {}],
    ["syncinfo-waiting.xml", "syncinfo", { release: sccp812, brief: true }],
  ];
  for (const [name, kind, changes] of CASES) {
    test(`${name} is what the golden file says`, () => {
      expectGolden(`cisco-7940/${name}`, octetsOf(renderer.render(request(kind, { settings: SETTINGS, ...changes }))));
    });
  }

  test("every template renders for every model of the family", () => {
    for (const model of models) {
      for (const [, kind, changes] of CASES) {
        const { speed1: _, speed1_label: __, ...settings } = SETTINGS;
        const rendered = renderer.render(request(kind, { settings, ...changes, model }));
        expect(rendered.is, `${kind} for ${model.id}`).toBe("rendered");
      }
    }
  });

  test("OS79XX.TXT holds the load and nothing else, not even a line end (rule N3)", () => {
    expect(textOf("os79xx", { release: sip23 })).toBe("P0S30203");
  });

  test("XMLDefault.cnf.xml names the load for the phone's own model code alone", () => {
    const text = textOf("xml-default");
    expect(text.match(/<loadInformation(\d+)/g)).toEqual(["<loadInformation7"]);
  });

  test("the brief SIPDefault.cnf is the image_version line alone (rule N4)", () => {
    expect(textOf("sip-default", { brief: true })).toBe("image_version: P0S3-8-12-00\n");
  });

  test("SIP<MAC>.cnf repeats the load, since a universal loader reads it before SIPDefault.cnf", () => {
    expect(textOf("sip-config")).toMatch(/^image_version: P0S3-8-12-00\n/);
  });

  test("ports stand before processNodeName, as the phone's positional parser asks", () => {
    for (const kind of ["xml-default", "sep-config"]) {
      const text = textOf(kind, { release: sccp812 });
      expect(text.indexOf("<ports>")).toBeLessThan(text.indexOf("<processNodeName>"));
    }
  });

  test("a SIP 2.3 phone is sent no key that SIP 3.0 or later brought", () => {
    const keys = [...readCnf(octetsOf(renderer.render(request("sip-config", { release: sip23 })))).keys()];
    expect(keys).toContain("dial_template");
    for (const later of ["cnf_join_enable", "telnet_level", "call_hold_ringback"]) expect(keys).not.toContain(later);
  });

  test("SIPDefault.cnf of a SIP 2.x phone is the load alone, and SIP<MAC>.cnf has the rest (rule N4)", () => {
    expect(textOf("sip-default", { release: sip23 })).toBe("image_version: P0S30203\n");
    const values = readCnf(octetsOf(renderer.render(request("sip-config", { release: sip23 }))));
    expect(values.get("proxy1_address")).toBe("192.0.2.20");
  });

  test("a line that is not in use is written as the phone's own word for it, so that flash keeps no old line", () => {
    const values = readCnf(octetsOf(renderer.render(request("sip-config"))));
    expect(values.get("line1_password")).toBe("s3cret;#word");
    expect(values.get("line2_name")).toBe("202");
    expect(values.get("line3_name")).toBe("UNPROVISIONED");
  });

  test("daylight saving of the site's zone stands in SIPDefault.cnf", () => {
    const values = readCnf(octetsOf(renderer.render(request("sip-default"))));
    expect(values.get("time_zone")).toBe("CET");
    expect(values.get("dst_start_month")).toBe("March");
    expect(values.get("dst_start_week_of_month")).toBe("8");
    expect(values.get("dst_stop_time")).toBe("03/00");
  });

  test("what a 7940 cannot do is told, not dropped in silence", () => {
    const changed = { ...site, sip: { proxy: "192.0.2.20", port: 5060, transport: "tls" as const } };
    const long = { ...phone, label: "Reception, second floor" };
    const rendered = renderer.render(
      request("sip-default", { site: changed, phone: long, settings: { web_access: "on" } }),
    );
    const notes = rendered.is === "rendered" ? (rendered.notes ?? []) : [];
    expect(notes.map(({ where }) => where.split(", ")[1])).toEqual(["web_access", "sip_transport", "label"]);
  });

  test("a setting named like a key wins over the site's value", () => {
    const settings = { proxy1_address: "198.51.100.7", telnet_level: "2" };
    const values = readCnf(octetsOf(renderer.render(request("sip-default", { settings }))));
    expect(values.get("proxy1_address")).toBe("198.51.100.7");
    expect(values.get("proxy2_address")).toBe("192.0.2.20");
    expect(values.get("telnet_level")).toBe("2");
  });
});

describe("what cannot be rendered is refused with the place and the remedy", () => {
  test("a value out of its range names the setting", () => {
    const [problem] = problemsOf("sip-default", { settings: { start_media_port: "16348" } });
    expect(problem?.where).toBe(`phone ${phone.mac}, start_media_port`);
    expect(problem?.message).toContain("16384 to 32766");
    expect(problem?.remedy).toContain("start_media_port");
  });

  test("more lines than the model has keys", () => {
    const lines = Array.from({ length: 7 }, (_, i) => ({ name: String(200 + i) }));
    const [problem] = problemsOf("sip-config", { phone: { ...phone, lines } });
    expect(problem?.message).toContain("7 lines");
  });

  test("a site without a SIP proxy", () => {
    const { sip: _, ...withoutSip } = site;
    const [problem] = problemsOf("sip-default", { site: withoutSip });
    expect(problem?.remedy).toContain("site.sip.proxy");
  });

  test("a time zone that the phone cannot keep", () => {
    const [problem] = problemsOf("sip-default", { settings: { time_zone: "Asia/Jerusalem" } });
    expect(problem?.where).toContain("time_zone");
  });

  test("a load with an extension", () => {
    expect(problemsOf("os79xx", { load: "P0S30203.bin" })).toHaveLength(1);
  });

  test("a fault in the SIP settings leaves the XML files alone", () => {
    expect(problemsOf("sep-config", { settings: { start_media_port: "1" } })).toEqual([]);
  });

  test("a ring list that nobody configured is no fault: the phone is told that there is none", () => {
    const rendered = renderer.render(request("ringlist"));
    expect(rendered.is === "refused" && rendered.optional).toBe(true);
    const wrong = renderer.render(request("ringlist", { settings: { ring_list: "x" } }));
    expect(wrong.is === "refused" && wrong.optional).toBeUndefined();
  });

  test("a kind that has no template", () => {
    expect(problemsOf("ctl")[0]?.message).toContain('"ctl"');
  });

  test("a password with a quotation mark, and the password itself is not in the message", () => {
    const lines = [{ name: "201", password: 'Canary"Pass-77' }];
    const problems = problemsOf("sip-config", { phone: { ...phone, lines } });
    expect(problems[0]?.where).toContain("line1_password");
    expect(JSON.stringify(problems)).not.toContain("Canary");
  });

  test("a password too long for the phone is not repeated either", () => {
    const lines = [{ name: "201", password: "Canary".repeat(8) }];
    const problems = problemsOf("sip-config", { phone: { ...phone, lines } });
    expect(problems).toHaveLength(1);
    expect(JSON.stringify(problems)).not.toContain("Canary");
  });
});

describe("templates", () => {
  const source = (text: string, name = "SIPDefault.cnf") => [
    { family: "cisco-7940", name, path: "local/SIPDefault.cnf.hbs", text },
  ];

  test.each([
    ["{{#if x}", 1],
    ["a\n\n{{foo 'x'}}", 3],
    ["\n{{#lines}}{{/lines}}", 2],
    ["{{> partial}}", 1],
    ["{{#> partial}}{{/partial}}", 1],
    ["{{* decorator}}", 1],
    ["{{lookup site 'name'}}", 1],
    ["{{log 'x'}}", 1],
    ["{{site.constructor}}", 1],
    ["{{site.__proto__.x}}", 1],
  ])("a template that cannot be used is refused with its line: %s", (text, line) => {
    expect(() => createRenderer(source(text))).toThrow(`local/SIPDefault.cnf.hbs:${line}: `);
  });

  test("a name that no phone asks for is refused", () => {
    expect(() => createRenderer(source("x", "SIPdefault.cnf"))).toThrow("Rename it to one of");
  });

  test.each([
    ["image_version: {{load}}\n{{settings.nothing}}\n", "local/SIPDefault.cnf.hbs:2", '"nothing"'],
    ["image_version: {{load}}\n{{nothing}}\n", "local/SIPDefault.cnf.hbs:2", '"nothing"'],
    ["image_version: {{load}}\n{{release.loader}}\n", "local/SIPDefault.cnf.hbs:2", "is not set"],
    ["image_version: {{load}}\n#{{settings}}\n", "local/SIPDefault.cnf.hbs:2", "is a group"],
    ["image_version: {{load}}\n#{{toString}}\n", "local/SIPDefault.cnf.hbs:2", '"toString"'],
    ["image_version: {{load}}\n#{{load.length}}\n", "local/SIPDefault.cnf.hbs:2", '"length"'],
    ["image_version: {{load}}\n#{{lines.map}}\n", "local/SIPDefault.cnf.hbs:2", '"map"'],
    ["image_version: {{load}}\nnonsense: 1\n", "local/SIPDefault.cnf.hbs, line 2", "no key that the phone knows"],
    ["image_version: {{load}}\nimage_version: x\n", "local/SIPDefault.cnf.hbs, line 2", "twice"],
  ])("a template that would put nonsense on a phone is refused: %s", (text, where, message) => {
    const own = createRenderer(source(text));
    const rendered = own.render(request("sip-default", { release: sip23 }));
    if (rendered.is !== "refused") throw new Error(`rendered ${new TextDecoder().decode(rendered.octets)}`);
    expect(rendered.problems[0]?.where).toContain(where);
    expect(rendered.problems[0]?.message).toContain(message);
  });

  test("an error about a variable below a secret does not repeat the secret", () => {
    const own = createRenderer(source("{{#each lines as |line|}}{{line.password.x}}{{/each}}"));
    const rendered = own.render(request("sip-default"));
    expect(rendered.is).toBe("refused");
    expect(JSON.stringify(rendered)).not.toContain("s3cret");
  });

  test("of two templates for one file the later wins", () => {
    const own = createRenderer([
      ...source("image_version: {{load}}\n"),
      ...source("# local\nimage_version: {{load}}\n"),
    ]);
    const rendered = own.render(request("sip-default"));
    expect(rendered.is === "rendered" && new TextDecoder().decode(rendered.octets)).toBe(
      "# local\nimage_version: P0S3-8-12-00\n",
    );
  });

  test("an XML template may hold no document type", () => {
    const own = createRenderer(source("<!DOCTYPE x [<!ENTITY a 'b'>]>\n<Default>&a;</Default>", "XMLDefault.cnf.xml"));
    expect(own.render(request("xml-default")).is).toBe("refused");
  });

  test.each([
    "<a><b></a>",
    "<a>{{load}}</a><c>",
    "<a x=1/>",
    "text",
    "<a>&bogus;</a>",
    "<a>\u0001</a>",
    "<?php x ?><a/>",
  ])("ill-formed XML is never sent: %s", (text) => {
    expect(createRenderer(source(text, "XMLDefault.cnf.xml")).render(request("xml-default")).is).toBe("refused");
  });

  test("an empty file is never sent, since a phone can loop on one", () => {
    expect(createRenderer(source("{{#if false}}x{{/if}}")).render(request("sip-default")).is).toBe("refused");
  });
});

test("a .cnf file larger than the phone's 8192 octets is refused", () => {
  const own = createRenderer([
    {
      family: "cisco-7940",
      name: "SIPDefault.cnf",
      path: "big.hbs",
      text: `image_version: {{load}}\n${"# x\n".repeat(2100)}`,
    },
  ]);
  const rendered = own.render(request("sip-default"));
  expect(rendered.is === "refused" && rendered.problems[0]?.message).toContain("8192");
});

test("a rendered XML value reads back equal in an XML reader", () => {
  const settings = { services_url: "http://h/?a=1&b=<\"'>]]>{{x}}" };
  const read = new XMLParser({ parseTagValue: false }).parse(textOf("xml-default", { settings }));
  expect(read.Default.servicesURL).toBe(settings.services_url);
});

test("a release that only the test knows renders like any other", () => {
  expect(textOf("sip-default", { release: release("P0S3-07-4-00", "SIP", "7.4") })).toMatch(
    /^image_version: P0S3-07-4-00\n/,
  );
});
