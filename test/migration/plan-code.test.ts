import { encode } from "uqr";
import { expect, test } from "vitest";
import { planHtml } from "../../src/migration/plan-document-html.ts";
import { oneStage } from "../boot/fleet.ts";

const page = "http://192.0.2.10:8080/phones/00:0e:84:c0:60:a6";
const setting = { model: "7960", family: "cisco-7940", missing: [] };

test("each page of a plan for one phone carries a code to its page, drawn in the document; the first the address too", () => {
  const html = planHtml({ kind: "plan", plan: oneStage }, { ...setting, phone: { mac: "00:0e:84:c0:60:a6", page } });
  expect(html).toContain("<svg role=");
  expect(html).toContain(`<code>${page}</code>`);
  expect(html).not.toMatch(/<script|src=|href=/);
  // As many dark squares as an independent count of the code has.
  const { data } = encode(page, { ecc: "M", border: 2 });
  const dark = data.flat().filter((square) => square).length;
  const codes = html.match(/<svg .*?<\/svg>/gs) ?? [];
  expect(codes).toHaveLength(1 + oneStage.stages.length);
  for (const code of codes) expect(code.match(/M\d+,\d+h\d+v\d+h-\d+z/g)?.length ?? 0).toBe(dark);
});

test("a plan for no phone in particular has none", () => {
  expect(planHtml({ kind: "plan", plan: oneStage }, setting)).not.toContain("<svg");
});
