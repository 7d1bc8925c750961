import { execFileSync } from "node:child_process";
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AtOnce, type FolderAtOnce, lookAtOnce } from "../../src/files/at-once.ts";
import { openPinnedAtOnce } from "../../src/files/pinned-file.ts";
import { openSiteFiles } from "../../src/files/site-files.ts";
import type { SiteFiles } from "../../src/provision/ports.ts";

/** Where temporary files lie in an overlay, as in a container, memory is a local file system, too. */
const place = (await lookAtOnce(tmpdir())) === undefined ? "/dev/shm" : tmpdir();
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(place, "provision-at-once-"));
  mkdirSync(join(folder, "root", "Desktops"), { recursive: true });
  writeFileSync(join(folder, "secret"), "outside");
  writeFileSync(join(folder, "root", "OS79XX.TXT"), "P003-8-12-00");
  writeFileSync(join(folder, "root", "Desktops", "Logo.png"), "png");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function known(base: string): Promise<AtOnce> {
  const atOnce = await lookAtOnce(base);
  if (atOnce === undefined) throw new Error(`${base} lies on no local file system`);
  return atOnce;
}

describe("what the kernel has in memory", () => {
  it("is told as stat tells it, and opened", async () => {
    const root = join(folder, "root");
    const looked = (await known(root)).base();
    const { dev, ino, mtimeNs, ctimeNs } = statSync(root, { bigint: true });
    expect(looked?.found).toMatchObject({ isFile: false, dev, ino, mtimeNs, ctimeNs });
    const opened = looked?.open("OS79XX.TXT");
    const fd = opened?.fd ?? -1;
    const told = fstatSync(fd, { bigint: true });
    expect(opened?.found).toMatchObject({ isFile: true, dev: told.dev, ino: told.ino, size: 12n });
    expect(opened?.found).toMatchObject({ mtimeNs: told.mtimeNs, ctimeNs: told.ctimeNs });
    const octets = Buffer.alloc(20);
    expect(readSync(fd, octets)).toBe(12);
    expect(octets.toString("latin1", 0, 12)).toBe("P003-8-12-00");
    closeSync(fd);
    looked?.close();
  });

  it("is not what is no file of this very folder: links, FIFOs, devices, folders, other folders, other file systems", async () => {
    const root = join(folder, "root");
    symlinkSync(join(folder, "secret"), join(root, "link"));
    execFileSync("mkfifo", [join(root, "fifo")]);
    const looked = (await known(root)).base();
    for (const name of ["link", "fifo", "Desktops", "nothing", "", ".", "..", "../secret", "/etc/passwd"]) {
      expect(looked?.open(name), name).toBeUndefined();
    }
    looked?.close();
    symlinkSync(root, join(folder, "linked"));
    const above = (await known(folder)).base();
    for (const name of ["linked", "secret", "fifo", "nothing", "", "..", "../..", "/proc", "root/Desktops/../../.."])
      expect(above?.folder(name), name).toBeUndefined();
    above?.close();
  });

  it("is not asked for where the file system is no local one, or koffi does not load", async () => {
    expect(await lookAtOnce("/proc")).toBeUndefined();
    expect(await lookAtOnce(join(folder, "nothing"))).toBeUndefined();
    expect(await lookAtOnce(folder, () => Promise.reject(new Error("Cannot find package 'koffi'")))).toBeUndefined();
  });

  it("leaves no descriptor open", async () => {
    const atOnce = await known(folder);
    const next = () => {
      const fd = openSync("/dev/null", constants.O_RDONLY);
      closeSync(fd);
      return fd;
    };
    const before = next();
    for (let round = 0; round < 50; round++) {
      const base = atOnce.base();
      const looked = base?.folder("root");
      base?.close();
      expect(looked?.open("Desktops")).toBeUndefined();
      if (looked !== undefined) await openPinnedAtOnce(looked, "OS79XX.TXT")?.close();
      expect(looked?.folder("OS79XX.TXT")).toBeUndefined();
      looked?.close();
    }
    expect(next()).toBe(before);
  });
});

describe("a file that was opened at once", () => {
  it("is read to the end by whoever began before it was closed, and by nobody after", async () => {
    const path = join(folder, "root", "image.bin");
    writeFileSync(path, Buffer.alloc(3e6, 7));
    const base = (await known(folder)).base();
    const looked = base?.folder("root");
    base?.close();
    for (let round = 0; round < 20; round++) {
      const file = looked === undefined ? undefined : openPinnedAtOnce(looked, "image.bin");
      if (file === undefined) throw new Error("not opened");
      const reading = file.read(0, 3e6);
      await file.close();
      await file.close();
      // The number would be this file's, had it been given back.
      const other = openSync(join(folder, "secret"), constants.O_RDONLY);
      expect((await reading).every((octet) => octet === 7)).toBe(true);
      closeSync(other);
      await expect(file.read(0, 1)).rejects.toThrow("closed");
      await expect(file.stampNow()).rejects.toThrow("closed");
    }
    looked?.close();
  });
});

describe("a site's files, with and without looks at once", () => {
  async function answers(site: SiteFiles, names: readonly string[]): Promise<Record<string, string | undefined>> {
    const all: Record<string, string | undefined> = {};
    for (const name of names) {
      const image = await site.find(name);
      all[name] = image && `${image.name} ${image.key} ${Buffer.from(await image.read(0, 100)).toString("latin1")}`;
      await image?.close();
    }
    return all;
  }

  it("are the same ones, whatever the names and whatever happens to the folder", async () => {
    const root = join(folder, "root");
    const inside = join(root, "Desktops", "320x212x12");
    mkdirSync(inside);
    writeFileSync(join(inside, "List.xml"), "<list/>");
    writeFileSync(join(root, "Same.cnf"), "one");
    writeFileSync(join(root, "same.cnf"), "two");
    symlinkSync("OS79XX.TXT", join(root, "inner"));
    symlinkSync(join(folder, "secret"), join(root, "outer"));
    symlinkSync("Desktops", join(root, "Linked"));
    execFileSync("mkfifo", [join(root, "fifo")]);
    const names = [
      ...["OS79XX.TXT", "os79xx.txt", "/OS79XX.TXT", "Same.cnf", "same.cnf", "SAME.CNF", "nothing", "fifo", "inner"],
      ...["outer", "Desktops", "Desktops/Logo.png", "desktops/LOGO.PNG", "Desktops/320x212x12/List.xml", "../secret"],
      ...["Linked/Logo.png", "Desktops/nothing/List.xml", "OS79XX.TXT/more", "moved/Logo.png", "late.cnf"],
    ];
    let found = 0;
    const look = async (base: string) => {
      const atOnce = await lookAtOnce(base);
      const counting = (looked: FolderAtOnce | undefined): FolderAtOnce | undefined =>
        looked && {
          ...looked,
          folder: (name) => counting(looked.folder(name)),
          open(name) {
            const opened = looked.open(name);
            if (opened !== undefined) found++;
            return opened;
          },
        };
      return atOnce && { base: () => counting(atOnce.base()) };
    };
    const quick = await openSiteFiles(root, look);
    const slow = await openSiteFiles(root, async () => undefined);
    const changes = [
      () => {},
      () => writeFileSync(join(root, "late.cnf"), "late"),
      () => writeFileSync(join(root, "OS79XX.TXT"), "P0S3-8-12-00"),
      () => renameSync(join(root, "Desktops"), join(root, "moved")),
      () => symlinkSync(folder, join(root, "Desktops")),
      () => writeFileSync(join(folder, "Logo.png"), "outside"),
      () => rmSync(join(root, "same.cnf")),
      () => renameSync(root, join(folder, "elsewhere")),
      () => mkdirSync(root),
      () => writeFileSync(join(root, "OS79XX.TXT"), "a new folder under the old name"),
    ];
    for (const [at, change] of changes.entries()) {
      change();
      // At once, when no listing of the changed folder may be kept; then again when it is, twice for its first listing.
      for (const pause of [0, 150, 0]) {
        await new Promise((later) => setTimeout(later, pause));
        expect(await answers(quick, names), `after change ${at}`).toEqual(await answers(slow, names));
      }
    }
    expect(found).toBeGreaterThan(100);
  });

  it("are looked for once by all who ask in the same instant, and again by who asks later", async () => {
    const root = join(folder, "root");
    let looks = 0;
    const look = async (base: string) => {
      const atOnce = await lookAtOnce(base);
      return (
        atOnce && {
          base() {
            looks++;
            return atOnce.base();
          },
        }
      );
    };
    const site = await openSiteFiles(root, look);
    for (let round = 1; round <= 3; round++) {
      const images = await Promise.all(Array.from({ length: 100 }, () => site.find("OS79XX.TXT")));
      expect(images.map((image) => image?.size)).toEqual(Array(100).fill(12));
      expect(looks).toBe(round);
      for (const image of images) await image?.close();
    }
  });
});
