// One import of firmware in a process of its own, which says how much memory it took: for test/gate/secrets-archives.test.ts.
import { LIMITS } from "../../dist/files/archive.js";
import { loadKnowledge } from "../../dist/server/knowledge.js";
import { openFirmwareVault } from "../../dist/server/vault.js";

const [data, ...paths] = process.argv.slice(2);
const vault = await openFirmwareVault({ data }, await loadKnowledge());
const before = process.resourceUsage().maxRSS;
const began = performance.now();
const { accepted, findings } = await vault.importFirmware(paths, { limits: LIMITS });
process.stdout.write(
  JSON.stringify({
    accepted,
    codes: findings.map(({ code }) => code),
    before: before * 1024,
    rss: process.resourceUsage().maxRSS * 1024,
    ms: performance.now() - began,
  }),
);
