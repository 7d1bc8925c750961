import { expect, test } from "vitest";
import type { Phone } from "../../src/phones/phone.ts";
import { createFileDesk } from "../../src/provision/answer-file.ts";
import type { BootFile, Note } from "../../src/provision/ports.ts";
import { createTracker } from "../../src/provision/tracker.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { createWorld, enrolAll, fullVault, knowledge, plannerOf, renderer, site, siteFilesOf } from "../boot/world.ts";

const IP = "192.0.2.77" as Ipv4;

async function deskFor(phone: Phone, written: Readonly<Record<string, string>> = {}) {
  const store = createMemoryStore();
  await store.putPhones([phone]);
  const tracker = await createTracker(store, knowledge);
  const notes: Note[] = [];
  const octets = new Map(Object.entries(written).map(([name, text]) => [name, new TextEncoder().encode(text)]));
  const desk = createFileDesk({
    store,
    tracker,
    knowledge,
    site,
    groups: [],
    renderer,
    vault: fullVault(),
    siteFiles: siteFilesOf(new Map()),
    uploaded: siteFilesOf(octets),
    around: { leaseHolder: () => phone.mac, neighbour: () => undefined },
    note: (note) => void notes.push(note),
  });
  const ask = (filename: string) => desk.answer({ by: "tftp", filename, ip: IP, at: 1 });
  return { ask, notes };
}

async function textOf(file: BootFile): Promise<string> {
  if (file.is === "refused") return file.why;
  const octets = file.is === "rendered" ? file.octets : await file.image.read(0, file.image.size);
  return new TextDecoder().decode(octets);
}

const polycom: Phone = {
  mac: "0004f2abcdef" as Mac,
  model: "SPIP650",
  running: "SPIP650.4.0.15.1009",
  lines: [{ name: "501" }],
  settings: { speed1: "300", phone_label: "Hall" },
};

test("a Polycom phone gets its speed dials, and from then on the directory that it has written itself", async () => {
  const { ask } = await deskFor(polycom);
  expect(await textOf(await ask("0004f2abcdef-directory.xml"))).toContain("<ct>300</ct>");
  const edited = await deskFor(polycom, { "0004f2abcdef-directory.xml": "<directory/>" });
  expect(await textOf(await edited.ask("0004f2abcdef-directory.xml"))).toBe("<directory/>");
});

test("a phone without speed dials hears that there is no directory, so that it keeps its own", async () => {
  const { ask, notes } = await deskFor({ ...polycom, settings: {} });
  expect(await textOf(await ask("0004f2abcdef-directory.xml"))).toBe("not-found");
  expect(notes).toEqual([]);
});

test("a setting that a file cannot carry is told once, however often the phone asks", async () => {
  const { ask, notes } = await deskFor(polycom);
  for (let boot = 0; boot < 3; boot++) await ask("site.cfg");
  expect(notes).toHaveLength(1);
  expect(notes[0]).toMatchObject({ event: "file.noted", mac: "0004f2abcdef" });
  expect(notes[0]?.detail).toContain("phone_label");
});

test("a Java phone that stays gets soft keys and rings where they are set", async () => {
  const java: Phone = {
    mac: "001b2a893698" as Mac,
    model: "7961",
    running: "SIP41.9-4-2SR3-1S",
    lines: [{ name: "201" }],
    settings: { soft_keys: "On Hook=NewCall Redial", ring_list: "Bell=bell.raw" },
  };
  const { ask } = await deskFor(java);
  expect(await textOf(await ask("SEP001B2A893698.cnf.xml"))).toContain("<softKeyFile>softkeys.xml</softKeyFile>");
  expect(await textOf(await ask("softkeys.xml"))).toContain('<softKeySet id="On Hook">');
  expect(await textOf(await ask("Ringlist.xml"))).toContain("<FileName>bell.raw</FileName>");
});

test("while a phone moves, its site's own dial plan and rings go on until a setting asks for others", async () => {
  const mac = "000e84c060a6" as Mac;
  const files = new Map(
    ["dialplan.xml", "RINGLIST.DAT"].map((name) => [name, new TextEncoder().encode(`the site's ${name}`)]),
  );
  const world = await createWorld({ siteFiles: files });
  const route = plannerOf()("P0S3-07-4-00", "P0S3-8-12-00");
  if (route.kind !== "plan") throw new Error(route.kind);
  await enrolAll(world, [mac], route.plan);
  const ask = async (filename: string) => textOf(await world.desk.answer({ by: "tftp", filename, ip: IP, at: 1 }));
  // Where nobody else knows the address, it is the phone's that names its MAC from there.
  expect(await ask("SIP000E84C060A6.cnf")).toContain("image_version");
  expect(await ask("dialplan.xml")).toBe("the site's dialplan.xml");
  expect(await ask("RINGLIST.DAT")).toBe("the site's RINGLIST.DAT");
  const phone = await world.store.phone(mac);
  if (phone === undefined) throw new Error("no phone");
  await world.store.putPhones([{ ...phone, settings: { dial_plan: "112 timeout=0", ring_list: "Bell=bell.pcm" } }]);
  expect(await ask("dialplan.xml")).toContain('MATCH="112"');
  expect(await ask("RINGLIST.DAT")).toBe("Bell\tbell.pcm\n");
});
