import type { Because } from "../firmware/because.ts";
import type { Mac } from "../wire/address.ts";
import { modelOf } from "./families.ts";
import { modelOfLine } from "./polycom-versions.ts";

/** What a DHCP client says about itself, as far as it can be believed. */
export interface DhcpIdentity {
  readonly vendor: "cisco" | "polycom";
  readonly by: "option 60" | "oui";
  /** The model in the client's own spelling, e.g. `CP-7960G` or `SPIP_601`. Printable ASCII. */
  readonly named?: string;
  /** The model id, where a family of ours has that spelling. */
  readonly model?: string;
  /** Polycom's part number and revision, e.g. `2345-11605-001,2`. */
  readonly part?: string;
  /** Version of the application that asks, e.g. `2.1.0.2708`. */
  readonly application?: string;
  /** Version of the BootROM or Updater. */
  readonly bootRom?: string;
  readonly because: Because;
}

/**
 * Who a client is, by option 60 and, where it sends none, by the OUI of its MAC. Undefined for anything that is not
 * known to be a phone: a MAC of a phone vendor under another vendor class is a switch or an access point.
 */
export function identifyDhcpClient(vendorClass: Uint8Array | undefined, mac: Mac): DhcpIdentity | undefined {
  if (vendorClass !== undefined && vendorClass.length > 0) return identifyVendorClass(vendorClass);
  const oui = OUIS[mac.slice(0, 6)];
  return oui === undefined ? undefined : { vendor: oui.vendor, by: "oui", because: oui.because };
}

/** Reads option 60. Linear in its length; undefined when it is no phone's. */
export function identifyVendorClass(vendorClass: Uint8Array): DhcpIdentity | undefined {
  return polycomBinary(vendorClass) ?? identifyText(printable(vendorClass));
}

// Where these OUIs were seen on phones. Cisco's are shared with switches and routers, which send an option 60 of their own.
const POLYCOM_OUI: Because = {
  reason: "Polycom's own OUI, which Wazo selects these phones by",
  source: "wazo-provd-plugins, polycom.conf",
  grade: "A",
};
const CISCO_OUI: Because = {
  reason: "The OUI of phones in published boot logs; a boot loader may leave option 60 out",
  source: "TFTP logs of 2020 and 2021",
  grade: "C",
};
const OUIS: Readonly<Record<string, { vendor: "cisco" | "polycom"; because: Because }>> = {
  "0004f2": { vendor: "polycom", because: POLYCOM_OUI },
  "64167f": { vendor: "polycom", because: POLYCOM_OUI },
  "482567": { vendor: "polycom", because: POLYCOM_OUI },
  "00907a": { vendor: "polycom", because: { ...POLYCOM_OUI, reason: "SpectraLink, later Polycom's", grade: "B" } },
  "000b46": { vendor: "cisco", because: CISCO_OUI },
  "000e84": { vendor: "cisco", because: CISCO_OUI },
  "001b2a": { vendor: "cisco", because: CISCO_OUI },
};

const WAZO: Because = {
  reason: "Option 60 as these phones send it",
  source: "Wazo dhcpd_update/cisco.conf; strings in the firmware",
  grade: "B",
};
const POLYCOM_60: Because = {
  reason: "Option 60 as the administrator's guides describe it",
  source: "Polycom administrator's guides 2.2, 3.1 (p. 317) and 5.9",
  grade: "A",
};

function identifyText(text: string): DhcpIdentity | undefined {
  const low = text.toLowerCase();
  // "Cisco Systems, Inc. IP Phone CP-7960G\0" (7960 SCCP 8.1(2)), "Cisco Systems, Inc. IP Phone 7912" (9.0.3),
  // "Cisco Systems, Inc. IP Phone\0" (no model)
  for (const prefix of ["cisco systems, inc. ip phone", "cisco systems inc. wireless phone"])
    if (low.startsWith(prefix)) return cisco(text.slice(prefix.length).trim());
  // "Cisco Systems, Inc." (6901): nothing behind it, or it is another product
  if (low === "cisco systems, inc.") return cisco("");
  // "Polycom-VVX310", "Polycom-SoundPointIP-SPIP_335" (option60Type ASCII)
  if (low.startsWith("polycom")) return polycom(text.slice("polycom".length).replace(/^-/, ""), {});
  return undefined;
}

function cisco(named: string): DhcpIdentity {
  return { vendor: "cisco", by: "option 60", ...spelled(named, modelOf(named)?.id), because: WAZO };
}

function polycom(name: string, more: Partial<DhcpIdentity>): DhcpIdentity {
  // "SoundPointIP-SPIP_601": the product line, then the model.
  const hyphen = name.lastIndexOf("-");
  const named = name.slice(hyphen + 1);
  const model = modelOfLine(name.slice(0, Math.max(0, hyphen)), named);
  return { vendor: "polycom", by: "option 60", ...spelled(named, model), ...more, because: POLYCOM_60 };
}

function spelled(named: string, model: string | undefined): { named?: string; model?: string } {
  if (named === "") return {};
  return model === undefined ? { named } : { named, model };
}

/**
 * Polycom's binary form: the content of an option 124 (RFC 3925) inside option 60.
 *
 *      0         4        5
 *     +---------+--------+------+--------+----------+ … +------+
 *     | 0000363d| length | code | length | value    | …  |  ff  |
 *     +---------+--------+------+--------+----------+ … +------+
 *
 * "00 00 36 3d 6f 01 07 Polycom 02 15 SoundPointIP-SPIP_601 03 10 2345-11605-001,2 04 … SIP/…/08-Jun-07 10:44 …"
 */
function polycomBinary(octets: Uint8Array): DhcpIdentity | undefined {
  if (octets.length < 5 || !ENTERPRISE.every((octet, i) => octets[i] === octet)) return undefined;
  const values = new Map<number, string>();
  const end = Math.min(octets.length, 5 + (octets[4] as number));
  for (let at = 5; at + 2 <= end && octets[at] !== 255; ) {
    const length = octets[at + 1] as number;
    // A length that runs past the end: what stands before it still counts.
    if (at + 2 + length > end) break;
    values.set(octets[at] as number, printable(octets.subarray(at + 2, at + 2 + length)));
    at += 2 + length;
  }
  const part = values.get(3);
  // In the BootROM stage both sub-options carry the BootROM's own version.
  const application = versionOf(values.get(4), "SIP");
  const bootRom = versionOf(values.get(5), "BR") ?? versionOf(values.get(4), "BR");
  return polycom(values.get(2) ?? "", {
    ...(part === undefined || part === "" ? {} : { part }),
    ...(application === undefined ? {} : { application }),
    ...(bootRom === undefined ? {} : { bootRom }),
  });
}

const ENTERPRISE = [0, 0, 0x36, 0x3d];

/** `SIP/2.1.0.2708/08-Jun-07 10:44` has the version between the slashes. */
function versionOf(text: string | undefined, kind: "SIP" | "BR"): string | undefined {
  const [type = "", build = ""] = (text ?? "").split("/");
  if (type !== kind || build === "") return undefined;
  return build.replace(/^Tip\./, "");
}

/** Printable ASCII up to the first NUL; anything else would only serve to confuse a log. */
function printable(octets: Uint8Array): string {
  let text = "";
  for (const octet of octets) {
    if (octet === 0) break;
    if (octet >= 32 && octet < 127) text += String.fromCharCode(octet);
  }
  return text.trim();
}
