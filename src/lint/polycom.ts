import { isGuessed, isVendorPassword } from "../phones/known-passwords.ts";
import { type Findings, type LintFile, type Place, quoted } from "./finding.ts";
import { all, type Element, lineAt, lineOfElement } from "./xml.ts";

/** Attributes of APPLICATION in the shipped master files, model suffixes aside (polycom.md §2.1). */
const MASTER = new Set(
  (
    "APP_FILE_PATH CONFIG_FILES MISC_FILES LOG_FILE_DIRECTORY OVERRIDES_DIRECTORY CONTACTS_DIRECTORY LICENSE_DIRECTORY " +
    "USER_PROFILES_DIRECTORY CALL_LISTS_DIRECTORY COREFILE_DIRECTORY DECT_FILE_PATH SERVICE_FILES CERTIFICATE_DIRECTORY FLK_DIRECTORY " +
    "ICONS_DIRECTORY CAMERA_PRESETS_DIRECTORY BOOTBLOCK_FILE_PATH"
  ).split(" "),
);
const SUFFIX = /_(?:SPIP|SSIP|VVX|Trio|SSDuo)[A-Za-z0-9]*$/;
const LONGEST_LIST = 2047;
const LONGEST_PATH = 255;

/** Ranges of parameters that admins write by hand (the UCS 4.0 table beside polycom.md). */
const RANGES: readonly (readonly [name: RegExp, least: number, most: number])[] = [
  [/^voIpProt\.server\.\d+\.port$|^reg\.\d+\.server\.\d+\.port$/, 0, 65535],
  [/^voIpProt\.server\.\d+\.expires$|^reg\.\d+\.server\.\d+\.expires$/, 10, 2_147_483_647],
  [/^tcpIpApp\.sntp\.gmtOffset$|^device\.sntp\.gmtOffset$/, -43_200, 46_800],
  [/^tcpIpApp\.sntp\.resyncPeriod$/, 60, 2_147_483_647],
  [/^device\.dhcp\.(?:bootSrvOpt|dhcpVlanDiscOpt)$/, 128, 254],
  [/^prov\.polling\.period$/, 3600, 4_294_967_295],
  [/^log\.render\.level$/, 0, 6],
  [/^httpd\.cfg\.port$/, 1, 65535],
];
const TRANSPORTS = ["DNSnaptr", "TCPpreferred", "UDPOnly", "TLS", "TCPOnly"];

/** A file that a master file names, by its path from there. */
export interface WantedFile {
  readonly name: string;
  /** An image may also stand there with the phone's part number before its name (polycom.md §1.4). */
  readonly is: "image" | "config";
  readonly line: Place;
}

/**
 * Checks a Polycom master or configuration file and returns what a master file names. `master`: its name is one that the
 * phone takes for a master file.
 */
export function lintPolycom(
  findings: Findings,
  file: LintFile,
  text: string,
  root: Element,
  master: boolean,
): readonly WantedFile[] {
  if (root.name === "APPLICATION") return lintMaster(findings, file, text, root);
  if (master) {
    const message = `the root element is ${quoted(root.name)}: the phone never looks for firmware`;
    findings.add(
      file.path,
      "polycom-no-application",
      message,
      "Make the root APPLICATION with APP_FILE_PATH and CONFIG_FILES.",
      1,
    );
  }
  lintParameters(findings, file, text, root);
  return [];
}

function lintMaster(findings: Findings, file: LintFile, text: string, root: Element): readonly WantedFile[] {
  const wants: WantedFile[] = [];
  for (const element of [root, ...root.children]) {
    const at = lineOfElement(text, element.name);
    for (const [name, value] of Object.entries(element.attributes)) {
      const bare = name.replace(SUFFIX, "");
      if (!MASTER.has(bare)) {
        findings.add(
          file.path,
          "polycom-attribute",
          `no master file has ${quoted(name)}`,
          "Remove it or correct its spelling.",
          at,
        );
      } else if (bare === "APP_FILE_PATH") {
        checkApplication(findings, file, name, value, at);
        wants.push({ name: value, is: "image", line: at });
      } else if (bare === "CONFIG_FILES") {
        checkList(findings, file, name, value, at);
        for (const entry of value.split(",")) wants.push({ name: entry.trim(), is: "config", line: at });
      }
    }
  }
  // What holds a substitution or a scheme, or is empty, names no file that could be looked for here.
  return wants.filter(({ name }) => /^[\w./-]{1,255}$/.test(name) && !name.includes(".."));
}

function checkApplication(findings: Findings, file: LintFile, name: string, value: string, line: Place): void {
  if (/(?:^|\/)\d{4}-\d{5}-\d{3}\./.test(value)) {
    const message = `${name} has a part number, which the phone puts before the name itself`;
    findings.add(file.path, "polycom-part-number", message, 'Write "sip.ld".', line);
  }
  checkPath(findings, file, name, value, line);
}

function checkList(findings: Findings, file: LintFile, name: string, value: string, line: Place): void {
  if (value.length > LONGEST_LIST) {
    findings.add(file.path, "polycom-path", `${name} has more than ${LONGEST_LIST} characters`, "Shorten it.", line);
  }
  for (const entry of value.split(",")) checkPath(findings, file, name, entry.trim(), line);
  checkOrder(findings, file, name, value, line);
  if (/\[(?!PHONE_MAC_ADDRESS\]|PHONE_MODEL\]|PHONE_PART_NUMBER\])[^\]]*\]/.test(value)) {
    findings.add(
      file.path,
      "polycom-path",
      `${name} has a substitution that the phone does not make`,
      "Write [PHONE_MAC_ADDRESS].",
      line,
    );
  }
}

/** The first file that sets a parameter wins (polycom.md §2.1): what is a phone's own must stand before what is common. */
function checkOrder(findings: Findings, file: LintFile, name: string, value: string, line: Place): void {
  const own = /([0-9a-f]{12})\.cfg$/i.exec(file.path)?.[1]?.toLowerCase() ?? "";
  const entries = value.split(",").filter((entry) => entry.trim() !== "");
  const isOwn = (entry: string) =>
    entry.includes("[PHONE_MAC_ADDRESS]") || (!/^0*$/.test(own) && entry.toLowerCase().includes(own));
  const common = entries.findIndex((entry) => !isOwn(entry));
  if (common < 0 || !entries.slice(common).some(isOwn)) return;
  const message = `${name} names the phone's own file behind a common one, and the first that sets a parameter wins`;
  findings.add(file.path, "polycom-order", message, "Put the phone's own file first.", line);
}

function checkPath(findings: Findings, file: LintFile, name: string, value: string, line: Place): void {
  if (/[\s\\]/.test(value)) {
    findings.add(
      file.path,
      "polycom-path",
      `${name}: ${quoted(value)} holds a blank or backslash`,
      "Remove it; write / between folders.",
      line,
    );
  }
  if (value.length > LONGEST_PATH) {
    findings.add(
      file.path,
      "polycom-path",
      `${name} has an entry of more than ${LONGEST_PATH} characters`,
      "Shorten it.",
      line,
    );
  }
}

function lintParameters(findings: Findings, file: LintFile, text: string, root: Element): void {
  const parameters = everyAttribute(root);
  const device = parameters.filter(([name]) => /^device\.(?!set$)/.test(name));
  if (device.length > 0 && !parameters.some(([name, value]) => name === "device.set" && value === "1")) {
    const line = lineOfText(text, device[0]?.[0] ?? "");
    findings.add(
      file.path,
      "polycom-device-set",
      "device parameters do nothing without device.set",
      'Add device.set="1".',
      line,
    );
  }
  const names = new Map(parameters);
  // Newer releases want a switch beside each value; a file that has one is meant for them.
  if (parameters.some(([name]) => /^device\..+\.set$/.test(name))) {
    for (const [name] of device.filter(([one]) => !/\.set$/.test(one))) {
      if (names.get(`${name}.set`) === "1") continue;
      const message = `${name} does nothing without ${name}.set, which others in this file have`;
      findings.add(file.path, "polycom-device-set", message, `Add ${name}.set="1".`, lineOfText(text, name));
    }
  }
  for (const [name, value] of parameters) {
    const line = /^reg\.(\d{1,2})\.auth\.password$/.exec(name)?.[1];
    if (
      line !== undefined &&
      isGuessed(value, [names.get(`reg.${line}.address`), names.get(`reg.${line}.auth.userId`)])
    ) {
      const message = `${name} is the line's own name or a known default`;
      findings.add(file.path, "weak-password", message, "Choose another.", lineOfText(text, name));
    }
    const range = RANGES.find(([pattern]) => pattern.test(name));
    const isNumber =
      /^-?\d{1,10}$/.test(value) && Number(value) >= (range?.[1] ?? 0) && Number(value) <= (range?.[2] ?? 0);
    if (range !== undefined && value !== "" && !isNumber) {
      findings.add(
        file.path,
        "polycom-range",
        `${name} is ${quoted(value)}`,
        `Write a number from ${range[1]} to ${range[2]}.`,
        lineOfText(text, name),
      );
    }
    if (/\.transport$/.test(name) && /^(?:voIpProt|reg)\./.test(name) && !TRANSPORTS.includes(value)) {
      findings.add(
        file.path,
        "polycom-range",
        `${name} is ${quoted(value)}`,
        `Write one of ${TRANSPORTS.join(", ")}.`,
        lineOfText(text, name),
      );
    }
    if (/^device\.(?:auth\.local(?:Admin|User)|prov\.)[Pp]assword$/.test(name) && isVendorPassword(value)) {
      findings.add(
        file.path,
        "default-password",
        `${name} is the vendor's default`,
        "Choose another.",
        lineOfText(text, name),
      );
    }
  }
}

function everyAttribute(root: Element): readonly (readonly [name: string, value: string])[] {
  return [...Object.entries(root.attributes), ...root.children.flatMap(everyAttribute)];
}

function lineOfText(text: string, name: string): () => number | undefined {
  return () => {
    const at = text.indexOf(`${name}=`);
    return at < 0 ? undefined : lineAt(text, at);
  };
}

/** Whether a file's root says that it is Polycom's. */
export function isPolycom(root: Element): boolean {
  return (
    /^(?:APPLICATION|PHONE_CONFIG|polycomConfig|localcfg|phone\d*|sip)$/.test(root.name) || all(root, "reg").length > 0
  );
}
