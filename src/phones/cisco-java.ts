import type { Because } from "../firmware/because.ts";
import type { Lever, Release } from "../firmware/release.ts";
import type { Family, Images, Instructions, Model, Publication, StageView, Trace, View } from "./family.ts";
import { type FilePattern, fixedName, looseName, macName, nameBy } from "./file-pattern.ts";

/** Every name of cisco.md §2.2. */
const patterns: readonly FilePattern[] = [
  macName("ctl", "CTLSEP", ".tlv", { is: "boot" }, "upper"),
  macName("itl", "ITLSEP", ".tlv", { is: "nothing" }, "upper"),
  fixedName("itl-file", "ITLFile.tlv", { is: "nothing" }),
  fixedName("ctl-file", "CTLFile.tlv", { is: "nothing" }),
  macName("sep-config", "SEP", ".cnf.xml", { is: "config", protocol: "none" }, "upper"),
  macName("sep-signed", "SEP", ".cnf.xml.sgn", { is: "nothing" }, "upper"),
  macName("sep-encrypted", "SEP", ".cnf.xml.enc.sgn", { is: "nothing" }, "upper"),
  fixedName("xml-default", "XMLDefault.cnf.xml", { is: "config", protocol: "none" }),
  // mk 41/42/61/62, be 45/65, td 70/71/75, tc 06/11, rtl 69xx, gb 894x, gh 8961 (usecallmanager.nz, User Locale; grade B); the
  // vendor's guide to CME locales sets a language before them.
  looseName("locale", /^(?:[^/]{0,64}\/)?[a-z]{2,4}-sccp-sip\.jar$/i, { is: "settled", protocol: "none" }),
  looseName("sip-locale", /^(?:[^/]{0,64}\/)?(?:[a-z]{2}-)?[a-z]{2,4}-sip\.jar$/i, { is: "settled", protocol: "SIP" }),
  looseName("sccp-locale", /^(?:[^/]{0,64}\/)?(?:[a-z]{2}-)?[a-z]{2,4}-sccp\.jar$/i, {
    is: "settled",
    protocol: "SCCP",
  }),
  looseName("tones", /^(?:[^/]{0,64}\/)?g[34]-tones\.xml$/i, { is: "settled", protocol: "none" }),
  fixedName("dialplan", "dialplan.xml", { is: "settled", protocol: "SIP" }),
  fixedName("softkeys", "softkeys.xml", { is: "settled", protocol: "none" }),
  fixedName("ringlist", "Ringlist.xml", { is: "settled", protocol: "none" }),
  fixedName("distinctive-ringlist", "DistinctiveRingList.xml", { is: "settled", protocol: "none" }),
  looseName("image", /^term\d\d\.default\.loads$/i, { is: "image" }),
  looseName("image", /^(?:SCCP|SIP|TERM)[0-9X]{2,4}\.[0-9A-Z._-]{3,40}\.loads$/i, { is: "image" }),
  looseName("image", /^(?:jar|cnu|apps|dsp|cvm)[0-9]{2}(?:sip|sccp)?\.[0-9A-Z._-]{3,40}\.sbn$/i, { is: "image" }),
  looseName("image", /^[0-9A-Z][0-9A-Z._-]{3,60}\.(?:loads|sbn|sgn)$/i, { is: "image" }),
];

const printed: Readonly<Record<string, string>> = {
  ctl: "CTLSEP<MAC>.tlv",
  itl: "ITLSEP<MAC>.tlv",
  "sep-config": "SEP<MAC>.cnf.xml",
  "xml-default": "XMLDefault.cnf.xml",
  dialplan: "dialplan.xml",
  softkeys: "softkeys.xml",
  ringlist: "Ringlist.xml",
  "distinctive-ringlist": "DistinctiveRingList.xml",
};

/**
 * The Java phones 7906 to 7975, whose SIP and SCCP loads read the same SEP<MAC>.cnf.xml, and the later phones that
 * behave alike: 6921/6941/6961 and 8941/8945 (cisco.md §2.2; rules J1 to J7).
 */
export const ciscoJava: Family = cnfXmlFamily("cisco-java", [
  model("7906", "11", 1, 369),
  model("7911", "11", 1, 307),
  model("7931", "31", 24, 348),
  model("7941", "41", 2, 115),
  { ...model("7941G-GE", "41", 2, 309), aliases: ["CP-7941G-GE", "7941GE"] },
  model("7961", "41", 6, 30018),
  { ...model("7961G-GE", "41", 6, 308), aliases: ["CP-7961G-GE", "7961GE"] },
  model("7942", "42", 2, 434),
  model("7962", "42", 6, 404),
  model("7945", "45", 2, 435),
  model("7965", "45", 6, 436),
  model("7970", "70", 8, 30006),
  { ...model("7971", "70", 8, 119), aliases: ["7971G", "CP-7971G", "7971G-GE", "CP-7971G-GE"] },
  model("7975", "75", 8, 437),
]);

/** The 6921, 6941 and 6961: files as the Java phones (migration-paths.md §3). */
export const cisco69xx: Family = cnfXmlFamily("cisco-69xx", [
  model("6921", "69xx", 2, 495),
  model("6941", "69xx", 4, 496),
  model("6961", "69xx", 12, 497),
]);

/** The 8941 and 8945, which ask HTTP port 6970 before TFTP (cisco.md §2.2). */
export const cisco894x: Family = cnfXmlFamily("cisco-894x", [
  model("8941", "894x", 4, 586),
  model("8945", "894x", 4, 585),
]);

function model(id: string, series: string, lines: number, code: number): Omit<Model, "family"> {
  return { id, aliases: [`${id}G`, `CP-${id}`, `CP-${id}G`], lines, code, series };
}

function cnfXmlFamily(id: string, models: readonly Omit<Model, "family">[]): Family {
  return {
    id,
    models: models.map((m) => ({ ...m, family: id })),
    printed,
    ledBy: "options 66, 150 and siaddr all give its address",
    reading: {
      reason: "Settings, Model Information (or Status, Firmware Versions): the line Load File, or App Load ID.",
      source: "the menus, from memory",
      grade: "D",
    },
    observing: [
      {
        reason: "It asks for term<NN>.default.loads alone: it is in its boot loader and has no application.",
        source: "Packages, .loads bodies and images in public repositories",
        grade: "A",
      },
      {
        reason: "It asks for a .loads file: the name is the load that it runs, or that it was told.",
        source: "Boot logs in public repositories",
        grade: "A",
      },
      {
        reason: "It asks for ITLSEP<MAC>.tlv or ITLFile.tlv: a load of 9.x, as ITL files came with it.",
        source: "deduced from logs of 8.x and 9.x",
        grade: "D",
      },
      {
        reason: "It asks for mk-sip.jar: SIP; for mk-sccp.jar: SCCP.",
        source: "Boot logs in public repositories; usecallmanager.nz",
        grade: "B",
      },
      {
        reason: "`provision probe` asks the phone's own web page, where web access is on.",
        source: "Field reports of DeviceInformationX",
        grade: "B",
      },
    ],
    named: (filename) => nameBy(patterns, filename),
    view,
    atRest,
    wanted: (_, to) => to.files.map((f) => f.name),
    instructions,
    arrived,
  };
}

function view(from: Release | undefined, to: Release, _lever: Lever): StageView {
  const before = (from?.files ?? []).filter(
    (f) => f.role === "manifest" && !to.files.some((own) => own.name === f.name),
  );
  const told = viewOf(
    to,
    before.map((f) => ({ file: f.name, load: from?.load ?? "" })),
  );
  return { waiting: told, installing: told };
}

/** A phone that stays has its rings and soft keys too; on its way it needs neither. */
function atRest(release: Release): View {
  const { publications, images } = viewOf(release, []);
  const kinds = ["ringlist", "distinctive-ringlist", ...(release.protocol === "SIP" ? ["softkeys"] : [])];
  const more = kinds.map((kind): Publication => ({ kind, answer: "rendered", load: release.load, brief: false }));
  return { publications: [...publications, ...more], images };
}

/** Trust lists stay absent: an old one makes the phone refuse every configuration (J7). */
function viewOf(release: Release, more: View["images"]): View {
  const say = (kind: string): Publication => ({ kind, answer: "rendered", load: release.load, brief: false });
  const hide = (kind: string): Publication => ({ kind, answer: "absent" });
  const own = ["sep-config", "xml-default", ...(release.protocol === "SIP" ? ["dialplan"] : [])];
  return {
    publications: [...own.map(say), ...["ctl", "itl", "itl-file", "ctl-file", "sep-signed", "sep-encrypted"].map(hide)],
    images: [...release.files.map((f) => ({ file: f.name, load: release.load })), ...more],
  };
}

/**
 * Told its load, a phone that runs another asks for that load's list at once; one that runs it goes on to its locale,
 * tones, dial plan and rings (cisco.md §2.2). A phone that refuses the load goes on in the same boot: that is no proof,
 * so a boot has to lie between the last image and the proof.
 */
function arrived(trail: readonly Trace[], images: Images, release: Release): boolean {
  // The components of some releases are on no record: then any component is theirs, for no other is served.
  const lists = release.files.filter((f) => f.role === "manifest").map((f) => f.name.toLowerCase());
  const own = (step: Trace): boolean => step.file !== undefined;
  if (!images.asked.some((name) => !lists.includes(name.toLowerCase()))) return false;
  const after = trail.slice(trail.findLastIndex(own) + 1);
  const boot = after.findLastIndex((s) => s.did === "asked" && s.kind === "ctl");
  if (boot < 0) return false;
  const told = after.findIndex(
    (s, i) => i > boot && s.did === "took" && s.kind === "sep-config" && s.load === release.load,
  );
  if (told < 0) return false;
  const settled = [
    "sip-locale",
    "sccp-locale",
    "locale",
    "tones",
    "dialplan",
    "softkeys",
    "ringlist",
    "distinctive-ringlist",
  ];
  return after.slice(told).some((s) => s.did === "asked" && settled.includes(s.kind));
}

const PUCK = "puck.nether.net, cisco-voip, July 2009, and adrianandgenese.com, February 2011";
const WHIZZY = "Field report of a 7941 on 9.4(2)SR3, whizzy.org, 2017, and the Cisco community, 10591321";

/** What is seen while a Java phone is reset by keys (cisco.md §9). */
const KEY_LOOKS: readonly Because[] = [
  {
    reason:
      "After # the lights of the line keys flash amber (7906 and 7911: the message light turns red). On a 7941 or 7961 that may take minutes.",
    source: WHIZZY,
    grade: "B",
  },
  {
    reason:
      "After 3491672850*# the lights change between red and green for a minute; then no light and no picture for three minutes (7942, 7962) to more than five (7941). NORMAL THOUGH IT LOOKS DEAD. Without power now nothing is left in it.",
    source: PUCK,
    grade: "B",
  },
];

const BOXES: readonly Because[] = [
  {
    reason:
      "Five boxes, one for each part (jar, cnu, apps, dsp, cvm): empty, then an arrow while it is fetched, then a tick, then grey when it is written.",
    source: "Packages, .loads bodies and images in public repositories; term<NN>.default.loads lists five parts",
    grade: "A",
  },
  {
    reason: "NORMAL THOUGH IT LOOKS DEAD: the whole takes four to five minutes, with a dark screen in between.",
    source: "Field report of a conversion, adrianandgenese.com, February 2011",
    grade: "C",
  },
];

const LATER_LOOKS: readonly Because[] = [
  {
    reason: "No source tells what these phones show, nor what their lights do, while they load: allow five minutes.",
    source: "no source was found",
    grade: "D",
  },
];

const JAVA_END: Because = {
  reason: "The end: its line, or `Unprovisioned` where the account is wrong. Either way the firmware stage is over.",
  source: WHIZZY,
  grade: "B",
};

function instructions(_from: Release | undefined, to: Release, lever: Lever): Instructions {
  const lists = to.files.filter((f) => f.role === "manifest").map((f) => f.name);
  const parts = to.files.filter((f) => f.role !== "manifest").map((f) => f.name);
  const terms = lists.filter((name) => name.startsWith("term"));
  const list = lever === "term_default" ? terms.join(" or ") : `${to.load}.loads`;
  const later = terms.length === 0;
  const listed = `${parts.length === 0 ? "the parts that it lists" : parts.join(", ")}: of these what the phone does not hold yet`;
  const reset = [
    "This server's DHCP and TFTP must be up before a key is pressed: `provision check` says so.",
    "Unplug the phone. Hold # while you plug it in, until the line keys flash. Let go and press `1 2 3 4 5 6 7 8 9 * 0 #`, one after the other, without haste, beginning within ten seconds.",
    "Only if nothing is asked for within ten minutes: the same again with `3 4 9 1 6 7 2 8 5 0 * #`. The screen then stays black for three to five minutes and more. NEVER unplug it.",
  ];
  return {
    operator: [
      ...(lever === "term_default"
        ? reset
        : ["Power-cycle the phone: unplug it, count to ten, plug it in. Press nothing."]),
      "Leave it alone until it has started again by itself: four to five minutes. Do not unplug it, whatever it looks like.",
    ],
    looks: [...(lever === "term_default" ? KEY_LOOKS : []), ...(later ? LATER_LOOKS : BOXES), JAVA_END],
    expects: [
      lever === "term_default"
        ? `${list} asked for: the phone is in its boot loader.`
        : `SEP<MAC>.cnf.xml read, which names ${to.load}.`,
      lever === "term_default" ? `Then ${listed}.` : `${list} asked for, then ${listed}.`,
      "CTLSEP<MAC>.tlv, SEP<MAC>.cnf.xml, and then its locale, tones or rings, without another request for an image.",
    ],
  };
}
