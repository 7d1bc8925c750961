// Renders every file of 10,000 phones of three families (issue 5: under five seconds for 10,000 phones), writes those of the
// first to a folder and lints it (issue 5: 10,000 files in under ten seconds), and prints what each took.
// `npm run build` first: it reads dist/.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");
const from = (path) => import(join(root, "dist", path));
const { loadTemplates } = await from("files/templates.js");
const { createRenderer } = await from("render/renderer.js");
const { settingsOf } = await from("phones/group.js");
const { cisco7940 } = await from("phones/cisco-7940.js");
const { ciscoJava } = await from("phones/cisco-java.js");
const { polycom } = await from("phones/polycom.js");
const { lintPaths } = await from("server/lint.js");

const PHONES = 10_000;
const site = {
  name: "bench",
  serverAddress: "192.0.2.10",
  timeZone: "Europe/Berlin",
  ntp: ["192.0.2.10"],
  sip: { proxy: "192.0.2.20", port: 5060, transport: "udp" },
};
const groups = [
  { name: "everyone", select: {}, settings: { voicemail: "8500", dial_plan: "* timeout=5" } },
  { name: "7960", select: { model: "7960" }, settings: { telnet_level: "0" } },
];
const sip = (load, version, files = []) => ({ load, protocol: "SIP", version, files, signed: true, because: [] });
const jobs = [
  [cisco7940, "7960", sip("P0S3-8-12-00", "8.12"), ["sip-default", "sip-config"]],
  [ciscoJava, "7961", sip("SIP41.9-4-2SR3-1S", "9.4(2)SR3"), ["sep-config"]],
  [polycom, "SPIP650", sip("SPIP650.4.0.15.1009", "4.0.15.1009"), ["master", "phone-config", "site-config"]],
];

const renderer = createRenderer(await loadTemplates(join(root, "templates")));
const folder = mkdtempSync(join(tmpdir(), "provision-bench-lint-"));
const kept = new Map();
for (const [family, id, release, kinds] of jobs) {
  const model = family.models.find((known) => known.id === id);
  const begun = performance.now();
  let octets = 0;
  for (let number = 0; number < PHONES; number++) {
    const mac = (0x000e84000000 + number).toString(16).padStart(12, "0");
    const phone = { mac, model: id, lines: [{ name: String(number), password: `pw${number}` }], settings: {} };
    const { settings } = settingsOf(phone, model, groups);
    for (const kind of kinds) {
      const answer = renderer.render({
        family: family.id,
        kind,
        site,
        phone,
        model,
        settings,
        load: release.load,
        release,
        brief: false,
      });
      if (answer.is === "refused") throw new Error(JSON.stringify(answer.problems));
      octets += answer.octets.length;
      // A mixed folder: a third of each family.
      const name = {
        "sip-config": `SIP${mac.toUpperCase()}.cnf`,
        "sep-config": `SEP${mac.toUpperCase()}.cnf.xml`,
        "phone-config": `${mac}-extension.cfg`,
      }[kind];
      if (name !== undefined && number % 3 === jobs.findIndex(([, one]) => one === id)) kept.set(name, answer.octets);
    }
  }
  const seconds = (performance.now() - begun) / 1000;
  process.stdout.write(
    `${id}: ${PHONES} phones, ${kinds.length} files each, ${octets} octets: ${seconds.toFixed(2)} s\n`,
  );
}

for (const [name, octets] of kept) writeFileSync(join(folder, name), octets);
const begun = performance.now();
const { files, findings } = await lintPaths([folder], false);
const seconds = (performance.now() - begun) / 1000;
process.stdout.write(`lint: ${files} files, ${findings.length} findings: ${seconds.toFixed(2)} s\n`);
rmSync(folder, { recursive: true });
