import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { loadTemplates } from "../../src/files/templates.ts";
import type { Line, Phone } from "../../src/phones/phone.ts";
import type { Renderer } from "../../src/render/render.ts";
import { createRenderer } from "../../src/render/renderer.ts";
import { filesOf, GENERATIONS, requestFor } from "./files-of-every-family.ts";
import { expectGolden } from "./golden.ts";
import { anyValue, HOSTILE } from "./hostile-values.ts";
import { phone } from "./sample.ts";
import { skeletonOf } from "./skeleton.ts";

let renderer: Renderer;

beforeAll(async () => {
  renderer = createRenderer(await loadTemplates(join(import.meta.dirname, "../../templates")));
});

/** What an office sets; each family takes what its files can carry. */
const SETTINGS: Readonly<Record<string, string>> = {
  voicemail: "8500",
  codec: "g711alaw, g729a",
  dtmf_payload: "102",
  nat: "on",
  web_access: "on",
  user_locale: "German_Germany",
  network_locale: "Germany",
  services_url: "http://192.0.2.10/services?a=1&b=2",
  directory_url: "http://192.0.2.10/directory",
  dial_plan: "112 timeout=0; 0,........ timeout=3; \\*.. timeout=1; * timeout=5",
  ring_list: "Old phone=oldphone.raw; Bell & Co=bell.raw",
  soft_keys: "On Hook=Redial NewCall CFwdAll; Digits After First=<< EndCall",
  phone_password: "402913",
  check_interval: "86400",
  speed1: "300",
  speed1_label: "Boss & Co",
  speed2: "301",
  speed2_blf: "on",
};

/** Of the two a 7940 and a 7941 have no third key. */
function settingsFor(lines: number): Readonly<Record<string, string>> {
  const { speed1: _1, speed1_label: _2, speed2: _3, speed2_blf: _4, ...others } = SETTINGS;
  return lines < 4 ? others : SETTINGS;
}

describe("each family, protocol and generation", () => {
  test.each(GENERATIONS)("$name reads the files that the golden one holds", (generation) => {
    const settings = settingsFor(generation.model.lines);
    let told = "";
    for (const file of filesOf(generation)) {
      // What a compiled profile says is in its text.
      if (file.format === "ata") continue;
      const answer = renderer.render(requestFor(generation, file.kind, { settings }));
      told += `==== ${file.template} (${file.kind})\n`;
      if (answer.is === "refused") {
        told += answer.problems.map((one) => `refused: ${one.where}: ${one.message}\n`).join("");
        expect(answer.optional ?? answer.problems[0]?.message.includes("SIP proxy"), told).toBeTruthy();
        continue;
      }
      told += `${new TextDecoder().decode(answer.octets)}\n`;
      for (const { where, message } of answer.notes ?? []) told += `left out: ${where}: ${message}\n`;
    }
    expectGolden(`generations/${generation.name.replaceAll(" ", "-")}.txt`, new TextEncoder().encode(told));
  });
});

describe("no value leaves its field, in any file of any family", () => {
  const lineOf = (value: string) => ({
    name: value,
    label: value,
    displayName: value,
    authName: value,
    password: value,
  });

  /** Settings that take free text, and names that stand for a family's own words. */
  const FREE = [
    "voicemail",
    "phone_label",
    "phone_password",
    "user_password",
    "ssh_user",
    "ssh_password",
    "services_url",
    "idle_url",
    "proxy_server_url",
    "user_locale",
    "network_locale",
    "date_format",
    "line1_proxy",
    "line1_voicemail",
    "nat_address",
    "soft_keys",
    "ring_list",
    "dial_plan",
    "speed1",
    "speed1_label",
    "sip_proxy",
    "ntp_server",
    "cisco_time_zone",
    "syncinfo_sync",
    "phone_prompt",
  ];

  function check(generation: (typeof GENERATIONS)[number], whole: Phone, settings: Record<string, string>): number {
    let rendered = 0;
    for (const file of filesOf(generation)) {
      const lines = whole.lines.slice(0, generation.model.lines);
      const answer = renderer.render(requestFor(generation, file.kind, { phone: { ...whole, lines }, settings }));
      if (answer.is === "refused") {
        expect(answer.problems.length).toBeGreaterThan(0);
        continue;
      }
      rendered++;
      const places = skeletonOf(file.format, answer.octets);
      const plain = Object.fromEntries(
        Object.entries(settings).map(([name, value]) => [name, tameFor(name, value)] as const),
      );
      const tame = renderer.render(
        requestFor(generation, file.kind, {
          phone: { ...whole, lines: lines.map(tameLine) },
          settings: plain,
        }),
      );
      if (tame.is === "refused") throw new Error(JSON.stringify(tame.problems));
      expect(places, `${generation.name} ${file.template}`).toEqual(skeletonOf(file.format, tame.octets));
    }
    return rendered;
  }

  /** A line with the same fields, each a plain word or, as before, empty. */
  function tameLine(line: Line): Line {
    const fields = Object.entries(line).map(([field, value]) => [field, value === "" ? "" : "201"]);
    return { name: "201", ...Object.fromEntries(fields) };
  }

  /** A list keeps its number of rows, an empty value its emptiness; everything else becomes a plain word. */
  function tameFor(name: string, value: string): string {
    if (["ring_list", "dial_plan", "soft_keys", "date_format", "cisco_time_zone"].includes(name)) return value;
    if (value === "") return value;
    // What is left out where it does not fit, or is no address, the families' own tests say.
    if (["phone_label", "ntp_server", "nat_address"].includes(name)) return value;
    if (name.endsWith("_proxy")) return "host.example";
    return name === "phone_password" ? "402913" : "word";
  }

  test("values that people and attackers write, one at a time, in every place at once", () => {
    let rendered = 0;
    // One of each family and protocol; what generations differ in, the property below draws.
    const kinds = new Map(GENERATIONS.map((one) => [`${one.family} ${one.release.protocol}`, one]));
    for (const [index, value] of HOSTILE.entries()) {
      const whole: Phone = { ...phone, label: "x", lines: [lineOf(value), lineOf(value)] };
      for (const generation of kinds.values()) rendered += check(generation, whole, {});
      const generation = [...kinds.values()][index % kinds.size];
      const name = FREE[index % FREE.length];
      if (generation !== undefined && name !== undefined) {
        rendered += check(generation, { ...phone, label: "x" }, { [name]: value });
      }
    }
    expect(rendered).toBeGreaterThan(500);
  });

  test("anything in any setting of any family", () => {
    let rendered = 0;
    const settings = fc.dictionary(fc.constantFrom(...FREE), anyValue, { minKeys: 1, maxKeys: 3 });
    fc.assert(
      fc.property(fc.constantFrom(...GENERATIONS), settings, anyValue, (generation, some, value) => {
        rendered += check(generation, { ...phone, label: "x", lines: [lineOf(value)] }, { ...some });
      }),
      { numRuns: 120 },
    );
    expect(rendered).toBeGreaterThan(50);
  });
});
