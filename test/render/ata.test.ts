import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { loadTemplates } from "../../src/files/templates.ts";
import type { Release } from "../../src/firmware/release.ts";
import { decompileAtaProfile } from "../../src/phones/ata-profile.ts";
import { ciscoAta } from "../../src/phones/cisco-ata.ts";
import type { Model } from "../../src/phones/family.ts";
import type { Rendered, Renderer, RenderRequest } from "../../src/render/render.ts";
import { createRenderer } from "../../src/render/renderer.ts";
import { expectGolden } from "./golden.ts";
import { phone, release, request } from "./sample.ts";

const one = { ...phone, lines: [{ name: "201", authName: "201-phone", password: "s3cret" }] };

function withFile(load: string, protocol: Release["protocol"], file: string): Release {
  return { ...release(load, protocol, "8.0(0)"), files: [{ name: file, role: "application", signed: true }] };
}

const sip7912 = withFile("CP7912080001SIP060412A", "SIP", "CP7912080001SIP060412A.sbin");
const sccp7912 = withFile("CP7912080003SCCP070409A", "SCCP", "CP7912080003SCCP070409A.sbin");

let renderer: Renderer;

beforeAll(async () => {
  renderer = createRenderer(await loadTemplates(join(import.meta.dirname, "../../templates")));
});

function modelOf(id: string): Model {
  const model = ciscoAta.models.find((known) => known.id === id);
  if (model === undefined) throw new Error(id);
  return model;
}

function render(kind: string, changes: Partial<RenderRequest> = {}): Rendered {
  return renderer.render(
    request(kind, { family: "cisco-ata", model: modelOf("7912"), phone: one, release: sip7912, ...changes }),
  );
}

function octetsOf(rendered: Rendered): Uint8Array {
  if (rendered.is === "refused") throw new Error(JSON.stringify(rendered.problems));
  return rendered.octets;
}

const text = (kind: string, changes: Partial<RenderRequest> = {}) =>
  new TextDecoder().decode(octetsOf(render(kind, changes)));

test.each([
  ["gk-sip.txt", "ata-text", sip7912],
  ["gkdefault-sip.txt", "ata-default-text", sip7912],
  ["gk-sccp.txt", "ata-text", sccp7912],
  ["SEP-sccp.cnf.xml", "sep-config", sccp7912],
  ["XMLDefault-sccp.cnf.xml", "xml-default", sccp7912],
] as const)("%s is what the golden file says", (name, kind, running) => {
  expectGolden(`cisco-ata/${name}`, octetsOf(render(kind, { release: running })));
});

test("the compiled profile says what its text says", () => {
  for (const [binary, source] of [
    ["ata-profile", "ata-text"],
    ["ata-default", "ata-default-text"],
  ] as const) {
    const lines = (profile: string) => profile.trim().split("\n").sort();
    expect(lines(decompileAtaProfile(octetsOf(render(binary))))).toEqual(lines(text(source)));
  }
});

test("the upgrade code is the documented one for a 7912 (cisco.md §6.1)", () => {
  expect(text("ata-text")).toContain(
    "upgradecode:3,0x601,0x0400,0x0100,0.0.0.0,69,0x060412a,CP7912080001SIP060412A.sbin\n",
  );
});

test("every model has its own hardware number in the upgrade code", () => {
  const numbers = ciscoAta.models.map((model) => /upgradecode:3,(0x\d+),/.exec(text("ata-text", { model }))?.[1]);
  expect(numbers).toEqual(["0x401", "0x501", "0x601", "0x301", "0x301"]);
});

test("the default profile carries no account", () => {
  expect(text("ata-default-text")).not.toContain("s3cret");
});

test("an ATA's second line is written, a 7912's is refused", () => {
  const two = { ...one, lines: [...one.lines, { name: "202" }] };
  expect(text("ata-text", { phone: two, model: modelOf("ATA186") })).toContain("UID1:202\n");
  const rendered = render("ata-text", { phone: two });
  expect(rendered.is === "refused" && rendered.problems[0]?.message).toContain("2 lines");
});

test.each(["x".repeat(32), "ü", "a\nUIPassword:1"])(
  "a password that the profile cannot hold is refused: %j",
  (password) => {
    const rendered = render("ata-profile", { phone: { ...one, lines: [{ name: "201", password }] } });
    expect(rendered.is).toBe("refused");
    expect(JSON.stringify(rendered)).not.toContain("xxxxxxxxxx");
  },
);

test("a vendor's default password is refused", () => {
  const rendered = render("ata-profile", { settings: { phone_password: "1234" } });
  expect(rendered.is === "refused" && rendered.problems[0]?.message).toContain("default password");
});
