import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { openVault } from "../../src/files/vault.ts";
import { compiled } from "../compiled.ts";
import { packageOf } from "../synthetic-firmware.ts";
import { FAMILY, KNOWN, SCCP_3, SIP_8_12 } from "./known-releases.ts";

/** How one import came to its end. */
export interface Interruption {
  /** Milliseconds after it began; it is killed then. */
  readonly killAfter?: number;
  /** Octets of the largest file that it may write (setrlimit RLIMIT_FSIZE, in 1,024): the disk that is full. */
  readonly fileKilobytes?: number;
}

/**
 * Imports a package into a vault that holds another one, `interruptions.length` times, each ended in its own way. After
 * each, the vault has the old package whole and the new one whole or not at all, as the process said, and the next
 * import succeeds. Returns how many were accepted, failed with a reason, or were killed.
 */
export async function interruptImports(
  folder: string,
  interruptions: readonly Interruption[],
): Promise<{ accepted: number; failed: number; killed: number }> {
  const importer = compiled(join(import.meta.dirname, "importer.process.ts"));
  const counts = { accepted: 0, failed: 0, killed: 0 };
  const source = writePackage(join(folder, "sip"), packageOf(SIP_8_12));
  const old = writePackage(join(folder, "sccp"), packageOf(SCCP_3));
  for (const interruption of interruptions) {
    const vaultFolder = mkdtempSync(join(folder, "vault-"));
    await (await openVault(vaultFolder, KNOWN)).importFirmware([old]);
    const said = await runImport(importer.script, vaultFolder, source, interruption);
    const vault = await openVault(vaultFolder, KNOWN);
    expect(
      await vault.missing(
        FAMILY,
        SCCP_3.load,
        SCCP_3.files.map((file) => file.name),
      ),
    ).toEqual([]);
    const sip = (await vault.list()).packages.filter((one) => one.load === SIP_8_12.load);
    for (const one of sip) expect(one, "never half a package").toMatchObject({ complete: true, missing: [] });
    if (said.includes("accepted")) expect(sip, "what was said to be in is in").toHaveLength(1);
    if (said.includes("failed")) {
      expect(sip, "what was said to have failed is not").toHaveLength(0);
      expect(said).toMatch(/failed E_VAULT_(?:FULL|WRITE)/);
      expect(readdirSync(join(vaultFolder, "incoming"))).toEqual([]);
    }
    expect((await vault.importFirmware([source])).accepted).toBe(true);
    expect((await vault.check()).damaged).toEqual([]);
    counts[said.includes("accepted") ? "accepted" : said.includes("failed") ? "failed" : "killed"]++;
    rmSync(vaultFolder, { recursive: true, force: true });
  }
  rmSync(importer.folder, { recursive: true });
  return counts;
}

function writePackage(path: string, files: ReadonlyMap<string, Uint8Array>): string {
  mkdirSync(path, { recursive: true });
  for (const [name, octets] of files) writeFileSync(join(path, name), octets);
  return path;
}

function runImport(script: string, vault: string, source: string, how: Interruption): Promise<string> {
  const limit = how.fileKilobytes === undefined ? "unlimited" : String(how.fileKilobytes);
  // The signal that comes with the limit is ignored, so that the write fails as on a full disk.
  const command = 'trap "" XFSZ; ulimit -f "$1"; exec "$2" "$3" "$4" "$5"';
  const child = spawn("bash", ["-c", command, "bash", limit, process.execPath, script, vault, source], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Promise((resolve, reject) => {
    let said = "";
    let errors = "";
    child.stdout.on("data", (piece) => {
      if (said === "" && how.killAfter !== undefined) setTimeout(() => child.kill("SIGKILL"), how.killAfter);
      said += String(piece);
    });
    child.stderr.on("data", (piece) => {
      errors += String(piece);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code !== 0 && signal !== "SIGKILL") reject(new Error(`the import ended with ${code} ${signal}: ${errors}`));
      else resolve(said);
    });
  });
}
