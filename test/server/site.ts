import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Config, loadConfig } from "../../src/server/config.ts";
import { loadKnowledge } from "../../src/server/knowledge.ts";
import { createLog, type Log } from "../../src/server/log.ts";
import { openFirmwareVault } from "../../src/server/vault.ts";
import { packageOf } from "../../src/sim/cisco-7940/packages.ts";

/** A site in a folder of its own: what a test needs of an admin's machine. */
export interface Site {
  readonly folder: string;
  readonly config: Config;
  readonly log: Log;
  /** Log lines so far. */
  readonly lines: readonly { readonly event: string; readonly [field: string]: unknown }[];
}

/** Writes a provision.yaml for loopback with ports that the system chooses, and reads it. */
export function createSite(more = "", files: Readonly<Record<string, string>> = {}): Site {
  const folder = mkdtempSync(join(tmpdir(), "provision-site-"));
  mkdirSync(join(folder, "tftpboot"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "tftpboot", name), text);
  const text = `site:
  name: test
  serverAddress: 127.0.0.1
  ntp: [127.0.0.1]
  sip: { proxy: 127.0.0.1 }
  sccp: { callManagers: [127.0.0.1] }
tftp: { listen: 127.0.0.1, port: 0 }
http: { listen: 127.0.0.1, port: 0 }
access: { allow: [127.0.0.0/8] }
${more}`;
  writeFileSync(join(folder, "provision.yaml"), text);
  const lines: { event: string; [field: string]: unknown }[] = [];
  const log = createLog("trace", { write: (line) => lines.push(JSON.parse(line)) });
  return { folder, config: loadConfig({ cwd: folder }, true), log, lines };
}

/** Puts synthetic packages of these loads into the vault. */
export async function stock(config: Config, loads: readonly string[]): Promise<void> {
  const incoming = mkdtempSync(join(tmpdir(), "provision-incoming-"));
  for (const load of loads) {
    mkdirSync(join(incoming, load));
    for (const { name, octets } of packageOf(load)) {
      writeFileSync(join(incoming, load, name), octets);
    }
  }
  const vault = await openFirmwareVault(config, await loadKnowledge());
  const report = await vault.importFirmware([incoming]);
  if (!report.accepted) throw new Error(JSON.stringify(report.findings));
}
