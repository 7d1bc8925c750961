import { expect, test } from "vitest";
import { overtaken } from "../../src/render/overrides.ts";

const source = (path: string, text: string, name = "SIPDefault.cnf") => ({ family: "cisco-7940", name, path, text });
const shipped = source("shipped.hbs", "image_version: {{load}}\n");

test("a site's own template that names the shipped one it was made from is fine until that changes", () => {
  const [told] = overtaken([shipped, source("own.hbs", "x")]);
  expect(told?.where).toBe("own.hbs");
  const note = /\{\{!-- shipped: [0-9a-f]{8} --\}\}/.exec(told?.remedy ?? "")?.[0] ?? "";
  const own = source("own.hbs", `${note}\nx`);
  expect(overtaken([shipped, own])).toEqual([]);
  expect(overtaken([source("shipped.hbs", "image_version: {{load}}\r\n"), own])).toEqual([]);
  expect(overtaken([source("shipped.hbs", "another"), own])[0]?.message).toContain("has changed");
});

test("templates without a twin are nobody's concern", () => {
  expect(overtaken([shipped, source("b.hbs", "x", "OS79XX.TXT")])).toEqual([]);
});
