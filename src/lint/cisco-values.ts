import { isVendorPassword } from "../phones/known-passwords.ts";
import { type Findings, type LintFile, quoted } from "./finding.ts";
import { all, type Element, lineOfElement } from "./xml.ts";

/** Elements that the SIP stack reads as `true` or `false` and nothing else (cisco.md §7.2, SIPCC, grade A). */
const BOOLEANS = (
  "registerWithProxy cnfJoinEnabled localCfwdEnable semiAttendedTransfer remoteCcEnable remotePartyID rfc2543Hold " +
  "transferOnhookEnabled enableVad natEnabled natReceivedProcessing natRecievedProcessing callStats"
).split(" ");

/** Where an element belongs that samples put elsewhere (cisco.md §7.2, the skeletons). */
const BELONGS: Readonly<Record<string, string>> = {
  sipLines: "sipProfile",
  line: "sipLines",
  sipProxies: "sipProfile",
  sipCallFeatures: "sipProfile",
  sipStack: "sipProfile",
  phoneLabel: "sipProfile",
  dialTemplate: "sipProfile",
  softKeyFile: "sipProfile",
  startMediaPort: "sipProfile",
  stopMediaPort: "sipProfile",
  voipControlPort: "sipProfile",
  preferredCodec: "sipProfile",
  timeZone: "dateTimeSetting",
  dateTemplate: "dateTimeSetting",
  ntps: "dateTimeSetting",
  members: "callManagerGroup",
  member: "members",
  callManager: "member",
  processNodeName: "callManager",
  ports: "callManager",
  sshAccess: "vendorConfig",
  webAccess: "vendorConfig",
  pcPort: "vendorConfig",
  settingsAccess: "vendorConfig",
  voiceVlanAccess: "vendorConfig",
  spanToPCPort: "vendorConfig",
};
const LONGEST_URL = 255;
const MOST_MEMBERS = 5;

/** The element that a name belongs into; undefined where every place is right or none is known. */
export function belongsIn(name: string): string | undefined {
  return Object.hasOwn(BELONGS, name) ? BELONGS[name] : undefined;
}

/** Values in SEP<MAC>.cnf.xml that the phone reads otherwise than they look (cisco.md §7.2). */
export function lintDeviceValues(findings: Findings, file: LintFile, text: string, root: Element): void {
  for (const name of BOOLEANS) {
    for (const [index, { text: value }] of all(root, name).entries()) {
      if (value === "" || value === "true" || value === "false") continue;
      const at = lineOfElement(text, name, index);
      findings.add(file.path, "xml-boolean", `${name} is ${quoted(value)}`, "Write true or false.", at);
    }
  }
  if (all(root, "registerWithProxy")[0]?.text === "false") {
    const at = lineOfElement(text, "registerWithProxy");
    findings.add(file.path, "not-registering", "registerWithProxy is false", "Write true.", at);
  }
  if (all(root, "sshAccess")[0]?.text === "0") {
    const message = "sshAccess 0 switches SSH on: 0 means enabled here";
    findings.add(file.path, "access-sense", message, "Write 1 to switch it off.", lineOfElement(text, "sshAccess"));
  }
  const locale = root.children.find(({ name }) => name === "userLocale");
  if (locale !== undefined && (locale.children.find(({ name }) => name === "name")?.text ?? "") === "") {
    const at = lineOfElement(text, "userLocale");
    findings.add(file.path, "locale-empty", "userLocale has no name", "Give it a name, or remove userLocale.", at);
  }
  const dialTemplate = all(root, "dialTemplate")[0]?.text ?? "";
  if (dialTemplate !== "" && !/\.xml$/i.test(dialTemplate)) {
    const at = lineOfElement(text, "dialTemplate");
    findings.add(
      file.path,
      "dial-template",
      "dialTemplate has no extension",
      `Write ${dialTemplate.slice(0, 40)}.xml.`,
      at,
    );
  }
  if (isVendorPassword(root.children.find(({ name }) => name === "sshPassword")?.text ?? "")) {
    const at = lineOfElement(text, "sshPassword");
    findings.add(file.path, "default-password", "sshPassword is the vendor's default", "Choose another.", at);
  }
  lintSizes(findings, file, text, root);
}

function lintSizes(findings: Findings, file: LintFile, text: string, root: Element): void {
  for (const { name, text: url } of root.children) {
    if (!/URL$/.test(name) || url.length <= LONGEST_URL) continue;
    const message = `${name} has more than ${LONGEST_URL} characters`;
    findings.add(file.path, "xml-range", message, "Shorten it.", lineOfElement(text, name));
  }
  const members = all(root, "members")[0]?.children.length ?? 0;
  if (members > MOST_MEMBERS) {
    const message = `there are ${members} members, a phone knows ${MOST_MEMBERS}`;
    findings.add(file.path, "xml-range", message, "Remove those that are tried last.", lineOfElement(text, "members"));
  }
}

const MOST_RINGS = 50;
const LONGEST_RING = 25;

/** Ringlist.xml and DistinctiveRingList.xml (cisco.md §7.2). */
export function lintRings(findings: Findings, file: LintFile, text: string, root: Element): void {
  const rings = all(root, "Ring");
  if (rings.length > MOST_RINGS) {
    findings.add(file.path, "ringlist", `there are ${rings.length} rings, a phone reads ${MOST_RINGS}`, "Remove some.");
  }
  for (const [index, ring] of rings.entries()) {
    const [name, sound] = ["DisplayName", "FileName"].map(
      (wanted) => ring.children.find(({ name: one }) => one === wanted)?.text ?? "",
    );
    if (name !== "" && sound !== "" && (name?.length ?? 0) <= LONGEST_RING) continue;
    const message = `a ring needs a DisplayName of at most ${LONGEST_RING} characters and a FileName`;
    findings.add(file.path, "ringlist", message, "Correct the ring.", lineOfElement(text, "Ring", index));
  }
}
