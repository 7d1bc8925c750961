import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSiteFiles } from "../../src/files/site-files.ts";
import type { OpenUdp } from "../../src/net/udp.ts";
import type { FileDesk } from "../../src/provision/ports.ts";
import { normalizeName } from "../../src/wire/file-name.ts";
import { decodeTftp } from "../../src/wire/tftp.ts";
import { type Served, serving, TRANSPORTS } from "./tftp-serving.ts";
import { rrq } from "./tftp-wire.ts";

const SECRET = "octets from outside the root";
const INSIDE = "octets from inside";
const latin = (text: string) => Array.from(new TextEncoder().encode(text), (o) => String.fromCharCode(o)).join("");

/** A folder with files, beside a folder whose files nobody may have, served as a site's own files are. */
async function withRoot(
  open: () => Promise<OpenUdp>,
  body: (served: Served, root: string) => Promise<void>,
): Promise<void> {
  const place = await mkdtemp(join(tmpdir(), "provision-tftp-"));
  const root = join(place, "root");
  await mkdir(join(root, "sub"), { recursive: true });
  await writeFile(join(place, "x"), SECRET);
  await writeFile(join(root, "inside"), INSIDE);
  await writeFile(join(root, "sub", "deep"), INSIDE);
  const site = await openSiteFiles(root);
  const desk: FileDesk = {
    async answer({ filename }) {
      const image = await site.find(filename);
      return image ? { is: "image", image } : { is: "refused", why: "not-found", because: "no such file" };
    },
    delivered() {},
  };
  try {
    await serving(open, {}, (served) => body(served, root), { desk });
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** The text of the file's first block, or `ERROR n`. */
async function answer(served: Served, name: string): Promise<string> {
  const wire = await served.wire();
  wire.send(served.port, rrq(name));
  const packet = await wire.packet();
  if (packet.op === "ERROR") return `ERROR ${packet.code}`;
  const text = packet.op === "DATA" ? Buffer.from(packet.octets).toString() : packet.op;
  wire.send(packet.port, { op: "ERROR", code: 0, message: "" });
  return text;
}

describe.each(TRANSPORTS)("names, over %s", { concurrent: true }, (_kind, open) => {
  const refuses = (...names: string[]) =>
    withRoot(open, async (served) => {
      for (const name of names) expect(await answer(served, name), JSON.stringify(name)).toBe("ERROR 1");
    });
  const serves = (...names: string[]) =>
    withRoot(open, async (served) => {
      for (const name of names) expect(await answer(served, name), JSON.stringify(name)).toBe(INSIDE);
    });

  it("T150 dots that climb", () =>
    refuses("../x", "../../etc/passwd", "a/../../x", "./../x", "....//x", "..;/x", "sub/../../x", "sub/../inside"));

  it("T151 absolute names", () => refuses("/etc/passwd", "//etc/passwd", "/./etc/passwd"));

  it("T152 a slash before the name of a file that is there", () => serves("/inside", "./inside", "/sub/deep"));

  it("T153 backslashes, hosts and drives", async () => {
    await refuses("..\\x", "a\\..\\..\\x", "\\\\host\\share\\x", "C:\\x", "sub\\deep", "\\..\\x");
    await serves("\\inside", ".\\inside");
  });

  it("T154 a zero inside a name ends it, and the rest is no mode", () =>
    withRoot(open, async (served) => {
      const wire = await served.wire();
      wire.send(served.port, Buffer.from("\0\x01inside\0.txt\0octet\0", "latin1"));
      expect(await wire.packet()).toMatchObject({ op: "ERROR", code: 4 });
    }));

  it("T155 per cent escapes are letters like others", () =>
    refuses("%2e%2e%2fx", "inside%00", "%252e%252e%252fx", "%69nside"));

  it("T156 octets that are no UTF-8, or the long way round", () =>
    refuses("\xc0\xae\xc0\xae/x", "\xff\xfei\0n\0".replaceAll("\0", "\x01"), "\xed\xa0\x80", "\xe0\x80\xaf"));

  it("T157 a link that leads outside", () =>
    withRoot(open, async (served, root) => {
      await symlink("../x", join(root, "link"));
      await symlink("..", join(root, "up"));
      expect(await answer(served, "link")).toBe("ERROR 1");
      expect(await answer(served, "up/x")).toBe("ERROR 1");
    }));

  it("T158 a link that stays inside is followed", () =>
    withRoot(open, async (served, root) => {
      await symlink("sub/deep", join(root, "link"));
      expect(await answer(served, "link")).toBe(INSIDE);
    }));

  it("T159 a second name of a file outside cannot be told from a file", () =>
    withRoot(open, async (served, root) => {
      // Nobody can see where else a file has a name; who may link into the root may also copy into it (docs/tftp.md).
      execFileSync("ln", [join(root, "inside"), join(root, "twin")]);
      expect(await answer(served, "twin")).toBe(INSIDE);
    }));

  it("T160 a link that appears between look-up and opening never leads outside", () =>
    withRoot(open, async (served, root) => {
      await writeFile(join(root, "flip"), INSIDE);
      await symlink("../x", join(root, "other"));
      let flipping = true;
      const flips = (async () => {
        while (flipping) {
          await rename(join(root, "flip"), join(root, "kept"));
          await rename(join(root, "other"), join(root, "flip"));
          await rename(join(root, "flip"), join(root, "other"));
          await rename(join(root, "kept"), join(root, "flip"));
        }
      })();
      const seen = new Set<string>();
      for (let n = 0; n < 300; n++) seen.add(await answer(served, "flip"));
      flipping = false;
      await flips;
      expect(seen).not.toContain(SECRET);
    }));

  it("T161 names of DOS devices", () => refuses("CON", "AUX", "COM1", "nul.txt", "sub/prn"));

  it("T162 a dot or a blank at the end", () => refuses("inside.", "inside ", "sub./deep"));

  it("T163 a stream of a file", () => refuses("inside::$DATA", "inside:x"));

  it("T164 control characters are refused and do no harm where they are shown", () =>
    withRoot(open, async (served) => {
      for (const name of ["in\nside", "in\x1b[2Jside", "in\rside", "in\x7fside"]) {
        expect(await answer(served, name)).toBe("ERROR 1");
      }
      for (const event of served.events) {
        const line = JSON.stringify(event);
        for (const octet of "\n\r\x1b") expect(line.includes(octet)).toBe(false);
      }
    }));

  it("T165 signs that nobody sees make another name", () =>
    refuses(latin("in\u200bside"), latin("\u202einside"), latin("\ufeffinside")));

  it("T166 letters beyond ASCII are their own, composed or not", () =>
    withRoot(open, async (served, root) => {
      await writeFile(join(root, "caf\u00e9"), INSIDE);
      expect(await answer(served, latin("caf\u00e9"))).toBe(INSIDE);
      expect(await answer(served, latin("cafe\u0301"))).toBe("ERROR 1");
      expect(await answer(served, "caf\xe9")).toBe("ERROR 1");
    }));

  it("T167 the exact name first, then any case where only one file fits", () =>
    withRoot(open, async (served, root) => {
      expect(await answer(served, "INSIDE")).toBe(INSIDE);
      await writeFile(join(root, "Both"), "1");
      await writeFile(join(root, "bOTH"), "2");
      expect(await answer(served, "Both")).toBe("1");
      expect(await answer(served, "both")).toBe("ERROR 1");
    }));

  it("T168 blanks inside a name", () =>
    withRoot(open, async (served, root) => {
      await writeFile(join(root, "Leaf green.jpg"), INSIDE);
      expect(await answer(served, "Leaf green.jpg")).toBe(INSIDE);
    }));

  it("T169 very long names and very deep ones", () =>
    withRoot(open, async (served) => {
      expect(await answer(served, `${"d/".repeat(125)}x`)).toBe("ERROR 1");
      expect(await answer(served, `${"/".repeat(240)}inside`)).toBe(INSIDE);
      for (const octets of ["n".repeat(4096), "a/".repeat(10_000)]) {
        expect(await served.answers(Buffer.from(`\0\x01${octets}\0octet\0`), 200)).toEqual([]);
      }
    }));

  it("T170 signs of patterns are letters, and no name takes long to judge", async () => {
    await refuses("in*", "in?ide", "[i]nside", "{inside}", "(inside)", "inside$", "^inside", "in|inside");
    for (const piece of ["a", ".", "./", "aux.", "\xc3\xa9", "(a+)+", " "]) {
      const name = piece.repeat(512).slice(0, 255);
      const start = performance.now();
      for (let n = 0; n < 20; n++) normalizeName(name);
      expect((performance.now() - start) / 20).toBeLessThan(1);
    }
  });
});

describe.each(TRANSPORTS)("an answer about a name, over %s", (_kind, open) => {
  it("is the same whether the file is forbidden or missing", () =>
    withRoot(open, async (served) => {
      const answers = await Promise.all(
        ["../x", "missing", "CON", "in\nside"].map((name) => served.answers(rrq(name), 100)),
      );
      const texts = answers.map(([first]) => JSON.stringify(decodeTftp(first!.octets)));
      expect(new Set(texts).size).toBe(1);
    }));
});
