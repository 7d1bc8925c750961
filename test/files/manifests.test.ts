import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { loadManifests } from "../../src/files/manifests.ts";
import { manifestSchema } from "../../src/firmware/manifest.ts";
import { remediesSchema } from "../../src/firmware/remedy.ts";

const shipped = join(import.meta.dirname, "../../firmware-manifests");
const made: string[] = [];
afterAll(async () => {
  for (const directory of made) await rm(directory, { recursive: true });
});

/** A directory that holds one file: a shipped one, changed. */
async function changed(name: string, change: (text: string) => string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "manifests-"));
  made.push(directory);
  const text = await readFile(join(shipped, name), "utf8").catch(() => "");
  await writeFile(join(directory, name), change(text));
  return directory;
}

async function findings(directory: string): Promise<string[]> {
  const loaded = await loadManifests(directory);
  if (loaded.kind === "knowledge") return [];
  return loaded.findings.map((f) => `${f.file.slice(directory.length + 1)}:${f.line ?? ""} ${f.reason} ${f.remedy}`);
}

describe("the manifests as shipped", () => {
  test("load without a finding, and every family has its remedies", async () => {
    const loaded = await loadManifests(shipped);
    if (loaded.kind === "findings") throw new Error(JSON.stringify(loaded.findings, null, 2));
    expect([...loaded.remedies.keys()].sort()).toEqual([...loaded.graphs.keys()].sort());
  });

  test.each([
    ["manifest", manifestSchema],
    ["remedies", remediesSchema],
  ])("the editors' schema of a %s is the validator's (UPDATE_GOLDEN=1 rewrites)", async (name, schema) => {
    const file = join(shipped, "schema", `${name}.json`);
    const now = `${JSON.stringify(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }), null, 2)}\n`;
    if (process.env.UPDATE_GOLDEN === "1") await writeFile(file, now);
    expect(now).toBe(await readFile(file, "utf8"));
  });
});

describe("a manifest with a mistake stops the loading, with file, line, reason and remedy", () => {
  test("a misspelled key", async () => {
    const directory = await changed("cisco-7940.yaml", (text) =>
      text.replace("    lever: os79xx", "    levver: os79xx"),
    );
    const text = await readFile(join(directory, "cisco-7940.yaml"), "utf8");
    const line = text.split("\n").findIndex((row) => row.includes("levver")) + 1;
    expect((await findings(directory)).join("\n")).toContain(`cisco-7940.yaml:${line} rules.`);
    expect((await findings(directory)).join("\n")).toContain(
      "`levver` is not a key of this place. Correct its spelling",
    );
  });

  test("and leaves the other families to be had", async () => {
    const directory = await changed("cisco-java.yaml", (text) => `${text}\n  - [unclosed`);
    await cp(join(shipped, "cisco-ata.yaml"), join(directory, "cisco-ata.yaml"));
    expect((await loadManifests(directory)).kind).toBe("findings");
    const loaded = await loadManifests(directory, ["cisco-ata"]);
    expect(loaded.kind === "knowledge" && [...loaded.graphs.keys()]).toEqual(["cisco-ata"]);
  });

  test("text that is not YAML", async () => {
    const directory = await changed("cisco-7940.yaml", (text) => `${text}\n  - [unclosed`);
    expect((await findings(directory))[0]).toMatch(
      /^cisco-7940\.yaml:\d+ .*Not YAML.*Correct the YAML at this line\.$/,
    );
  });

  test("an alias bomb", async () => {
    const bomb = ["a: &a [x,x,x,x,x,x,x,x,x]"];
    for (const [at, name] of [..."bcdefghi"].entries()) {
      const before = "abcdefghi"[at];
      bomb.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(",")}]`);
    }
    const directory = await changed("bomb.yaml", () => bomb.join("\n"));
    expect((await findings(directory)).join("\n")).toContain("bomb.yaml:1");
  });

  test("a file under another family's name", async () => {
    const text = await readFile(join(shipped, "cisco-7940.yaml"), "utf8");
    const directory = await changed("second.yaml", () => text);
    expect((await findings(directory)).join("\n")).toMatch(
      /second\.yaml:\d+ family: The file speaks for cisco-7940.*Name it cisco-7940\.yaml/,
    );
  });

  test("a directory that is not there, or empty", async () => {
    expect((await findings(join(tmpdir(), "no-such-directory-of-manifests"))).join()).toContain("cannot be read");
    const empty = await mkdtemp(join(tmpdir(), "manifests-"));
    made.push(empty);
    const loaded = await loadManifests(empty);
    expect(loaded.kind).toBe("findings");
  });
});
