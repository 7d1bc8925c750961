import type { Because } from "../firmware/because.ts";
import type { Lever, Release } from "../firmware/release.ts";
import { cisco7940Arrived } from "./cisco-7940-arrival.ts";
import type { Family, Instructions, Publication, StageView, View } from "./family.ts";
import { type FilePattern, fixedName, looseName, macName, nameBy } from "./file-pattern.ts";

/**
 * The Cisco 7940 and 7960: before the universal application loader (UAL; SIP 7.x, SCCP 6.x) each protocol's image
 * reads OS79XX.TXT and its own configuration; from the UAL on, a loader chooses the protocol by the first
 * configuration file that exists (cisco.md §2.1; Cisco Doc ID 5455; CME administration guide).
 */
export const cisco7940: Family = {
  id: "cisco-7940",
  models: [
    { id: "7940", family: "cisco-7940", aliases: ["7940G", "CP-7940", "CP-7940G"], lines: 2, code: 8 },
    { id: "7960", family: "cisco-7940", aliases: ["7960G", "CP-7960", "CP-7960G"], lines: 6, code: 7 },
  ],
  printed: {
    os79xx: "OS79XX.TXT",
    ctl: "CTLSEP<MAC>.tlv",
    "sep-config": "SEP<MAC>.cnf.xml",
    "sep-binary": "SEP<MAC>.cnf",
    "xml-default": "XMLDefault.cnf.xml",
    "sep-default-binary": "SEPDefault.cnf",
    "sip-default": "SIPDefault.cnf",
    "sip-config": "SIP<MAC>.cnf",
    "mgcp-config": "MGC<MAC>.cnf",
    dialplan: "dialplan.xml",
    ringlist: "RINGLIST.DAT",
    "sccp-ringlist": "RINGLIST.XML",
    "sccp-distinctive-ringlist": "DISTINCTIVERINGLIST.XML",
    syncinfo: "syncinfo.xml",
  },
  ledBy: "options 66, 150 and siaddr all give its address",
  reading: {
    reason: "Settings, Status, Firmware Versions: the line Application Load ID.",
    source: "the menus, from memory",
    grade: "D",
  },
  observing: [
    {
      reason:
        "It asks for OS79XX.TXT first: it runs a load from before the universal loader (SCCP up to 5.x, SIP up to 6.x).",
      source: 'Cisco, "7960 and 7940 Firmware Upgrade Matrix", 13 Nov 2006',
      grade: "A",
    },
    {
      reason: "It asks for CTLSEP<MAC>.tlv first: it has the universal loader (SCCP from 6.x, SIP from 7.x).",
      source: 'Cisco CME administration guide, "Configuration Files for Phones"',
      grade: "A",
    },
    {
      reason: "It asks for SEPDefault.cnf: an SCCP load from before XML files.",
      source: "Cisco CallManager 3.2 guide to these phones",
      grade: "A",
    },
    {
      reason: "It asks for a .loads file, or for SIPDefault.cnf: the name is its load; SIPDefault.cnf means SIP.",
      source: "TFTP log of a 7960 on SIP 8.12, December 2020",
      grade: "A",
    },
    {
      reason: "Its DHCP option 60 ends in `IP Phone`: an old load; in `CP-7960G`: one with the universal loader.",
      source: "wazo-provd-plugins, option 60; voip-info.org",
      grade: "B",
    },
  ],
  named: (filename) => nameBy(patterns, filename),
  view,
  atRest,
  wanted,
  instructions,
  arrived: cisco7940Arrived,
};

/** Every name of cisco.md §2.1 and §2.4, matched in any letter case: loads differ in it (`xmlDefault.CNF.XML`). */
const patterns: readonly FilePattern[] = [
  fixedName("os79xx", "OS79XX.TXT", { is: "boot" }),
  macName("ctl", "CTLSEP", ".tlv", { is: "boot" }, "upper"),
  fixedName("ctl-file", "CTLFile.tlv", { is: "nothing" }),
  macName("sep-config", "SEP", ".cnf.xml", { is: "config", protocol: "SCCP" }, "upper"),
  macName("sep-binary", "SEP", ".cnf", { is: "config", protocol: "SCCP" }, "upper"),
  macName("sip-config", "SIP", ".cnf", { is: "config", protocol: "SIP" }, "upper"),
  macName("mgcp-config", "MGC", ".cnf", { is: "config", protocol: "MGCP" }, "upper"),
  fixedName("xml-default", "XMLDefault.cnf.xml", { is: "config", protocol: "SCCP" }),
  fixedName("sep-default-binary", "SEPDefault.cnf", { is: "config", protocol: "SCCP" }),
  fixedName("sip-default", "SIPDefault.cnf", { is: "config", protocol: "SIP" }),
  fixedName("mgcp-default", "MGCDefault.cnf", { is: "config", protocol: "MGCP" }),
  fixedName("dialplan", "dialplan.xml", { is: "settled", protocol: "SIP" }),
  fixedName("ringlist", "RINGLIST.DAT", { is: "settled", protocol: "SIP" }),
  fixedName("syncinfo", "syncinfo.xml", { is: "settled", protocol: "SIP" }),
  fixedName("sccp-ringlist", "RINGLIST.XML", { is: "settled", protocol: "SCCP" }),
  fixedName("sccp-distinctive-ringlist", "DISTINCTIVERINGLIST.XML", { is: "settled", protocol: "SCCP" }),
  looseName(
    "sccp-resource",
    /^(?:[^/]{1,64}\/)?(?:(?:DISTINCTIVE)?RINGLIST\.XML|7960-(?:font|dictionary|dictionary-ext|kate|tones)\.xml|SCCP-dictionary(?:-ext)?\.xml)$/i,
    { is: "settled", protocol: "SCCP" },
  ),
  looseName("image", /^P0[0SM]3[0-9A-Z-]{4,12}\.(?:bin|sbn|sb2|loads)$/i, { is: "image" }),
];

const say = (kind: string, load: string, brief = false): Publication => ({ kind, answer: "rendered", load, brief });
const hide = (kind: string): Publication => ({ kind, answer: "absent" });

const sccpKinds = ["sep-config", "sep-binary", "xml-default", "sep-default-binary"];
const sipKinds = ["sip-default", "sip-config", "dialplan", "ringlist", "syncinfo"];
const sccpRings = ["sccp-ringlist", "sccp-distinctive-ringlist"];
const neverKinds = ["ctl", "ctl-file", "mgcp-config", "mgcp-default"];

function sipFiles(load: string, briefKinds: readonly string[]): Publication[] {
  return sipKinds.map((kind) => say(kind, load, briefKinds.includes(kind)));
}

function hideAll(kinds: readonly string[]): Publication[] {
  return kinds.map(hide);
}

function view(from: Release | undefined, to: Release, lever: Lever): StageView {
  const images = imagesOf(from, to);
  const os79xx = say("os79xx", to.loader ?? to.load);
  // A SIP 2.x phone cannot read a large SIPDefault.cnf: W210 (cisco.md R10). An unknown one may be a 2.x. That its own
  // file has the same limit (W220) is a precaution (grade D): on its way a phone needs nothing but the load.
  const brief = to.protocol === "SIP" && (from === undefined || isSip2(from) || isSip2(to));
  const sip = sipFiles(to.load, brief ? ["sip-default", "sip-config"] : []);
  // SEP<MAC>.cnf.xml stays absent while a phone moves, so that one file alone, XMLDefault.cnf.xml, names the load.
  const sccp = [...hideAll(["sep-config", "sep-binary", "sep-default-binary"]), say("xml-default", to.load)];

  const atEnd = to.protocol === "SIP" ? [...sip, ...hideAll(sccpKinds)] : [...sccp, ...hideAll(sipKinds)];
  const never = [os79xx, ...hideAll(neverKinds)];
  const told = leverFiles(from, to, lever, sip, sccp);
  // Read on a check-sync alone, which is to restart a phone that waits: brief, it names a SYNC that no phone has.
  const waiting = (told.waiting ?? atEnd).map((one) =>
    one.kind === "syncinfo" && from?.protocol === "SIP" ? say("syncinfo", to.load, true) : one,
  );
  return {
    waiting: { publications: [...never, ...waiting], images },
    installing: { publications: [...never, ...(told.installing ?? atEnd)], images },
  };
}

/** Where a lever needs more than the files of the protocol that the phone ends on. */
function leverFiles(
  from: Release | undefined,
  to: Release,
  lever: Lever,
  sip: readonly Publication[],
  sccp: readonly Publication[],
): { waiting?: readonly Publication[]; installing?: readonly Publication[] } {
  if (lever === "load_information" && to.protocol === "SIP") {
    // Seen on nine phones: XMLDefault.cnf.xml names the SIP load to the SCCP application and to the loader (cisco.md §2.4).
    const both = [...sip, ...sccp];
    return { waiting: both, installing: both };
  }
  if (lever === "image_version" && to.protocol === "SCCP") {
    // The SIP application reads the lever in its own files; once the loader has acted on it they must be gone (N9).
    return { waiting: [...sip, ...sccp] };
  }
  if (lever === "os79xx" && to.protocol === "SIP" && to.loader !== undefined && from?.protocol === "SCCP") {
    // An SCCP image takes a P003 name in OS79XX.TXT for its own protocol and passes over it (firmware upgrade matrix),
    // so its own configuration has to name the loader too.
    return {
      waiting: [...sip, ...hideAll(["sep-config", "sep-binary", "sep-default-binary"]), say("xml-default", to.loader)],
    };
  }
  return {};
}

function atRest(release: Release): View {
  const never = [say("os79xx", release.loader ?? release.load), ...hideAll(neverKinds)];
  const own =
    release.protocol === "SIP"
      ? [...sipFiles(release.load, isSip2(release) ? ["sip-default"] : []), ...hideAll(sccpKinds)]
      : [
          say("sep-config", release.load),
          say("xml-default", release.load),
          ...sccpRings.map((kind) => say(kind, release.load)),
          ...hideAll(["sep-binary", "sep-default-binary", ...sipKinds]),
        ];
  return { publications: [...never, ...own], images: release.files.map((f) => ({ file: f.name, load: release.load })) };
}

/** What the phone leaves stays to be had: a UAL loader asks for its `.loads` at every boot (cisco.md §2.1). */
function imagesOf(from: Release | undefined, to: Release): View["images"] {
  const lists = (from?.files ?? [])
    .filter((f) => f.role === "manifest")
    .map((f) => ({ file: f.name, load: from?.load ?? "" }));
  return [...wanted(from, to).map((file) => ({ file, load: to.load })), ...lists];
}

/** A phone that checks signatures asks for `.sbn`, one that does not for `.bin` (cisco.md §4.1); both take the rest. */
function wanted(from: Release | undefined, to: Release): readonly string[] {
  const twins = (name: string): boolean => /\.(?:bin|sbn)$/i.test(name);
  return to.files
    .filter((f) => from === undefined || !twins(f.name) || f.signed === from.signed || !hasTwin(to, f.name))
    .map((f) => f.name);
}

function hasTwin(release: Release, name: string): boolean {
  const stem = name.replace(/\.(?:bin|sbn)$/i, "");
  return release.files.filter((f) => f.name === `${stem}.bin` || f.name === `${stem}.sbn`).length === 2;
}

function isSip2(release: Release): boolean {
  return release.protocol === "SIP" && /^[12]\./.test(release.version);
}

const LOG2021 = "TFTP log of nine 7940/7960 phones going from SCCP to SIP 8.12, July 2021";
const AG = "Field report of a conversion, adrianandgenese.com, February 2011";
const DOC5455 = 'Cisco Doc ID 5455, "Converting a Cisco 7940/7960 CallManager Phone to a SIP Phone"';
const NO_LIGHTS: Because = {
  reason:
    "No source tells of lights that mean anything here. (Headset, Mute and Speaker flash in turn only in a reset by keys.)",
  source: "Cisco Doc ID 15254 tells of the reset alone",
  grade: "D",
};

/** What is seen on the desk (cisco.md §2.4, §5.2). */
function looks(to: Release): readonly Because[] {
  const end: Because =
    to.protocol === "SIP"
      ? {
          reason:
            "The end: its line, or `Phone Unprovisioned` where the account is wrong. Either way the firmware stage is over.",
          source: DOC5455,
          grade: "A",
        }
      : {
          reason:
            "The end: `Registering`, or its line. Until the call server knows the phone it stays at `Registering`.",
          source: DOC5455,
          grade: "B",
        };
  if (to.loader === undefined) {
    return [
      {
        reason: "It loads one image and starts again by itself, then reads its configuration with the new load.",
        source: DOC5455,
        grade: "A",
      },
      {
        reason:
          "How long the screen stays empty meanwhile is on no record: allow three minutes before you think of a fault.",
        source: "deduced",
        grade: "D",
      },
      NO_LIGHTS,
      end,
    ];
  }
  return [
    { reason: "It loads the loader, and starts again 25 to 30 seconds later.", source: LOG2021, grade: "A" },
    {
      reason: "It loads its application in about 7 seconds, and starts again 35 to 60 seconds later.",
      source: LOG2021,
      grade: "A",
    },
    {
      reason:
        "NORMAL THOUGH IT LOOKS DEAD: between the two it has no application and no menu, and the screen is dark or shows the logo. The whole takes two minutes, in one report four to five.",
      source: AG,
      grade: "C",
    },
    {
      reason:
        "Afterwards its passwords and its static network settings are gone: it lives on DHCP (options 66 and 150) alone.",
      source: AG,
      grade: "B",
    },
    NO_LIGHTS,
    end,
  ];
}

function instructions(from: Release | undefined, to: Release, lever: Lever): Instructions {
  const universal = to.loader !== undefined;
  const proof =
    to.protocol === "SIP"
      ? "RINGLIST.DAT or dialplan.xml asked for after SIPDefault.cnf: the phone runs the load it is told."
      : universal
        ? "CTLSEP<MAC>.tlv and XMLDefault.cnf.xml asked for again, without SIP<MAC>.cnf between: the SCCP application runs."
        : "XMLDefault.cnf.xml read without another request for the image, and OS79XX.TXT once more.";
  const again =
    (to.protocol === "SCCP" && !universal) ||
    (universal && from?.loader !== undefined && from.protocol === to.protocol);
  const first = lever === "os79xx" ? "OS79XX.TXT" : lever === "image_version" ? "SIPDefault.cnf" : "XMLDefault.cnf.xml";
  const needs = wanted(from, to).filter((name) => !name.endsWith(".loads"));
  return {
    operator: [
      "Power-cycle the phone: unplug it, count to ten, plug it in. Press nothing.",
      universal
        ? "Leave it alone: it starts again twice by itself. Do not unplug it, whatever it looks like."
        : "Leave it alone: it starts again once by itself. Do not unplug it, whatever it looks like.",
    ],
    ...(again ? { proving: "When its screen has settled, power-cycle it once more: that proves the load." } : {}),
    looks: looks(to),
    expects: [
      `${first} is asked for and names ${lever === "os79xx" ? (to.loader ?? to.load) : to.load}.`,
      `${needs.join(", then ")} asked for.`,
      proof,
    ],
  };
}
