import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSiteFiles } from "../../src/files/site-files.ts";
import type { SiteFiles } from "../../src/provision/ports.ts";

let folder: string;
let root: string;
let site: SiteFiles;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "provision-site-"));
  root = join(folder, "tftpboot");
  mkdirSync(join(root, "Desktops"), { recursive: true });
  writeFileSync(join(folder, "secret"), "outside");
  writeFileSync(join(root, "OS79XX.TXT"), "P003-8-12-00");
  writeFileSync(join(root, "SIPDefault.cnf"), "x".repeat(5000));
  writeFileSync(join(root, "Desktops", "Logo.png"), "png");
  site = await openSiteFiles(root);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function textOf(name: string): Promise<string | undefined> {
  const image = await site.find(name);
  if (image === undefined) return undefined;
  const text = Buffer.from(await image.read(0, 1e6)).toString("latin1");
  await image.close();
  return text;
}

test("a file is found by its exact name, with the prefixes that phones put before it", async () => {
  for (const name of ["OS79XX.TXT", "/OS79XX.TXT", "./OS79XX.TXT", ".\\OS79XX.TXT", "\\OS79XX.TXT", "//OS79XX.TXT"]) {
    expect(await textOf(name), name).toBe("P003-8-12-00");
  }
  expect(await textOf("Desktops/Logo.png")).toBe("png");
  expect(await textOf("desktops/LOGO.PNG")).toBe("png");
});

test("T167 an exact name comes first, then any letter case when exactly one file fits", async () => {
  expect(await textOf("os79xx.txt")).toBe("P003-8-12-00");
  writeFileSync(join(root, "os79xx.txt"), "lower");
  writeFileSync(join(root, "Os79xx.Txt"), "mixed");
  expect(await textOf("OS79XX.TXT")).toBe("P003-8-12-00");
  expect(await textOf("os79xx.txt")).toBe("lower");
  expect(await textOf("oS79XX.tXT")).toBeUndefined();
});

test("a file that is added, replaced or removed is seen at the next request", async () => {
  for (let round = 0; round < 20; round++) {
    expect(await textOf("new.cnf")).toBeUndefined();
    writeFileSync(join(root, "new.cnf"), `round ${round}`);
    expect(await textOf("NEW.CNF")).toBe(`round ${round}`);
    rmSync(join(root, "new.cnf"));
  }
});

test.each([
  "T150 ../secret",
  "T150 ../../etc/passwd",
  "T150 Desktops/../../secret",
  "T150 ./../secret",
  "T150 ....//secret",
  "T150 ..;/secret",
  "T150 Desktops/../OS79XX.TXT",
  "T151 /etc/passwd",
  "T151 //etc/passwd",
  "T151 /./etc/passwd",
  "T153 ..\\secret",
  "T153 Desktops\\..\\..\\secret",
  "T153 \\\\host\\share\\x",
  "T153 C:\\secret",
  "T154 OS79XX.TXT\0.bin",
  "T155 %2e%2e%2fsecret",
  "T155 OS79XX%00.TXT",
  "T156 \ufffd\ufffd/secret",
  "T156 \ud800",
  "T161 CON",
  "T161 nul.txt",
  "T162 OS79XX.TXT.",
  "T162 OS79XX.TXT ",
  "T163 OS79XX.TXT::$DATA",
  "T164 OS79XX.TXT\n",
  "T164 \u001b[2J",
  "T165 \u202eTXT.XX97SO",
  "T165 OS79XX\u200b.TXT",
  "T165 O\u017f79XX.TXT",
  "T169 a folder",
  "T170 *",
  "T170 OS79XX.*",
  "T170 [O]S79XX.TXT",
])("%s is not found", async (test) => {
  expect(await site.find(test.slice(5))).toBeUndefined();
});

test("T169 the root, a folder, an empty name, 4,000 octets and 10,000 parts are not found", async () => {
  for (const name of ["", "/", ".", "Desktops", "Desktops/", "OS79XX.TXT/", "a".repeat(4000), "a/".repeat(10_000)]) {
    expect(await site.find(name)).toBeUndefined();
  }
});

test("T166 a latin-1 file name and an NFD one are distinct names that nothing else matches", async () => {
  writeFileSync(Buffer.concat([Buffer.from(`${root}/caf`), Buffer.from([0xe9])]), "latin-1");
  writeFileSync(join(root, "cafe\u0301"), "NFD");
  expect(await textOf("caf\u00e9")).toBeUndefined();
  expect(await textOf("caf\ufffd")).toBeUndefined();
  expect(await textOf("cafe\u0301")).toBe("NFD");
});

test("T168 a name with spaces is found", async () => {
  writeFileSync(join(root, "Ring Tone 1.pcm"), "ring");
  expect(await textOf("Ring Tone 1.pcm")).toBe("ring");
});

test("T157 a link that leads out of the root is refused, T158 one that stays inside is followed", async () => {
  symlinkSync("/etc/passwd", join(root, "passwd"));
  symlinkSync("../secret", join(root, "secret"));
  symlinkSync("..", join(root, "up"));
  symlinkSync("OS79XX.TXT", join(root, "link.txt"));
  symlinkSync(join(root, "Desktops"), join(root, "pictures"));
  symlinkSync("loop", join(root, "loop"));
  symlinkSync(`${root}-other`, join(root, "beside"));
  mkdirSync(`${root}-other`);
  writeFileSync(join(`${root}-other`, "x"), "beside");
  for (const name of ["passwd", "secret", "up/secret", "up/tftpboot/OS79XX.TXT", "loop", "beside/x"]) {
    expect(await textOf(name), name).toBeUndefined();
  }
  expect(await textOf("link.txt")).toBe("P003-8-12-00");
  expect(await textOf("pictures/Logo.png")).toBe("png");
});

test("T028 a FIFO, a socket and a device are not found, at once, 64 times over", async () => {
  execFileSync("bash", ["-c", 'mkfifo "$0"', join(root, "fifo")]);
  const server = createServer().listen(join(root, "socket"));
  await once(server, "listening");
  symlinkSync("/dev/zero", join(root, "zero"));
  symlinkSync("/proc/self/status", join(root, "status"));
  const began = performance.now();
  const found = await Promise.all(
    Array.from({ length: 64 }, (_, i) => site.find(["fifo", "zero", "status", "socket"][i % 4] as string)),
  );
  expect(found.every((image) => image === undefined)).toBe(true);
  expect(await textOf("OS79XX.TXT")).toBe("P003-8-12-00");
  expect(performance.now() - began).toBeLessThan(2000);
  server.close();
});

test("T160 a folder that becomes a link to the outside while it is asked for lets nothing out", async () => {
  mkdirSync(join(root, "flip"));
  writeFileSync(join(root, "flip", "secret"), "inside");
  let flips = 0;
  let stop = false;
  const flipper = (async () => {
    while (!stop) {
      renameSync(join(root, "flip"), join(root, "flop"));
      symlinkSync("..", join(root, "flip"));
      await new Promise(setImmediate);
      rmSync(join(root, "flip"));
      renameSync(join(root, "flop"), join(root, "flip"));
      await new Promise(setImmediate);
      flips++;
    }
  })();
  for (let round = 0; round < 300; round++) {
    expect([undefined, "inside"]).toContain(await textOf("flip/secret"));
  }
  stop = true;
  await flipper;
  expect(flips).toBeGreaterThan(10);
});

test("T029 a file that loses its end while it is read ends in an error and never in a short block", async () => {
  const image = await site.find("SIPDefault.cnf");
  expect((await image!.read(4608, 512)).length).toBe(392);
  truncateSync(join(root, "SIPDefault.cnf"), 4700);
  await expect(image!.read(4608, 512)).rejects.toThrow();
  await expect(image!.read(0, 512)).rejects.toThrow(/changed/);
  await image!.close();
});

test("a file that is written to while it is read ends in an error; one that is replaced is read to its old end", async () => {
  const written = await site.find("SIPDefault.cnf");
  const replaced = await site.find("OS79XX.TXT");
  appendFileSync(join(root, "SIPDefault.cnf"), "more");
  writeFileSync(join(root, "fresh"), "another");
  await new Promise((resolve) => setTimeout(resolve, 20));
  await expect(written!.read(0, 512)).rejects.toThrow(/changed/);
  expect((await replaced!.read(0, 512)).length).toBe(12);
  await written!.close();
  await replaced!.close();
});

test("the key stays while the file does and changes with its content", async () => {
  const keyOf = async () => {
    const image = await site.find("OS79XX.TXT");
    await image!.close();
    return image!.key;
  };
  const before = await keyOf();
  expect(await keyOf()).toBe(before);
  await new Promise((resolve) => setTimeout(resolve, 20));
  writeFileSync(join(root, "OS79XX.TXT"), "P003-8-11-00");
  expect(await keyOf()).not.toBe(before);
});

test("a thousand readers of one file share one descriptor, and closing twice takes nothing from another", async () => {
  const before = readdirSync("/proc/self/fd").length;
  const images = await Promise.all(Array.from({ length: 1000 }, () => site.find("SIPDefault.cnf")));
  expect(readdirSync("/proc/self/fd").length - before).toBeLessThan(5);
  await images[0]!.close();
  await images[0]!.close();
  await expect(images[0]!.read(0, 1)).rejects.toThrow(/closed/);
  expect((await images[1]!.read(0, 10)).length).toBe(10);
  await Promise.all(images.map((image) => image!.close()));
  expect(readdirSync("/proc/self/fd").length - before).toBeLessThan(2);
});

test("R52 no name, whatever it is made of, opens anything outside the root", async () => {
  const part = fc.oneof(
    fc.constantFrom(
      "..",
      ".",
      "",
      "/",
      "\\",
      "secret",
      "Desktops",
      "OS79XX.TXT",
      "etc",
      "passwd",
      "\0",
      "%2e%2e",
      "C:",
    ),
    fc.string({ unit: "binary", maxLength: 8 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 6 }), fc.constantFrom("/", "\\", "//", ""), async (parts, glue) => {
      expect([undefined, "P003-8-12-00", "png"]).toContain(await textOf(parts.join(glue)));
    }),
    { numRuns: 500 },
  );
});

test("a root that is not there is named with its remedy", async () => {
  await expect(openSiteFiles(join(folder, "nowhere"))).rejects.toMatchObject({
    name: "SiteFilesError",
    code: "E_TFTP_ROOT",
    message: expect.stringMatching(/nowhere.*Create it/),
  });
  await expect(openSiteFiles(join(folder, "secret"))).rejects.toMatchObject({ code: "E_TFTP_ROOT" });
});
