import { type Ipv4, type Mac, parseIpv4 } from "../../wire/address.ts";
import type { Network } from "../dhcp-client.ts";
import { readNotify } from "../notify.ts";
import { join, latin1, textOf } from "../octets.ts";
import { createPhone, type Phone } from "../phone.ts";
import type { Script, Self } from "../script.ts";
import { type Asking, again, ask, askEach, fault, pause, settle, show, take } from "../steps.ts";
import type { Fetched, TftpManner } from "../tftp-client.ts";
import { isSound, loaderWith, type PolycomHead, readPolycomHead } from "./images.ts";
import { imageNames, type Master, readMaster } from "./master.ts";
import { POLYCOM_MODELS, type PolycomModel } from "./models.ts";
import { type Judgement, judgeApplication, judgeBootRom } from "./rules.ts";
import { olderThan } from "./version.ts";

/** What a Polycom phone keeps without power. */
export interface FlashPolycom {
  /** The version of its BootROM, or of its Updater from UC Software 4.0 on. */
  readonly loader: string;
  /** The version of its application; absent after the file system was formatted or a write was torn. */
  readonly application?: string;
  /** A provisioning server set by hand; the phone then asks DHCP for no other (polycom.md §4.1). */
  readonly server?: Ipv4;
  /** The BootROM was being written when the power went: nothing is left to start from (grade D). */
  readonly ruined?: boolean;
}

/** A phone that has run `application` for years, with the BootROM or Updater that goes with it. */
export function polycomFlashWith(application: string): FlashPolycom {
  return { loader: loaderWith(application), application };
}

type Step = Script<FlashPolycom>;

interface Boot extends Asking {
  readonly mac: Mac;
  readonly model: PolycomModel;
  readonly flash: FlashPolycom;
  readonly self: Self;
  /** The folder of the boot server's URL, with its last slash; or empty. */
  readonly folder: string;
}

/** Their TFTP timing is in no source (polycom.md §8); these figures are a guess (D). */
const MANNER: TftpManner = { trailingNul: false, retryAfter: 4000, triesPerPort: 5, ports: 2 };
const WANTS = [1, 3, 6, 15, 42, 66, 160];
const ZEROS = "000000000000";

/** A simulated SoundPoint, SoundStation or VVX. Throws for a tag that is none, e.g. `SPIP601`. */
export function createPolycom(mac: Mac, tag: string, seed: number): Phone<FlashPolycom> {
  const model = POLYCOM_MODELS.get(tag);
  if (model === undefined) throw new RangeError(`${tag} is not a Polycom model`);
  return createPhone(
    mac,
    {
      boot: (flash, self) => boot({ mac, model, flash, self, server: undefined, folder: "", manner: MANNER }),
      running: (flash) => flash.application,
    },
    seed,
  );
}

function boot(phone: Boot): Step {
  if (phone.flash.ruined === true) return { does: "die", why: "power cut while the BootROM was written" };
  return show("Starting", () =>
    take(phone, 3000, 8000, "post", () =>
      connect(phone, `BR/${phone.flash.loader}/28-Apr-05 13:30`, (placed) =>
        isUpdater(phone.flash) ? update(placed) : askBootRom(placed),
      ),
    ),
  );
}

function connect(phone: Boot, software: string, next: (placed: Boot) => Step): Step {
  return {
    does: "lease",
    manner: { mac: phone.mac, vendorClass: vendorClass(phone, software), wants: WANTS },
    next: (network) => next({ ...phone, ...bootServer(phone, network) }),
  };
}

/** Whether the phone starts by an Updater: it and the application travel in one file from UC Software 4.0 on. */
function isUpdater(flash: FlashPolycom): boolean {
  return !olderThan(flash.loader, "5.0");
}

/** Option 60 in the shape of RFC 3925 (polycom.md §5.3); in the boot stage 4 and 5 hold the same string. */
function vendorClass({ model, flash }: Boot, software: string): Uint8Array {
  const [, letters = "", digits = ""] = /^([A-Z]+)(\d+)$/.exec(model.tag) ?? [];
  const line = { SPIP: "SoundPointIP", SSIP: "SoundStationIP" }[letters] ?? "VVX";
  const loader = `BR/${flash.loader}/28-Apr-05 13:30`;
  const named = ["Polycom", `${line}-${letters}_${digits}`, model.part && `${model.part},2`, software, loader];
  const options = join(
    ...named.map((text, i) =>
      text === undefined ? latin1("") : join(Uint8Array.of(i + 1, text.length), latin1(text)),
    ),
  );
  return join(Uint8Array.of(0, 0, 0x36, 0x3d, options.length), options, Uint8Array.of(0xff));
}

/** Option 160 before 66 (polycom.md §5.2), then siaddr; a bare address or `tftp://address/folder`. */
function bootServer(phone: Boot, network: Network): Pick<Boot, "server" | "folder"> {
  if (phone.flash.server !== undefined) return { server: phone.flash.server, folder: "" };
  const named = network.option160 ?? network.option66;
  const found = /^(?:tftp:\/\/)?([\d.]+)(\/.*)?$/.exec(named ?? network.siaddr ?? "");
  const path = (found?.[2] ?? "").replace(/^\//, "");
  return { server: parseIpv4(found?.[1] ?? ""), folder: path === "" ? "" : path.replace(/\/?$/, "/") };
}

/** A BootROM looks for a newer one of itself first; taking it formats the file system (polycom.md §1.1 step 2). */
function askBootRom(phone: Boot): Step {
  const { model, flash, folder } = phone;
  return examine(
    phone,
    imageNames(`${folder}bootrom.ld`, model.part),
    (head) => judgeBootRom(model, flash.loader, head),
    {
      otherwise: () => readMasterFile(phone, (master) => askApplication(phone, master)),
      take: (head, breaks) =>
        show("Updating BootROM", () => ({
          does: "write",
          ms: 30_000,
          torn: { ...flash, ruined: true },
          whole: { loader: head.version, ...(flash.server === undefined ? {} : { server: flash.server }) },
          next: breaks === undefined ? again : () => ({ does: "die", why: breaks }),
        })),
    },
  );
}

/** An Updater hands in what the last run logged, then works like a BootROM without a file of its own (`TRC`). */
function update(phone: Boot): Step {
  return upload(phone, "app.log", () => readMasterFile(phone, (master) => askApplication(phone, master)));
}

function readMasterFile(phone: Boot, next: (master: Master | undefined) => Step): Step {
  const { mac, model, folder, flash } = phone;
  const software = flash.application ?? flash.loader;
  const read = (file: Fetched) =>
    file.is === "whole" ? next(readMaster(file.octets, model.tag, mac, software)) : undefined;
  return ask(
    phone,
    `${folder}${mac}.cfg`,
    (own) => read(own) ?? ask(phone, `${folder}${ZEROS}.cfg`, (zeros) => read(zeros) ?? next(undefined)),
  );
}

function askApplication(phone: Boot, master: Master | undefined): Step {
  const { model, flash, folder } = phone;
  const path = master?.application;
  // Without a master file, or without an application in it, the phone starts what it has (polycom.md §2.5).
  if (path === undefined || path === "") return start(phone);
  return examine(
    phone,
    imageNames(`${folder}${path}`, model.part),
    (head) => judgeApplication(model, flash.loader, flash.application, head),
    {
      otherwise: () => start(phone),
      take: (head, breaks) => {
        if (breaks !== undefined) return fault("Image is corrupt");
        const { application: _, ...torn } = flash;
        const loader = head.updater ?? flash.loader;
        const whole = { ...torn, loader, application: head.version };
        return show("Updating", () => ({ does: "write", ms: 60_000, torn, whole, next: again }));
      },
    },
  );
}

interface Outcomes {
  readonly otherwise: () => Step;
  readonly take: (head: PolycomHead, breaks: string | undefined) => Step;
}

/** Opens each name in turn and reads on only when the head is worth it: an aborted read is normal (polycom.md §1.2). */
function examine(
  phone: Boot,
  names: readonly string[],
  judge: (head: PolycomHead | undefined) => Judgement,
  outcomes: Outcomes,
): Step {
  const [name, ...others] = names;
  if (name === undefined) return outcomes.otherwise();
  const worthIt = (judged: Judgement) => judged.is === "takes" || judged.is === "breaks";
  const closesOn = (firstBlock: Uint8Array) => !worthIt(judge(readPolycomHead(firstBlock)));
  return ask(phone, { name, closesOn }, (fetched) => {
    if (fetched.is === "not-found") return examine(phone, others, judge, outcomes);
    if (fetched.is !== "whole" && fetched.is !== "seen-enough") return fault("Could not contact boot server");
    const head = readPolycomHead(fetched.octets);
    const judged = judge(head);
    if (head === undefined || !worthIt(judged)) return follow(judged, outcomes.otherwise);
    if (isSound(fetched.octets)) return outcomes.take(head, judged.is === "breaks" ? judged.why : undefined);
    // From BootROM 3 on images are signed, and a damaged one is not written; an older one notices nothing (D).
    return olderThan(phone.flash.loader, "3.0") ? outcomes.take(head, "a damaged image") : fault("Image is corrupt");
  });
}

function follow(judged: Judgement, otherwise: () => Step): Step {
  if (judged.is === "loops") return fault(judged.screen);
  return judged.is === "passes" ? show(judged.screen, otherwise) : otherwise();
}

/** The application: master file again, configuration from left to right, its own files, logs (polycom.md §1.1, §1.2). */
function start(phone: Boot): Step {
  const { flash, folder, mac } = phone;
  const { application } = flash;
  if (application === undefined) return fault("No application");
  const ucs = !olderThan(application, "4.0");
  const own = [`${mac}-phone.cfg`, ...(ucs ? [`${mac}-web.cfg`, `${ZEROS}-license.cfg`] : [])];
  const optional = [...own, ...(ucs ? [`${mac}-license.cfg`] : []), `${mac}-directory.xml`, `${ZEROS}-directory.xml`];
  return upload(phone, "boot.log", () =>
    pause(20_000, () =>
      connect(phone, `SIP/${application}/08-Jun-07 10:44`, (placed) =>
        readConfiguration(placed, (configuration) =>
          askEach(
            placed,
            optional.map((name) => `${folder}${name}`),
            () => upload(placed, "app.log", () => ready(placed, configuration)),
          ),
        ),
      ),
    ),
  );
}

function readConfiguration(phone: Boot, next: (configuration: string) => Step): Step {
  return readMasterFile(phone, (master) => readConfigs(phone, master?.configFiles ?? [], "", next));
}

function readConfigs(phone: Boot, names: readonly string[], read: string, next: (read: string) => Step): Step {
  const [name, ...others] = names;
  if (name === undefined) return next(read);
  return ask(phone, `${phone.folder}${name}`, (fetched) =>
    fetched.is === "whole"
      ? readConfigs(phone, others, `${read}${textOf(fetched.octets)}\n`, next)
      : fault("Config file error"),
  );
}

/** Registered, the phone takes a NOTIFY with check-sync: it restarts when a file that its master file lists has changed. */
function ready(phone: Boot, configuration: string): Step {
  const always = /voIpProt\.SIP\.specialEvent\.checkSync\.alwaysReboot\s*=\s*"1"/.test(configuration);
  const check = () =>
    readConfiguration(phone, (now) => (always || now !== configuration ? again() : ready(phone, configuration)));
  return settle(/reg\.1\.address\s*=\s*"[^"]+"/.test(configuration) ? "SIP registering" : "No line", {
    port: 5060,
    hear: (octets) => {
      const notify = readNotify(octets);
      if (notify === undefined) return {};
      return notify.event === "check-sync" ? { answer: notify.answer, next: check } : { answer: notify.answer };
    },
  });
}

/**
 * Logs go up by WRQ; a server that takes none is no fault (polycom.md §1.6). No source has the text of their lines; these
 * name what the sources say that they name: the versions.
 */
function upload(phone: Boot, log: string, next: () => Step): Step {
  const { loader, application } = phone.flash;
  const lines = [
    `0101000000|boot |*|00|${isUpdater(phone.flash) ? "Updater" : "BootROM"}, Version=${loader}`,
    ...(application === undefined ? [] : [`0101000010|app1 |*|00|Application, Label=SIP, Version=${application}`]),
    "",
  ];
  const octets = latin1(lines.join("\n"));
  return ask(phone, { name: `${phone.folder}${phone.mac}-${log}`, upload: octets }, next);
}
