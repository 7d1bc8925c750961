import { families } from "../phones/families.ts";
import type { Model } from "../phones/family.ts";
import { isGuessed } from "../phones/known-passwords.ts";
import { belongsIn, lintDeviceValues } from "./cisco-values.ts";
import { type Findings, type LintFile, type Place, quoted } from "./finding.ts";
import { checkLoadName, type NamedLoad } from "./loads.ts";
import { all, type Element, lineOfElement } from "./xml.ts";

/** What a SEP or default file says that other files must agree with. */
export interface CiscoSays {
  readonly loads: readonly NamedLoad[];
  readonly protocol?: string;
}

/** Elements of SEP<MAC>.cnf.xml below `device` that some 79xx knows (cisco.md §7.2 and its sources). */
const DEVICE = new Set(
  (
    "fullConfig deviceProtocol sshUserId sshPassword ipAddressMode allowAutoConfig ipPreferenceModeControl tzdata mlppDomainId " +
    "mlppIndicationStatus preemption devicePool sipProfile commonProfile loadInformation inactiveLoadInformation vendorConfig commonConfig " +
    "enterpriseConfig versionStamp userLocale networkLocale networkLocaleInfo deviceSecurityMode idleTimeout authenticationURL directoryURL " +
    "idleURL informationURL messagesURL proxyServerURL servicesURL secureAuthenticationURL secureDirectoryURL secureIdleURL " +
    "secureInformationURL secureMessagesURL secureServicesURL dscpForSCCPPhoneConfig dscpForSCCPPhoneServices dscpForCm2Dvce " +
    "transportLayerProtocol dndCallAlert phonePersonalization rollover singleButtonBarge joinAcrossLines autoCallPickupEnable " +
    "blfAudibleAlertSettingOfIdleStation blfAudibleAlertSettingOfBusyStation capfAuthMode capfList certHash encrConfig advertiseG722Codec " +
    "mobility userId phoneServices addOnModules callManagerGroup dateTimeSetting configFile natEnabled"
  ).split(" "),
);

const NUMBERS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  startMediaPort: [16384, 32766],
  stopMediaPort: [16384, 32766],
  voipControlPort: [1025, 65535],
  transportLayerProtocol: [1, 4],
  deviceSecurityMode: [1, 3],
  webAccess: [0, 2],
  sshAccess: [0, 1],
  pcPort: [0, 1],
  spanToPCPort: [0, 1],
  settingsAccess: [0, 2],
  voiceVlanAccess: [0, 1],
  dtmfAvtPayload: [96, 127],
  timerRegisterExpires: [1, 3_932_100],
  anonymousCallBlock: [0, 3],
  callerIdBlocking: [0, 3],
  callWaiting: [0, 3],
  dndControl: [0, 3],
  callLogBlfEnabled: [0, 3],
  callHoldRingback: [0, 3],
};
const LONGEST: Readonly<Record<string, number>> = {
  featureLabel: 30,
  name: 127,
  displayName: 30,
  authName: 128,
  authPassword: 31,
};

const MODELS: readonly Model[] = families.flatMap(({ models }) => models);
const MODELS_BY_CODE: ReadonlyMap<number, Model> = new Map(
  MODELS.flatMap((model) => (model.code === undefined ? [] : [[model.code, model] as const])),
);

/** Checks SEP<MAC>.cnf.xml (cisco.md §7.2). */
export function lintSep(findings: Findings, file: LintFile, text: string, root: Element): CiscoSays {
  // A universal loader accepts a Default document here too (cisco.md §2.1).
  if (root.name === "Default") return lintDefault(findings, file, text, root);
  if (root.name !== "device") {
    findings.add(file.path, "xml-root", `the root element is ${quoted(root.name)}`, "Make it device.", 1);
    return { loads: [] };
  }
  for (const child of root.children) {
    if (DEVICE.has(child.name) || /^loadInformation\d+$/.test(child.name)) continue;
    const place = belongsIn(child.name);
    if (place !== undefined) {
      const at = lineOfElement(text, child.name);
      findings.add(file.path, "xml-misplaced", `${child.name} stands below device`, `Move it into ${place}.`, at);
      continue;
    }
    const known = [...DEVICE].find((name) => name.toLowerCase() === child.name.toLowerCase());
    const fix = known === undefined ? "Remove it or correct its spelling." : `Write ${known}.`;
    findings.add(
      file.path,
      "xml-unknown-element",
      `device has no element ${quoted(child.name)}`,
      fix,
      lineOfElement(text, child.name),
    );
  }
  checkPorts(findings, file, text, root);
  checkNumbers(findings, file, text, root);
  lintDeviceValues(findings, file, text, root);
  const protocol = root.children.find(({ name }) => name === "deviceProtocol")?.text;
  if (protocol !== undefined && !["SIP", "SCCP", "SPCP", "MGCP"].includes(protocol)) {
    const line = lineOfElement(text, "deviceProtocol");
    findings.add(file.path, "xml-range", `deviceProtocol is ${quoted(protocol)}`, "Write SIP or SCCP.", line);
  }
  checkLines(findings, file, text, root);
  const loads = loadsIn(findings, file, text, root, /^loadInformation$/);
  return protocol === undefined ? { loads } : { loads, protocol };
}

/** Checks XMLDefault.cnf.xml (cisco.md §7.1). */
export function lintDefault(findings: Findings, file: LintFile, text: string, root: Element): CiscoSays {
  if (root.name !== "Default") {
    findings.add(file.path, "xml-root", `the root element is ${quoted(root.name)}`, "Make it Default.", 1);
    return { loads: [] };
  }
  checkPorts(findings, file, text, root);
  const node = all(root, "processNodeName")[0];
  if (node === undefined || node.text === "" || all(root, "ethernetPhonePort")[0] === undefined) {
    const message = "ethernetPhonePort or processNodeName is missing";
    findings.add(file.path, "default-minimum", message, "Add a callManagerGroup with ports and processNodeName.");
  }
  for (const element of root.children) checkModel(findings, file, text, element);
  return { loads: loadsIn(findings, file, text, root, /^loadInformation\d*$/) };
}

/** The phone's parser goes by position: ports come first (cisco.md §7.2, grade A). */
function checkPorts(findings: Findings, file: LintFile, text: string, root: Element): void {
  for (const [index, manager] of all(root, "callManager").entries()) {
    const names = manager.children.map(({ name }) => name);
    const node = names.indexOf("processNodeName");
    if (node >= 0 && names.indexOf("ports") > node) {
      const line = lineOfElement(text, "processNodeName", index);
      findings.add(file.path, "ports-after-node", "ports stands behind processNodeName", "Put ports first.", line);
    }
  }
}

function checkNumbers(findings: Findings, file: LintFile, text: string, root: Element): void {
  for (const [name, [least, most]] of Object.entries(NUMBERS)) {
    for (const [index, element] of all(root, name).entries()) {
      const value = Number(element.text);
      if (element.text === "" || (/^\d{1,9}$/.test(element.text) && value >= least && value <= most)) continue;
      const message = `${name} is ${quoted(element.text)}`;
      findings.add(
        file.path,
        "xml-range",
        message,
        `Write a number from ${least} to ${most}.`,
        lineOfElement(text, name, index),
      );
    }
  }
  for (const element of all(root, "phoneLabel")) {
    if (element.text.length <= 12 && !/\s/.test(element.text)) continue;
    const line = lineOfElement(text, "phoneLabel");
    findings.add(
      file.path,
      "xml-range",
      `phoneLabel is ${quoted(element.text)}`,
      "Write at most twelve characters without blanks.",
      line,
    );
  }
}

function checkLines(findings: Findings, file: LintFile, text: string, root: Element): void {
  const profile = root.children.find(({ name }) => name === "sipProfile");
  const lines = profile === undefined ? [] : all(profile, "line");
  const registered = lines.filter((line) => childText(line, "featureID") === "9");
  for (const [index, line] of lines.entries()) {
    const at = lineOfElement(text, "line", index);
    if (line.attributes.button === undefined) {
      findings.add(
        file.path,
        "line-attributes",
        "line has no button attribute",
        'Write <line button="1" lineIndex="1">.',
        at,
      );
    }
    if (childText(line, "featureID") === "9" && line.attributes.lineIndex === undefined) {
      findings.add(file.path, "line-attributes", "line has no lineIndex attribute", 'Write lineIndex="1".', at);
    }
    if (childText(line, "featureID") === undefined) {
      findings.add(file.path, "line-attributes", "line has no featureID", "Add <featureID>9</featureID>.", at);
    }
  }
  for (const line of registered) {
    const at = lineOfElement(text, "line", lines.indexOf(line));
    for (const needed of ["proxy", "port", "name"]) {
      if ((childText(line, needed) ?? "") !== "") continue;
      findings.add(
        file.path,
        "line-attributes",
        `the line has no ${needed}: the phone drops the whole file`,
        `Add ${needed}.`,
        at,
      );
    }
    checkLineTexts(findings, file, line, at);
  }
  const names = registered.map((line) => childText(line, "name"));
  if (profile !== undefined && names.every((name) => name === undefined || name === "" || name === "UNPROVISIONED")) {
    findings.add(
      file.path,
      "no-line",
      "no line has featureID 9 and a name",
      "Add a line.",
      lineOfElement(text, "sipLines"),
    );
  }
}

function checkLineTexts(findings: Findings, file: LintFile, line: Element, at: Place): void {
  for (const [name, longest] of Object.entries(LONGEST)) {
    const value = childText(line, name) ?? "";
    if (value.length > longest) {
      findings.add(file.path, "xml-range", `${name} has more than ${longest} characters`, "Shorten it.", at);
    }
  }
  const password = childText(line, "authPassword") ?? "";
  if (isGuessed(password, [childText(line, "name"), childText(line, "authName")])) {
    const message = "authPassword is the line's own name or a known default";
    findings.add(file.path, "weak-password", message, "Choose another.", at);
  }
  if (password.length > 12 && password.length <= 31) {
    const message = "authPassword has more than 12 characters, all that some loads are reported to read";
    findings.add(file.path, "password-length", message, "Use 12 characters if the phone does not register.", at);
  }
}

function childText(element: Element, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

function checkModel(findings: Findings, file: LintFile, text: string, element: Element): void {
  const digits = /^loadInformation(\d{1,6})$/.exec(element.name)?.[1];
  if (digits === undefined) return;
  const model = MODELS_BY_CODE.get(Number(digits));
  const named = /\b(\d{4})/.exec(element.attributes.model ?? "")?.[1];
  if (named === undefined) return;
  const right = [...MODELS_BY_CODE.values()].find(({ id }) => id === named);
  if (model?.id.startsWith(named) === true || right?.code === undefined) return;
  const message = `${element.name} is not the number of a ${named}`;
  findings.add(
    file.path,
    "model-code",
    message,
    `Write loadInformation${right.code}.`,
    lineOfElement(text, element.name),
  );
}

function loadsIn(
  findings: Findings,
  file: LintFile,
  text: string,
  root: Element,
  pattern: RegExp,
): readonly NamedLoad[] {
  return root.children
    .filter(({ name, text: load }) => pattern.test(name) && load !== "")
    .map(({ name, text: load, attributes }) => {
      const named = { file: file.path, line: lineOfElement(text, name), load, by: name };
      const right = { ...named, load: checkLoadName(findings, named) };
      checkSeries(findings, right, attributes.model);
      return right;
    });
}

/** The number in a Java phone's load is that of its series, and the 7940/7960 have names of their own (rule J11). */
function checkSeries(findings: Findings, { file, line, load, by }: NamedLoad, label: string | undefined): void {
  const code = /^loadInformation(\d{1,6})$/.exec(by)?.[1];
  const written = /\b(\d{4})/.exec(label ?? "")?.[1];
  const model = code === undefined ? MODELS.find(({ id }) => id === written) : MODELS_BY_CODE.get(Number(code));
  if (model === undefined) return;
  const series = /^(?:SIP|SCCP)(\d\d)\./i.exec(load)?.[1];
  const old = /^P0[0SM]3/i.test(load);
  const fits =
    model.family === "cisco-7940" ? series === undefined : !old && (series === undefined || series === model.series);
  if (fits) return;
  findings.add(file, "load-other-model", `${load} is not for a ${model.id}`, "Name a load of that model.", line);
}

const DIAL_ATTRIBUTES = ["MATCH", "Timeout", "Line", "Rewrite", "Tone", "User", "Route"];

/** Checks dialplan.xml: tag names in upper case, attribute names as the phone spells them (cisco.md §7.3). */
export function lintDialPlan(findings: Findings, file: LintFile, text: string, root: Element): void {
  const wrong = (name: string, right: string) =>
    findings.add(
      file.path,
      "dialplan-case",
      `${quoted(name)} is in the wrong case`,
      `Write ${right}.`,
      lineOfElement(text, name),
    );
  if (root.name !== "DIALTEMPLATE") {
    if (root.name.toUpperCase() === "DIALTEMPLATE") wrong(root.name, "DIALTEMPLATE");
    else findings.add(file.path, "xml-root", `the root element is ${quoted(root.name)}`, "Make it DIALTEMPLATE.", 1);
  }
  for (const [index, rule] of root.children.entries()) {
    if (rule.name !== "TEMPLATE" && rule.name.toUpperCase() === "TEMPLATE") wrong(rule.name, "TEMPLATE");
    for (const name of Object.keys(rule.attributes)) {
      const right = DIAL_ATTRIBUTES.find((known) => known.toLowerCase() === name.toLowerCase());
      if (right === undefined || right === name) continue;
      const line = lineOfElement(text, rule.name, index);
      findings.add(
        file.path,
        "dialplan-case",
        `attribute ${quoted(name)} is in the wrong case`,
        `Write ${right}.`,
        line,
      );
    }
  }
}
