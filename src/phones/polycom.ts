import type { Because } from "../firmware/because.ts";
import type { Lever, Release } from "../firmware/release.ts";
import type { Family, Images, Instructions, Model, Publication, StageView, Trace, View } from "./family.ts";
import { type FilePattern, fixedName, looseName, macName, nameBy } from "./file-pattern.ts";
import { vendorFilesOf } from "./polycom-parameters.ts";
import { polycomWrites } from "./polycom-writes.ts";

const AG31 = "Polycom SoundPoint IP/SoundStation IP administrator guides 2.2 to 3.1";

/**
 * Polycom SoundPoint IP, SoundStation IP and VVX: a master configuration file names the application, and every boot
 * opens the image's head again to compare it (polycom.md §1, §2).
 */
export const polycom: Family = {
  id: "polycom",
  models: [
    model("SPIP300", "IP 300", undefined, 2),
    model("SPIP301", "IP 301", "2345-11300-010", 2),
    model("SPIP320", "IP 320", "2345-12200-002", 2),
    model("SPIP321", "IP 321", "2345-12360-001", 2),
    model("SPIP330", "IP 330", "2345-12200-001", 2),
    model("SPIP331", "IP 331", "2345-12365-001", 2),
    model("SPIP335", "IP 335", "2345-12375-001", 2),
    model("SPIP430", "IP 430", "2345-11402-001", 2),
    model("SPIP450", "IP 450", "2345-12450-001", 3),
    model("SPIP500", "IP 500", undefined, 3),
    model("SPIP501", "IP 501", "2345-11500-030", 3),
    model("SPIP550", "IP 550", "2345-12500-001", 4),
    model("SPIP560", "IP 560", "2345-12560-001", 4),
    model("SPIP600", "IP 600", "2345-11600-001", 6),
    model("SPIP601", "IP 601", "2345-11605-001", 6),
    model("SPIP650", "IP 650", "2345-12600-001", 6),
    model("SPIP670", "IP 670", "2345-12670-001", 6),
    model("SSIP4000", "IP 4000", "2201-06642-001", 1),
    model("SSIP5000", "IP 5000", "3111-30900-001", 1),
    model("SSIP6000", "IP 6000", "3111-15600-001", 1),
    model("SSIP7000", "IP 7000", "3111-40000-001", 1),
    model("VVX300", "VVX 300", "3111-46135-002", 6),
    model("VVX301", "VVX 301", "3111-48300-001", 6),
    model("VVX310", "VVX 310", "3111-46161-001", 6),
    model("VVX311", "VVX 311", "3111-48350-001", 6),
    model("VVX400", "VVX 400", "3111-46157-002", 12),
    model("VVX401", "VVX 401", "3111-48400-001", 12),
    model("VVX410", "VVX 410", "3111-46162-001", 12),
    model("VVX411", "VVX 411", "3111-48450-001", 12),
    model("VVX500", "VVX 500", "3111-44500-001", 12),
    model("VVX501", "VVX 501", "3111-48500-001", 12),
    model("VVX600", "VVX 600", "3111-44600-001", 16),
    model("VVX601", "VVX 601", "3111-48600-001", 16),
    model("VVX1500", "VVX 1500", "2345-17960-001", 6),
  ],
  printed: {
    master: "<mac>.cfg",
    "master-default": "000000000000.cfg",
    "phone-config": "<mac>-extension.cfg",
    "site-config": "site.cfg",
    directory: "<mac>-directory.xml",
    bootrom: "<part>.bootrom.ld",
    application: "<part>.sip.ld",
  },
  ledBy: "option 66, or 160 where the phone is set to it, gives its address or tftp:// and its address",
  reading: {
    reason: "Menu, Status, Platform: Application (and Configuration, or Phone, for the BootROM or Updater).",
    source: "the menus, from memory",
    grade: "D",
  },
  observing: [
    {
      reason: "Its DHCP option 60 names model, part number, application and BootROM, before any file is asked for.",
      source: AG31,
      grade: "A",
    },
    {
      reason: "It asks for <part>.bootrom.ld: a BootROM from before the Updater. It asks for <part>.sip.ld alone: UCS.",
      source: "TFTP trace of an IP 670; file lists of XIVO",
      grade: "B",
    },
    {
      reason: "The <mac>-boot.log that it uploads names its versions.",
      source: "TFTP trace of an IP 670; sipXecs",
      grade: "B",
    },
  ],
  named: (filename) => nameBy(patterns, withoutFolder(filename)),
  writes: polycomWrites,
  view,
  atRest,
  wanted: (_, to) => to.files.map((f) => f.name),
  siteFiles: vendorFilesOf,
  instructions,
  arrived,
  weighsReports: true,
  // To compare it, and under the same name in every release (polycom.md §1.1 step 4, §1.4).
  looksAtImages: true,
};

/** `part` is undefined where no source gives the number. */
function model(id: string, person: string, part: string | undefined, lines: number): Model {
  const line = id.startsWith("VVX") ? "" : id.startsWith("SSIP") ? "SoundStation " : "SoundPoint ";
  return {
    id,
    family: "polycom",
    aliases: [`${line}${person}`, `Polycom ${person}`, person],
    lines,
    ...(part === undefined ? {} : { series: part }),
  };
}

const config = { is: "config", protocol: "SIP" } as const;
const settled = { is: "settled", protocol: "SIP" } as const;
const nothing = { is: "nothing" } as const;

/** The names of polycom.md §1; MACs are asked for in lower case (§1.5). */
const patterns: readonly FilePattern[] = [
  fixedName("master-default", "000000000000.cfg", { is: "boot" }),
  fixedName("license-default", "000000000000-license.cfg", nothing),
  fixedName("directory-default", "000000000000-directory.xml", nothing),
  macName("master", "", ".cfg", { is: "boot" }, "lower"),
  macName("phone-config", "", "-extension.cfg", config, "lower"),
  macName("overrides", "", "-phone.cfg", settled, "lower"),
  macName("web-overrides", "", "-web.cfg", settled, "lower"),
  macName("cloud-config", "", "-cloud.cfg", nothing, "lower"),
  macName("license", "", "-license.cfg", settled, "lower"),
  macName("directory", "", "-directory.xml", settled, "lower"),
  macName("calls", "", "-calls.xml", settled, "lower"),
  macName("boot-log", "", "-boot.log", nothing, "lower"),
  macName("app-log", "", "-app.log", nothing, "lower"),
  fixedName("site-config", "site.cfg", config),
  looseName("image", /^(?:[0-9]{4}-[0-9]{5}-[0-9]{3}\.)?[a-z0-9_.-]{1,40}\.ld$/i, { is: "image" }),
];

/** A master file may name directories (polycom.md §1.4); what a file is does not depend on them. */
function withoutFolder(filename: string): string {
  return filename.slice(filename.lastIndexOf("/") + 1);
}

function view(_from: Release | undefined, to: Release, _lever: Lever): StageView {
  const told = viewOf(to, []);
  return { waiting: told, installing: told };
}

/** A phone that stays has its directory too. */
function atRest(release: Release): View {
  return viewOf(release, ["directory"]);
}

function viewOf(release: Release, more: readonly string[]): View {
  const say = (kind: string): Publication => ({ kind, answer: "rendered", load: release.load, brief: false });
  const hide = (kind: string): Publication => ({ kind, answer: "absent" });
  return {
    publications: [
      ...["master", "master-default", "phone-config", "site-config", ...more].map(say),
      hide("cloud-config"),
    ],
    images: release.files.map((f) => ({ file: f.name, load: release.load })),
  };
}

/**
 * A phone opens its image at every boot and breaks off when it is the one it runs (rule P6). So it has arrived when it
 * took the image whole, started again, and then went on to its own files without taking the image whole once more. What
 * it says of itself can end the wait sooner, or longer, but only after the image and a start: a log may tell of the day
 * before, and anybody can write option 60.
 */
function arrived(trail: readonly Trace[], images: Images, release: Release): boolean {
  const taken = trail.findLastIndex((step) => step.did === "took" && step.file !== undefined);
  const boot = trail.findIndex(
    (s, i) => i > taken && s.did === "asked" && (s.kind === "master" || s.kind === "master-default"),
  );
  if (boot < 0) return false;
  const own = ["overrides", "web-overrides", "license", "directory", "calls"];
  const listed = ["phone-config", "site-config"];
  const asked = (kinds: readonly string[]) =>
    trail.slice(boot).some((step) => step.did === "asked" && kinds.includes(step.kind));
  const settled = asked(own);
  const kind = release.protocol === "none" ? "bootrom-version" : "version";
  const said = trail.slice(taken + 1).findLast((step) => step.did === "reported" && step.kind === kind)?.load;
  const agrees = said === release.version;
  const logged = trail.slice(boot).some((s) => s.kind === "log-version" && s.load === release.version);
  // A last ACK that was lost leaves an image that was only asked for: then both the files and the report have to say so.
  // Only an application reads those that the master file lists (§1.1 step 7), and the report says which.
  // A phone whose file system a new BootROM has formatted has no files to ask for.
  if (images.taken.length === 0)
    return release.protocol === "none" ? agrees : (settled && logged) || (asked([...own, ...listed]) && agrees);
  return said === undefined ? settled || logged : agrees;
}

const TRC = "TFTP trace of an IP 670 on UCS 4.0.12";
const VVX2 = "Field log of a VVX 400, 5.5.2 to 5.7.3 to 5.9.8, with version table";

function looks(to: Release, lever: Lever): readonly Because[] {
  if (lever === "bootrom") {
    return [
      {
        reason:
          "It overwrites its BootROM and then formats its file system: application, settings and passwords are gone.",
        source: AG31,
        grade: "A",
      },
      {
        reason: "Power lost while the BootROM is written leaves nothing to start from. Use a plug that nobody pulls.",
        source: "deduced",
        grade: "D",
      },
      {
        reason:
          "NORMAL THOUGH IT LOOKS DEAD: it has no application now, and starts again and again until the next stage gives it one.",
        source: AG31,
        grade: "D",
      },
    ];
  }
  const vvx = to.models?.some((model) => model.startsWith("VVX")) === true;
  return [
    vvx
      ? {
          reason: "An image of 41 to 46 MB goes over the wire: several minutes in which little moves on the screen.",
          source: VVX2,
          grade: "C",
        }
      : {
          reason: "It loads its image, writes it, and starts again by itself.",
          source: AG31,
          grade: "A",
        },
    {
      reason: "NORMAL: at each later start it opens sip.ld and breaks the transfer off at its head: the same version.",
      source: TRC,
      grade: "B",
    },
    {
      reason: "NORMAL: it reads its files twice, with a restart between.",
      source: TRC,
      grade: "B",
    },
    ...(/^5\.9\.[89]/.test(to.version)
      ? [
          {
            reason: "After 5.9.8 it refuses the administrator's password 456 and wants another one chosen.",
            source: VVX2,
            grade: "C" as const,
          },
        ]
      : []),
    {
      reason: "No source tells of lights that mean anything here.",
      source: "no source was found",
      grade: "D",
    },
  ];
}

function instructions(from: Release | undefined, to: Release, lever: Lever): Instructions {
  const images = to.files.map((f) => f.name).join(" or ");
  const early = /^[123]\./.test(to.version);
  return {
    operator: [
      from?.protocol === "none"
        ? "Wait: after its BootROM it has no application and starts again by itself. Only where it asks for nothing within ten minutes, power-cycle it: unplug it, count to ten, plug it in. Press nothing."
        : "Power-cycle the phone: unplug it, count to ten, plug it in. Press nothing.",
      lever === "bootrom"
        ? "It writes its BootROM. NEVER unplug it, whatever it looks like, until it asks for <mac>.cfg again."
        : "It fetches its image and starts again by itself: leave it alone for ten minutes, do not unplug it.",
    ],
    looks: looks(to, lever),
    expects:
      lever === "bootrom"
        ? [
            `${images} asked for before anything else, and taken to its last octet.`,
            "<mac>.cfg asked for again: the new BootROM starts.",
            `${images} opened once more and broken off at its head, or the new version named in DHCP option 60.`,
          ]
        : [
            "<mac>.cfg asked for, which names sip.ld.",
            `${images} taken to its last octet.`,
            early
              ? "<mac>.cfg again, and then its own files without taking the image whole once more: the same version is running."
              : "<mac>.cfg again, the image broken off at its head, and then <mac>-phone.cfg: the same version is running.",
          ],
  };
}
