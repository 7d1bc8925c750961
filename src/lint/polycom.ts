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

/** Checks a Polycom master or configuration file. `master`: its name is one that the phone takes for a master file. */
export function lintPolycom(findings: Findings, file: LintFile, text: string, root: Element, master: boolean): void {
  if (root.name === "APPLICATION") {
    lintMaster(findings, file, text, root);
    return;
  }
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
}

function lintMaster(findings: Findings, file: LintFile, text: string, root: Element): void {
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
      } else if (bare === "APP_FILE_PATH") checkApplication(findings, file, name, value, at);
      else if (bare === "CONFIG_FILES") checkList(findings, file, name, value, at);
    }
  }
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
  for (const [name, value] of parameters) {
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
    if (/^device\.auth\.local(?:Admin|User)Password$/.test(name) && (value === "456" || value === "123")) {
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
