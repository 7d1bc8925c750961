import { readCnf, readXmlConfig } from "../cisco-config.ts";
import { textOf } from "../octets.ts";
import { again, ask, fault, pause, settle, show, take } from "../steps.ts";
import type { Fetched } from "../tftp-client.ts";
import { checksSignatures, type Flash7940 } from "./flash.ts";
import { before, isLoader, type Load, readLoad, readsXml } from "./loads.ts";
import { lineProvisioned, macOf, namedIn, sepName, XML_ERROR, xmlDefaultName } from "./names.ts";
import { judgeImage } from "./rules.ts";
import { type Boot, connect, MANNER, type Step } from "./steps.ts";

/** Loads without the universal loader name no model in option 60 (cisco.md §3). */
const VENDOR = "Cisco Systems, Inc. IP Phone\0";

/**
 * One boot of a phone without the universal loader: SCCP up to 5.x, SIP up to 6.x (cisco.md §2.1). POST, DHCP,
 * `OS79XX.TXT` always first, then the protocol's own files.
 */
export function oldBoot(boot: Boot, load: Load): Step {
  const manner = { ...MANNER, trailingNul: before(load, load.protocol === "SIP" ? 3 : 4) };
  return show("Configuring IP", () =>
    take(boot, 2000, 4000, "post", () =>
      connect({ ...boot, manner }, "application", VENDOR, (b) =>
        boot.flash.torn === undefined ? askOs79xx(b, load) : finishTorn(b, boot.flash.torn),
      ),
    ),
  );
}

function askOs79xx(boot: Boot, load: Load): Step {
  return ask(boot, "OS79XX.TXT", (fetched) => {
    const config = () => readConfig(boot, load);
    if (fetched.is !== "whole") return config();
    const named = textOf(fetched.octets);
    // N3: one line, the base name alone. The vendor blames "Unprovisioned" on a file that is anything else (S15).
    if (!/^[\w-]+$/.test(named)) return fault("Phone Unprovisioned");
    return followsOs79xx(load, named) ? install(boot, load, named, config) : config();
  });
}

/**
 * The phone compares four characters: another protocol is loaded, its own is ignored. Two readings that the documents
 * force: a loader `P003-…` is not the protocol of an SCCP load `P0030…`, or the CME example SCCP 5.x to SIP 7.4 by
 * OS79XX.TXT could not work (R4, grade D); and an SCCP load that reads no XML follows it within its protocol (rule H, C).
 */
function followsOs79xx(load: Load, named: string): boolean {
  if (named.slice(0, 4) !== load.name.slice(0, 4) || isLoader(named) !== isLoader(load.name)) return true;
  return load.protocol === "SCCP" && !readsXml(load) && named !== load.name;
}

function readConfig(boot: Boot, load: Load): Step {
  if (load.protocol === "SIP") return readSip(boot, load);
  if (load.protocol === "SCCP") return readsXml(load) ? readSccp(boot, load) : readBinarySccp(boot);
  return settle("MGCP");
}

function readSccp(boot: Boot, load: Load): Step {
  return ask(boot, sepName(boot.identity), (sep) =>
    sep.is === "whole"
      ? obeyXml(boot, load, sep)
      : ask(boot, xmlDefaultName(boot.identity), (def) =>
          def.is === "whole" ? obeyXml(boot, load, def) : fault("Unprovisioned"),
        ),
  );
}

function obeyXml(boot: Boot, load: Load, file: Extract<Fetched, { is: "whole" }>): Step {
  const config = readXmlConfig(file.octets);
  if (config.is === "malformed") return fault(XML_ERROR);
  const named = namedIn(boot.identity, config.texts);
  const ready = () => settle("SCCP registering");
  return named === undefined || named === load.name ? ready() : install(boot, load, named, ready);
}

/** The layout of the binary `SEPDefault.cnf` is not known: that it is there is all that the phone is seen to need. */
function readBinarySccp(boot: Boot): Step {
  return ask(boot, `SEP${macOf(boot.identity)}.cnf`, (sep) =>
    sep.is === "whole"
      ? settle("SCCP registering")
      : ask(boot, "SEPDefault.cnf", (def) =>
          def.is === "whole" ? settle("SCCP registering") : fault("Unprovisioned"),
        ),
  );
}

function readSip(boot: Boot, load: Load): Step {
  // R10: the size that SIP 2.x cannot read is stated nowhere; one block is the reading of cisco.md §8 (grade D). Later
  // loads read 8192 octets (`SIPCC`).
  const limit = before(load, 3) ? 512 : 8192;
  return ask(boot, { name: "SIPDefault.cnf", limit }, (def) =>
    ask(boot, { name: `SIP${macOf(boot.identity)}.cnf`, limit }, (own) => {
      const values = new Map([...cnfOf(def), ...cnfOf(own)]);
      const named = values.get("image_version");
      const rest = () => finishSip(boot, def, own, values);
      return named === undefined || named === "" || named === load.name ? rest() : install(boot, load, named, rest);
    }),
  );
}

function finishSip(boot: Boot, def: Fetched, own: Fetched, values: ReadonlyMap<string, string>): Step {
  if (def.is === "too-big") return fault("W210 TFTP Error: SIPDefault.cnf Buffer Full");
  if (own.is === "too-big") return fault("W220 TFTP Error: Buffer Full");
  if (!lineProvisioned(values)) return fault("Phone Unprovisioned");
  return ask(boot, "RINGLIST.DAT", () =>
    ask(boot, `${values.get("dial_template") ?? "dialplan"}.xml`, () => settle("SIP registering")),
  );
}

function cnfOf(fetched: Fetched): ReadonlyMap<string, string> {
  return fetched.is === "whole" ? readCnf(fetched.octets) : new Map();
}

/** Loads the image `named`; goes on with `otherwise` when it cannot, and keeps the load it has. */
function install(boot: Boot, load: Load, named: string, otherwise: () => Step): Step {
  // N5: SIP up to 2.1 refuses a name longer than eight characters.
  if (load.protocol === "SIP" && before(load, 2, 2) && named.length > 8) return show("Load name too long", otherwise);
  const next = readLoad(named);
  const stateError = load.protocol === "SCCP" && !readsXml(load) && next?.protocol === "SIP";
  const file = `${named}.${checksSignatures(boot.flash) ? "sbn" : "bin"}`;
  if (stateError && (next.major === 3 || next.major === 4)) return repeatStateError(boot, file);
  return show("Upgrading Software", () =>
    ask(boot, file, (fetched) => {
      if (fetched.is !== "whole") return otherwise();
      const verdict = judgeImage(boot.flash, file, fetched.octets, boot.identity.habits);
      if (verdict.is === "refuses") return show(verdict.screen, otherwise);
      return write(boot, named, file, verdict);
    }),
  );
}

/** R5: very old SCCP loads break a SIP 3.x or 4.x image off with "State error", again about every ten seconds. */
function repeatStateError(boot: Boot, file: string): Step {
  return show("Upgrading Software", () => ({
    does: "stand",
    mood: "stuck",
    next: () => ask(boot, { name: file, breaksOff: true }, () => pause(10_000, () => repeatStateError(boot, file))),
  }));
}

/**
 * A power cut in the middle leaves a phone that asks for the same file at its next boot: the sources are silent about
 * phones without the universal loader (grade D).
 */
function write(
  boot: Boot,
  load: string,
  file: string,
  verdict: Exclude<ReturnType<typeof judgeImage>, { is: "refuses" }>,
): Step {
  const { settings, application } = boot.flash;
  const torn: Flash7940 = { ...boot.flash, torn: { load, file } };
  const read = readLoad(load);
  const loader = read?.universal === true;
  const useless = verdict.is === "breaks" && verdict.leaves === "useless-loader";
  const whole: Flash7940 = loader
    ? { loader: { load, sound: !useless }, settings: {} }
    : { application: load, settings };
  const dies = verdict.is === "breaks" && verdict.leaves === "nothing" ? verdict.why : undefined;
  return {
    does: "write",
    ms: 26_000,
    torn,
    whole: dies === undefined ? whole : { ...(application === undefined ? {} : { torn: { load, file } }), settings },
    next: () => (dies === undefined ? again() : { does: "die", why: dies }),
  };
}

function finishTorn(boot: Boot, torn: NonNullable<Flash7940["torn"]>): Step {
  const keepAsking = () => fault("Upgrading Software", () => finishTorn(boot, torn));
  return ask(boot, torn.file, (fetched) => {
    if (fetched.is !== "whole") return keepAsking();
    const verdict = judgeImage(boot.flash, torn.file, fetched.octets, boot.identity.habits);
    return verdict.is === "refuses" ? keepAsking() : write(boot, torn.load, torn.file, verdict);
  });
}
