import { readCnf, readXmlConfig } from "../cisco-config.ts";
import { again, ask, fault, show, take } from "../steps.ts";
import type { Fetched } from "../tftp-client.ts";
import { runApplication, startApplication } from "./application.ts";
import type { Flash7940 } from "./flash.ts";
import { readLoad } from "./loads.ts";
import { macOf, namedIn, sepName, xmlDefaultName } from "./names.ts";
import { judgeImage, judgeLoads, stemOf } from "./rules.ts";
import { type Boot, connect, type Step } from "./steps.ts";

const INVALID = "Protocol Application Invalid";

/**
 * One boot of a phone with the universal application loader, in the order of cisco.md §2.1 and §2.4: hunt for a file
 * that names a load, `<load>.loads`, the loader itself when it differs (and again), the application when it differs.
 */
export function loaderBoot(boot: Boot): Step {
  const vendor = `Cisco Systems, Inc. IP Phone CP-${boot.identity.model}G\0`;
  if (boot.flash.loader?.sound === false) return fault(INVALID);
  return show("Configuring IP", () =>
    take(boot, 2000, 4000, "post", () =>
      connect(boot, "loader", vendor, (b) => {
        if (boot.flash.straightOn === true) return goStraightOn(b);
        // R15: the static TFTP address went with the old load, and nothing else names a server.
        return b.server === undefined && b.flash.application === undefined ? fault(INVALID) : hunt(b);
      }),
    ),
  );
}

/** The observed times from the `.sb2` to `SIPDefault.cnf` leave no room for another 24 s (cisco.md §2.4). */
function goStraightOn(boot: Boot): Step {
  const { straightOn: _, ...flash } = boot.flash;
  return { does: "write", ms: 0, torn: boot.flash, whole: flash, next: () => runApplication({ ...boot, flash }) };
}

/** Looks in each file for a load; the first file that names one decides the protocol (cisco.md §2.1). */
function hunt(boot: Boot): Step {
  const mac = macOf(boot.identity);
  const places: readonly string[] = [
    `CTLSEP${mac}.tlv`,
    sepName(boot.identity),
    `SIP${mac}.cnf`,
    `MGC${mac}.cnf`,
    xmlDefaultName(boot.identity),
    "SIPDefault.cnf",
  ];
  return show("Requesting Configuration", () => huntAmong(boot, places));
}

function huntAmong(boot: Boot, places: readonly string[]): Step {
  const [name, ...others] = places;
  if (name === undefined) return withoutLoad(boot, "No Load Specified");
  return ask(boot, name, (fetched) => {
    if (fetched.is === "timeout" || fetched.is === "no-server") return withoutLoad(boot, INVALID);
    // An empty file makes the phone go round from the start (cisco.md §2.1, known hangs, grade C).
    if (fetched.is === "whole" && fetched.octets.length === 0) return fault("Requesting Configuration", again);
    const named = loadIn(boot, fetched);
    return named === undefined ? huntAmong(boot, others) : askLoads(boot, named);
  });
}

function loadIn(boot: Boot, fetched: Fetched): string | undefined {
  if (fetched.is !== "whole" || fetched.name.endsWith(".tlv")) return undefined;
  if (!/\.xml$/i.test(fetched.name)) {
    const named = readCnf(fetched.octets).get("image_version");
    return named === "" ? undefined : named;
  }
  const config = readXmlConfig(fetched.octets);
  return config.is === "malformed" ? undefined : namedIn(boot.identity, config.texts);
}

/** Starts what is in flash, or shows why nothing can start. */
function withoutLoad(boot: Boot, screen: string): Step {
  return boot.flash.application === undefined ? fault(screen) : startApplication(boot);
}

function askLoads(boot: Boot, load: string): Step {
  const file = `${load}.loads`;
  return ask(boot, file, (fetched) => {
    if (fetched.is !== "whole") {
      const read = readLoad(load);
      // R2: from 7.x the phone goes back to a signed load that has no `.loads`, by its `.sbn`.
      if (fetched.is === "not-found" && read !== undefined && !read.universal) return installOld(boot, load);
      return failed(boot, load, INVALID);
    }
    const verdict = judgeLoads(file, fetched.octets);
    if (verdict.is === "refuses") return failed(boot, load, verdict.screen);
    return installMembers(boot, load, verdict.members);
  });
}

function installMembers(boot: Boot, load: string, members: readonly string[]): Step {
  const loader = members.find((member) => member.endsWith(".sbn"));
  const application = members.find((member) => member.endsWith(".sb2"));
  if (loader === undefined || application === undefined) return failed(boot, load, INVALID);
  if (boot.flash.loader?.load !== stemOf(loader)) return installLoader(boot, loader);
  if (boot.flash.application !== stemOf(application)) return installApplication(boot, application);
  return startApplication(boot);
}

/** The `.sbn`: about 25 to 30 s until the reboot (cisco.md §2.4 step 2). The phone then has no application (R15). */
function installLoader(boot: Boot, file: string): Step {
  const load = stemOf(file);
  const { application: _, ...kept } = boot.flash;
  const whole: Flash7940 = { loader: { load, sound: true }, settings: {} };
  const torn: Flash7940 = boot.identity.habits.fragileLoader ? { ...kept, loader: { load, sound: false } } : kept;
  return installing(boot, file, 25_000, 30_000, torn, whole);
}

/** The `.sb2`: 35 to 60 s until the reboot (cisco.md §2.4 step 3). Torn, it leaves the loader and nothing to start. */
function installApplication(boot: Boot, file: string): Step {
  const { application: _, ...torn } = boot.flash;
  const whole: Flash7940 = { ...torn, application: stemOf(file), straightOn: !boot.identity.habits.huntsTwice };
  return installing(boot, file, 35_000, 60_000, torn, whole);
}

function installOld(boot: Boot, load: string): Step {
  const { application: _, ...torn } = boot.flash;
  const whole: Flash7940 = { application: load, settings: boot.flash.settings };
  return installing(boot, `${load}.sbn`, 25_000, 30_000, torn, whole);
}

/** A file of the set that is missing or refused ends in "Protocol Application Invalid" (cisco.md §5.2, N6). */
function installing(boot: Boot, file: string, low: number, high: number, torn: Flash7940, whole: Flash7940): Step {
  return show("Upgrading Software", () =>
    ask(boot, file, (fetched) => {
      if (fetched.is !== "whole") return fault(INVALID);
      const verdict = judgeImage(boot.flash, file, fetched.octets, boot.identity.habits);
      if (verdict.is === "refuses") return fault(verdict.screen);
      const ms = low + Math.floor(boot.self.chance(`write ${file}`) * (high - low));
      return { does: "write", ms, torn, whole, next: again };
    }),
  );
}

/** Nothing was written: an application that is there starts and reports W710 (cisco.md §5.2); otherwise the fault shows. */
function failed(boot: Boot, load: string, screen: string): Step {
  return boot.flash.application === undefined ? fault(screen) : startApplication(boot, { load, screen });
}
