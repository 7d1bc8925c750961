import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Variable } from "../../src/render/sealed.ts";
import { variablesOf } from "../../src/render/variables.ts";
import { GENERATIONS, requestFor } from "./files-of-every-family.ts";

const SETTINGS = {
  speed1: "300",
  ring_list: "Bell=bell.raw",
  soft_keys: "On Hook=NewCall",
  dial_plan: "* timeout=5",
  phone_password: "402913",
};

/** Names of every variable, lists' items left out: `release.load`, `polycom.own`. */
function namesOf(value: Variable, path: string): readonly string[] {
  const isGroup = typeof value === "object" && value !== null && !Array.isArray(value);
  return isGroup ? Object.entries(value).flatMap(([name, inner]) => namesOf(inner, `${path}.${name}`)) : [path];
}

test("templates/README.md lists every variable that a template can name, and no other", () => {
  const names = new Set<string>();
  for (const id of ["7960 SIP 8.12", "7941 SIP 8.5", "ATA188 SIP 3.1", "SPIP650 UCS 4.0"]) {
    const generation = GENERATIONS.find(({ name }) => name === id);
    if (generation === undefined) throw new Error(id);
    const lines = [{ name: "201" }];
    const request = requestFor(generation, "x", { settings: SETTINGS });
    const variables = variablesOf({ ...request, phone: { ...request.phone, lines } }, { notes: [], standard: false });
    for (const name of Object.keys(variables)) {
      if (name !== "settings") for (const path of namesOf(variables[name], name)) names.add(path);
    }
  }
  const readme = readFileSync(join(import.meta.dirname, "../../templates/README.md"), "utf8");
  const table = readme.slice(readme.indexOf("| variable | |"), readme.indexOf("## Settings"));
  const listed = table
    .split("\n")
    .flatMap((row) => [...(row.split(" | ")[0] ?? "").matchAll(/`([a-z_0-9.]+)`/g)].map(([, name]) => name));
  expect([...names].sort()).toEqual(listed.filter((name) => name !== undefined && !name.startsWith("settings")).sort());
});
