import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lookAtOnce } from "../../src/files/at-once.ts";
import { openSiteFiles } from "../../src/files/site-files.ts";

// A mount in the site's folder may be that of a server that is gone: only a thread that can be spared may touch it.

let root: string;

beforeAll(() => {
  if (process.getuid?.() !== 0) throw new Error("run as root: a file system is mounted");
  root = mkdtempSync("/dev/shm/provision-mount-");
  for (const name of ["mounted", "plain"]) mkdirSync(join(root, name));
  execFileSync("mount", ["-t", "tmpfs", "none", join(root, "mounted")]);
  for (const name of ["mounted", "plain"]) writeFileSync(join(root, name, "Logo.png"), name);
});

afterAll(() => {
  execFileSync("umount", [join(root, "mounted")]);
  rmSync(root, { recursive: true });
});

test("T028 a mount below the site's folder is not even opened by the thread that answers phones", async () => {
  const base = (await lookAtOnce(root))?.base();
  expect(base?.folder("mounted")).toBeUndefined();
  const plain = base?.folder("plain");
  expect(plain?.open("Logo.png")).toBeDefined();
  plain?.close();
  base?.close();
});

test("its files are found all the same", async () => {
  const site = await openSiteFiles(root);
  for (let round = 0; round < 3; round++) {
    await new Promise((later) => setTimeout(later, 150));
    for (const name of ["mounted", "plain"]) {
      const image = await site.find(`${name}/Logo.png`);
      expect(Buffer.from((await image?.read(0, 100)) ?? []).toString()).toBe(name);
      await image?.close();
    }
  }
});
