import { openVault } from "../../src/files/vault.ts";
import { KNOWN } from "./known-releases.ts";

/** A process to be killed: imports a path into a vault, and says so when it is told that all of it is in. */
const [folder = "", path = ""] = process.argv.slice(2);
const vault = await openVault(folder, KNOWN);
process.stdout.write("begun\n");
const report = await vault.importFirmware([path]).catch((error: Error) => error);
if (report instanceof Error) process.stdout.write(`failed ${(report as { code?: string }).code}\n`);
else process.stdout.write(report.accepted ? "accepted\n" : `refused ${JSON.stringify(report.findings)}\n`);
process.stdout.write(`peak ${process.resourceUsage().maxRSS} KiB\n`);
