import type { Lever, Release } from "../firmware/release.ts";
import type { Mac } from "../wire/address.ts";
import type { Family, Images, Instructions, Model, Publication, StageView, Trace, View } from "./family.ts";
import { type FilePattern, fixedName, looseName, macName, nameBy } from "./file-pattern.ts";

const printed: Readonly<Record<string, string>> = {
  "ata-profile": "gk<mac>, ld<mac>, ff<mac> or ata<mac>",
  "ata-default": "gkdefault.cfg, lddefault.cfg, ffdefault.cfg or atadefault.cfg",
  "sep-config": "SEP<mac>.cnf.xml",
  "xml-default": "XMLDefault.cnf.xml",
};

/**
 * The 7902, 7905, 7912 and the ATA 186/188: a compiled profile names the firmware in `upgradecode` (cisco.md §2.3, §6).
 * They write MACs in lower case.
 */
export const ciscoAta: Family = {
  id: "cisco-ata",
  models: [
    model("7902", ["7902G", "CP-7902G"], 1, "0x401", 30008),
    model("7905", ["7905G", "CP-7905G"], 1, "0x501", 20000),
    model("7912", ["7912G", "CP-7912G"], 1, "0x601", 30007),
    model("ATA186", ["ATA 186", "ATA186-I1"], 2, "0x301", 12),
    model("ATA188", ["ATA 188", "ATA188-I1"], 2, "0x301", 13),
  ],
  printed,
  printedFor,
  ledBy: "options 66, 150 and siaddr all give its address",
  reading: {
    reason: "7902, 7905, 7912: Settings, Status, Firmware Versions. ATA: its web page, or the voice menu.",
    source: "the menus, from memory",
    grade: "D",
  },
  observing: [
    {
      reason: "It asks for SEP<mac>.cnf.xml before its profile: it runs SCCP. It asks for its profile alone: SIP.",
      source: "Cisco 7902/7905/7912 guide for CallManager 3.3",
      grade: "A",
    },
    {
      reason: "Its profile is read whatever it runs, so that one stage leads from any load to the target.",
      source: "Cisco 7905G/7912G SIP administration guide, chapter 8",
      grade: "A",
    },
  ],
  named: (filename) => nameBy(patterns, filename),
  view: (_from, to) => bothPhases(viewOf(to)),
  atRest: viewOf,
  wanted: (_, to) => to.files.map((f) => f.name),
  instructions,
  arrived,
};

/** The name that a phone asks for its profile by, e.g. `gk000e84c060a6`. */
export function ataProfileName({ id }: Model, mac: Mac): string {
  return `${LETTERS[id] ?? "ata"}${mac}`;
}

function model(id: string, aliases: readonly string[], lines: number, hardware: string, code: number): Model {
  return { id, family: "cisco-ata", aliases, lines, code, series: hardware };
}

const profile = { is: "config", protocol: "none" } as const;

const patterns: readonly FilePattern[] = [
  macName("ata-profile", "gk", "", profile, "lower"),
  macName("ata-profile", "ld", "", profile, "lower"),
  macName("ata-profile", "ff", "", profile, "lower"),
  macName("ata-profile", "ata", "", profile, "lower"),
  ...["gk", "ld", "ff", "ata"].map((prefix) => macName("ata-extended", prefix, ".ex", profile, "lower")),
  macName("ata-text", "gk", ".txt", profile, "lower"),
  looseName("ata-default", /^(?:gk|ld|ff|ata)default\.cfg$/i, profile),
  looseName("ata-default-text", /^(?:gk|ld|ff|ata)default\.txt$/i, profile),
  macName("sep-config", "SEP", ".cnf.xml", { is: "boot" }, "lower"),
  fixedName("xml-default", "XMLDefault.cnf.xml", { is: "config", protocol: "SCCP" }),
  fixedName("sep-default-binary", "SEPDefault.cnf", { is: "config", protocol: "SCCP" }),
  looseName("image", /^(?:CP79|ATA|ata|ld-|gk-)[0-9A-Za-z._-]{3,40}\.(?:zup|sbin)$/, { is: "image" }),
];

function bothPhases(view: View): StageView {
  return { waiting: view, installing: view };
}

function viewOf(release: Release): View {
  const say = (kind: string): Publication => ({ kind, answer: "rendered", load: release.load, brief: false });
  const own = release.protocol === "SCCP" ? ["sep-config", "xml-default"] : [];
  const hidden =
    release.protocol === "SCCP" ? ["sep-default-binary"] : ["sep-config", "xml-default", "sep-default-binary"];
  return {
    publications: [
      ...["ata-profile", "ata-extended", "ata-text", "ata-default", "ata-default-text", ...own].map(say),
      ...hidden.map((kind): Publication => ({ kind, answer: "absent" })),
    ],
    images: release.files.map((f) => ({ file: f.name, load: release.load })),
  };
}

/** The phone compares its image id with the profile's at each boot and fetches another at once (cisco.md §6.1). */
function arrived(trail: readonly Trace[], images: Images, release: Release): boolean {
  const names = release.files.map((f) => f.name);
  if (!names.some((name) => images.asked.includes(name))) return false;
  const after = trail.slice(trail.findLastIndex((s) => s.file !== undefined && names.includes(s.file)) + 1);
  const told = after.filter(
    (s) => s.did === "took" && (s.kind === "ata-profile" || s.kind === "ata-default") && s.load === release.load,
  );
  // A phone that lost power between reading its profile and asking for the image looks the same for one boot; a last ACK
  // that was lost leaves open whether it has the image at all.
  return told.length >= (names.some((name) => images.taken.includes(name)) ? 2 : 3);
}

const README = "Cisco readme of the 7905G/7912G SIP upgrade package 8.0(0)";

function instructions(_from: Release | undefined, to: Release, _lever: Lever): Instructions {
  const box = to.models?.some((model) => model.startsWith("ATA")) === true;
  return {
    operator: [
      `Power-cycle the ${box ? "adapter" : "phone"}: unplug it, count to ten, plug it in. Press nothing.`,
      "It fetches its image, writes its flash and starts again by itself: leave it alone for four minutes, do not unplug it.",
    ],
    proving: "Then power-cycle it once more: that proves the load.",
    looks: [
      {
        reason: box
          ? "No source tells what its light does while it writes: the requests at the server are the sign."
          : "No source tells what its screen shows while it writes, nor of any light: the requests at the server are the sign.",
        source: "no source was found",
        grade: "D",
      },
      ...(box
        ? []
        : [
            {
              reason:
                "NORMAL: a 7905 that checks no signatures yet takes the .zup first and asks for the .sbin after it.",
              source: README,
              grade: "A" as const,
            },
          ]),
      {
        reason: "It reads its profile at each start and leaves the image alone once it holds it.",
        source: "Cisco 7905G/7912G SIP administration guide, chapter 8",
        grade: "A",
      },
    ],
    expects: [
      "Its profile read, whose upgradecode names the image.",
      `${to.files.map((f) => f.name).join(" or ")} asked for and taken whole.`,
      "Its profile read twice more without another request for the image.",
    ],
  };
}

/** The letters before the MAC in the name of a profile (cisco.md §2.3). */
const LETTERS: Readonly<Record<string, string>> = {
  "7902": "ff",
  "7905": "ld",
  "7912": "gk",
  ATA186: "ata",
  ATA188: "ata",
};

function printedFor(kind: string, release: Release): string {
  const own = LETTERS[release.models?.[0] ?? ""];
  switch (kind) {
    case "ata-profile":
      return own === undefined ? (printed[kind] ?? kind) : `${own}<mac>`;
    case "ata-default":
      return own === undefined ? (printed[kind] ?? kind) : `${own}default.cfg`;
    // CME serves the text of a 7912's profile beside the compiled one; the phone does not ask for it.
    case "ata-text":
    case "ata-default-text":
    // Asked for only where the profile names it.
    case "ata-extended":
      return "";
    default:
      return printed[kind] ?? kind;
  }
}
