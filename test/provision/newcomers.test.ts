import { beforeEach, expect, test } from "vitest";
import type { MigrationRule } from "../../src/migration/rules.ts";
import { identifyVendorClass } from "../../src/phones/vendor-class.ts";
import { createEvidence } from "../../src/provision/evidence.ts";
import { createNewcomers } from "../../src/provision/newcomers.ts";
import type { Note } from "../../src/provision/ports.ts";
import { createTracker, type Tracker } from "../../src/provision/tracker.ts";
import { createPlanner, planUnderRule } from "../../src/server/knowledge.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/store.ts";
import type { Ipv4, Mac } from "../../src/wire/address.ts";
import { fullVault, knowledge, siteFilesOf } from "../boot/world.ts";

const mac = "000e84c060a6" as Mac;
const who = (at: number, of = mac) => ({ mac: of, ip: "192.0.2.50" as Ipv4, at });
const rule: MigrationRule = {
  name: "all-7960",
  select: { model: "7960" },
  target: "sip",
  policy: "strict",
  acceptOneWay: true,
  auto: true,
  wave: 2,
};
const known = { ...knowledge, remedies: () => undefined };
const day = 86_400_000;

let store: Store;
let tracker: Tracker;
let notes: Note[];
/** The models of phones that were to go. */
let tried: string[];

beforeEach(async () => {
  store = createMemoryStore();
  tracker = await createTracker(store, knowledge);
  notes = [];
  tried = [];
});

function newcomers(rules: readonly MigrationRule[], vault = fullVault()) {
  return createNewcomers({
    store,
    tracker,
    vault,
    siteFiles: siteFilesOf(new Map()),
    rules,
    families: knowledge.families,
    plan: (phone, one) => {
      tried.push(phone.model);
      return planUnderRule(createPlanner(known), phone, one);
    },
    note: (note) => notes.push(note),
  });
}

/** A name that only phones of its family ask for. */
const telling = "SIP000E84C060A6.cnf";

test("a phone that is seen for the first time goes where the rule says once its word and its files agree", async () => {
  const evidence = createEvidence({ store, tracker, note: (n) => notes.push(n), newcomers: newcomers([rule]) });
  const because = { reason: "", source: "", grade: "A" } as const;
  await evidence.dhcp({ vendor: "cisco", by: "option 60", model: "7960", because }, who(1));
  await evidence.seen(who(1), "CTLSEP000E84C060A6.tlv");
  expect(tracker.all()).toEqual([]);
  await evidence.seen(who(1), telling);
  expect(tracker.of(mac)?.migration).toMatchObject({ model: "7960", job: "rule-all-7960", wave: 1 });
  expect((await store.phone(mac))?.model).toBe("7960");
  expect(notes.at(-1)).toMatchObject({ event: "migration.enrolled" });
});

test.each<[string, Partial<MigrationRule>, string | undefined]>([
  ["the rule does not work by itself", { auto: false }, "7960"],
  ["nobody knows its model", {}, undefined],
  ["another model is selected", { select: { model: "7961" } }, "7960"],
  ["a step has no way back and the rule does not accept that", { acceptOneWay: false }, "7960"],
  ["the target is no release", { target: "P0S3-99" }, "7960"],
])("it stays where it is when %s", async (_, change, model) => {
  await newcomers([{ ...rule, ...change }]).seen(who(1), model, telling);
  expect(tracker.all()).toEqual([]);
  expect(await store.phones()).toEqual([]);
});

test("a phone of a standing site, one that was cancelled and one that calls itself another model stay", async () => {
  await store.putSighting({ ...who(1), by: "tftp", evidence: "asked" });
  await newcomers([rule]).seen(who(2 * day), "7960", telling);
  expect(tracker.all()).toEqual([]);

  const other = "000e84000002" as Mac;
  await newcomers([rule]).seen(who(1, other), "7960", telling);
  await tracker.advance(other, { is: "wish", wish: "cancel" }, 2);
  await newcomers([rule]).seen(who(day / 2, other), "7960", telling);
  expect(tracker.of(other)?.migration.progress.at).toBe("cancelled");

  const third = "000e84000003" as Mac;
  await store.putPhones([{ mac: third, model: "7960", lines: [], settings: {} }]);
  await newcomers([rule]).seen(who(1, third), "7941");
  expect(tracker.of(third)).toBeUndefined();
});

test("without its firmware a phone waits, the log says so once in ten minutes, and it goes once the firmware is there", async () => {
  const vault = fullVault();
  vault.damaged.add("P003-8-12-00.sbn");
  const one = newcomers([rule], vault);
  for (const at of [1, 2, 3]) await one.seen(who(at), "7960", telling);
  expect(notes.filter(({ event }) => event === "migration.not-begun")).toHaveLength(1);
  vault.damaged.clear();
  await one.seen(who(11 * 60_000), "7960", telling);
  expect(tracker.of(mac)).toBeDefined();
});

test("of ten that come at once one is the canary, and the others follow in waves", async () => {
  const one = newcomers([rule]);
  const macs = Array.from({ length: 10 }, (_, i) => `000e8400010${i}` as Mac);
  await Promise.all(macs.map((each) => one.seen(who(1, each), "7960", telling)));
  expect(macs.map((each) => tracker.of(each)?.migration.wave)).toEqual([1, 2, 2, 3, 3, 4, 4, 5, 5, 6]);
});

test("names that phones of several families ask for have to fill a whole boot, and one of another family's ends it", async () => {
  const seenAt = async (one: ReturnType<typeof newcomers>, at: number, names: readonly string[], of = mac) => {
    for (const name of names) await one.seen(who(at, of), undefined, name);
  };
  const shared = ["CTLSEP000E84C060A6.tlv", "SEP000E84C060A6.cnf.xml", "XMLDefault.cnf.xml"];
  const one = newcomers([
    { ...rule, select: { family: "cisco-7940" } },
    { ...rule, select: { family: "cisco-java" } },
  ]);
  await one.seen(who(1), "7961");
  await seenAt(one, 1, shared);
  expect(tried).toEqual([]);
  await seenAt(one, 120_000, shared);
  expect(tried).toEqual(["7961"]);

  // A 7960 asks for names of its own in every boot.
  const silent = "000e84000008" as Mac;
  await one.seen(who(1, silent), "7960");
  await seenAt(one, 1, shared, silent);
  await seenAt(one, 120_000, shared, silent);
  expect(tried).toEqual(["7961"]);

  const liar = "000e84000009" as Mac;
  await one.seen(who(1, liar), "7961");
  await seenAt(one, 1, [...shared, telling], liar);
  await seenAt(one, 120_000, [...shared, telling], liar);
  expect(tried).toEqual(["7961"]);
});

test("a phone that called itself two models stays", async () => {
  const one = newcomers([rule]);
  await one.seen(who(1), "7940");
  await one.seen(who(2), "7960", telling);
  expect(tracker.all()).toEqual([]);
});

test("a phone that asks for an address without naming its model goes on no other word, until it names it there too", async () => {
  const of = "0004f2000001" as Mac;
  const rules = [{ ...rule, select: { model: "SPIP650" } }];
  const says = (evidence: ReturnType<typeof createEvidence>, text: string) =>
    evidence.dhcp(identifyVendorClass(new TextEncoder().encode(text)), who(1, of));
  const agent = "FileTransport PolycomSoundPointIP-SPIP_650-UA/3.2.7.0198 (SN:0004f2000001) Type/Application";
  for (const first of ["Polycom", "Polycom-", "Cisco Systems, Inc. IP Phone"]) {
    const evidence = createEvidence({ store, tracker, note: () => undefined, newcomers: newcomers(rules) });
    await says(evidence, first);
    await evidence.seen(who(1, of), "0004f2000001-phone.cfg");
    await evidence.userAgent(agent, who(1, of));
    expect(tried).toEqual([]);
    if (first !== "Polycom") continue;
    await says(evidence, "Polycom-SoundPointIP-SPIP_650");
    expect(tried).toEqual(["SPIP650"]);
    tried = [];
  }
  const unheard = createEvidence({ store, tracker, note: () => undefined, newcomers: newcomers(rules) });
  await unheard.seen(who(1, of), "0004f2000001-phone.cfg");
  await unheard.userAgent(agent, who(1, of));
  expect(tried).toEqual(["SPIP650"]);
});
