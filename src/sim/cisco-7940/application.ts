import { readCnf, readXmlConfig, syncFor } from "../cisco-config.ts";
import { readNotify } from "../notify.ts";
import { again, ask, fault, pause, settle, show, take } from "../steps.ts";
import type { Fetched } from "../tftp-client.ts";
import { readLoad } from "./loads.ts";
import { lineProvisioned, macOf, namedIn, sepName, XML_ERROR, xmlDefaultName } from "./names.ts";
import type { Boot, Step } from "./steps.ts";

/** A load that the loader was told and could not install in this boot. */
export interface FailedUpgrade {
  readonly load: string;
  readonly screen: string;
}

/** Starts the application in flash: about 24 s of silence, then its own files (cisco.md §2.1, `TEO`). */
export function startApplication(boot: Boot, failedUpgrade?: FailedUpgrade): Step {
  return show("Starting", () => take(boot, 22_000, 26_000, "start", () => runApplication(boot, failedUpgrade)));
}

/** The application in flash reads its files. */
export function runApplication(boot: Boot, failedUpgrade?: FailedUpgrade): Step {
  const protocol = readLoad(boot.flash.application ?? "")?.protocol;
  return protocol === "SIP" ? readSip(boot, failedUpgrade) : readSccp(boot, failedUpgrade);
}

/** `SIPDefault.cnf`, `SIP<MAC>.cnf` behind the prefix the former names, then two files at once. */
function readSip(boot: Boot, failedUpgrade: FailedUpgrade | undefined): Step {
  const limit = 8192;
  return ask(boot, { name: "SIPDefault.cnf", limit }, (def) => {
    const defaults = cnfOf(def);
    const own = `${defaults.get("tftp_cfg_dir") ?? ""}SIP${macOf(boot.identity)}.cnf`;
    return ask(boot, { name: own, limit }, (mine) => {
      const values = new Map([...defaults, ...cnfOf(mine)]);
      return obey(boot, values.get("image_version"), failedUpgrade, () => {
        if (def.is === "too-big") return fault("W210 TFTP Error: SIPDefault.cnf Buffer Full");
        if (mine.is === "too-big") return fault("W220 TFTP Error: Buffer Full");
        return lineProvisioned(values) ? readRest(boot, values) : unprovisioned(boot, own, limit);
      });
    });
  });
}

function readRest(boot: Boot, values: ReadonlyMap<string, string>): Step {
  const dialTemplate = values.get("dial_template") ?? "";
  const wishes = [{ name: "RINGLIST.DAT" }, { name: `${dialTemplate === "" ? "dialplan" : dialTemplate}.xml` }];
  const { server, manner } = boot;
  return { does: "fetch", wishes, server, manner, next: () => registered(boot, values) };
}

/** Registered, the phone takes a NOTIFY with check-sync: it waits until it is idle and reads `syncinfo.xml`. */
function registered(boot: Boot, values: ReadonlyMap<string, string>): Step {
  const port = Number(values.get("voip_control_port") ?? 5060);
  const next = () => checkSync(boot, values);
  return settle("SIP registering", {
    port,
    hear: (octets) => {
      const notify = readNotify(octets);
      if (notify === undefined) return {};
      // 8.12 has both words in one list (cisco.md §9).
      const known = notify.event === "check-sync" || notify.event === "service-control";
      return known ? { answer: notify.answer, next } : { answer: notify.answer };
    },
  });
}

/** 20 s of quiet; then its image's entry in `syncinfo.xml`, or the one for `*`: another SYNC than its own restarts it. */
function checkSync(boot: Boot, values: ReadonlyMap<string, string>): Step {
  return pause(20_000, () =>
    ask(boot, "syncinfo.xml", (fetched) => {
      const told = fetched.is === "whole" ? syncFor(fetched.octets, boot.flash.application ?? "") : undefined;
      const restarts = told !== undefined && told !== (values.get("sync") ?? "1");
      return restarts ? again() : registered(boot, values);
    }),
  );
}

/** A SIP phone that cannot register asks for its file again about every 31 s (cisco.md §2.4). */
function unprovisioned(boot: Boot, own: string, limit: number): Step {
  return show("Phone Unprovisioned", () => ({
    does: "stand",
    mood: "stuck",
    next: () =>
      pause(31_000, () =>
        ask(boot, { name: own, limit }, (mine) =>
          lineProvisioned(cnfOf(mine)) ? again() : unprovisioned(boot, own, limit),
        ),
      ),
  }));
}

/** `CTLSEP<MAC>.tlv`, `SEP<MAC>.cnf.xml`, and without the latter `XMLDefault.cnf.xml` (cisco.md §2.4 step 1). */
function readSccp(boot: Boot, failedUpgrade: FailedUpgrade | undefined): Step {
  return ask(boot, `CTLSEP${macOf(boot.identity)}.tlv`, () =>
    ask(boot, sepName(boot.identity), (sep) =>
      sep.is === "whole"
        ? obeyXml(boot, sep, failedUpgrade)
        : ask(boot, xmlDefaultName(boot.identity), (def) =>
            def.is === "whole" ? obeyXml(boot, def, failedUpgrade) : fault("Unprovisioned"),
          ),
    ),
  );
}

function obeyXml(boot: Boot, file: Extract<Fetched, { is: "whole" }>, failedUpgrade: FailedUpgrade | undefined): Step {
  const config = readXmlConfig(file.octets);
  if (config.is === "malformed") return fault(XML_ERROR);
  return obey(boot, namedIn(boot.identity, config.texts), failedUpgrade, () =>
    // Without a CallManager there is nothing to register with (cisco.md §7.1, required minimum).
    (config.texts.get("processNodeName") ?? "") === "" ? fault("Configuring CM List") : settle("SCCP registering"),
  );
}

/** Told another load, the application restarts into the loader, which does the work (cisco.md §2.4). */
function obey(
  boot: Boot,
  named: string | undefined,
  failedUpgrade: FailedUpgrade | undefined,
  ready: () => Step,
): Step {
  if (named === undefined || named === "" || named === boot.flash.application) return ready();
  if (failedUpgrade === undefined) return show("Resetting", () => pause(3000, again));
  const because = failedUpgrade.screen === "Protocol Application Invalid" ? "" : ` (${failedUpgrade.screen})`;
  return show(`W710 Loader failed upgrade to ${named}, ignoring reset${because}`, () => ({
    does: "stand",
    mood: "stuck",
    next: () => ({ does: "rest" }),
  }));
}

function cnfOf(fetched: Fetched): ReadonlyMap<string, string> {
  return fetched.is === "whole" ? readCnf(fetched.octets) : new Map();
}
