import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadManifests } from "../../src/files/manifests.ts";
import { openVault } from "../../src/files/vault.ts";
import { benchFor } from "../../src/sim/bench.ts";

/** Polycom's images have one name in every release (polycom.md §1.4): only the admin can say which release a file is. */
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "provision-as-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function vaultAndImage() {
  const manifests = await loadManifests(fileURLToPath(new URL("../../firmware-manifests", import.meta.url)));
  if (manifests.kind === "findings") throw new Error(JSON.stringify(manifests.findings));
  const releases = [...(manifests.graphs.get("polycom")?.releases.values() ?? [])];
  const vault = await openVault(
    join(folder, "vault"),
    releases.map((release) => ({ family: "polycom", release })),
  );
  const incoming = join(folder, "incoming");
  mkdirSync(incoming);
  const files = benchFor("SPIP650")?.files("SPIP650.4.0.15.1009", 2_000) ?? [];
  for (const { name, octets } of files) writeFileSync(join(incoming, name), octets);
  return { vault, incoming };
}

test("a file whose name fits several releases is refused, and the remedy says how to name one", async () => {
  const { vault, incoming } = await vaultAndImage();
  const report = await vault.importFirmware([incoming]);
  expect(report).toMatchObject({ accepted: false, packages: [] });
  expect(report.findings[0]?.remedy).toContain("--as LOAD");
});

test("the load that the admin names takes the file, and no other load has it", async () => {
  const { vault, incoming } = await vaultAndImage();
  const report = await vault.importFirmware([incoming], { as: "SPIP650.4.0.15.1009" });
  expect(report.packages).toMatchObject([{ load: "SPIP650.4.0.15.1009", complete: true }]);
  expect(await vault.missing("polycom", "SPIP650.4.0.15.1009", ["2345-12600-001.sip.ld"])).toEqual([]);
  expect(await vault.missing("polycom", "SPIP650.3.3.5.0247", ["2345-12600-001.sip.ld"])).toHaveLength(1);
});

test("a load that has no such file takes nothing", async () => {
  const { vault, incoming } = await vaultAndImage();
  expect((await vault.importFirmware([incoming], { as: "VVX400.5.9.8.5760" })).accepted).toBe(false);
});
