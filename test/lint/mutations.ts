import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { lint } from "../../src/lint/lint.ts";
import { createRandom } from "../../src/sim/random.ts";

/** Names that phones ask for, each with what belongs into it: the golden files of every family. */
const SEEDS: readonly (readonly [name: string, folder: string, file: string])[] = [
  ["OS79XX.TXT", "cisco-7940", "OS79XX.TXT"],
  ["SIPDefault.cnf", "cisco-7940", "SIPDefault-8.12.cnf"],
  ["SIP000E84C060A6.cnf", "cisco-7940", "SIP-8.12.cnf"],
  ["SEP000E84C060A6.cnf.xml", "cisco-7940", "SEP-sccp-8.1.cnf.xml"],
  ["XMLDefault.cnf.xml", "cisco-7940", "XMLDefault.cnf.xml"],
  ["dialplan.xml", "cisco-7940", "dialplan.xml"],
  ["RINGLIST.DAT", "cisco-7940", "RINGLIST.DAT"],
  ["SEP001B54C060A6.cnf.xml", "cisco-java", "SEP-sip-9.4.cnf.xml"],
  ["Ringlist.xml", "cisco-java", "Ringlist.xml"],
  ["gkdefault.txt", "cisco-ata", "gkdefault-sip.txt"],
  ["000000000000.cfg", "polycom", "000000000000.cfg"],
  ["0004f2c060a6-extension.cfg", "polycom", "mac-extension.cfg"],
  ["site.cfg", "polycom", "site-ucs4.cfg"],
  ["0004f2c060a6-directory.xml", "polycom", "mac-directory.xml"],
];

const PIECES = [
  "<",
  ">",
  "</",
  "/>",
  '"',
  "'",
  "&",
  "&#0;",
  "<!--",
  "-->",
  "<![CDATA[",
  "]]>",
  "<!DOCTYPE x>",
  "\0",
  "\r\n",
  "\n",
  "\t",
  "\ufeff",
  "\u201d",
  "POS3-8-12-00.sb2",
  "P0S3-08-12-00",
  "image_version: ",
  "dial_template: dialplan.xml\n",
  ".xml",
  "VLAN-A=",
  ":",
  ";",
  "#",
  "#txt\n",
  "=",
  "{{x}}",
  "<loadInformation>",
  "</loadInformation>",
  "<template match=",
  "__proto__",
  "\ud800",
  "\u{1f600}",
  "x".repeat(3000),
  "9".repeat(40),
  "-1",
  "",
];

/** Changes good files in place, lints them together, applies what `--fix` would write, and lints again. */
export function lintMutations(rounds: number, seed: number): { readonly findings: number; readonly edits: number } {
  const random = createRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T;
  const golden = join(import.meta.dirname, "../golden/files");
  const seeds = SEEDS.map(
    ([name, folder, file]) => [name, readFileSync(join(golden, folder, file), "latin1")] as const,
  );
  expect(readdirSync(golden).length).toBeGreaterThan(3);
  let findings = 0;
  let edits = 0;
  for (let round = 0; round < rounds; round++) {
    const files = Array.from({ length: 1 + Math.floor(random.next() * 3) }, () => {
      const [name, text] = pick(seeds);
      let changed = text;
      for (let change = Math.floor(random.next() * 6); change > 0; change--) {
        const at = Math.floor(random.next() * (changed.length + 1));
        const piece =
          random.next() < 0.7 ? Buffer.from(pick(PIECES)).toString("latin1") : String.fromCharCode(random.next() * 256);
        changed = changed.slice(0, at) + piece + changed.slice(at + Math.floor(random.next() * 20));
      }
      const octets = new Uint8Array(Buffer.from(changed, "latin1"));
      return { path: random.next() < 0.1 ? `sub/${name.toLowerCase()}` : name, size: octets.length, octets };
    });
    const first = lint(files);
    findings += first.findings.length;
    edits += first.edits.length;
    const written = new Map(
      first.edits.flatMap((edit) => (edit.do === "write" ? [[edit.file, edit.octets] as const] : [])),
    );
    const second = lint(
      files.map((file) => {
        const octets = written.get(file.path) ?? file.octets;
        return { ...file, octets, size: octets.length };
      }),
    );
    // What was corrected is right: a second look writes nothing more, where no two files of the round have one name.
    const once = new Set(files.map(({ path }) => path)).size === files.length;
    if (once) expect(second.edits.filter((edit) => edit.do === "write")).toEqual([]);
  }
  return { findings, edits };
}
