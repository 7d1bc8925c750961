import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planHtml } from "../../src/migration/plan-document-html.ts";
import { loadKnowledge, planFor } from "../../src/server/knowledge.ts";
import { settingOf } from "../../src/server/plan-report.ts";

// The technician's paper as headless Chromium lays it out and prints it (issue 4): poppler reads the printed pages, zbar
// the codes on them.

const golden = join(import.meta.dirname, "../golden/plans/paper");
const page = "http://192.0.2.10:8080/phones/00:0e:84:c0:60:a6";
const papers = [
  ["7960", "P00303010102", "sip"],
  ["7961", "SCCP41.8-3-1S", "sip"],
  ["7970", "unknown", "sip"],
  ["7912", "unknown", "sip"],
  ["6941", "SIP69xx.9-4-1-3", "sip"],
  ["8945", "SIP894x.9-4-2SR2-2", "sip"],
  ["SPIP301", "unknown", "sip"],
  ["SPIP650", "SPIP650.3.2.7.0198", "sip"],
  ["SSIP7000", "SSIP7000.3.2.7.0198", "sip"],
  ["VVX400", "VVX400.5.5.2.8571", "sip"],
] as const;

interface Paper {
  readonly model: string;
  readonly stages: number;
  readonly html: string;
  readonly file: string;
}

/** One box of the layout, in millimetres from the top left of the document; `below` the top of its own page. */
interface Box {
  readonly page: number;
  readonly below: number;
  readonly tag: string;
  readonly depth: number;
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

const needed = {
  chromium: "chromium",
  pdfinfo: "poppler-utils",
  pdftotext: "poppler-utils",
  pdftoppm: "poppler-utils",
  zbarimg: "zbar-tools",
  "fc-match": "fontconfig",
};
const made: Paper[] = [];
let folder = "";
const asked: string[] = [];
const watcher = createServer((request, response) => {
  asked.push(request.url ?? "");
  response.end();
}).on("connect", (request, socket) => {
  asked.push(request.url ?? "");
  socket.destroy();
});

beforeAll(async () => {
  const missing = Object.entries(needed).filter(([program]) => spawnSync("which", [program]).status !== 0);
  if (missing.length > 0)
    throw new Error(
      `missing: ${missing.map(([program]) => program).join(", ")}; apt-get install ${[...new Set(missing.map(([, name]) => name))].join(" ")}`,
    );
  const font = execFileSync("fc-match", ["-f", "%{family}", "Liberation Sans"], { encoding: "utf8" });
  if (!font.includes("Liberation Sans")) throw new Error(`missing: Liberation Sans; apt-get install fonts-liberation`);
  folder = mkdtempSync(join(tmpdir(), "provision-paper-"));
  await new Promise<void>((resolve) => watcher.listen(0, "127.0.0.1", resolve));
  const known = await loadKnowledge();
  const vault = {
    image: async () => undefined,
    missing: async (_f: string, _l: string, files: readonly string[]) => files,
  };
  for (const [model, from, to] of papers) {
    const { planned } = planFor(known, { model, from, to, policy: "strict" });
    if (planned.kind !== "plan") throw new Error(`${model}: ${planned.kind}`);
    const setting = await settingOf(known, vault, model, planned);
    const html = planHtml(planned, { ...setting, phone: { mac: "00:0e:84:c0:60:a6", page } });
    const file = join(folder, `${model}.html`);
    writeFileSync(file, html);
    made.push({ model, stages: planned.plan.stages.length, html, file });
  }
});

afterAll(() => {
  watcher.close();
  if (folder !== "") rmSync(folder, { recursive: true, force: true });
});

describe.each(papers.map(([model]) => model))("the paper of a %s", (model) => {
  test("prints on A4, one page for each stage, nothing over the edge of a page, and a code on each that leads to the phone", async () => {
    const { stages, file } = paperOf(model);
    const pdf = join(folder, `${model}.pdf`);
    await chromium(`--print-to-pdf=${pdf}`, "--no-pdf-header-footer", pathToFileURL(file).href);
    const said = execFileSync("pdfinfo", [pdf], { encoding: "utf8" });
    expect(said).toMatch(/Page size: +59[45]\.\d+ x 84[12]\.\d+ pts \(A4\)/);
    const printed = Number(/Pages: +(\d+)/.exec(said)?.[1]);

    const sheets = sheetsOf(pdf);
    expect(sheets).toHaveLength(printed);
    expect(sheets.map(({ words }) => startOf(words)).slice(0, 2 + stages)).toEqual([
      `${model}:`,
      ...Array.from({ length: stages }, (_, at) => `Stage ${at + 1} of ${stages}:`),
      `Everything a ${model}`,
    ]);
    for (const { width, height, words } of sheets)
      for (const word of words)
        expect(word.x0 > 25 && word.x1 < width - 25 && word.y0 > 15 && word.y1 < height - 15, word.text).toBe(true);

    execFileSync("pdftoppm", ["-r", "150", "-gray", "-png", "-l", String(1 + stages), pdf, join(folder, model)]);
    for (let at = 1; at <= 1 + stages; at++) {
      const picture = [`${model}-${at}.png`, `${model}-0${at}.png`].map((name) => join(folder, name)).find(existsSync);
      const read = execFileSync("zbarimg", ["--quiet", "--raw", picture ?? ""], {
        encoding: "utf8",
        // It looks for a desktop to talk to, and says on standard error that there is none.
        stdio: ["ignore", "pipe", "ignore"],
      });
      expect(read.trim()).toBe(page);
    }
  });

  test("has no element over another or beside its page, boxes to tick, and the structure that was reviewed", async () => {
    const boxes = await boxesOf(paperOf(model));
    expect(overlapping(boxes)).toEqual([]);
    for (const { x, w, text } of boxes) expect(x >= -0.1 && x + w <= 181.2, text).toBe(true);
    const file = join(golden, `${model}.txt`);
    const now = boxes.map(line).join("\n").concat("\n");
    if (process.env.UPDATE_GOLDEN === "1") {
      mkdirSync(golden, { recursive: true });
      writeFileSync(file, now);
    }
    expect(differences(readFileSync(file, "utf8"), now)).toEqual([]);
  });
});

test("an overlap, and a box in another place, would be seen", async () => {
  const broken = paperOf("7912").html.replace("</h1>", "</h1><p style='margin:-9mm 0 0 3mm'>Over the heading</p>");
  const file = join(folder, "broken.html");
  writeFileSync(file, broken);
  const boxes = await boxesOf({ model: "broken", stages: 1, html: broken, file });
  expect(overlapping(boxes).join()).toContain("Over the heading");
  expect(differences(readFileSync(join(golden, "7912.txt"), "utf8"), boxes.map(line).join("\n"))).not.toEqual([]);
});

test("the boxes of every stage can be ticked: as many squares are printed as there are things to do and to see", () => {
  for (const { html } of made) {
    const stage = html.split('<section class="page">')[2] ?? "";
    expect(stage.match(/<ul class="tick/g)).toHaveLength(2);
    expect((stage.match(/<ul class="tick.*?<\/ul>/gs) ?? []).join().match(/<li>/g)?.length).toBeGreaterThan(3);
  }
});

test("laying out and printing all of them has asked nobody for anything", async () => {
  expect(asked.filter(bySomebody)).toEqual([]);
  const telling = join(folder, "telling.html");
  writeFileSync(telling, `${made[0]?.html}<img src="http://192.0.2.10/picture.png">`);
  await chromium("--dump-dom", pathToFileURL(telling).href);
  expect(asked.filter(bySomebody)).toEqual(["http://192.0.2.10/picture.png"]);
});

/** Whether a page asked for it. A browser asks its maker for news at every start, whatever it is told. */
function bySomebody(url: string): boolean {
  return !/(?:google|googleapis|gstatic)\.com\b/.test(url);
}

function paperOf(model: string): Paper {
  const paper = made.find((one) => one.model === model);
  if (paper === undefined) throw new Error(model);
  return paper;
}

/** What keeps Chromium quiet on a machine without a screen and without a network. */
function flags(): readonly string[] {
  return [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--window-size=1000,1400",
    // Whatever a page asks for is asked of this test: nothing leaves loopback, and nothing stays unseen.
    `--proxy-server=http://127.0.0.1:${(watcher.address() as AddressInfo).port}`,
    "--proxy-bypass-list=<-loopback>",
    `--user-data-dir=${mkdtempSync(join(folder, "profile-"))}`,
  ];
}

/** Runs Chromium to its end and returns what it printed. */
async function chromium(...words: readonly string[]): Promise<string> {
  const child = spawn("chromium", [...flags(), ...words], { stdio: ["ignore", "pipe", "ignore"] });
  const pieces: Buffer[] = [];
  child.stdout.on("data", (piece: Buffer) => pieces.push(piece));
  await new Promise((resolve) => child.once("close", resolve));
  return Buffer.concat(pieces).toString("utf8");
}

interface Word {
  readonly text: string;
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** The printed pages, in points, word by word in reading order. */
function sheetsOf(pdf: string): readonly { width: number; height: number; words: readonly Word[] }[] {
  const text = execFileSync("pdftotext", ["-bbox", pdf, "-"], { encoding: "utf8", maxBuffer: 64 << 20 });
  return [...text.matchAll(/<page width="([\d.]+)" height="([\d.]+)">(.*?)<\/page>/gs)].map(
    ([, width, height, inside]) => ({
      width: Number(width),
      height: Number(height),
      words: [
        ...(inside ?? "").matchAll(
          /<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)<\/word>/g,
        ),
      ].map(([, x0, y0, x1, y1, word]) => ({
        text: word ?? "",
        x0: Number(x0),
        y0: Number(y0),
        x1: Number(x1),
        y1: Number(y1),
      })),
    }),
  );
}

function startOf(words: readonly Word[]): string {
  const text = words
    .slice(0, 4)
    .map((word) => word.text)
    .join(" ");
  return /^(?:Stage \d+ of \d+:|Everything a \S+|\S+)/.exec(text)?.[0] ?? "";
}

/** The layout, measured by a script that stands in the copy alone. */
async function boxesOf({ html, file }: Paper): Promise<readonly Box[]> {
  const measuring = `${file}.measured.html`;
  const script = `<script>
    const mm = 25.4 / 96, left = document.body.getBoundingClientRect().left;
    const boxes = [], pages = [...document.querySelectorAll("section.page")];
    (function walk(element, depth) {
      for (const child of element.children) {
        const { x, y, width, height } = child.getBoundingClientRect();
        // Words within a line are no boxes of the layout, and their outline may span lines.
        if (["SCRIPT", "STYLE", "CODE", "B", "BR", "COLGROUP"].includes(child.tagName)) continue;
        const words = [...child.childNodes].some((n) => n.nodeType === 3 && n.data.trim() !== "");
        if (words || ["svg", "TD", "TH", "LI", "P"].includes(child.tagName))
          boxes.push({ page: 1 + pages.indexOf(child.closest("section.page")), below: (y - child.closest("section.page").getBoundingClientRect().y) * mm, tag: child.tagName.toLowerCase(), depth, text: child.textContent.trim().replace(/\\s+/g, " ").slice(0, 40),
            x: (x - left) * mm, y: (y + scrollY) * mm, w: width * mm, h: height * mm });
        if (child.tagName !== "svg") walk(child, depth + 1);
      }
    })(document.body, 0);
    document.body.innerHTML = "";
    document.body.append(Object.assign(document.createElement("pre"), { textContent: JSON.stringify(boxes) }));
  </script>`;
  writeFileSync(measuring, html.replace("</body>", `${script}</body>`));
  const dom = await chromium("--dump-dom", pathToFileURL(measuring).href);
  const json = /<pre>(.*)<\/pre>/s.exec(dom)?.[1] ?? "";
  return JSON.parse(json.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&"));
}

/** Boxes that share ground though neither holds the other. Tenths of a millimetre are rounding. */
function overlapping(boxes: readonly Box[]): readonly string[] {
  const found: string[] = [];
  const slack = 0.2;
  for (const [at, a] of boxes.entries()) {
    for (const b of boxes.slice(at + 1)) {
      const across = Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x);
      const down = Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y);
      if (across > slack && down > slack && !(b.depth > a.depth && inside(a, b)))
        found.push(`${a.tag} "${a.text}" and ${b.tag} "${b.text}"`);
    }
  }
  return found;
}

function inside(outer: Box, inner: Box): boolean {
  const slack = 0.2;
  return (
    inner.x >= outer.x - slack &&
    inner.y >= outer.y - slack &&
    inner.x + inner.w <= outer.x + outer.w + slack &&
    inner.y + inner.h <= outer.y + outer.h + slack
  );
}

function line({ tag, page, x, below, w, h, text }: Box): string {
  return [tag.padEnd(4), ...[page, x, below, w, h].map((n) => n.toFixed(1).padStart(7)), text].join(" ");
}

/** Lines of the layout that moved by more than two millimetres, or are not the same element. */
function differences(before: string, now: string): readonly string[] {
  const read = (text: string) =>
    text
      .trim()
      .split("\n")
      .map((row) => ({
        tag: row.slice(0, 4),
        places: row.slice(4, 45).trim().split(/\s+/).map(Number),
        text: row.slice(45),
      }));
  const [old, fresh] = [read(before), read(now)];
  if (old.length !== fresh.length) return [`${old.length} boxes before, ${fresh.length} now`];
  return old.flatMap((box, at) => {
    const other = fresh[at];
    const moved = box.places.some((place, i) => Math.abs(place - (other?.places[i] ?? Number.NaN)) > 2);
    return moved || box.tag !== other?.tag || box.text !== other.text
      ? [`${box.tag} ${box.places} ${box.text} is ${other?.tag} ${other?.places} ${other?.text}`]
      : [];
  });
}
