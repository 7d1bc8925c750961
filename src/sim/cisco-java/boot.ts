import { readXmlConfig } from "../cisco-config.ts";
import { tftpServerOf } from "../dhcp-client.ts";
import { membersOf, readImage } from "../images.ts";
import { readNotify } from "../notify.ts";
import { textOf } from "../octets.ts";
import type { Hearing, Script, Self } from "../script.ts";
import { type Asking, again, ask, askEach, fault, pause, settle, show, take } from "../steps.ts";
import type { TftpManner } from "../tftp-client.ts";
import type { FlashJava, IdentityJava } from "./flash.ts";
import { readJavaLoad, trusts } from "./loads.ts";

type Step = Script<FlashJava>;

interface Boot extends Asking {
  readonly identity: IdentityJava;
  readonly flash: FlashJava;
  readonly self: Self;
}

/** A 7961G asked three times for a file and began again with DHCP (cisco.md §2.1, grade C); the pause is a guess (D). */
const MANNER: TftpManner = { trailingNul: false, retryAfter: 4000, triesPerPort: 3, ports: 1 };
/** HTTP comes first on the TFTP server's address, with 9.x loads too (cisco.md §2.2, §8; UCM, grade B). */
const WEB = 6970;
const WANTS = [1, 66, 6, 3, 15, 150, 35];

/** One boot (cisco.md §2.2): the phone's application, or the boot loader where there is none. */
export function javaBoot(identity: IdentityJava, flash: FlashJava, self: Self): Step {
  const boot: Boot = { identity, flash, self, server: undefined, manner: MANNER };
  if (flash.formatting === "interrupted") return { does: "die", why: "power cut during a full format" };
  if (flash.formatting === "asked") return format(flash);
  return show("Configuring IP", () =>
    take(boot, 5000, 20_000, "post", () => ({
      does: "lease",
      manner: {
        mac: identity.mac,
        vendorClass: `Cisco Systems, Inc. IP Phone ${identity.model.option60}${identity.model.web === true ? "" : "\0"}`,
        wants: WANTS,
      },
      next: (network) => {
        const placed = { ...boot, server: flash.settings.tftp ?? tftpServerOf(network), web: webOf(boot) };
        const { term } = identity.model;
        if (flash.application === undefined && term !== undefined) return bootLoader(placed, term);
        return application(placed, flash.application);
      },
    })),
  );
}

function webOf({ identity, flash }: Boot): number | undefined {
  const tries = identity.model.web === true || (readJavaLoad(flash.application?.load ?? "")?.major ?? 0) >= 9;
  // Nothing is recorded of HTTP on a 69xx, which is said to behave as the Java phones before 9.x did (D).
  return tries && identity.model.series !== "69xx" ? WEB : undefined;
}

/** `3491672850*#`: red lights, then a phone that looks dead for five minutes and must keep its power (cisco.md §9). */
function format(flash: FlashJava): Step {
  const whole: FlashJava = { trusted: flash.trusted, trustList: false, settings: {} };
  return show("", () => ({
    does: "write",
    ms: 300_000,
    torn: { ...whole, formatting: "interrupted" },
    whole,
    next: again,
  }));
}

/** The boot loader installs what its `term<NN>.default.loads` lists, whatever protocol that is (cisco.md §2.2). */
function bootLoader(boot: Boot, term: string): Step {
  return show("Upgrading", () =>
    ask(boot, `term${term}.default.loads`, (fetched) => {
      if (fetched.is !== "whole") return fault("File Not Found");
      return install(boot, fetched.name, fetched.octets, fault);
    }),
  );
}

/**
 * The application reads its files. A 69xx or 894x whose write was torn has none, and its loader reads them instead: what
 * `loadInformation` names is installed (grade D).
 */
function application(boot: Boot, application: FlashJava["application"]): Step {
  const mac = boot.identity.mac.toUpperCase();
  const running = application?.load ?? "";
  const load = readJavaLoad(running);
  // ITL files arrived with CUCM 8 and the 9.x loads (grade D).
  const lists = [`CTLSEP${mac}.tlv`, ...((load?.major ?? 0) >= 9 ? [`ITLSEP${mac}.tlv`, "ITLFile.tlv"] : [])];
  return show("Requesting Configuration", () =>
    askEach(boot, lists, () => {
      if (boot.flash.trustList) return distrust(boot, mac);
      return ask(boot, `SEP${mac}.cnf.xml`, (fetched) => {
        if (fetched.is === "timeout" || fetched.is === "no-server") return fault("TFTP Timeout");
        if (fetched.is !== "whole") return withoutOwnFile(boot, running);
        return obey(boot, running, fetched.octets);
      });
    }),
  );
}

/** With an old trust list the phone wants a signed configuration and takes no other (J9). */
function distrust(boot: Boot, mac: string): Step {
  return ask(boot, `SEP${mac}.cnf.xml.sgn`, () => fault("TFTP Not Authorized"));
}

/** Without its own file it asks for the default, and goes on asking for its own (cisco.md §2.2). */
function withoutOwnFile(boot: Boot, running: string): Step {
  // The documents of the 7941 and 7961 spell it this way.
  const name = boot.identity.model.series === "41" ? "XmlDefault.cnf.xml" : "XMLDefault.cnf.xml";
  return ask(boot, name, (fetched) => (fetched.is === "whole" ? obey(boot, running, fetched.octets) : fault(UNKNOWN)));
}

const UNKNOWN = "Unprovisioned";

function obey(boot: Boot, running: string, octets: Uint8Array): Step {
  const config = readXmlConfig(octets);
  if (config.is === "malformed") return fault("Error Verifying Config Info");
  const numbered = config.texts.get(`loadInformation${boot.identity.model.code}`);
  const named = config.texts.get("loadInformation") ?? numbered ?? "";
  const ready = () => (running === "" ? fault("No Load") : start(boot, running, textOf(octets), config.texts));
  if (named === "" || named === running) return ready();
  const load = readJavaLoad(named);
  if (load?.series !== boot.identity.model.series) return show("Load ID Incorrect", ready);
  return show("Upgrading", () =>
    ask(boot, `${named}.loads`, (fetched) => {
      if (fetched.is !== "whole") return show("File Not Found", ready);
      return install(boot, fetched.name, fetched.octets, (screen) =>
        // A refused signature ends in a boot loop (J2); anything else leaves the phone with the load it has.
        screen === "Auth Fail" ? fault(screen) : show(screen, ready),
      );
    }),
  );
}

/** Takes what the list names and flash has not; the order is the list's. */
function install(boot: Boot, name: string, octets: Uint8Array, otherwise: (screen: string) => Step): Step {
  const list = readImage(octets);
  if (list.is !== "signed" || !list.sound || list.name.toLowerCase() !== name.toLowerCase()) {
    return otherwise("Auth Fail");
  }
  const load = readJavaLoad(/^# (\S+)/.exec(textOf(list.body))?.[1] ?? "");
  if (load === undefined || !trusts(boot.flash.trusted, load.key)) return otherwise("Auth Fail");
  if (load.series !== boot.identity.model.series) return otherwise("Load Rejected HC");
  const components = membersOf(list.body);
  const missing = components.filter((component) => !boot.flash.application?.components.includes(component));
  return takeEach(boot, missing, otherwise, () => writeLoad(boot, load.name, components));
}

function takeEach(boot: Boot, names: readonly string[], otherwise: (screen: string) => Step, next: () => Step): Step {
  const [name, ...others] = names;
  if (name === undefined) return next();
  return ask(boot, name, (fetched) => {
    if (fetched.is !== "whole") return otherwise("File Not Found");
    const image = readImage(fetched.octets);
    if (image.is !== "signed" || image.name !== name || !image.sound) return otherwise("Auth Fail");
    return takeEach(boot, others, otherwise, next);
  });
}

/** A torn write leaves the boot loader, which asks for `term<NN>.default.loads` where the phone has one (grade D). */
function writeLoad(boot: Boot, load: string, components: readonly string[]): Step {
  const { application: _, ...torn } = boot.flash;
  const trusted = readJavaLoad(load)?.key ?? boot.flash.trusted;
  const whole: FlashJava = { ...torn, trusted, application: { load, components } };
  return { does: "write", ms: 120_000, torn, whole, next: again };
}

/**
 * How a series calls its locale and its tones: `rtl` and `g4` for the 6941 in the vendor's guide to CME locales; the 894x
 * are not in it and follow their sister 8961 (D).
 */
const LOCALES: Readonly<Record<string, { readonly jar: string; readonly tones: string }>> = {
  "69xx": { jar: "rtl", tones: "g4" },
  "894x": { jar: "gh", tones: "g4" },
};

/** The files of the protocol, each optional (cisco.md §2.2), and the phone registers. */
function start(boot: Boot, running: string, source: string, texts: ReadonlyMap<string, string>): Step {
  const sip = readJavaLoad(running)?.protocol === "SIP";
  const userLocale = /<userLocale>.*?<name>(.*?)<\/name>/s.exec(source)?.[1] ?? "";
  const { jar, tones } = LOCALES[boot.identity.model.series] ?? { jar: "mk", tones: "g3" };
  const names = [
    `${userLocale}/${jar}-${sip ? "sip" : "sccp"}.jar`,
    `${texts.get("networkLocale") ?? ""}/${tones}-tones.xml`,
    ...(sip ? [texts.get("dialTemplate") ?? "", texts.get("softKeyFile") ?? ""] : []),
  ].filter((name) => name !== "");
  return askEach(boot, names, () => {
    // A SIP load needs a line of feature 9 with a name and a proxy, or it drops the configuration (cisco.md §7.2).
    const line = /<line button="\d+".*?<featureID>9<\/featureID>.*?<proxy>[^<]+<\/proxy>/s.test(source);
    if (sip && !line) return fault("Unprovisioned");
    if ((texts.get("processNodeName") ?? "") === "") return fault("Unprovisioned");
    return pause(5000, () => (sip ? settle("SIP registering", SERVICE_CONTROL) : settle("SCCP registering")));
  });
}

/** A registered SIP phone restarts on service-control with `action=restart` or `reset`, and on check-sync (cisco.md §9). */
const SERVICE_CONTROL: Hearing<FlashJava> = {
  port: 5060,
  hear: (octets) => {
    const notify = readNotify(octets);
    if (notify === undefined) return {};
    const { event, body, answer } = notify;
    const told = event === "check-sync" || (event === "service-control" && /^action=(?:restart|reset)\b/m.test(body));
    return told ? { answer, next: again } : { answer };
  },
};
